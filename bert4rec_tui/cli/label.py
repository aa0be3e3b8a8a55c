"""The command `label`; it imports its module when it is called."""

from typing import Annotated

import typer

from bert4rec_tui.cli.options import AsJson, RunName
from bert4rec_tui.commands.exit_codes import handling_errors


def label(
    run: RunName,
    name: Annotated[str | None, typer.Option(help='Name of the run, accepted by every command; "" removes it.')] = None,
    note: Annotated[str | None, typer.Option(help='A one-line note; "" removes it.')] = None,
    pin: Annotated[
        bool | None, typer.Option("--pin/--no-pin", help="Pin the run to the top of the Runs table and of `runs`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Name, annotate or pin a run; without options: show its name, note and pin."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.label import run_label

        run_label(run, name=name, note=note, pinned=pin, as_json=as_json)
