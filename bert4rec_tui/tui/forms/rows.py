"""The rows of a form: their order, and which of the rarely changed settings are visible."""

from collections.abc import Collection, Iterator, Sequence

from textual.widget import Widget

from bert4rec_tui.tui.forms.field_row import FieldRow
from bert4rec_tui.tui.forms.fields import FormField, Section
from bert4rec_tui.tui.forms.fold_row import FoldRow


class FormRows:
    """A row for every setting, and one for each section that stands for its rare settings.

    The row of a rare setting is mounted when it is first visible, so that a form opens at once.
    """

    def __init__(self, sections: Sequence[Section], label_width: int, ascii: bool) -> None:
        titles = [section.title for section in sections]
        group_width = max(map(len, titles), default=0) + 2 if any(titles) else 0
        self.sections = sections
        self.of_fields: dict[str, FieldRow] = {}
        self._folds: dict[str, FoldRow] = {}
        self._unfolded: set[str] = set()
        self._order: list[FieldRow | FoldRow] = []
        for section in sections:
            rare = [item for item in section.fields if item.rare]
            common = [item for item in section.fields if not item.rare]
            for number, item in enumerate([*common, *rare]):
                if rare and item is rare[0]:
                    fold = FoldRow(section.title, [part.label for part in rare], group_width, ascii)
                    self._folds[section.title] = fold
                    self._order.append(fold)
                row = FieldRow(item, section.title if number == 0 else "", group_width, label_width, ascii)
                self.of_fields[item.path] = row
                self._order.append(row)

    def first_visible(self) -> Iterator[FieldRow | FoldRow]:
        """The rows to compose a form of."""
        yield from (row for row in self._order if isinstance(row, FoldRow) or not row.item.rare)

    def unfold(self, item: FormField) -> None:
        """Show the rare settings of the section that a field belongs to, from the next `arrange`."""
        self._unfolded |= {section.title for section in self.sections if item in section.fields}

    def toggle(self, fold: FoldRow) -> None:
        """Show the rare settings of a section, or hide them, from the next `arrange`."""
        self._unfolded ^= {title for title, known in self._folds.items() if known is fold}

    def toggle_all(self) -> None:
        """Show all settings, or only the common ones, from the next `arrange`."""
        self._unfolded = set() if self._unfolded else set(self._folds)

    def arrange(self, form: Widget, kept: Collection[str]) -> None:
        """Hide the rare settings, except those of sections that are unfolded and the paths in `kept`."""
        for section in self.sections:
            unfolded = section.title in self._unfolded
            if section.title in self._folds:
                self._folds[section.title].fold(not unfolded)
            for item in section.fields:
                if item.rare:
                    self._set_folded(form, self.of_fields[item.path], not unfolded and item.path not in kept)

    def _set_folded(self, form: Widget, row: FieldRow, folded: bool) -> None:
        if row.is_attached:
            row.set_class(folded, "-folded")
        elif not folded:
            above = (known for known in reversed(self._order[: self._order.index(row)]) if known.is_attached)
            if (before := next(above, None)) is not None:  # None before the form is composed, and when it is gone
                form.mount(row, after=before)
