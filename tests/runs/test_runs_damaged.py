"""Any bytes in any file of one run: the others stay listed, and its own fault is said in one sentence."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_runs import new_run, says

from bert4rec_tui.commands.runs import describe
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.checkpoints import trained_to
from bert4rec_tui.runs.events import EventLog
from bert4rec_tui.runs.listing import RunsReader
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.runs.summary import Summary

FILES = (
    "config.toml",
    "status.json",
    "labels.json",
    "control.json",
    "events.jsonl",
    "summary.msgpack",
    "console.log",
    "lock",
    "checkpoints/best.safetensors",
    "test/best-full/metrics.json",
)
DEEP = 100_000
CONTENTS = (
    b"",
    b"\x00" * 100,
    b"\xff\xfe{}",
    b"{}",
    b"[]",
    b"null",
    b'{"state": null}',
    b"[" * DEEP,
    b"[" * DEEP + b"]" * DEEP,
    b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b'{"state":"training","x":' + b"[" * DEEP + b"]" * DEEP + b"}",
    b"a = " + b"[" * DEEP + b"]" * DEEP,
    b"a = " + b"[" * 390 + b"]" * 390,
    b"a" + b".a" * 900 + b" = 1",
    b"[a" + b".a" * 5000 + b"]",
    b"a = " + b"9" * 10_000,
    b"a = 0x" + b"f" * 10_000,
    b"[model]\nhidden = " + b"9" * 4000,
    b"[training]\nlearning_rate = 1e999",
    b'{"state":"training","pid":' + b"9" * 30 + b"}",
    b'{"state":"training","pid":4611686018427387904,"heartbeat":1e308,"created":1e308}',
    b'{"state":"finished","ended":-1e300,"seconds":1e300,"epoch":9e18}',
    b'{"number":' + b"9" * 5000 + b',"wanted":"stop"}',
    b'{"type":"step","at":1e308,"epoch":1,"step":9223372036854775807,"samples":1,"count":1}\n',
    b'{"type":"system","at":1,"x":' + b"[" * DEEP + b"]" * DEEP + b"}\n",
    b"\x81\xa6schema" + b"\x91" * DEEP,
    b"\x00\x00\x01\x00\x00\x00\x00\x00" + b"[" * 65536,
)


def refusal(read: Callable[[], object]) -> str:
    try:
        read()
    except UserError as error:
        return str(error)
    return ""


def look_at_all(runs: LocalRuns, sound: Run, damaged: Run) -> None:
    """What lists, follows and describes runs: all of it comes back, and the sound run as it was."""
    rows = {row.run.id: row for row in RunsReader(runs).look()}
    assert set(rows) == {sound.id, damaged.id}
    assert (rows[sound.id].state, rows[sound.id].problem) == ("finished", "")
    assert "\n" not in rows[damaged.id].problem
    for run in (sound, damaged):
        described = describe(run)
        assert described["run"] == run.id
        run.name()
        run.test_results()
        run.console_tail()
        EventLog(run.path / "events.jsonl").read()
        summary = Summary(run.path)
        summary.load()
        summary.read_on()
        trained_to(run.checkpoint("best"))
        for read in (run.config, run.state):
            sentence = refusal(read)
            assert "\n" not in sentence
            assert not sentence or str(run.path) in sentence
    assert runs.find(sound.id, "anything").id == sound.id
    assert runs.find("latest", "anything").id in (sound.id, damaged.id)


def written(home, file: str, content: bytes) -> tuple[LocalRuns, Run, Run]:
    runs = LocalRuns(home / f"runs-{os.urandom(4).hex()}")
    sound, damaged = new_run(runs), new_run(runs)
    says(sound, state="finished")
    says(damaged, state="finished")
    target = damaged.path / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return runs, sound, damaged


@pytest.mark.parametrize("content", CONTENTS, ids=range(len(CONTENTS)))
@pytest.mark.parametrize("file", FILES)
def test_hostile_content_in_one_run_leaves_all_others_listed(home, file, content):
    look_at_all(*written(home, file, content))


@given(file=st.sampled_from(FILES), content=st.binary(max_size=60))
def test_any_bytes_in_one_run_leave_all_others_listed(home, file, content):
    look_at_all(*written(home, file, content))


def test_a_status_without_a_state_is_none_and_nobody_waits_for_it(home):
    """It was read as queued, so that `watch` waited for ever."""
    _, _, damaged = written(home, "status.json", b'{"pid": 5, "epoch": 3}')
    with pytest.raises(UserError, match=r"status\.json: cannot be read .*state"):
        damaged.state()
