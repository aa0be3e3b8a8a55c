"""Options and arguments shared by several commands."""

from typing import Annotated, Literal

import typer

from bert4rec_tui.commands.completion import complete_runs

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Run id, its last four letters, a name, an unambiguous prefix, or `latest`.",
        autocompletion=complete_runs,
    ),
]
PrintLaunch = Annotated[
    Literal["torchrun", "sbatch"] | None,
    typer.Option(
        "--print-launch", help="Print the launch command or job script, as for several machines, and start nothing."
    ),
]
Rendezvous = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="Rendezvous endpoint for torchrun; default: this host.")
]
Checkpoint = Annotated[Literal["best", "last"], typer.Option(help="Checkpoint to use.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
