"""What differs between two drawings of a canvas, so that a redraw over SSH sends no more than that."""

from textual.geometry import Region

Cells = tuple[list[list[str]], list[list[str]]]  # characters and styles, row by row
NEAR = 8  # cells: two changes nearer than that are written as one, since moving the cursor costs about as much


def changed_regions(before: Cells, now: Cells) -> list[Region] | None:
    """Where two drawings differ, a few cells at a time; None where all must be drawn, since the size is another."""
    if [len(row) for row in before[0]] != [len(row) for row in now[0]]:
        return None
    found: list[Region] = []
    for y, (old, old_styles, new, new_styles) in enumerate(zip(*before, *now, strict=True)):
        if old == new and old_styles == new_styles:
            continue
        first = last = -1
        for x, cells in enumerate(zip(old, new, old_styles, new_styles, strict=True)):
            if cells[0] == cells[1] and cells[2] == cells[3]:
                continue
            if first >= 0 and x - last > NEAR:
                found.append(Region(first, y, last - first + 1, 1))
                first = x
            first = x if first < 0 else first
            last = x
        found.append(Region(first, y, last - first + 1, 1))
    return found
