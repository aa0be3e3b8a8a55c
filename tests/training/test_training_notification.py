"""The user's command runs when a run ends, without a shell, and its failure is a note and nothing more."""

import json
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.config import Config
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.events import Note
from bert4rec_tui.runs.status import Best, Status, write_status
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.training.distributed import ALONE
from bert4rec_tui.training.notification import Notification, arguments, run_command
from bert4rec_tui.training.worker import Worker

WRITES = "import json, os, sys; json.dump([sys.argv[2:], dict(os.environ)], open(sys.argv[1], 'w'))"


def ended(home: Path, state: str, message: str = "") -> Run:
    run = LocalRuns(home / "runs").create(Config(), "toy")
    best = Best(metric="full:NDCG@10", value=0.1234, epoch=7)
    write_status(run.path, Status(state=state, epoch=9, epochs=9, best=best, message=message))
    return run


def tell(home: Path, run: Run, command: str) -> list[str]:
    """Run the command on the ending of a run; the notes that it left."""
    (home / "settings.toml").write_text(f"notify_command = '''{command}'''\n", encoding="utf-8")
    Worker(run, threading.Event(), ALONE).notify_ending()
    return [event.text for event in run.events.read()[0] if isinstance(event, Note)]


@given(sentence=st.text(st.characters(exclude_characters="\0"), max_size=30))
def test_what_is_filled_in_stays_one_argument_and_is_not_looked_through_again(sentence: str) -> None:
    news = Notification(Path("/runs/toy-quad"), "failed", sentence + " {run}; rm -rf")
    command = arguments("tell '{state}: {sentence}' {run}", news)
    assert command == ["tell", f"failed: {sentence} {{run}}; rm -rf", "toy-quad"]


def test_a_run_that_ended_runs_the_command_with_its_news(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    run = ended(home, "finished")
    assert tell(home, run, f'{sys.executable} -c "{WRITES}" {out} {{state}} "{{sentence}}"') == []
    words, environment = json.loads(out.read_text())
    assert words == ["finished", "finished after 9 epochs; best NDCG@10 full 0.1234 in epoch 7"]
    assert environment["BERT4REC_RUN"] == run.id
    assert environment["BERT4REC_FOLDER"] == str(run.path)


def test_a_run_that_was_stopped_runs_nothing(home: Path) -> None:
    assert tell(home, ended(home, "stopped"), "/no/such/command") == []


def test_a_command_that_fails_is_a_note(home: Path) -> None:
    run = ended(home, "failed", "out of memory")
    notes = tell(home, run, "/no/such/command {run}")
    notes = tell(home, run, "sh -c 'echo {sentence} >&2; exit 3'")
    notes = tell(home, run, "sh -c 'open")
    assert "/no/such/command cannot be run" in notes[0]
    assert notes[1] == "notify_command: sh ended with code 3: out of memory"
    assert "closing quotation" in notes[2]


def test_a_command_that_does_not_end_is_ended() -> None:
    with pytest.raises(UserError, match="took longer"):
        run_command(["sleep", "60"], Notification(Path("r"), "failed", ""), seconds=0.2)
