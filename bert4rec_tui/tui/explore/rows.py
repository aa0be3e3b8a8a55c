"""How a line of each list of the Explore screen is drawn: a user, an item of a history, an item with its score."""

from collections.abc import Sequence

from textual.content import Content

from bert4rec_tui.tui.explore.edited_history import Entry, date_of, rating_of
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.ranked_items import Mark, RankedItems
from bert4rec_tui.tui.explore.user_groups import HIT
from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.shell.text import MUTED, count, cut

EIGHTHS = " ▏▎▍▌▋▊▉█"
CATEGORY_CELLS = 14


def score_bar(share: float, width: int, ascii: bool) -> str:
    """A bar of so many cells for a share of one."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    if ascii:
        return ("#" * round(eighths / 8)).ljust(width)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(width)


def user_row(loaded: LoadedRun, row: int, width: int) -> Content:
    """A user: the id, the length of the history, the rank of the last test; or a saved history by its name."""
    saved = loaded.saved_at(row)
    if saved is not None:
        room = _id_room(width)
        return cells((Content.styled(cut(saved.name, room), "bold"), room), (count(len(saved.entries)), -6),
                     (Content.styled("saved", MUTED), -8))  # fmt: skip
    rank = int(loaded.ranks[row]) if len(loaded.ranks) else 0
    words = "–" if not rank else f"hit #{rank}" if rank <= HIT else f"#{count(rank)}"
    shown = Content.styled(words, "$text-success" if 0 < rank <= HIT else MUTED)
    return cells((str(loaded.dataset.user_ids[row]), _id_room(width)), (count(loaded.lengths[row]), -6), (shown, -8))


def user_header(loaded: LoadedRun, width: int) -> Content:
    """The columns of the list of users."""
    return cells(("user", _id_room(width)), ("length", -6), ("rank" if loaded.protocol else "", -8))


def _id_room(width: int) -> int:
    """What the length of the history and the rank leave of a line."""
    return width - 6 - 8 - 2


def history_row(
    loaded: LoadedRun, entry: Entry, width: int, ascii: bool, share: tuple[float, float] | None = None
) -> Content:
    """An item of a history: its share in a prediction, the day, the title, the rating, the categories.

    share: that of the item and the largest of the history, without their signs; None without an explanation.
    """
    parts: list[tuple[str | Content, int]] = []
    room = width
    if share is not None:
        drawn = 12 if width >= 40 else 5  # the number with its bar, or alone
        parts.append((_share(*share, ascii, drawn > 5), drawn))
        room -= drawn + 1
    if room >= 37:
        parts.append((Content.styled(date_of(loaded.dataset, entry), MUTED), 10))
        room -= 11
    categories = CATEGORY_CELLS if room >= 44 else 0
    title = room - 4 - (categories + 1 if categories else 0)
    parts += [(cut(loaded.title(entry.item), title, ascii), title), (rating_of(loaded.dataset, entry), -3)]
    if categories:
        parts.append((Content.styled(cut(loaded.categories(entry.item), categories, ascii), MUTED), categories))
    return cells(*parts)


def _share(share: float, largest: float, ascii: bool, with_bar: bool) -> Content:
    number = signed(share)
    if not share:
        return Content.styled(number.rjust(5), MUTED)
    if not with_bar:
        return Content(number.rjust(5))
    style = "$primary 80%" if share > 0 else "$text-error"
    return Content(f"{number:>5} ") + Content.styled(score_bar(abs(share) / (largest or 1.0), 6, ascii), style)


def largest_share(shares: Sequence[float]) -> float:
    """The largest share without its sign, 0 where there is none."""
    return max(map(abs, shares), default=0.0)


def signed(share: float) -> str:
    """A share with its sign: `+.31`, `-1.2`, `0` where it is too small to show."""
    if abs(share) < 0.005:
        return "0"
    text = f"{share:+.2f}" if abs(share) < 10 else f"{share:+.0f}"
    return text.replace("+0.", "+.").replace("-0.", "-.")


def drawn_mark(mark: Mark, ascii: bool) -> Content:
    """A mark in its colour, which repeats what it says."""
    return Content.styled(mark.ascii if ascii else mark.text, mark.colour)


def ranked_row(ranked: RankedItems, row: int, width: int, ascii: bool) -> Content:
    """An item with its place, a bar for its score, its mark, the title, the categories; the held-out one is marked.

    Of neighbours the similarity is written out in place of the bar, and how often they followed and preceded.
    """
    item = ranked.items[row]
    bar = 4 if ranked.follow_counts else 8 if width >= 40 else 5
    parts: list[tuple[str | Content, int]] = [(str(row + 1), -3), (_score(ranked, row, bar, ascii), bar)]
    room = width - 4 - bar - 1
    if ranked.follow_counts:
        parts += [(count(number) if number else "-", -4) for number in ranked.follow_counts[row]]
        room -= 10
    if ranked.marks:
        parts.append((drawn_mark(ranked.marks[row], ascii), -5))
        room -= 6
    held_out = item == ranked.target
    categories = CATEGORY_CELLS if room >= 40 and not held_out else 0
    title = room - (categories + 1 if categories else 0) - (11 if held_out else 0)
    if held_out:
        mark = Content.styled(f"{'+' if ascii else '✓'} ", "$text-success bold")
        parts.append((mark + Content.styled(cut(ranked.loaded.title(item), title - 1, ascii), "bold"), title + 1))
        parts.append((Content.styled("held out", "$text-success"), 8))
    else:
        parts.append((cut(ranked.loaded.title(item), title, ascii), title))
    if categories:
        parts.append((Content.styled(cut(ranked.loaded.categories(item), categories, ascii), MUTED), categories))
    return cells(*parts)


def _score(ranked: RankedItems, row: int, width: int, ascii: bool) -> Content:
    score = ranked.scores[row]
    if ranked.follow_counts:
        return Content(f"{score:.2f}".replace("0.", ".", 1).rjust(width))
    low, high = ranked.score_range
    share = (score - low) / (high - low) if high > low else 1.0
    return Content.styled(score_bar(0.08 + 0.92 * share, width, ascii), "$primary 80%")
