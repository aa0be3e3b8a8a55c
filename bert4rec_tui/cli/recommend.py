"""The command `recommend`; it imports its module when it is called."""

from typing import Annotated, Literal

import typer

from bert4rec_tui.cli.options import AsJson, Device, RunName
from bert4rec_tui.commands.exit_codes import handling_errors


def recommend(
    run: RunName = "latest",
    user: Annotated[str | None, typer.Option(help="Recommend to this user (id as in the source).")] = None,
    items: Annotated[
        str | None,
        typer.Option(
            metavar="ID,ID,…",
            help='Recommend after these item ids, oldest first; quote an id that contains a comma with ".',
        ),
    ] = None,
    titles: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Recommend after the titles in this file, oldest first; text or CSV."),
    ] = None,
    own: Annotated[
        str | None, typer.Option(metavar="NAME", help="Recommend after a history saved on the Explore screen.")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="Number of recommendations.")] = 10,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show which items of the history contribute most to each recommendation.")
    ] = False,
    genre: Annotated[
        list[str] | None, typer.Option(help="Only this category or genre; may be repeated to allow any of several.")
    ] = None,
    from_year: Annotated[int | None, typer.Option(help="Only items from this year on.")] = None,
    to_year: Annotated[int | None, typer.Option(help="Only items up to this year.")] = None,
    min_count: Annotated[int, typer.Option(min=0, help="Min. interactions of an item in training.")] = 0,
    max_count: Annotated[int | None, typer.Option(min=0, help="Max. interactions of an item in training.")] = None,
    seen: Annotated[
        Literal["unseen", "seen", "all"],
        typer.Option(help="Recommend items outside the history, items in it, or both."),
    ] = "unseen",
    diversify: Annotated[float, typer.Option(min=0, max=1, help="Diversity, from 0 (by score alone) to 1.")] = 0.0,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Recommend the next items for a user or a history of your own."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.recommend import ListOptions, run_recommend

        options = ListOptions(tuple(genre or ()), from_year, to_year, min_count, max_count, seen, diversify)
        run_recommend(
            run,
            user=user,
            items=items,
            titles=titles,
            own=own,
            k=k,
            explain=explain,
            options=options,
            device=device,
            as_json=as_json,
        )
