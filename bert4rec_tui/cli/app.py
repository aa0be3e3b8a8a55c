"""The commands. Each imports its module when it is called, so that help needs neither torch, pandas nor textual."""

import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import Annotated, Literal, cast

import typer

from bert4rec_tui import __version__
from bert4rec_tui.cli.label import label
from bert4rec_tui.cli.options import AsJson, Checkpoint, PrintLaunch, Rendezvous, RunName
from bert4rec_tui.cli.recommend import recommend
from bert4rec_tui.cli.results import export, test
from bert4rec_tui.commands.completion import complete_datasets, complete_known, complete_presets, complete_runs
from bert4rec_tui.commands.exit_codes import UsageError, check_utf8, exit_with_usage_error, handling_errors
from bert4rec_tui.interruption import exit_code, raising, received

app = typer.Typer(
    name="bert4rec-tui",
    help="Train BERT4Rec on your interactions and recommend what comes next. Without a command: open the app.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def open_app(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    no_mouse: Annotated[bool, typer.Option("--no-mouse", help="Do not capture the mouse.")] = False,
) -> None:
    """Open the app, unless a command is named."""
    if version:
        print(__version__)
        raise typer.Exit
    if not {"--help", "-h"} & set(sys.argv):
        clean_up()
    if context.invoked_subcommand is None:
        with handling_errors(as_json=False):
            from bert4rec_tui.tui.start import run_app

            run_app(no_mouse)


def clean_up() -> None:
    """Remove what killed preparations have left; where the folders are unknown, a command that needs them says so."""
    from bert4rec_tui.data.leftovers import remove_leftovers
    from bert4rec_tui.errors import UserError
    from bert4rec_tui.settings import datasets_folder, raw_folder

    with suppress(UserError):
        remove_leftovers(datasets_folder(), raw_folder())


@app.command()
def quickstart(as_json: AsJson = False) -> None:
    """Prepare the bundled sample, train a small model, test it, and print a user's next items."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.quickstart import run_quickstart

        run_quickstart(as_json=as_json)


@app.command()
def demo(
    no_mouse: Annotated[bool, typer.Option("--no-mouse", help="Do not capture the mouse.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Install the demo run and print its path; do not open the app.")
    ] = False,
) -> None:
    """Explore a trained model: open the app on a finished run of the bundled sample."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.demo import GREETING, run_demo

        run = run_demo(as_json=as_json)
        if not as_json:
            from bert4rec_tui.tui.start import run_app

            run_app(no_mouse, explore=run, greeting=GREETING)


@app.command()
def datasets(
    verify: Annotated[bool, typer.Option("--verify", help="Verify the checksums of all prepared files.")] = False,
    as_json: AsJson = False,
) -> None:
    """List known and prepared datasets."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.datasets import run_datasets

        run_datasets(verify=verify, as_json=as_json)


@app.command()
def prepare(
    name: Annotated[
        str,
        typer.Argument(help="A known dataset, such as ml-1m, or a name for your own.", autocompletion=complete_known),
    ],
    source: Annotated[
        str, typer.Option(help="A local folder, zip or file with the interactions; default: download.")
    ] = "",
    columns: Annotated[
        str,
        typer.Option(
            help="user=…,item=…[,timestamp=…][,rating=…][,title=…][,genres=…]; column names, or numbers from 0."
        ),
    ] = "",
    separator: Annotated[str, typer.Option(help="Column separator; default: detected.")] = "",
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
        Literal["keep", "first", "last"],
        typer.Option(help="Repeated interactions of a user with an item: keep all, the first or the last."),
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
    preview: Annotated[bool, typer.Option("--preview", help="Preview the first rows of the source and exit.")] = False,
    as_json: AsJson = False,
) -> None:
    """Prepare a dataset: download, filter, sort, split, sample negatives."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.prepare import parse_columns, run_prepare, run_preview
        from bert4rec_tui.config import DatasetConfig, from_dict

        if preview:
            run_preview(source, separator, parse_columns(columns), as_json=as_json)
            return
        values = {
            "name": name,
            "source": source,
            "columns": parse_columns(columns),
            "separator": separator,
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
        run_prepare(from_dict(values, DatasetConfig), again=again, as_json=as_json)


@app.command()
def train(
    config: Annotated[str, typer.Option(help="A TOML configuration file; missing settings come from the preset.")] = "",
    preset: Annotated[str, typer.Option(help="Preset to start from.", autocompletion=complete_presets)] = "",
    dataset: Annotated[
        str,
        typer.Option(help="A prepared dataset; default: the most recently prepared.", autocompletion=complete_datasets),
    ] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Override a setting, such as training.epochs=20; may be repeated."
        ),
    ] = None,
    init_from: Annotated[str, typer.Option(help="Initialise from the weights in a safetensors file.")] = "",
    name: Annotated[str, typer.Option(help="Name of the run.")] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Start the run in the background and return.")] = False,
    try_: Annotated[
        bool,
        typer.Option(
            "--try", help="Benchmark a few steps and estimate the time and memory of an epoch; creates no run."
        ),
    ] = False,
    print_launch: PrintLaunch = None,
    rendezvous: Rendezvous = "",
    as_json: AsJson = False,
) -> None:
    """Train a model and follow the run until it ends. Ctrl-C saves and stops, a second Ctrl-C stops at once.

    --set training.processes=4 splits each batch across four GPUs of this machine; see docs/several-machines.md in the
    repository.
    """
    with handling_errors(as_json):
        if try_:
            from bert4rec_tui.commands.trial import run_trial

            run_trial(
                file=config,
                preset_name=preset,
                dataset=dataset,
                assignments=set_ or [],
                init_from=init_from,
                wants_run=detach or print_launch is not None or bool(name or rendezvous),
                as_json=as_json,
            )
            return
        from bert4rec_tui.commands.train import run_train

        run_train(
            file=config,
            preset_name=preset,
            dataset=dataset,
            assignments=set_ or [],
            init_from=init_from,
            name=name,
            detach=detach,
            launch_kind=print_launch,
            rendezvous=rendezvous,
            as_json=as_json,
        )


@app.command()
def runs(as_json: AsJson = False) -> None:
    """List all runs."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.runs import run_runs

        run_runs(as_json=as_json)


@app.command()
def watch(run: RunName = "latest", as_json: AsJson = False) -> None:
    """Follow a run until it ends; Ctrl-C stops following, not the run. --json prints one event per line."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.runs import run_watch

        run_watch(run, as_json=as_json)


@app.command()
def pause(run: RunName = "latest", as_json: AsJson = False) -> None:
    """Save a checkpoint and pause a run."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.runs import run_control

        run_control(run, "pause", as_json=as_json)


@app.command()
def resume(
    run: RunName = "latest",
    detach: Annotated[bool, typer.Option("--detach", help="Start the run in the background and return.")] = False,
    processes: Annotated[
        int, typer.Option(help="Number of processes to resume with on this machine; default: as before.")
    ] = 0,
    print_launch: PrintLaunch = None,
    rendezvous: Rendezvous = "",
    as_json: AsJson = False,
) -> None:
    """Continue a paused run, restart a stopped, failed or lost one from its checkpoint, or follow a live one."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.resume import run_resume

        run_resume(
            run,
            detach=detach,
            processes=processes,
            launch_kind=print_launch,
            rendezvous=rendezvous,
            as_json=as_json,
        )


@app.command()
def stop(run: RunName = "latest", as_json: AsJson = False) -> None:
    """Save a checkpoint and stop a run."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.runs import run_control

        run_control(run, "stop", as_json=as_json)


app.command()(label)


@app.command()
def remove(
    run: RunName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a run with its checkpoints and results.

    Asks for confirmation on a terminal, but not in a script or with --json.
    """
    with handling_errors(as_json):
        from bert4rec_tui.commands.runs import run_remove

        run_remove(run, yes=yes, as_json=as_json)


app.command()(test)


@app.command()
def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN RUN…",
            help="Two or more runs, or RUN:best and RUN:last for a checkpoint; each is compared with the first, the "
            "baseline.",
            autocompletion=complete_runs,
        ),
    ],
    checkpoint: Checkpoint = "best",
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="full, uniform-100 …; may be repeated; default: all that the runs have in common."),
    ] = None,
    users: Annotated[
        int, typer.Option(min=0, metavar="N", help="Also list the N users with the largest rank changes.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Compare the metrics of tested runs side by side, with a paired test of each against the first."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.compare import run_compare

        run_compare(runs, checkpoint=checkpoint, protocols=protocol or [], users=users, as_json=as_json)


app.command()(recommend)
app.command()(export)


@app.command()
def paths(as_json: AsJson = False) -> None:
    """Print the paths of all folders and files."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.output import Output
        from bert4rec_tui.settings import paths as all_paths

        places = all_paths()
        Output(as_json).result(places, "\n".join(f"{name:<10}{place}" for name, place in places.items()))


def main() -> None:
    """The command `bert4rec-tui`."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal whose encoding lacks a title's letters gets a question mark for each.
        cast(TextIOWrapper, stream).reconfigure(errors="replace")
    with handling_errors(as_json="--json" in sys.argv[1:]), raising():
        check_utf8(sys.argv[1:])
        try:
            code = app(prog_name="bert4rec-tui", standalone_mode=False)
        except Exception as error:
            if not isinstance(error, UsageError):
                raise
            exit_with_usage_error(error, sys.argv[1:])
    sys.exit(exit_code() if received() else code)  # typer turns every interruption into 130
