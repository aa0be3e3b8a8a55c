"""The commands that say what a model is worth and take it elsewhere; each imports its module when it is called."""

from typing import Annotated, Literal

import typer

from bert4rec_tui.cli.options import AsJson, Checkpoint, Device, RunName
from bert4rec_tui.commands.exit_codes import handling_errors


def test(
    run: RunName = "latest",
    checkpoint: Checkpoint = "best",
    protocol: Annotated[
        list[str] | None, typer.Option(help="full, uniform-100, popular-100; may be repeated; without it: the run's.")
    ] = None,
    device: Device = "",
    by: Annotated[
        Literal["length", "popularity", "genre", "recency", "trained"] | None,
        typer.Option(
            help="Show where it is weak instead: by length of the history, by popularity, genre, or recency of the "
            "target, or by whether it was trained on. What was tested already is not tested again."
        ),
    ] = None,
    groups: Annotated[bool, typer.Option("--groups", help="Show all five groupings.")] = False,
    kept: Annotated[
        bool,
        typer.Option(
            "--kept", help="With --by or --groups: use kept results only, even if the checkpoint has changed since."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rank the held-out test items, with intervals and baselines."""
    with handling_errors(as_json):
        if by and groups:
            from bert4rec_tui.errors import UserError

            raise UserError("--by shows one grouping and --groups all of them; give one of the two")
        if by or groups:
            from bert4rec_tui.commands.groups import run_groups
            from bert4rec_tui.evaluation.groups import GROUPINGS

            run_groups(
                run,
                checkpoint=checkpoint,
                protocols=protocol or [],
                by=[by] if by else GROUPINGS,
                device=device,
                kept=kept,
                as_json=as_json,
            )
            return
        if kept:
            from bert4rec_tui.errors import UserError

            raise UserError("--kept: is about groups; give --by or --groups with it")
        from bert4rec_tui.commands.test import run_test_command

        run_test_command(run, checkpoint=checkpoint, protocols=protocol or [], device=device, as_json=as_json)


def export(
    run: RunName = "latest",
    format_: Annotated[
        Literal["onnx", "safetensors", "csv", "test-md", "test-csv", "test-json"],
        typer.Option(
            "--format",
            help="The network as onnx or safetensors; csv: the next items of all users; test-…: its tests.",
        ),
    ] = "safetensors",
    out: Annotated[str, typer.Option(help="The file to write; without it: one named after the run, here.")] = "",
    checkpoint: Checkpoint = "best",
    k: Annotated[int, typer.Option("-k", help="How many items a user gets in the csv.")] = 10,
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Take a model elsewhere: its network, its recommendations for all users, or the table of its tests."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.export import run_export

        run_export(run, kind=format_, out=out, checkpoint=checkpoint, k=k, device=device, as_json=as_json)
