"""How a comparison of two checkpoints is drawn: the metrics side by side with their differences, and the users."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from textual.content import Content

from bert4rec_tui.tui.evaluation.comparison import Comparison, UserDifferences
from bert4rec_tui.tui.evaluation.results import figures
from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.shell.text import MUTED, clean, count, cut, metric, signed

SHOWN = ("NDCG@10", "Recall@10", "MRR")
NAME, VALUE, DIFFERENCE, INTERVAL, P = 11, 6, 10, 17, 4
FIGURES = NAME + 2 * VALUE + DIFFERENCE + INTERVAL + P + 6  # with the spaces between them
SENTENCE, VERDICT = 40, 15  # cells for the result of the paired test, in full and in a word
USER, HISTORY, RANK, CHANGE = 8, 7, 7, 8
NOTE = "intervals and p cover sampling of users, not of seeds; p is not corrected for multiple comparisons"


def comparison_title(comparison: Comparison) -> str:
    """Which two are compared, on how many users."""
    pair = comparison.ours, comparison.other
    ours, other = (f"{side.name} ({side.epochs})" if side.epochs else side.name for side in pair)
    users = f" · {count(comparison.ours.users)} users" if comparison.ours.users else ""
    return clean(f"{ours} vs {other} · test set{users}")


def comparison_lines(comparison: Comparison, protocols: Sequence[str], width: int) -> list[Content]:
    """The metrics under each protocol with their differences, and what is missing."""
    lines = [line for protocol in protocols for line in _of_protocol(comparison, protocol, width)]
    return lines + [Content.styled(line, MUTED) for line in wrap(comparison.status, max(20, width))]


def users_header(comparison: Comparison, protocol: str, width: int) -> list[Content]:
    """What the list of users is, and its columns."""
    users = comparison.users.get(protocol)
    title = Content.styled("Users with the largest differences", "bold $text-accent")
    words = f"  {protocol}"
    if isinstance(users, UserDifferences):
        words += f" · {count(len(users))} of {count(users.tested)} differ"
    other, ours = comparison.labels
    columns = cells(
        ("user", USER), ("history", -HISTORY), ("target", _title_width(width)), (other, -RANK), ("→", 1), (ours, RANK),
        ("change", -CHANGE),
    )  # fmt: skip
    return [(title + Content.styled(words, MUTED)).truncate(max(1, width)), columns]


def user_line(users: UserDifferences, row: int, width: int, ascii: bool) -> Content:
    """A user, the target, its rank by the other checkpoint and by ours, and the change: up where ours is better."""
    user, other, ours = (int(of[row]) for of in (users.ranks.users, users.ranks.theirs, users.ranks.ours))
    up = ours < other
    sign = ("^" if up else "v") if ascii else ("▲" if up else "▼")
    change = Content.styled(f"{sign}{count(abs(ours - other))}", "$text-success" if up else "$text-warning")
    title = cut(users.dataset.title(int(users.targets[row])), _title_width(width), ascii)
    return cells(
        (str(users.dataset.user_ids[user]), USER), (count(int(users.histories[row])), -HISTORY),
        (title, _title_width(width)), (count(other), -RANK), ("→", 1), (Content.styled(count(ours), "bold"), RANK),
        (change, -CHANGE),
    )  # fmt: skip


def _title_width(width: int) -> int:
    """The cells that are left for the title of a target."""
    return max(8, width - USER - HISTORY - 2 * RANK - 1 - CHANGE - 6)


def _of_protocol(comparison: Comparison, protocol: str, width: int) -> list[Content]:
    title = Content.styled(protocol, "bold $foreground")
    ours, other = comparison.ours, comparison.other
    untested = [side.name for side in (ours, other) if protocol not in side.results]
    if untested:
        words = f"{' and '.join(untested)} not tested; press r to test"
        return [cells((title, NAME)) + Content.styled(f" {words}", "$text-warning")]
    heads = [(label, -VALUE) for label in comparison.labels]
    heads += [("difference", -DIFFERENCE), ("95% interval", -INTERVAL), ("p", -P)]
    lines = [cells((title, NAME), *((Content.styled(text, MUTED), room) for text, room in heads))]
    differences = {row["metric"]: row for row in comparison.paired if row["protocol"] == protocol}
    for name in SHOWN:
        values = [figures(side.results, protocol, name).value for side in (other, ours)]
        if values == [None, None]:
            continue
        parts: list[tuple[str | Content, int]] = [(name, NAME), *((metric(value), -VALUE) for value in values)]
        lines.append(cells(*parts, *_difference(differences.get(name), width)))
    first = next((differences[name] for name in SHOWN if name in differences), None)
    if first is not None and width < FIGURES + SENTENCE:  # in full here, where the lines have no room for it
        lines.append(Content.styled(f"{first['metric']} {protocol}, {ours.name}: {first['words']}", MUTED))
    return lines


def _difference(row: Mapping[str, Any] | None, width: int) -> list[tuple[str | Content, int]]:
    """The difference with its interval, p, and what it shows, as columns."""
    if row is None:
        return []
    interval = f"[{signed(row['low'])}, {signed(row['high'])}]"
    colour = ("$text-success" if row["value"] > 0 else "$text-warning") if row["shown"] else MUTED
    full = width >= FIGURES + SENTENCE
    return [
        (Content.styled(signed(row["value"]), "bold" if row["shown"] else ""), -DIFFERENCE),
        (interval, -INTERVAL),
        (metric(row["p"])[:P], -P),
        (Content.styled(row["words"] if full else _verdict(row), colour), SENTENCE if full else VERDICT),
    ]


def _verdict(row: Mapping[str, Any]) -> str:
    """What a difference shows, in a word or two."""
    if row["few"]:
        return "too few users"
    if not row["shown"]:
        return "not significant"
    return "better" if row["value"] > 0 else "worse"
