"""Answers like our own commands with --json, and does none of their work, so that tests of the screens are fast.

usage: python fake_command.py [--record FILE] [--fail SENTENCE] [--hang] [--config-copy FILE] [--memory N] -- COMMAND …
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # where the package lies when it is not installed
SPLIT = sys.argv.index("--")
OPTIONS, WORDS = sys.argv[1:SPLIT], sys.argv[SPLIT + 1 :]
HOME = Path(os.environ["BERT4REC_TUI_HOME"])


def option(name: str) -> str:
    return OPTIONS[OPTIONS.index(name) + 1] if name in OPTIONS else ""


def say(**values: object) -> None:
    print(json.dumps(values), file=sys.stderr, flush=True)


def word_after(name: str) -> str:
    return WORDS[WORDS.index(name) + 1]


def terminated(number: int, frame: object) -> None:
    sys.exit(130)


def main() -> None:
    signal.signal(signal.SIGTERM, terminated)
    if option("--record"):
        with Path(option("--record")).open("a", encoding="utf-8") as record:
            record.write("\x1f".join(WORDS) + "\n")
    if option("--fail"):
        say(error=option("--fail"))
        sys.exit(2)
    if WORDS[0] == "prepare":
        say(progress={"stage": "Reading", "done": 2_483_723, "unit": "bytes"})
        progress = {"stage": "Drawing uniform-100", "done": 300, "total": 610, "unit": "users", "seconds_left": 3.0}
        say(progress=progress)
    if "--hang" in OPTIONS:
        time.sleep(60)
    if WORDS[0] == "prepare":
        from worlds import make_dataset

        from bert4rec_tui.data.dataset import PreparedDataset

        there = HOME / "datasets" / "tiny"
        if "--again" in WORDS:
            shutil.rmtree(there)
        made = PreparedDataset(there) if there.exists() else make_dataset(HOME)
        counts = made.manifest.counts
        result = {"dataset": made.id, "users": counts.users, "items": counts.items, "interactions": counts.interactions}
    elif "--try" in WORDS:
        say(progress={"stage": "Trying", "done": 3, "total": 8, "unit": "steps"})
        result = {"steps": 8, "epoch_seconds": 83.0, "validation_seconds": 7.0, "memory": int(option("--memory"))}
    else:
        from worlds import make_run

        if option("--config-copy"):
            shutil.copy(word_after("--config"), option("--config-copy"))
        result = {"run": make_run(HOME, "finished", "zuli", age=5).id, "pid": 1, "warning": ""}
        if "--print-launch" in WORDS:
            result = {"run": result["run"], "launch": word_after("--print-launch"), "file": "torchrun.sh", "text": ""}
    print(json.dumps(result), flush=True)


main()
