"""The command `prepare`; it imports its module when it is called."""

from typing import Annotated, Literal

import typer

from bert4rec_tui.cli.options import AsJson
from bert4rec_tui.commands.completion import complete_known
from bert4rec_tui.commands.exit_codes import handling_errors


def prepare(
    name: Annotated[
        str,
        typer.Argument(help="A known dataset, such as ml-1m, or a name for your own.", autocompletion=complete_known),
    ],
    source: Annotated[
        list[str] | None,
        typer.Option(help="A local file, archive or folder with the interactions, or several; default: download."),
    ] = None,
    columns: Annotated[
        str,
        typer.Option(
            help="user=…,item=…[,timestamp=…][,rating=…][,title=…][,genres=…]; column names, or numbers from 0."
        ),
    ] = "",
    separator: Annotated[str, typer.Option(help="Column separator; default: detected.")] = "",
    encoding: Annotated[str, typer.Option(help="Encoding of text files, such as latin-1; default: detected.")] = "",
    time_format: Annotated[
        str, typer.Option(help="Format of the times, such as '%d/%m/%Y %H:%M'; default: detected.")
    ] = "",
    time_unit: Annotated[
        str, typer.Option(help="Unit of numeric times: s, ms, us, ns, or a multiple such as 5s; default: detected.")
    ] = "",
    items: Annotated[
        str, typer.Option(metavar="FILE", help="A file with titles, categories or features of the items.")
    ] = "",
    item_columns: Annotated[
        str, typer.Option(help="item=…[,title=…][,genres=…][,NAME=…]; columns of the file of --items.")
    ] = "",
    where: Annotated[
        str, typer.Option(metavar="CONDITION", help="Keep only such interactions: \"event = 'purchase'\".")
    ] = "",
    drop_incomplete: Annotated[
        bool, typer.Option("--drop-incomplete", help="Drop interactions without a user, an item or a time.")
    ] = False,
    item_noun: Annotated[
        str, typer.Option(help="Singular noun for an item, such as product; default: movie for MovieLens, else item.")
    ] = "",
    min_rating: Annotated[float, typer.Option(help="Min. rating; lower ones are dropped.")] = 0.0,
    min_user_interactions: Annotated[
        int, typer.Option(help="Min. interactions per user; users with fewer are dropped.")
    ] = 5,
    min_item_interactions: Annotated[
        int, typer.Option(help="Min. interactions per item; items with fewer are dropped.")
    ] = 0,
    filter_kind: Annotated[
        Literal["once", "core"],
        typer.Option("--filter", help="Apply the two minimums once, or repeat until nothing changes (k-core)."),
    ] = "once",
    repeats: Annotated[
        Literal["keep", "unique", "first", "last"],
        typer.Option(
            help="Repeated items of a user: keep all, drop exact duplicates (unique), or keep the first or the last."
        ),
    ] = "keep",
    split: Annotated[
        str, typer.Option(help="Train/validation/test split: leave-one-out, holdout or time.")
    ] = "leave-one-out",
    eval_users: Annotated[
        int,
        typer.Option(help="Held-out users for validation, and as many for test; 0: 500, or 10% of a small dataset."),
    ] = 0,
    validation_users: Annotated[int, typer.Option(help="Number of validation users with leave-one-out; 0: all.")] = 0,
    validation_share: Annotated[
        float, typer.Option(help="Validation share of the interactions with --split time.")
    ] = 0.1,
    test_share: Annotated[float, typer.Option(help="Test share of the interactions with --split time.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Split seed.")] = 42,
    again: Annotated[bool, typer.Option("--again", help="Prepare again, replacing an existing preparation.")] = False,
    memory: Annotated[
        str, typer.Option(help="Memory that preparing may take, such as 2GB; default: a quarter of the machine.")
    ] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Preview the first rows of the source and exit.")] = False,
    as_json: AsJson = False,
) -> None:
    """Prepare a dataset: download, filter, sort, split, sample negatives."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.prepare import parse_columns, parse_item_columns, run_prepare, run_preview
        from bert4rec_tui.config import DatasetConfig, from_dict

        first, *others = source or [""]
        values = {
            "name": name,
            "source": first,
            "further_sources": others,
            "columns": parse_columns(columns),
            "separator": separator,
            "encoding": encoding,
            "time_format": time_format,
            "time_unit": time_unit,
            "items": items,
            "item_columns": parse_item_columns(item_columns),
            "where": where,
            "drop_incomplete": drop_incomplete,
            "item_noun": item_noun,
            "min_rating": min_rating,
            "min_user_interactions": min_user_interactions,
            "min_item_interactions": min_item_interactions,
            "filter": filter_kind,
            "repeats": repeats,
            "split": split,
            "eval_users": eval_users,
            "validation_users": validation_users,
            "validation_share": validation_share,
            "test_share": test_share,
            "seed": seed,
        }
        settings = from_dict(values, DatasetConfig)
        if preview:
            run_preview(settings, as_json=as_json)
            return
        run_prepare(settings, again=again, as_json=as_json, memory=memory)
