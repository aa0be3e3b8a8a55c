"""The first rows of a file, with the roles of its columns above them."""

from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.tui.shell.text import MUTED, clean, cut

WIDEST = 24


class PreviewTable(Widget):
    """A small table that cannot be moved in: roles, names, rows."""

    def __init__(self, ascii: bool = False) -> None:
        super().__init__()
        self.ascii = ascii
        self.columns: list[str] = []
        self.rows: list[list[str]] = []
        self.roles: dict[str, str] = {}

    def show(self, columns: list[str], rows: list[list[str]], roles: dict[str, str]) -> None:
        """Draw other rows; `roles` maps a role to its column."""
        self.columns, self.rows, self.roles = columns, rows, roles
        self.refresh()

    def render(self) -> Content:
        """As many rows and columns as there is room for."""
        role_of = {column: role for role, column in self.roles.items()}
        roles = [role_of.get(column, "") for column in self.columns]
        rows = self.rows[: max(0, self.size.height - 2)]
        cells = [roles, self.columns, *rows]
        widths = [
            min(WIDEST, max(Content(clean(row[i])).cell_length for row in cells if i < len(row)))
            for i in range(len(self.columns))
        ]
        styles = ["bold $accent", "bold", *[""] * len(rows)]
        lines = [
            Content.styled(
                "  ".join(cut(cell, width, self.ascii) for cell, width in zip(row, widths, strict=False)), style
            )
            for row, style in zip(cells, styles, strict=True)
        ]
        if not self.rows:
            lines.append(Content.styled("no rows", MUTED))
        return Content("\n").join(line.truncate(self.size.width) for line in lines)
