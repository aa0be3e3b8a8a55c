"""Write the results of a checkpoint to a file; the ending of its name says in which form."""

import asyncio
from pathlib import Path

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.report import KINDS, ReportKind, report
from bert4rec_tui.tui.evaluation.checkpoint import CheckpointResults
from bert4rec_tui.tui.shell.export import write_export
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.path_prompt import PathPrompt


async def export_results(pane: Pane, tested: CheckpointResults) -> None:
    """Ask for a file, ask again before one is replaced, and write all results to it. To be awaited in a worker."""
    name = f"{tested.run.id}-{tested.checkpoint}-test.md"
    answer = await pane.app.push_screen_wait(PathPrompt("Write the results as .md, .csv or .json", name))
    if answer is None:
        return
    file = Path(answer).expanduser()
    kind: ReportKind | None = next((kind for kind in KINDS if file.suffix.lower() == f".{kind}"), None)
    if kind is None:
        pane.notify(f"The name must end in .md, .csv or .json, not as {file.name}", severity="error", markup=False)
        return
    if await asyncio.to_thread(file.exists):
        choices = {"keep": "Keep the file", "replace": "Replace it"}
        if await pane.application.ask(f"{file.name} exists", choices) != "replace":
            return
    try:
        content = await asyncio.to_thread(report, tested.run, tested.checkpoint, kind)
    except UserError as error:
        pane.notify(str(error), severity="error", markup=False, timeout=10)
        return
    folders = [Path.cwd(), tested.run.path] if file.name == answer else [file.parent]
    sentence, failed = await asyncio.to_thread(write_export, content.encode(), file.name, folders)
    pane.notify(sentence, severity="error" if failed else "information", markup=False, timeout=10)
