"""Notify a user who looks elsewhere by the terminal's bell or its notification, as settings.toml says."""

import os
from typing import Any, Literal

from textual.app import App

from bert4rec_tui.tui.shell.text import clean
from bert4rec_tui.tui.shell.textual_private import write_to_terminal


def notify_terminal(app: App[Any], way: Literal["off", "bell", "osc9"], sentence: str) -> None:
    """Ring the terminal's bell, or have the terminal notify with a sentence, or do nothing."""
    if way == "bell":
        app.bell()
    elif way == "osc9":
        write_to_terminal(app, osc9(sentence, "TMUX" in os.environ))


def osc9(sentence: str, in_tmux: bool) -> str:
    """The escape sequence that many terminals show as a notification; tmux must be asked to pass it on."""
    sequence = f"\x1b]9;{clean(sentence)}\x07"
    if not in_tmux:
        return sequence
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
