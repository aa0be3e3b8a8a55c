#!/usr/bin/env bash
# TensorBoard 2.20.0, scalars written by tensorboardX 2.6.4.
#
# A run is killed after step 10 and resumed from step 6 by SummaryWriter(purge_step=6), as its documentation says.
# One would expect the orphaned steps 6 to 10 of the first life to disappear. They disappear in `EventAccumulator`, the
# loader that scripts use, but not in `plugin_event_accumulator`, the Python loader behind TensorBoard's own charts
# wherever its data server has no binary (or with --load_fast=false): that one takes the FIRST session start that it
# meets for the beginning of the run and purges nothing, so that 6 to 10 are drawn twice. It purges once the first
# life began with a session start too (purge_step=0), which no tutorial writes.
#
# Output seen:
#   scripts' loader, first life without a session start: 12 points
#   charts' loader,  first life without a session start: 17 points, steps 6-10 twice
#   charts' loader,  first life with a session start:    12 points
# Exits 1 once that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tensorboard==2.20.0 tensorboardX==2.6.4 "setuptools==80.9.0"

cat > "$folder/look.py" <<'PYTHON'
import sys
import tempfile
import time

from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboardX import SummaryWriter


def two_lives(begins_with_start):
    folder = tempfile.mkdtemp(dir=sys.argv[1])
    first = SummaryWriter(folder, filename_suffix=".first", purge_step=0 if begins_with_start else None)
    for step in range(1, 11):
        first.add_scalar("loss", step, step)
    first.close()
    time.sleep(1.1)  # the time in a file's name is in seconds, and decides which is read first
    second = SummaryWriter(folder, filename_suffix=".second", purge_step=6)
    for step in range(6, 13):
        second.add_scalar("loss", step, step)
    second.close()
    return folder


def steps(module, folder):
    reader = module.EventAccumulator(folder)
    reader.Reload()
    read = reader.Scalars if module is event_accumulator else reader.Tensors
    return [event.step for event in read("loss")]


without, with_start = two_lives(False), two_lives(True)
found = [
    steps(event_accumulator, without),
    steps(plugin_event_accumulator, without),
    steps(plugin_event_accumulator, with_start),
]
twice = sorted({step for step in found[1] if found[1].count(step) > 1})
print(f"scripts' loader, first life without a session start: {len(found[0])} points")
print(f"charts' loader,  first life without a session start: {len(found[1])} points, twice: {twice}")
print(f"charts' loader,  first life with a session start:    {len(found[2])} points")
sys.exit(not ([len(steps) for steps in found] == [12, 17, 12] and twice == [6, 7, 8, 9, 10]))
PYTHON
"$folder/venv/bin/python" "$folder/look.py" "$folder" 2>/dev/null
