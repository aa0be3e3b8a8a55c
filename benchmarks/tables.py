"""Tables for the terminal: what every benchmark prints before its line of JSON."""

from collections.abc import Sequence


def as_table(rows: Sequence[Sequence[str]]) -> str:
    """The rows as text, the first of them the head: the first column to the left, all others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
