"""The themes of high contrast: readable, and taken from settings.toml like any other."""

import pytest
from textual.color import Color
from textual.theme import Theme

from bert4rec_tui.settings import Settings
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.shell.themes import HIGH_CONTRAST


def contrast(one: Color, other: Color) -> float:
    """The contrast of WCAG 2, from 1 to 21."""

    def luminance(color: Color) -> float:
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", HIGH_CONTRAST, ids=lambda theme: theme.name)
async def test_every_text_stands_out(home, theme: Theme) -> None:
    async with Bert4RecApp(Settings(theme=theme.name)).run_test() as pilot:
        assert pilot.app.theme == theme.name
        colours = pilot.app.get_css_variables()
    background = Color.parse(theme.background or "")
    for name in ("foreground", "primary", "secondary", "accent", "success", "warning", "error", "text-muted"):
        assert contrast(Color.parse(colours[name]), background) >= 7, name
