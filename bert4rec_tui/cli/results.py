"""The commands `test` and `export`; each imports its module when it is called."""

from typing import Annotated, Literal

import typer

from bert4rec_tui.cli.options import AsJson, Checkpoint, Device, RunName
from bert4rec_tui.commands.exit_codes import handling_errors


def test(
    run: RunName = "latest",
    checkpoint: Checkpoint = "best",
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="full, uniform-100, popular-100; may be repeated; default: the run's protocols."),
    ] = None,
    device: Device = "",
    by: Annotated[
        Literal["length", "popularity", "genre", "recency", "trained"] | None,
        typer.Option(
            help="Show results by group: history length, popularity of the target, its category or genre, time since "
            "the previous item, or cold test items. Reuses the ranks of an earlier test."
        ),
    ] = None,
    groups: Annotated[bool, typer.Option("--groups", help="Show results by group for all five groupings.")] = False,
    kept: Annotated[
        bool,
        typer.Option(
            "--kept", help="With --by or --groups: use stored results only, even if the checkpoint has changed since."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Test a checkpoint: metrics with confidence intervals, next to those of the baselines."""
    with handling_errors(as_json):
        if by and groups:
            from bert4rec_tui.errors import UserError

            raise UserError("--by shows one grouping and --groups all of them; use one of the two")
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

            raise UserError("--kept: needs --by or --groups")
        from bert4rec_tui.commands.test import run_test_command

        run_test_command(run, checkpoint=checkpoint, protocols=protocol or [], device=device, as_json=as_json)


def export(
    run: RunName = "latest",
    format_: Annotated[
        Literal["onnx", "safetensors", "csv", "test-md", "test-csv", "test-json"],
        typer.Option(
            "--format",
            help="onnx or safetensors: the network; csv: recommendations for all users; test-…: the test results.",
        ),
    ] = "safetensors",
    out: Annotated[str, typer.Option(help="Output file; default: named after the run, in the current folder.")] = "",
    checkpoint: Checkpoint = "best",
    k: Annotated[int, typer.Option("-k", help="Number of recommendations per user in the csv.")] = 10,
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Export a model: its network, its recommendations for all users, or its test results."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.export import run_export

        run_export(run, kind=format_, out=out, checkpoint=checkpoint, k=k, device=device, as_json=as_json)
