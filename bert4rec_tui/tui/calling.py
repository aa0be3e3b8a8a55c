"""How the interface calls a user who looks elsewhere, as settings.toml wants it."""

import os
from typing import Any, Literal

from textual.app import App

from bert4rec_tui.tui.widgets.signs import clean


def call_user(app: App[Any], way: Literal["off", "bell", "osc9"], sentence: str) -> None:
    """Ring the terminal's bell, or have the terminal notify with a sentence, or do nothing."""
    if way == "bell":
        app.bell()
    elif way == "osc9" and app._driver is not None:  # pyright: ignore[reportPrivateUsage]
        app._driver.write(osc9(sentence, "TMUX" in os.environ))  # pyright: ignore[reportPrivateUsage]


def osc9(sentence: str, in_tmux: bool) -> str:
    """The escape sequence that many terminals show as a notification; tmux must be asked to pass it on."""
    sequence = f"\x1b]9;{clean(sentence)}\x07"
    if not in_tmux:
        return sequence
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
