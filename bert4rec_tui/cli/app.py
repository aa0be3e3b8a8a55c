"""The commands. Each imports its module when it is called, so that help needs neither torch, pandas nor textual."""

import signal
import sys
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

app = typer.Typer(
    name="bert4rec-tui",
    help="From raw ratings to a trained BERT4Rec and to what a user would watch next. Without a command: the app.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def open_app(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    no_mouse: Annotated[bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")] = False,
) -> None:
    """Open the app, unless a command is named."""
    if version:
        print(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        with handling_errors(as_json=False):
            from bert4rec_tui.tui.start import run_app

            run_app(no_mouse)


@app.command()
def quickstart(as_json: AsJson = False) -> None:
    """Prepare the bundled sample, train a small model, test it, and print a user's next movies."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.quickstart import run_quickstart

        run_quickstart(as_json=as_json)


@app.command()
def demo(
    no_mouse: Annotated[bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Lay the run out and print where; open nothing.")] = False,
) -> None:
    """Browse a model that is trained already: open the app on a finished run of the bundled sample."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.demo import GREETING, run_demo

        run = run_demo(as_json=as_json)
        if not as_json:
            from bert4rec_tui.tui.start import run_app

            run_app(no_mouse, explore=run, greeting=GREETING)


@app.command()
def datasets(as_json: AsJson = False) -> None:
    """List the known datasets and the prepared ones."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.datasets import run_datasets

        run_datasets(as_json=as_json)


@app.command()
def prepare(
    name: Annotated[str, typer.Argument(help="A known dataset, or a name.", autocompletion=complete_known)],
    source: Annotated[str, typer.Option(help="A folder, zip or file that you have; without it: download.")] = "",
    columns: Annotated[
        str, typer.Option(help="user=…,item=…[,timestamp=…][,rating=…][,title=…][,genres=…], by name or number from 0.")
    ] = "",
    separator: Annotated[str, typer.Option(help="What stands between two columns.")] = "",
    item_noun: Annotated[
        str, typer.Option(help="What one item is called, such as product; without it: movie for MovieLens, else item.")
    ] = "",
    min_rating: Annotated[float, typer.Option(help="Drop ratings below this.")] = 0.0,
    min_user_interactions: Annotated[int, typer.Option(help="Users with fewer interactions are dropped.")] = 5,
    min_item_interactions: Annotated[int, typer.Option(help="Items with fewer interactions are dropped.")] = 0,
    filter_kind: Annotated[Literal["once", "core"], typer.Option("--filter", help="Once, or until stable.")] = "once",
    repeats: Annotated[
        Literal["keep", "first", "last"], typer.Option(help="What stays of an item that a user met more than once.")
    ] = "keep",
    split: Annotated[str, typer.Option(help="leave-one-out, holdout or time.")] = "leave-one-out",
    eval_users: Annotated[
        int, typer.Option(help="Held-out users, each for validation and test; 0: 500 or a tenth.")
    ] = 0,
    validation_users: Annotated[int, typer.Option(help="Users validated in leave-one-out; 0: all.")] = 0,
    validation_share: Annotated[
        float, typer.Option(help="Share of the interactions between the two cuts of --split time.")
    ] = 0.1,
    test_share: Annotated[
        float, typer.Option(help="Share of the interactions after the second cut of --split time.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = 42,
    again: Annotated[bool, typer.Option("--again", help="Prepare anew what is prepared already.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Show the source's first rows only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Prepare a dataset: fetch, filter, order, split, draw negatives."""
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
    config: Annotated[str, typer.Option(help="A TOML file; what it leaves out comes from the preset.")] = "",
    preset: Annotated[str, typer.Option(help="Where to start from.", autocompletion=complete_presets)] = "",
    dataset: Annotated[
        str, typer.Option(help="A prepared dataset; without it: the newest.", autocompletion=complete_datasets)
    ] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting, such as training.epochs=20.")
    ] = None,
    init_from: Annotated[str, typer.Option(help="A safetensors file with weights to start with.")] = "",
    name: Annotated[str, typer.Option(help="A name of your own for the run.")] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Start the run and return at once.")] = False,
    try_: Annotated[
        bool, typer.Option("--try", help="Take a few steps and say what an epoch costs; no run is made.")
    ] = False,
    print_launch: PrintLaunch = None,
    rendezvous: Rendezvous = "",
    as_json: AsJson = False,
) -> None:
    """Train, and follow the run until it ends. Ctrl-C stops it after saving, twice at once.

    With --set training.processes=4 four GPUs of this machine share each batch; docs/several-machines.md in the
    repository says more.
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
    """List the runs."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.runs import run_runs

        run_runs(as_json=as_json)


@app.command()
def watch(run: RunName = "latest", as_json: AsJson = False) -> None:
    """Follow a run until it ends; Ctrl-C only leaves. With --json one event a line."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.runs import run_watch

        run_watch(run, as_json=as_json)


@app.command()
def pause(run: RunName = "latest", as_json: AsJson = False) -> None:
    """Save, then pause the run."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.runs import run_control

        run_control(run, "pause", as_json=as_json)


@app.command()
def resume(
    run: RunName = "latest",
    detach: Annotated[bool, typer.Option("--detach", help="Start the run and return at once.")] = False,
    processes: Annotated[
        int, typer.Option(help="Resume with this many processes on this machine; without it: as before.")
    ] = 0,
    print_launch: PrintLaunch = None,
    rendezvous: Rendezvous = "",
    as_json: AsJson = False,
) -> None:
    """Continue a paused run; restart a stopped, failed or lost one; follow a live one."""
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
    """Save, then end the run."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.runs import run_control

        run_control(run, "stop", as_json=as_json)


app.command()(label)


@app.command()
def remove(
    run: RunName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a run with its checkpoints and results.

    It asks first on a terminal; in a script, or with --json, it does not.
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
            help="Two runs or more, RUN:last or RUN:best for one of two checkpoints; each further one is compared "
            "with the first.",
            autocompletion=complete_runs,
        ),
    ],
    checkpoint: Checkpoint = "best",
    protocol: Annotated[
        list[str] | None, typer.Option(help="full, uniform-100 …; may be repeated; without it: all they share.")
    ] = None,
    users: Annotated[int, typer.Option(min=0, metavar="N", help="List also the N users on whom they differ most.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Set tested runs side by side, with a paired test of each against the first."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.compare import run_compare

        run_compare(runs, checkpoint=checkpoint, protocols=protocol or [], users=users, as_json=as_json)


app.command()(recommend)
app.command()(export)


@app.command()
def paths(as_json: AsJson = False) -> None:
    """Print where everything is."""
    with handling_errors(as_json):
        from bert4rec_tui.commands.output import Output
        from bert4rec_tui.settings import paths as all_paths

        places = all_paths()
        Output(as_json).result(places, "\n".join(f"{name:<10}{place}" for name, place in places.items()))


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt


def main() -> None:
    """The command `bert4rec-tui`."""
    # Whoever ends a command kindly gets the same tidy end as with Ctrl-C: nothing half-written stays behind.
    signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a title's letters gets a question mark for each.
        cast(TextIOWrapper, stream).reconfigure(errors="replace")
    with handling_errors(as_json="--json" in sys.argv[1:]):
        check_utf8(sys.argv[1:])
        try:
            code = app(prog_name="bert4rec-tui", standalone_mode=False)
        except Exception as error:
            if not isinstance(error, UsageError):
                raise
            exit_with_usage_error(error, sys.argv[1:])
    sys.exit(code)
