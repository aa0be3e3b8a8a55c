"""A dialog that asks for a file, with completion."""

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import Suggester

from bert4rec_tui.tui.shell.dialogs import Dialog
from bert4rec_tui.tui.shell.text_input import TextInput


class PathSuggester(Suggester):
    """Completes a path by what lies in its folder; the first in order."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first path that begins like the text."""
        # A folder on a sleeping or distant disk must not hold the keys up.
        return await asyncio.to_thread(first_path, value)


def first_path(value: str) -> str | None:
    """The first path in order that begins like the text; None where there is none, or nothing was typed."""
    folder, slash, start = value.rpartition("/")
    base = Path(f"{folder}{slash}" if slash else ".").expanduser()
    try:
        entries = [entry for entry in base.iterdir() if entry.name.startswith(start)]
    except OSError:
        return None
    found = sorted(entry for entry in entries if start or not entry.name.startswith("."))
    if not found or not value:
        return None
    return f"{folder}{slash}{found[0].name}{'/' if found[0].is_dir() else ''}"


class PathInput(TextInput):
    """A path; tab or the right arrow accepts the suggestion."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", id="path.complete", show=False,
                tooltip="Complete the path with the suggestion"),
    ]  # fmt: skip

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(value, placeholder=placeholder, suggester=PathSuggester(), id=id)

    def action_complete(self) -> None:
        """Accept the suggestion."""
        self.action_end()
        self.action_cursor_right()


class PathPrompt(Dialog[str]):
    """Asks for the path of a file; tab or the right arrow accepts the suggestion."""

    def __init__(self, title: str, value: str = "") -> None:
        super().__init__()
        self.dialog_title, self.value = title, value

    def compose(self) -> ComposeResult:
        """One line to write in."""
        with Vertical() as box:
            box.border_title = Content(self.dialog_title)
            box.border_subtitle = Content("enter accept  tab complete  esc cancel")
            yield PathInput(self.value, placeholder="path of a file")

    @on(TextInput.Submitted)
    def accept(self, event: TextInput.Submitted) -> None:
        """The path is the answer."""
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
