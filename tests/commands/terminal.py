"""A terminal for tests of the commands: real processes, their output and exit code, in a home of their own."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import small
import torch
from waits import wait_for

from bert4rec_tui.cli import app as cli
from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.runs.store import LocalRuns, Run

ROOT = Path(__file__).parent.parent.parent


def tiny(**changes: str) -> list[str]:
    """The words that make a training small, of two epochs unless a change says so."""
    return small.tiny(**{"training__epochs": "2", **changes})


def prepare_toy(home: Path, histories: list[list[int]]) -> None:
    """Prepare a dataset named toy, of movies with titles, in a home."""
    file = home / "raw" / "toy.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = ["user,item,timestamp,title"]
    for user, items in enumerate(histories, start=1):
        lines += [f"{user},{item},{86_400 * moment},Film {item}" for moment, item in enumerate(items)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = DatasetConfig(name="toy", source=str(file), min_user_interactions=3)
    prepare(settings, home / "datasets", home / "raw", again=True)


# A run that goes on until somebody ends it.
ENDLESS = tiny(training__epochs="100000")


@dataclass
class Answer:
    """How a command ended. code: its exit code. out, err: what it said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one object on stdout."""
        assert self.out.count("\n") == 1, self
        return json.loads(self.out)


class Terminal:
    """Runs commands with BERT4REC_TUI_HOME set to `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.store = LocalRuns(home / "runs")

    def environment(self, **variables: str) -> dict[str, str]:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        return os.environ | {"BERT4REC_TUI_HOME": str(self.home), "PYTHONPATH": path} | variables

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "bert4rec_tui", *words]

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command in a session of its own, as a terminal would."""
        return subprocess.Popen(
            self.command(*words),
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, code: int = 0, **variables: str) -> Answer:
        """Run a command to its end; it must end with `code` and show none of our code."""
        return self.ended(self.start(*words, **variables), code)

    @staticmethod
    def ended(process: subprocess.Popen[str], code: int = 0) -> Answer:
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err, err
        assert process.returncode == code, err
        return Answer(process.returncode, out, err)

    def last_run(self) -> Run:
        return self.store.runs()[0]

    def state(self) -> str:
        return self.last_run().state()

    def until(self, state: str) -> Run:
        """Wait until the newest run is in a state."""
        wait_for(lambda: self.store.runs() and self.state() == state)
        return self.last_run()

    def end_everything(self) -> None:
        """Kill whatever worker is left."""
        for run in self.store.runs():
            pid = run.status().pid
            if pid and run.state() in ("starting", "training", "paused", "pausing"):
                os.kill(pid, signal.SIGKILL)


class Here:
    """Runs commands in this process, where torch is imported already; for what needs no process of its own."""

    def __init__(self, capsys: Any, monkeypatch: Any) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch

    def __call__(self, *words: str, code: int = 0) -> Answer:
        self.monkeypatch.setattr(sys, "argv", ["bert4rec-tui", *words])
        before, threads = signal.getsignal(signal.SIGTERM), torch.get_num_threads()
        self.capsys.readouterr()
        try:
            cli.main()
            found: Any = 0
        except SystemExit as ending:
            found = ending.code or 0
        finally:
            signal.signal(signal.SIGTERM, before)
            torch.set_num_threads(threads)
        out, err = self.capsys.readouterr()
        assert found == code, err
        return Answer(found, out, err)

    def refuses(self, *words: str) -> str:
        """The one sentence with which a wrong request is answered."""
        answer = self(*words, code=2)
        assert answer.out == ""
        assert answer.err.startswith("bert4rec-tui: ")
        assert answer.err.count("\n") == 1
        return answer.err.removeprefix("bert4rec-tui: ").rstrip("\n")
