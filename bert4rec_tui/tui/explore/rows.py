"""How the three lists of the explore screen are drawn: users, a history, predictions."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from bert4rec_tui.tui.explore.edited_history import Watched, date_of, rating_of
from bert4rec_tui.tui.explore.loaded_run import World
from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.shell.text import MUTED, count, cut

HIT = 10  # a rank up to this is a hit
EIGHTHS = " ▏▎▍▌▋▊▉█"


def score_bar(share: float, width: int, ascii: bool) -> str:
    """A bar of so many cells for a share of one."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    if ascii:
        return ("#" * round(eighths / 8)).ljust(width)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[rest] if rest else "")).ljust(width)


def user_row(world: World, user: int, width: int) -> Content:
    """A user: the id, the length of the history, the rank of the last test; or a history of one's own by its name."""
    own = world.own_at(user)
    if own is not None:
        room = _name_room(width)
        return cells((Content.styled(cut(own.name, room), "bold"), room), (count(len(own.entries)), -6),
                     (Content.styled("own", MUTED), -8))  # fmt: skip
    rank = int(world.ranks[user]) if len(world.ranks) else 0
    words = "–" if not rank else f"hit #{rank}" if rank <= HIT else f"#{count(rank)}"
    shown = Content.styled(words, "$text-success" if 0 < rank <= HIT else MUTED)
    return cells((str(world.dataset.user_ids[user]), _name_room(width)), (count(world.lengths[user]), -6), (shown, -8))


def user_header(world: World, width: int) -> Content:
    """What the columns of the users are."""
    rank = "rank" if world.protocol else ""
    return cells(("user", _name_room(width)), ("movies", -6), (rank, -8))


def _name_room(width: int) -> int:
    """What the number of movies and the rank leave of a line."""
    return width - 6 - 8 - 2


@dataclass(frozen=True)
class HistoryRows:
    """A history, newest first, with the shares of a prediction beside its movies where they are known."""

    world: World
    watched: Sequence[Watched]  # oldest first
    shares: Sequence[float] = ()

    def position(self, row: int) -> int:
        """Where the movie of a row stands in the history."""
        return len(self.watched) - 1 - row

    def line(self, row: int, width: int, ascii: bool) -> Content:
        """A movie: its share, the day, the title, the rating, the genres."""
        watched = self.watched[self.position(row)]
        parts: list[tuple[str | Content, int]] = []
        room = width
        if self.shares:
            drawn = 12 if width >= 40 else 5  # the number with its bar, or alone
            parts.append((self._share(self.position(row), ascii, drawn > 5), drawn))
            room -= drawn + 1
        if room >= 37:
            parts.append((Content.styled(date_of(self.world.dataset, watched), MUTED), 10))
            room -= 11
        rating = rating_of(self.world.dataset, watched)
        genres = 14 if room >= 44 else 0
        title = room - 4 - (genres + 1 if genres else 0)
        parts += [(cut(self.world.title(watched.item), title, ascii), title), (rating, -3)]
        if genres:
            words = cut(self.world.genres(watched.item), genres, ascii)
            parts.append((Content.styled(words, MUTED), genres))
        return cells(*parts)

    def _share(self, position: int, ascii: bool, with_bar: bool) -> Content:
        value = self.shares[position] if position < len(self.shares) else 0.0
        most = max((abs(share) for share in self.shares), default=0.0) or 1.0
        number = signed(value)
        if not value:
            return Content.styled(number.rjust(5), MUTED)
        if not with_bar:
            return Content(number.rjust(5))
        style = "$primary 80%" if value > 0 else "$text-error"
        return Content(f"{number:>5} ") + Content.styled(score_bar(abs(value) / most, 6, ascii), style)


def signed(value: float) -> str:
    """A share with its sign: `+.31`, `-1.2`, `0` where it is too small to tell."""
    if abs(value) < 0.005:
        return "0"
    text = f"{value:+.2f}" if abs(value) < 10 else f"{value:+.0f}"
    return text.replace("+0.", "+.").replace("-0.", "-.")


@dataclass(frozen=True)
class Mark:
    """What stands beside a movie: how many places it rose or fell, or a word."""

    text: str
    ascii: str
    colour: str = ""

    def drawn(self, ascii: bool) -> Content:
        """The mark in its colour, which repeats what it says."""
        return Content.styled(self.ascii if ascii else self.text, self.colour)


def change_mark(now: int, before: int) -> Mark:
    """How a movie's rank has changed, 0 for one that had none before: `▲12`, `▼3`, `new`, nothing where it stayed."""
    if before == 0:
        return Mark("new", "new", "$text-accent")
    if now == before:
        return Mark("", "")
    risen, number = now < before, count(abs(before - now))
    return Mark(("▲" if risen else "▼") + number, ("^" if risen else "v") + number,
                "$text-success" if risen else "$text-warning")  # fmt: skip


@dataclass(frozen=True)
class MovieRows:
    """Movies with scores, best first: predictions, or the neighbours of a movie.

    marks: what stands beside each, none of them where it is empty. followed: of neighbours, how often each came right
    after the movie in training, and right before it; then the cosine is written out in place of the bar.
    """

    world: World
    items: Sequence[int]
    scores: Sequence[float]
    target: int | None = None
    marks: Sequence[Mark] = ()
    followed: Sequence[tuple[int, int]] = ()

    def line(self, row: int, width: int, ascii: bool) -> Content:
        """A movie: its place, a bar for its score, the title, the genres; the held-out one is marked."""
        item = self.items[row]
        bar = 4 if self.followed else 8 if width >= 40 else 5
        parts: list[tuple[str | Content, int]] = [(str(row + 1), -3), (self._score(row, bar, ascii), bar)]
        room = width - 4 - bar - 1
        if self.followed:
            parts += [(count(number) if number else "-", -4) for number in self.followed[row]]
            room -= 10
        if self.marks:
            parts.append((self.marks[row].drawn(ascii), -5))
            room -= 6
        held_out = item == self.target
        genres = 14 if room >= 40 and not held_out else 0
        title = room - (genres + 1 if genres else 0) - (11 if held_out else 0)
        if held_out:
            mark = Content.styled(f"{'+' if ascii else '✓'} ", "$text-success bold")
            parts.append((mark + Content.styled(cut(self.world.title(item), title - 1, ascii), "bold"), title + 1))
            parts.append((Content.styled("held out", "$text-success"), 8))
        else:
            parts.append((cut(self.world.title(item), title, ascii), title))
        if genres:
            parts.append((Content.styled(cut(self.world.genres(item), genres, ascii), MUTED), genres))
        return cells(*parts)

    def _score(self, row: int, width: int, ascii: bool) -> Content:
        if self.followed:
            return Content(f"{self.scores[row]:.2f}".replace("0.", ".", 1).rjust(width))
        # The least of the list, not its last: a diversified one is not in the order of its scores.
        low, high = min(self.scores), max(self.scores)
        share = (self.scores[row] - low) / (high - low) if high > low else 1.0
        return Content.styled(score_bar(0.08 + 0.92 * share, width, ascii), "$primary 80%")
