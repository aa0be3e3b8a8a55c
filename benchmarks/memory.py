"""Claim: the memory that the Train screen estimates before a launch is within 25% of the peak that training reaches.

usage: python benchmarks/memory.py [--dataset NAME] [--set KEY=VALUE]…

Without --dataset the histories are synthetic, of MovieLens-1M's size. For each of several configurations a few steps
and a validation are taken by `train --try`, in a process of its own whose peak is measured: on a CPU that of the whole
process, on a GPU that of torch's allocator. Next to it is the estimate from the configuration alone.

Printed: a table; the last line is one JSON object. Exit code 1 where a configuration is further off.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from synthetic import prepare_synthetic
from tables import as_table

from bert4rec_tui.config import with_assignments
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.tui.train.preflight import preflight

WITHIN = 0.25
CASES: dict[str, tuple[str, ...]] = {
    "notebook": (),
    "recommended": (),
    "recommended, every item masked often": ("training.mask_rate=0.6", "model.max_len=200"),
    "causal": (),
    "causal, hidden 512, 4 blocks": ("model.hidden=512", "model.blocks=4"),
    "causal, batch 1024": ("training.batch_size=1024",),
    "fast": (),
    "fast, hidden 32, length 20": ("model.hidden=32", "model.max_len=20"),
    "large-catalogue": (),
}


def main() -> int:
    """Estimate, measure and compare. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Estimated memory and measured peaks.")
    parser.add_argument("--dataset", help="a prepared dataset, instead of a synthetic one")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of every case")
    arguments = parser.parse_args()
    rows, records = [("configuration", "estimated MiB", "peak MiB", "off by")], {}
    with tempfile.TemporaryDirectory() as scratch:
        name = arguments.dataset or prepare_synthetic(Path(scratch))
        dataset = find_dataset(name, datasets_folder())
        for label, changes in CASES.items():
            words = [*changes, *arguments.set]
            base = label.partition(",")[0]
            said = [word for change in words for word in ("--set", change)]
            command = ["train", "--try", "--preset", base, "--dataset", dataset.id, *said, "--json"]
            done = subprocess.run(
                [sys.executable, "-m", "bert4rec_tui", *command], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(done.stderr)
            trial = json.loads(done.stdout)
            config = with_assignments(preset(base), words)
            estimated = preflight(config, dataset, on_gpu=trial["device"].startswith("cuda")).memory / 2**20
            peak = trial["memory"] / 2**20
            off = estimated / peak - 1
            rows.append((label, f"{estimated:,.0f}", f"{peak:,.0f}", f"{off:+.0%}"))
            records[label] = {"reckoned_mib": round(estimated), "peak_mib": round(peak), "off": round(off, 3)}
    print(f"{dataset.id}, {trial['device']}, {trial['precision']}\n\n" + as_table(rows))
    within = all(abs(record["off"]) <= WITHIN for record in records.values())
    print(json.dumps({"cases": records, "within": within, "bound": WITHIN}))
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
