"""The command that says what comes next; it imports its module when it is called."""

from typing import Annotated, Literal

import typer

from bert4rec_tui.cli.options import AsJson, Device, RunName
from bert4rec_tui.commands.exit_codes import handling_errors


def recommend(
    run: RunName = "latest",
    user: Annotated[str | None, typer.Option(help="A user's id in the source.")] = None,
    items: Annotated[
        str | None,
        typer.Option(
            metavar="ID,ID,…",
            help='Item ids of a history of your own, oldest first; " encloses an id that has a comma.',
        ),
    ] = None,
    titles: Annotated[
        str | None, typer.Option(metavar="FILE", help="Titles of a history of your own, oldest first; text or CSV.")
    ] = None,
    own: Annotated[str | None, typer.Option(metavar="NAME", help="A history of your own kept on Explore.")] = None,
    k: Annotated[int, typer.Option("-k", help="How many items.")] = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Say which items of the history caused each.")] = False,
    genre: Annotated[list[str] | None, typer.Option(help="Only of this genre; may be repeated: one is enough.")] = None,
    from_year: Annotated[int | None, typer.Option(help="Only of this year or later.")] = None,
    to_year: Annotated[int | None, typer.Option(help="Only of this year or earlier.")] = None,
    min_count: Annotated[int, typer.Option(min=0, help="Only what was watched at least this often in training.")] = 0,
    max_count: Annotated[int | None, typer.Option(min=0, help="Only what was watched at most this often.")] = None,
    seen: Annotated[
        Literal["unseen", "seen", "all"], typer.Option(help="What is not in the history, what is, or both.")
    ] = "unseen",
    diversify: Annotated[
        float, typer.Option(min=0, max=1, help="How much items that are like each other give way, 0 to 1.")
    ] = 0.0,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Print what a user would watch next."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.recommend import ListOptions, run_recommend

        shown = ListOptions(tuple(genre or ()), from_year, to_year, min_count, max_count, seen, diversify)
        run_recommend(
            run,
            user=user,
            items=items,
            titles=titles,
            own=own,
            k=k,
            explain=explain,
            shown=shown,
            device=device,
            as_json=as_json,
        )
