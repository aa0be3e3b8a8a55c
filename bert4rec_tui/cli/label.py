"""The command that writes on a run; it imports its module when it is called."""

from typing import Annotated

import typer

from bert4rec_tui.cli.options import AsJson, RunName
from bert4rec_tui.commands.exit_codes import handling_errors


def label(
    run: RunName,
    name: Annotated[
        str | None, typer.Option(help='A name of your own, by which every command finds the run; "" removes it.')
    ] = None,
    note: Annotated[str | None, typer.Option(help='A note of one line; "" removes it.')] = None,
    pin: Annotated[
        bool | None, typer.Option("--pin/--no-pin", help="Keep it at the top of the Runs table and of `runs`, or not.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Name a run, write a note on it, pin it; without an option: show what stands on it."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.label import run_label

        run_label(run, name=name, note=note, pinned=pin, as_json=as_json)
