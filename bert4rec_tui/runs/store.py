"""Runs on disk: create, find, read, remove.

`RunSource` says what a reader may ask for, so that something else than this folder can stand behind it.
"""

import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol

from bert4rec_tui.config import Config, load_whole_config, save_config
from bert4rec_tui.errors import UNREADABLE, UserError
from bert4rec_tui.files import clear_leftovers, explain_os_error, make_folder, new_folder, replace_file, temporary_path
from bert4rec_tui.runs.control import read_control
from bert4rec_tui.runs.ending import keep_reserve
from bert4rec_tui.runs.events import EventLog
from bert4rec_tui.runs.labels import Labels, read_labels, with_name, write_labels
from bert4rec_tui.runs.lock import lock_is_held
from bert4rec_tui.runs.status import LIVE, State, Status, beat, derive_state, read_status, write_status
from bert4rec_tui.runs.stored_test import read_stored_test

Need = Literal["anything", "checkpoint", "best", "last", "tested", "live", "restartable"]
CheckpointName = Literal["best", "last"]


def other_checkpoint(name: CheckpointName) -> CheckpointName:
    """The one of a run's two checkpoints that this is not."""
    return "last" if name == "best" else "best"


FAILED = "failed: "  # what a worker begins the line with that it prints as it fails


class Run:
    """One run in a local folder, for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self.events = EventLog(path / "events.jsonl")

    @property
    def short_id(self) -> str:
        """The last four letters, by which people call a run."""
        return self.id[-4:]

    def status(self) -> Status:
        """What the run says of itself."""
        return read_status(self.path)

    def state(self, status: Status | None = None) -> State:
        """What a reader concludes, from the status given or read now."""
        return derive_state(self.path, status or self.status(), read_control(self.path))

    def config(self) -> Config:
        """Everything needed to do the run again. Raises UserError where a part of it is gone."""
        return load_whole_config(self.path / "config.toml")

    def labels(self) -> Labels:
        """What a person wrote on the run since; nothing where that cannot be read, which `relabel` speaks of."""
        try:
            return read_labels(self.path)
        except UserError:
            return Labels()

    def name(self) -> str:
        """What a person calls the run: the name given since, or the configuration's; empty where there is none."""
        given = self.labels().name
        if given is not None:
            return given
        try:
            return self.config().name
        except UserError:
            return ""

    def relabel(self, change: Callable[[Labels], Labels]) -> Labels:
        """Change the labels. Raises UserError where they cannot be read or written, or what `change` raises."""
        labels = change(read_labels(self.path))
        write_labels(self.path, labels)
        return labels

    def console_tail(self, lines: int = 20) -> list[str]:
        """The last lines that the worker wrote to its stdout and stderr."""
        try:
            with (self.path / "console.log").open("rb") as file:
                file.seek(max(0, file.seek(0, 2) - 200 * max(lines, 100)))
                return file.read().decode("utf-8", errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            return []

    def why_lost(self) -> str:
        """Why the worker is gone that wrote no ending: what it printed last, in one sentence."""
        lines = self.console_tail(3)
        for line in reversed(lines):
            if line.startswith(FAILED):
                return line.removeprefix(FAILED)
        tail = " / ".join(lines)
        return "the worker ended without an error message" + (f"; it printed last: {tail}" if tail else "")

    def checkpoint(self, name: CheckpointName) -> Path:
        """Where the weights of a checkpoint are, whether they exist or not."""
        return self.path / "checkpoints" / f"{name}.safetensors"

    def can_go_on(self) -> bool:
        """Whether a worker would go on from a checkpoint; else it begins with the first step."""
        return (self.path / "checkpoints" / "last.state").exists()

    def missing(self, name: CheckpointName) -> UserError:
        """What to say where a checkpoint is not there."""
        other = other_checkpoint(name)
        advice = (
            f"it has {other!r}" if self.checkpoint(other).exists() else "checkpoints are written after each validation"
        )
        return UserError(f"{self.id}: has no checkpoint {name!r}; {advice}")

    def has_checkpoint(self) -> bool:
        """Whether there are weights to test or to recommend with."""
        return self.checkpoint("best").exists() or self.checkpoint("last").exists()

    def test_folder(self, checkpoint: str, protocol: str) -> Path:
        """Where the result of testing a checkpoint under a protocol belongs."""
        return self.path / "test" / f"{checkpoint}-{protocol}"

    def test_results(self, checkpoint: str = "best") -> dict[str, dict[str, Any]]:
        """The metrics.json of every protocol that this checkpoint was tested under; unreadable ones are passed over."""
        results: dict[str, dict[str, Any]] = {}
        for file in sorted((self.path / "test").glob(f"{checkpoint}-*/metrics.json")):
            try:
                results[file.parent.name.removeprefix(f"{checkpoint}-")] = read_stored_test(file)
            except UNREADABLE:
                continue
        return results


class RunSource(Protocol):
    """Where runs are read from."""

    def runs(self) -> list[Run]:
        """Every run, newest first."""
        ...

    def find(self, reference: str, need: Need = "anything") -> Run:
        """The run that a person means."""
        ...


class LocalRuns:
    """The runs in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, Run] = {}
        self._cleared = False

    def runs(self) -> list[Run]:
        """Every run, newest first; the first look clears away what killed processes have left."""
        found: dict[str, Run] = {}
        if not self._cleared:
            self._cleared = True
            clear_leftovers(self.folder)
        try:
            with os.scandir(self.folder) as entries:
                names = [entry.name for entry in entries]
        except OSError:  # nothing was trained yet
            names = []
        for name in names:
            run = self._known.get(name)
            if run is None and not name.startswith(".") and (self.folder / name / "status.json").exists():
                run = Run(self.folder / name)
            if run is not None:
                found[name] = run
        self._known = found
        return sorted(found.values(), key=lambda run: run.id[-20:], reverse=True)

    def create(self, config: Config, preparation: str) -> Run:
        """A new run, queued, for the prepared dataset with this id. Raises UserError where nothing can be written."""
        clear_leftovers(self.folder)
        runs, now = self.runs(), time.time()
        taken = {called for run in runs for called in (run.short_id, run.name())}
        letters = next(word for word in iter(_four_letters, None) if word not in taken)
        stamps, moment = {run.id[-20:-5] for run in runs}, now
        # A second run in the same second gets the next one, so that the order of the ids is that of their creation.
        while (stamp := time.strftime("%Y%m%d-%H%M%S", time.localtime(moment))) in stamps:
            moment += 1
        path = self.folder / f"{preparation}-{stamp}-{letters}"
        with new_folder(path) as folder:
            make_folder(folder / "checkpoints")
            save_config(config, folder / "config.toml")
            replace_file(folder / "events.jsonl", b"")
            status = Status(state="queued", created=now, epochs=config.training.epochs)
            beat(status)
            write_status(folder, status)
            keep_reserve(folder)
        return Run(path)

    def find(self, reference: str, need: Need = "anything") -> Run:
        """The run with this id, these last four letters, this name or this unambiguous prefix, or the `latest`.

        `latest` is the newest run that has what is needed. Raises UserError where there is none, or more than one.
        """
        runs = self.runs()
        if reference == "latest":
            for run in runs:
                if _meets(run, need):
                    return run
            raise UserError(f"latest: {_NOTHING[need]}")
        ways: tuple[Callable[[Run], bool], ...] = (
            lambda run: run.id == reference,
            lambda run: run.short_id == reference,
            lambda run: run.name() == reference,
            lambda run: run.id.startswith(reference),
        )
        for answers in ways if reference else ():
            matches = [run for run in runs if answers(run)]
            if len(matches) == 1:
                return matches[0]
            if matches:
                listed = ", ".join(run.id for run in matches[:4])
                raise UserError(f"{reference}: {len(matches)} runs match ({listed}); type more of the id")
        raise UserError(f"{reference}: there is no such run; `bert4rec-tui runs` lists them")

    def rename(self, run: Run, name: str) -> str:
        """Give a run a name to find it by, an empty one to take it away; returns it as it is kept.

        Raises UserError for a name by which another run is found already, or that cannot be written.
        """
        named = self.free_name(name, run)
        run.relabel(lambda labels: with_name(labels, name))
        return named

    def free_name(self, name: str, besides: Run | None = None) -> str:
        """A name as it is kept, by which no run but `besides` is found. Raises UserError for one that is none."""
        named = with_name(Labels(), name).name or ""
        for other in self.runs() if named else []:
            if (besides is None or other.id != besides.id) and named in (other.id, other.short_id, other.name()):
                raise UserError(f"{named}: {other.id} already has this name; choose another")
        return named

    def remove(self, run: Run) -> None:
        """Delete a run and everything in it. Raises UserError while it is live."""
        try:
            state = run.state()
        except UserError:  # whatever is left of its status, only a worker at it is a reason to keep it
            state = "training" if _lock_seems_held(run.path) else "lost"
        if state in LIVE:
            raise UserError(f"{run.id}: is {state}; stop it before removing it")
        # Renamed first, so that a reader never meets a run that is half gone.
        retired = temporary_path(run.path, "removed")
        try:
            run.path.rename(retired)
            with suppress(FileNotFoundError):  # somebody swept it away meanwhile
                shutil.rmtree(retired)
        except OSError as error:
            raise explain_os_error(error, run.path) from error


_NOTHING: dict[Need, str] = {
    "anything": "there is no run yet; `bert4rec-tui train` starts one",
    "checkpoint": "no run has a checkpoint yet; train one first",
    "best": "no run has a best checkpoint yet; checkpoints are written after the first validation",
    "last": "no run has a last checkpoint yet; checkpoints are written after the first validation",
    "tested": "no run has been tested yet; `bert4rec-tui test` tests one",
    "live": "no run is live; `bert4rec-tui runs` lists them all",
    "restartable": "no run can be resumed; `bert4rec-tui runs` lists them all",
}


def _lock_seems_held(path: Path) -> bool:
    try:
        return lock_is_held(path)
    except OSError:
        return False


def _meets(run: Run, need: Need) -> bool:
    try:
        state = run.state()
    except UserError:  # a status that cannot be read; the run is listed, but is never the one meant by `latest`
        return False
    match need:
        case "anything":
            return True
        case "checkpoint":
            return run.has_checkpoint()
        case "best" | "last":
            return run.checkpoint(need).exists()
        case "tested":
            return any((run.path / "test").glob("*/metrics.json"))
        case "live":
            return state in LIVE
        case "restartable":
            return state != "finished"


def _four_letters() -> str:
    """Four letters that can be said aloud, such as `dufo`."""
    consonants, vowels = "bcdfghjklmnprstvwz", "aeiou"
    return "".join(secrets.choice(letters) for letters in (consonants, vowels, consonants, vowels))
