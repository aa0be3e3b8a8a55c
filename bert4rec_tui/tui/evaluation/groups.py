"""Where a tested checkpoint is weak, as the test screen shows it: groups of users, the weakest of each kind first."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual.content import Content

from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.shell.text import MUTED, count, metric

LABEL, USERS, FIGURE, HALF, BAR = 24, 7, 9, 5, 24
BAR_FROM = 100  # cells: where there is room for bars
TITLES = {
    "length": "History length",
    "popularity": "Popularity",
    "genre": "Genre",
    "recency": "Recency",
    "trained": "Trained on",
}
VERDICTS = {
    "weaker": ("▼ weaker", "v weaker", "$text-warning"),
    "stronger": ("▲ stronger", "^ stronger", "$text-success"),
    "few": ("few users", "few users", MUTED),
}
NOTE = "± 95% interval over users · ▼ ▲ it leaves the value of all users out · few: under 30 users"


class GroupTable:
    """What `test --groups --json` says of one protocol, line by line; `weak` is None while it is being read."""

    def __init__(self, protocol: str, weak: Mapping[str, Any] | None, said: str = "") -> None:
        self.protocol, self.said = protocol, said
        self.rows: list[tuple[str, Mapping[str, Any]]] = []
        self.names: list[str] = []
        if weak is None:
            return
        whole: Mapping[str, Any] = weak["whole"]
        self.names = list(whole["metrics"])
        self.rows.append(("group", whole))
        for grouping in weak["groupings"]:
            self.rows.append(("blank", {}))
            self.rows.append(("title", grouping))
            self.rows += [("group", group) for group in grouping["groups"]]
            if grouping["note"]:
                self.rows.append(("note", grouping))
        firsts = [row["metrics"][self.names[0]]["value"] for kind, row in self.rows if kind == "group"]
        self.most = max(firsts, default=0.0) or 1.0

    def header(self, width: int) -> list[Content]:
        """The protocol, and under it what the columns are."""
        columns: list[tuple[str | Content, int]] = [("", LABEL), ("users", -USERS)]
        for name in self.names:
            columns += [(name, -FIGURE), ("", HALF)]
        title = Content.styled(self.protocol, "bold $foreground") + Content.styled("  where it is weak", MUTED)
        return [title.truncate(max(1, width)), cells(*columns)]

    def line(self, row: int, width: int, ascii: bool) -> Content:
        """A group with its users, metrics and verdict; or the heading of a kind of groups."""
        kind, found = self.rows[row]
        if kind == "blank":
            return Content("")
        if kind == "title":
            title = Content.styled(TITLES.get(found["by"]) or str(found["by"]), "bold $text-accent")
            return title + Content.styled(f"  {found['words']}", MUTED)
        if kind == "note":
            return Content.styled(f"  nothing to show: {found['note']}", MUTED)
        parts: list[tuple[str | Content, int]] = [(f"  {found['label']}", LABEL), (count(found["users"]), -USERS)]
        for name in self.names:
            estimate = found["metrics"][name]
            half = f"{(estimate['high'] - estimate['low']) / 2:.3f}".replace("0.", ".", 1)
            parts.append((Content.styled(metric(estimate["value"]), "bold"), -FIGURE))
            parts.append((Content.styled(("~" if ascii else "±") + half, MUTED), HALF))
        sign, plain, style = VERDICTS.get(found["verdict"], ("", "", MUTED))
        parts.append((Content.styled(plain if ascii else sign, style), 10))
        if width >= BAR_FROM:
            filled = round(BAR * found["metrics"][self.names[0]]["value"] / self.most)
            parts.append((Content.styled(("#" if ascii else "█") * filled, MUTED), BAR))
        return cells(*parts)


def turned(protocols: Sequence[str], now: str, direction: int) -> str:
    """The protocol after or before this one, and from the last the first."""
    at = protocols.index(now) if now in protocols else 0
    return protocols[(at + direction) % len(protocols)]
