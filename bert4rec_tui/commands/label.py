"""The command `label`: name, note and pin of a run."""

from typing import Any

import msgspec

from bert4rec_tui.commands.output import Output
from bert4rec_tui.runs.labels import Labels, with_note
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import runs_folder


def run_label(reference: str, *, name: str | None, note: str | None, pinned: bool | None, as_json: bool) -> None:
    """Set the name, note or pin of a run and print them; None leaves each unchanged.

    Raises UserError where another run has the name, or a text is too long; nothing is changed then.
    """
    store = LocalRuns(runs_folder())
    run = store.find(reference)
    if note is not None:
        with_note(Labels(), note)  # reject it before the name is written
    if name is not None:
        store.rename(run, name)
    if note is not None or pinned is not None:
        run.relabel(lambda labels: _changed(labels, note, pinned))
    values = describe_labels(run)
    Output(as_json).result(values, _text(values))


def _changed(labels: Labels, note: str | None, pinned: bool | None) -> Labels:
    labels = labels if note is None else with_note(labels, note)
    return labels if pinned is None else msgspec.structs.replace(labels, pinned=pinned)


def describe_labels(run: Run) -> dict[str, Any]:
    """The name, note and pin of a run, with the keys of `runs --json`."""
    labels = run.labels()
    return {"run": run.id, "name": run.name(), "note": labels.note, "pinned": labels.pinned}


def _text(values: dict[str, Any]) -> str:
    parts = [f'named "{values["name"]}"' if values["name"] else "", "pinned" if values["pinned"] else ""]
    first = f"{values['run']}: {', '.join(filter(None, parts)) or 'no name'}"
    return f"{first}\n{values['note']}" if values["note"] else first
