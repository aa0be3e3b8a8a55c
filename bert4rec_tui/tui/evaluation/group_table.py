"""Results by group, as the test screen shows them: groups of users, the weakest of each grouping first."""

from collections.abc import Mapping
from typing import Any

from textual.content import Content

from bert4rec_tui.evaluation.metrics import FEW
from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.shell.text import MUTED, count, metric

LABEL, USERS, FIGURE, HALF, BAR = 24, 7, 9, 5, 24
BAR_FROM = 100  # cells: where there is room for bars
TITLES = {
    "length": "History length",
    "popularity": "Popularity",
    "recency": "Recency",
    "trained": "Seen in training",
}
VERDICTS = {
    "weaker": ("▼ weaker", "v weaker", "$text-warning"),
    "stronger": ("▲ stronger", "^ stronger", "$text-success"),
    "few": ("few users", "few users", MUTED),
}
NOTE = f"± 95% interval over users · ▼ ▲ interval excludes the overall value · few: fewer than {FEW} users"


class GroupTable:
    """What `test --groups --json` gives for one protocol, line by line.

    groups: None while they are read; then `status` says why there are none. category: the title of the groups by genre.
    """

    def __init__(self, protocol: str, groups: Mapping[str, Any] | None, status: str, category: str) -> None:
        self.protocol, self.status = protocol, status
        self.titles = TITLES | {"genre": category.capitalize()}
        self.rows: list[tuple[str, Mapping[str, Any]]] = []
        self.names: list[str] = []
        if groups is None:
            return
        whole: Mapping[str, Any] = groups["whole"]
        self.names = list(whole["metrics"])
        self.rows.append(("group", whole))
        for grouping in groups["groupings"]:
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
        title = Content.styled(self.protocol, "bold $foreground") + Content.styled("  results by group", MUTED)
        return [title.truncate(max(1, width)), cells(*columns)]

    def line(self, row: int, width: int, ascii: bool) -> Content:
        """A group with its users, metrics and verdict; or the title of a grouping."""
        kind, group = self.rows[row]
        if kind == "blank":
            return Content("")
        if kind == "title":
            title = Content.styled(self.titles.get(group["by"]) or str(group["by"]), "bold $text-accent")
            return title + Content.styled(f"  {group['words']}", MUTED)
        if kind == "note":
            return Content.styled(f"  no groups: {group['note']}", MUTED)
        parts: list[tuple[str | Content, int]] = [(f"  {group['label']}", LABEL), (count(group["users"]), -USERS)]
        for name in self.names:
            estimate = group["metrics"][name]
            half = f"{(estimate['high'] - estimate['low']) / 2:.3f}".replace("0.", ".", 1)
            parts.append((Content.styled(metric(estimate["value"]), "bold"), -FIGURE))
            parts.append((Content.styled(("~" if ascii else "±") + half, MUTED), HALF))
        sign, plain, style = VERDICTS.get(group["verdict"], ("", "", MUTED))
        parts.append((Content.styled(plain if ascii else sign, style), 10))
        if width >= BAR_FROM:
            filled = round(BAR * group["metrics"][self.names[0]]["value"] / self.most)
            parts.append((Content.styled(("#" if ascii else "█") * filled, MUTED), BAR))
        return cells(*parts)
