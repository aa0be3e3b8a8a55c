"""Runs on disk: made whole, found by what people call them, removed only when nobody works on them."""

import errno
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from making_runs import holder, new_run, says

from bert4rec_tui.commands.runs import run_runs
from bert4rec_tui.config import Config
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import temporary_path
from bert4rec_tui.runs.store import LocalRuns, Run


@pytest.fixture
def store(home) -> LocalRuns:
    return LocalRuns(home / "runs")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_run_holds_everything_needed_to_do_it_again(store):
    run = new_run(store, "training.epochs=7", "name=mine", preparation="toy+items5")
    assert run.id.startswith("toy+items5-2")
    assert (len(run.short_id), run.id[-5]) == (4, "-")
    assert run.config().training.epochs == 7
    assert run.status().epochs == 7
    assert run.events.read() == ([], 0)
    assert names(run.path) == ["checkpoints", "config.toml", "events.jsonl", "reserve", "status.json"]
    assert [found.id for found in store.runs()] == [run.id]


def test_runs_of_the_same_second_are_listed_newest_first(store):
    made = [new_run(store).id for _ in range(5)]
    assert [run.id for run in store.runs()] == made[::-1]
    assert store.find("latest").id == made[-1]
    assert len({run.short_id for run in store.runs()}) == 5


def test_a_run_that_cannot_be_written_whole_is_not_written_at_all(store, monkeypatch):
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="the disk is full"):
        store.create(Config(), "toy")
    assert names(store.folder) == []


def test_a_run_is_found_by_id_letters_name_and_prefix(store):
    first = new_run(store, "name=my first", preparation="alpha")
    second = new_run(store, preparation="beta")
    for reference in (first.id, first.short_id, "my first", "alpha", first.id[:12], "a"):
        assert store.find(reference).id == first.id
    assert store.find("b").id == second.id


def test_what_fits_several_runs_lists_them(store):
    first, second = new_run(store, "name=twin"), new_run(store, "name=twin")
    for reference in ("toy", "twin"):
        with pytest.raises(UserError) as error:
            store.find(reference)
        assert str(error.value) == (f"{reference}: 2 runs match ({second.id}, {first.id}); type more of the id")


def test_a_whole_id_wins_over_a_prefix_and_letters_over_a_name(store):
    first = new_run(store)
    longer = store.folder / f"{first.id}x"
    new_run(store).path.rename(longer)
    assert store.find(first.id).id == first.id
    other = new_run(store, f"name={first.short_id}")
    assert store.find(first.short_id).id == first.id
    assert other.config().name == first.short_id


@pytest.mark.parametrize("reference", ["nobody", "", ".", "..", "/", "*"])
def test_an_unknown_run_says_what_lists_them(store, reference):
    new_run(store)
    with pytest.raises(UserError, match="there is no such run; `bert4rec-tui runs` lists them"):
        store.find(reference)


def test_the_latest_is_the_newest_that_has_what_is_needed(store):
    trained, stopped, finished, fresh = (new_run(store) for _ in range(4))
    trained.checkpoint("last").write_bytes(b"")
    says(stopped, state="stopped")
    says(trained, state="finished")
    says(finished, state="finished")
    says(fresh, state="training", host="another")
    assert store.find("latest").id == fresh.id
    assert store.find("latest", "checkpoint").id == trained.id
    assert store.find("latest", "live").id == fresh.id
    assert store.find("latest", "restartable").id == fresh.id
    says(fresh, state="finished")
    assert store.find("latest", "restartable").id == stopped.id
    with pytest.raises(UserError, match="latest: no run is live"):
        store.find("latest", "live")


@pytest.mark.parametrize("need", ["anything", "checkpoint", "live", "restartable"])
def test_without_any_run_latest_says_what_to_do(store, need):
    with pytest.raises(UserError, match=r"^latest: .*; "):
        store.find("latest", need)
    assert store.runs() == []


def broken(run: Run) -> Run:
    (run.path / "status.json").write_text("{")
    return run


def test_a_run_that_cannot_be_read_is_listed_and_is_never_the_latest(store, capsys):
    good = new_run(store)
    bad = broken(new_run(store))
    no_config = new_run(store)
    (no_config.path / "config.toml").unlink()
    assert store.find("latest", "restartable").id == no_config.id
    says(no_config, state="finished")
    assert store.find("latest", "restartable").id == good.id
    run_runs(as_json=False)
    out = capsys.readouterr().out
    assert all(run.id in out for run in (good, bad, no_config))
    assert out.count("unreadable") == 2
    assert f"{bad.path / 'status.json'}: cannot be read" in out


def test_hidden_folders_and_strangers_are_no_runs(store):
    run = new_run(store)
    (store.folder / "notes").mkdir()
    (store.folder / "readme.txt").touch()
    new_run(store).path.rename(store.folder / ".gone.removed")
    assert [found.id for found in store.runs()] == [run.id]


def test_an_ended_run_is_removed_with_everything(store):
    run, other = new_run(store), new_run(store)
    says(run, state="stopped")
    run.checkpoint("best").write_bytes(b"weights")
    store.remove(run)
    assert names(store.folder) == [other.id]


def test_a_live_run_is_not_removed(store):
    run = new_run(store)
    says(run, state="training")
    worker = holder(run)
    with pytest.raises(UserError, match="is training; stop it before removing it"):
        store.remove(run)
    (run.path / "status.json").write_text("{")
    with pytest.raises(UserError, match="stop it before removing it"):
        store.remove(run)
    worker.kill()
    worker.communicate()
    store.remove(run)
    assert names(store.folder) == []


def test_a_run_that_cannot_be_removed_is_a_sentence(store, monkeypatch):
    run = new_run(store)

    def refuse(*arguments: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UserError, match="you have no permission there"):
        store.remove(run)
    assert run.status().state == "queued"


def test_the_last_lines_of_the_console_are_read_whatever_is_in_it(store):
    run = new_run(store)
    assert run.console_tail() == []
    lines = [f"line {number} é" for number in range(5000)]
    (run.path / "console.log").write_bytes("\n".join(lines).encode() + b"\n\xff\xfe last\n")
    assert run.console_tail(3) == [*lines[-2:], "\ufffd\ufffd last"]


@pytest.mark.parametrize("cut", ["[model]", "[training]", "[evaluation]", ""])
def test_a_configuration_that_was_cut_short_is_not_filled_up_with_defaults(store, cut):
    run = new_run(store, "training.optimizer=sgd")
    file = run.path / "config.toml"
    text = file.read_text()
    file.write_text(text.partition(cut)[0] if cut else "")
    with pytest.raises(UserError, match=r"config.toml: has no \[\w+\]; the file was cut short"):
        run.config()


def test_a_result_without_its_figures_is_none(store):
    run = new_run(store)
    folder = run.test_folder("best", "full")
    folder.mkdir(parents=True)
    metric = {"NDCG@10": {"value": 0.25, "low": 0.2, "high": 0.3}, "coverage@10": {"value": 0.5}}
    whole = {"epoch": 1, "users": 1, "seconds": 0.5, "short_users": 0, "metrics": metric}
    whole["baselines"] = {"popularity": metric}
    beyond = {"NDCG@10": {"value": 0.25, "low": 10**400, "high": 0.3}}
    wrong = [{"users": 10**30}, {"epoch": "3"}, {"metrics": 1}, {"metrics": beyond}, {"baselines": {"ease": beyond}}]
    contents = [(whole, 1), ({}, 0), ([], 0), (whole | {"more": 2}, 1), *((whole | change, 0) for change in wrong)]
    for content, found in contents:
        (folder / "metrics.json").write_text(json.dumps(content))
        assert len(run.test_results()) == found
    del whole["baselines"]
    (folder / "metrics.json").write_text(json.dumps(whole))
    assert run.test_results() == {}


def test_a_new_run_takes_no_letters_by_which_another_is_called(store, monkeypatch):
    store.rename(new_run(store), "base")
    letters = iter(["base", "lamp"])
    monkeypatch.setattr("bert4rec_tui.runs.store._four_letters", lambda: next(letters))
    assert new_run(store).short_id == "lamp"


def test_what_a_killed_command_left_is_swept_away_once_nobody_can_be_at_it(store):
    folder = new_run(store).path.parent
    old, new = folder / ".toy-20200101-000000-lamp.removed", folder / ".toy-20200101-000001-moss.ab.tmp"
    for left in (old, new):
        (left / "checkpoints").mkdir(parents=True)
    os.utime(old, (1, 1))
    new_run(store)
    assert not old.exists()
    assert new.exists()
    killed = subprocess.Popen(["true"])
    killed.wait()
    left = store.folder / re.sub(r"\.\d+\.", f".{killed.pid}.", temporary_path(store.folder / "moss").name)
    left.mkdir()
    LocalRuns(store.folder).runs()
    assert not left.exists()
    assert new.exists()
