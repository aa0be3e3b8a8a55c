"""ASCII alone: what is drawn with other characters is drawn with the nearest ASCII one, cell for cell."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# Ours and Textual's; characters that belong to the data have no nearest one and stay.
_NEAREST = {
    "–": "-",
    "—": "-",
    "−": "-",
    "…": ".",
    "·": ".",
    "•": "*",
    "●": "*",
    "◆": "*",
    "◌": "o",
    "○": "o",
    "‖": "=",
    "■": "#",
    "†": "!",
    "✓": "+",
    "✗": "x",
    "±": "~",
    "×": "x",
    "≥": ">",
    "≤": "<",
    "›": ">",
    "‹": "<",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "▸": ">",
    "▾": "v",
    "░": ".",
    "▒": ":",
    "▓": "#",
}


def _table() -> dict[int, str]:
    table = {ord(character): nearest for character, nearest in _NEAREST.items()}
    for code in range(0x2500, 0x2580):  # lines and their corners
        table[code] = "+"
    table |= dict.fromkeys(map(ord, "─━═╌┄┈╴╶╸╺╼╾"), "-") | dict.fromkeys(map(ord, "│┃║╎┆┊╵╷╹╻"), "|")
    for code in range(0x2580, 0x25A0):  # blocks
        table.setdefault(code, "#")
    for code in range(0x2800, 0x2900):  # braille, as charts use it
        table[code] = " " if code == 0x2800 else "*"
    return table


_TRANSLATION = _table()


class AsciiOnly(LineFilter):
    """Replaces every character that is drawn, after everything else."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in ASCII."""
        del background
        return [Segment(text.translate(_TRANSLATION), style, control) for text, style, control in segments]
