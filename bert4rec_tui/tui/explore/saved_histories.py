"""The dialogs for histories that are saved: under which name, which to open, and what a file of titles matches."""

import asyncio
from pathlib import Path

from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.matching import Match, read_titles
from bert4rec_tui.recommend.saved_histories import (
    SavedHistory,
    check_name,
    describe_existing,
    save_history,
    saved_histories,
)
from bert4rec_tui.tui.explore.edited_history import EditedHistory, Entry
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.matches_dialog import MatchesDialog
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser, Prompt
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.path_prompt import PathPrompt

ROWS_WITHOUT_SEARCH = 9  # a longer list begins with a line to search in


async def save_under_name(pane: Pane, loaded: LoadedRun, history: EditedHistory) -> EditedHistory | None:
    """Ask for a name and save a history under it. Returns the history with its name; None where it is not saved."""
    prompt = Prompt("Save this history under which name?", history.name, "such as: friday night")
    name = await pane.app.push_screen_wait(prompt)
    if name is None:
        return None
    try:
        check_name(name)
        taken = (
            None if name.strip() == history.name else await asyncio.to_thread(describe_existing, name, loaded.dataset)
        )
        choices = {"keep": "Keep it, do not save this history", "replace": "Replace it"}
        if taken and await pane.application.ask(f"{name.strip()} is taken", choices, f"It has {taken}.") != "replace":
            return None
        saved = await asyncio.to_thread(save_history, name, loaded.dataset, history.items)
        loaded.saved = await asyncio.to_thread(saved_histories, loaded.dataset)
    except UserError as error:
        pane.notify(str(error), severity="error", markup=False)
        return None
    pane.notify(f"Saved {saved.name}: it is listed above the users; press o to open it.", markup=False)
    return EditedHistory(entries=history.entries, name=saved.name)


async def choose_saved(pane: Pane, loaded: LoadedRun, shown: str) -> SavedHistory | None:
    """Ask which saved history to open; None where there is none or the question is left."""
    known = {saved.name: saved for saved in await asyncio.to_thread(saved_histories, loaded.dataset)}
    if not known:
        pane.notify("No saved history yet: press s to save this one, I to import a file of titles.")
        return None
    choices = [Choice(name, name, loaded.noun.counted(len(saved.entries))) for name, saved in known.items()]
    search = len(known) > ROWS_WITHOUT_SEARCH
    chosen = await pane.app.push_screen_wait(Chooser("Open which history?", choices, shown, search=search))
    return None if chosen is None else known[chosen]


async def import_titles(pane: Pane, loaded: LoadedRun) -> EditedHistory | None:
    """Ask for a file and show what its titles match. Returns the confirmed history, None where a dialog is left."""
    file = await pane.app.push_screen_wait(PathPrompt("A file of titles, oldest first, one a line or as CSV"))
    if file is None:
        return None
    try:
        matches = await asyncio.to_thread(_matches, loaded, file)
    except UserError as error:
        pane.notify(str(error), severity="error", markup=False)
        return None
    items = await pane.app.push_screen_wait(MatchesDialog(matches, loaded))
    return EditedHistory(entries=tuple(map(Entry, items))) if items else None


def _matches(loaded: LoadedRun, file: str) -> list[Match]:
    return [loaded.matcher.match(title) for title in read_titles(Path(file).expanduser())]
