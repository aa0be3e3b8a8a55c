"""Break what can break, and see that every promise holds: nothing lost, no traceback, no hang, nothing left behind.

Kills, full disks, refused locks, corrupted files, hostile input, random keys, signals, clocks that differ. Each try has
a seed; a failure prints the line that repeats it:

    python benchmarks/chaos.py                          # all of it, with as many seeds as `make check-long` has
    python benchmarks/chaos.py --few                    # a part, within a minute
    python benchmarks/chaos.py --case files --seeds 5000
    python benchmarks/chaos.py --case kill-train --seed 7

What is judged in each: no traceback, no escape codes in a file, an exit code that was promised, no wait of over 20 s
beyond the clean case, no answer that differs from the clean one without a word, nothing left behind. It works in a
temporary folder. Moments are drawn as a share of the time the clean case takes, so that a seed means about the same
moment on each machine.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # forks must not meet threads of ours

from chaos_cases import CASES, import_everything
from chaos_process import Fault, Skipped, end_processes_of
from chaos_world import World
from tables import as_table


@dataclass(frozen=True)
class Case:
    """One kind of trouble. few, many: how many seeds it has in short, and in `make check-long`."""

    name: str
    attempt: Callable[[World, int], str]
    few: int
    many: int


@dataclass
class Tally:
    """What came of a case."""

    tried: int = 0
    skipped: str = ""
    seconds: float = 0.0
    faults: dict[int, str] = field(default_factory=dict[int, str])


def shortened(text: str) -> str:
    """A text in which what stands many times in a row stands thrice, and that is no longer than a few lines."""
    text = re.sub(r"(.{1,8}?)\1{9,}", r"\1\1\1…", re.sub(r"[ \r\n]+", " ", text))
    return text if len(text) < 500 else f"{text[:240]} … {text[-240:]}"


def attempt(case: Case, world: World, seeds: list[int]) -> Tally:
    """Try a case with each seed; say at once what failed, and how to repeat it."""
    tally, began = Tally(), time.monotonic()
    for seed in seeds:
        try:
            case.attempt(world, seed)
        except Skipped as why:
            tally.skipped = str(why)
            print(f"{case.name}: skipped, {why}", file=sys.stderr, flush=True)
            break
        except Fault as fault:
            tally.faults[seed] = shortened(str(fault))
            print(f"{case.name}: {tally.faults[seed]}", file=sys.stderr)
            print(f"    python benchmarks/chaos.py --case {case.name} --seed {seed}", file=sys.stderr, flush=True)
        finally:
            for folder in world.folder.glob("case-*"):
                end_processes_of(folder / "home")
                shutil.rmtree(folder, ignore_errors=True)
        tally.tried += 1
    tally.seconds = time.monotonic() - began
    return tally


def table(results: dict[str, Tally], seeds: dict[str, list[int]]) -> str:
    """What came of every case."""
    rows = [["case", "seeds", "tried", "failed", "s", "skipped because"]]
    for name, tally in results.items():
        first, last = seeds[name][0], seeds[name][-1]
        wide = str(first) if first == last else f"{first}-{last}"
        rows.append([name, wide, str(tally.tried), str(len(tally.faults)), f"{tally.seconds:.0f}", tally.skipped])
    return as_table(rows)


def main() -> int:
    """Try the cases that are asked for. Returns 1 where a promise was broken."""
    cases = {name: Case(name, *rest) for name, rest in CASES.items()}
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--few", action="store_true", help="few seeds, within a minute")
    parser.add_argument("--case", action="append", choices=sorted(cases), help="this case only; may be repeated")
    parser.add_argument("--seed", type=int, help="this seed only, to repeat a failure")
    parser.add_argument("--seeds", type=int, help="as many seeds for each case")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    words = parser.parse_args()
    chosen = {name: case for name, case in cases.items() if name in (words.case or cases)}
    seeds: dict[str, list[int]] = {}
    for name, case in chosen.items():
        number = words.seeds or (case.few if words.few else case.many)
        seeds[name] = [words.seed] if words.seed is not None else list(range(words.first, words.first + number))
    seeds = {name: listed for name, listed in seeds.items() if listed}

    import_everything()
    # A path without links: a process is found by the home in its environment.
    folder = Path(tempfile.mkdtemp(prefix="chaos-")).resolve()
    try:
        world = World(folder)
        results = {name: attempt(chosen[name], world, listed) for name, listed in seeds.items()}
    finally:
        end_processes_of(folder / "whole" / "home")
        shutil.rmtree(folder, ignore_errors=True)
    print(table(results, seeds))
    values = {
        name: {"tried": t.tried, "skipped": t.skipped, "faults": {str(s): text for s, text in t.faults.items()}}
        for name, t in results.items()
    }
    print(json.dumps(values))
    return int(any(tally.faults for tally in results.values()))


if __name__ == "__main__":
    sys.exit(main())
