"""Pack a finished run of the sample as the one that `bert4rec-tui demo` shows.

usage: bert4rec-tui prepare sample --min-item-interactions 5
       bert4rec-tui train --preset quickstart --dataset sample+items5 --name demo --set training.test_at_end=true
       python assets/demo.py demo

Left out are what only a resumed training needs, TensorBoard's file, and on which machine it was.
"""

import sys
import zipfile
from pathlib import Path

import msgspec

from bert4rec_tui.commands.demo import ARCHIVE
from bert4rec_tui.runs.status import Status
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import runs_folder

KEPT = ("config.toml", "console.log", "events.jsonl", "summary.msgpack", "checkpoints/best.safetensors")


def without_machine(run: Run) -> bytes:
    """The run's status.json without host and processes."""
    status = run.status()
    nowhere = Status()
    for field in ("host", "boot_id", "pid", "pid_started", "pids"):
        setattr(status, field, getattr(nowhere, field))
    return msgspec.json.format(msgspec.json.encode(status), indent=1)


def pack(run: Run, archive: Path) -> None:
    """Write what is worth showing of a run."""
    files = [*(run.path / name for name in KEPT), *sorted((run.path / "test").glob("best-*/*"))]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"{run.id}/status.json", without_machine(run))
        for file in files:
            packed.write(file, f"{run.id}/{file.relative_to(run.path)}")


if __name__ == "__main__":
    pack(LocalRuns(runs_folder()).find(sys.argv[1]), Path(__file__).parent / ARCHIVE)
