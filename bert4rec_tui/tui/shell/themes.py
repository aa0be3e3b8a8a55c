"""Themes of our own next to Textual's, and the chosen one, kept in settings.toml."""

import re

from textual.theme import Theme

from bert4rec_tui.files import make_folder, replace_file
from bert4rec_tui.settings import settings_file

# For eyes or screens that need it: every text has at least seven times the brightness of what is behind it (WCAG AAA).
HIGH_CONTRAST = (
    Theme(
        name="high-contrast",
        dark=True,
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#000000",
        primary="#ffffff",
        secondary="#5fd7ff",
        accent="#ffd700",
        success="#5fff87",
        warning="#ffaf5f",
        error="#ff8787",
        variables={"text-muted": "#d0d0d0", "text-disabled": "#a8a8a8"},
    ),
    Theme(
        name="high-contrast-light",
        dark=False,
        foreground="#000000",
        background="#ffffff",
        surface="#ffffff",
        panel="#ffffff",
        primary="#000000",
        secondary="#003f7f",
        accent="#00005f",
        success="#004f1f",
        warning="#5f3700",
        error="#7f0000",
        variables={"text-muted": "#303030", "text-disabled": "#505050"},
    ),
)


def remember_theme(name: str) -> None:
    """Write the theme's name into settings.toml. Raises UserError where that cannot be written."""
    file = settings_file()
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    line = f'theme = "{name}"'
    first_table = re.search(r"^\[", text, flags=re.MULTILINE)
    end = first_table.start() if first_table else len(text)
    head, tail = text[:end], text[end:]
    if re.search(r"^theme\s*=", head, flags=re.MULTILINE):
        head = re.sub(r"^theme\s*=.*$", line, head, count=1, flags=re.MULTILINE)
    else:
        head = f"{line}\n{head}"
    make_folder(file.parent)
    replace_file(file, (head + tail).encode())
