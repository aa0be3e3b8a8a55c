"""The last guard before the terminal: whatever text a widget was given, no control character is drawn."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# C0 and C1, then what turns the writing direction: marks, embeddings, overrides, isolates. None takes a cell.
_REMOVED = dict.fromkeys(
    [*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


class NoControls(LineFilter):
    """Removes control characters and those that turn the writing direction; what is typed may hold them too."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments without them."""
        del background
        if all(segment.text.isprintable() for segment in segments):  # nearly always
            return segments
        return [
            segment if segment.control else Segment(segment.text.translate(_REMOVED), segment.style)
            for segment in segments
        ]
