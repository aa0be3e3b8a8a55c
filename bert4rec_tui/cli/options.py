"""What several commands take, said once."""

from typing import Annotated, Literal

import typer

from bert4rec_tui.commands.completion import complete_runs

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="An id, its last four letters, a name, an unambiguous prefix, or `latest`.",
        autocompletion=complete_runs,
    ),
]
PrintLaunch = Annotated[
    Literal["torchrun", "sbatch"] | None,
    typer.Option("--print-launch", help="Start nothing; print what starts the run, as on several machines."),
]
Rendezvous = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="Where the ranks of a torchrun line meet; without it: on this host.")
]
Checkpoint = Annotated[Literal["best", "last"], typer.Option(help="Which weights.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]
