"""The command `watch`: one event a line for programs, sentences for people, and leaving harms nothing."""

import json
import signal
import time

import msgspec
import pytest
from terminal import Terminal
from waits import wait_for

from bert4rec_tui.commands.follow import headline_metrics
from bert4rec_tui.config import Config
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.events import Alert, Note, StateChange
from bert4rec_tui.runs.lock import worker_lock
from bert4rec_tui.runs.status import Status, write_status
from bert4rec_tui.runs.store import Run


def live_run(terminal: Terminal, **fields: object) -> Run:
    """A run that trains, as far as its status says; the test holds its lock."""
    run = terminal.store.create(Config(), "toy")
    here = {"host": machine.host(), "boot_id": machine.boot_id(), "progressed_at": time.time()}
    write_status(run.path, Status(**({"state": "training"} | here | fields)))
    return run


def test_a_finished_run_is_told_as_its_events_stand_in_the_log(terminal):
    answer = terminal.run("watch", "--json")
    log = (terminal.last_run().path / "events.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in answer.out.splitlines()] == [json.loads(line) for line in log]
    kinds = [json.loads(line)["type"] for line in answer.out.splitlines()]
    assert {"state", "step", "validation", "message"} <= set(kinds)
    assert answer.err == ""


def test_people_read_sentences_and_the_ending(here, terminal):
    lines = here("watch", "mine").out.splitlines()
    run = terminal.last_run()
    assert lines[0] == "training at step 0"
    assert sum(line.startswith("validation after epoch") for line in lines) == 3
    assert lines[-2].startswith(f"{run.id}: finished after 2 epochs and ")
    assert lines[-1] == f"next: bert4rec-tui test {run.short_id}   bert4rec-tui recommend {run.short_id} --user ID"


def test_a_live_run_is_told_as_it_happens_and_ctrl_c_only_leaves(terminal):
    run = live_run(terminal)
    run.events.append(StateChange(at=1, state="training"))
    with worker_lock(run.path):
        process = terminal.start("watch", run.short_id, "--json")
        assert json.loads(process.stdout.readline())["state"] == "training"
        for number in range(3):
            run.events.append(Note(at=number, text=f"note {number}"))
            assert json.loads(process.stdout.readline())["text"] == f"note {number}"
        process.send_signal(signal.SIGINT)
        answer = terminal.ended(process, code=130)
        assert json.loads(answer.err)["message"].startswith(f"{run.id} keeps training; ")
        assert run.state() == "training"
        assert not (run.path / "control.json").exists()


def test_it_ends_with_the_run_after_the_last_event(terminal):
    run = live_run(terminal)
    with worker_lock(run.path):
        process = terminal.start("watch", run.short_id, "--json")
        run.events.append(Note(at=1, text="first"))
        assert json.loads(process.stdout.readline())["text"] == "first"
        write_status(run.path, msgspec.structs.replace(run.status(), state="finished"))
        run.events.append(StateChange(at=2, state="finished", step=7))
    answer = terminal.ended(process)
    assert json.loads(answer.out)["state"] == "finished"


def test_a_run_that_fails_or_is_lost_is_an_error_with_its_own_words(terminal, here):
    why = "out of memory: set training.batch_size = 64 and start again"
    failed = live_run(terminal, state="failed", message=why)
    failed.events.append(StateChange(at=2, state="failed", step=7, message=why))
    answer = here("watch", failed.short_id, code=1)
    sentence = f"bert4rec-tui: {failed.id}: out of memory: set training.batch_size = 64 and start again\n"
    assert answer.err == sentence
    assert "failed at step 7\n" in answer.out
    assert why not in answer.out, "once is enough"
    lost = live_run(terminal)
    (lost.path / "console.log").write_text("one\ntwo\nKilled\n")
    answer = here("watch", lost.short_id, code=1)
    assert (
        "the worker ended without an error message; it printed last: one / two / Killed; to resume: `bert4rec"
        in answer.err
    )
    (lost.path / "console.log").write_text("one\nfailed: the disk is full\n")
    assert f"{lost.id}: the disk is full; to resume: `bert4rec-tui resume" in here("watch", lost.short_id, code=1).err
    assert "to resume: bert4rec-tui resume" in answer.out


def test_what_reads_only_the_beginning_ends_it_without_a_word(terminal):
    run = live_run(terminal, state="stopped")
    for number in range(3000):
        run.events.append(Note(at=number, text="x" * 100))
    process = terminal.start("watch", run.short_id, "--json")
    process.stdout.readline()
    process.stdout.close()
    wait_for(lambda: process.poll() is not None)
    assert process.stderr.read() == ""
    process.stderr.close()


def test_alerts_stand_out_and_text_from_a_log_moves_no_cursor(terminal, here):
    run = live_run(terminal, state="stopped")
    run.events.append(Alert(at=1, kind="plateau", message="no better for 5 epochs"))
    run.events.append(Note(at=2, text="from a file: \x1b[2J\x07gone"))
    out = here("watch", run.short_id).out
    assert "! no better for 5 epochs\n" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["Recall@5", "Recall@10", "NDCG@5", "NDCG@10", "MRR"], ["NDCG@10", "Recall@10"]),
        (["Recall@1", "Recall@5", "NDCG@1", "NDCG@5", "MRR"], ["NDCG@5", "Recall@5"]),
        (["Recall@50", "NDCG@50", "NDCG@100", "MRR"], ["NDCG@50", "Recall@50"]),
        (["MRR"], ["MRR"]),
        ([], []),
    ],
)
def test_a_validation_is_told_with_the_figures_that_it_has(names, told):
    assert headline_metrics(dict.fromkeys(names, 0.5)) == told


def test_whoever_watches_a_run_that_nobody_has_started_is_told_what_it_waits_for(terminal):
    run = terminal.store.create(Config(), "toy")
    watching = terminal.start("watch", run.short_id)
    assert watching.stderr is not None
    assert watching.stderr.readline().rstrip() == (
        f"{run.id}: is queued; launch it as --print-launch showed, or `bert4rec-tui resume {run.short_id}`"
    )
    watching.send_signal(signal.SIGINT)
    assert watching.wait(20) == 130
