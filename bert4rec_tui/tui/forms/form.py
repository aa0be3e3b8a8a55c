"""A form of settings. A field is selected or edited; only an edited one takes characters.

Selected: j, k, tab move on and every key of the screen works. Enter begins to edit, enter or esc ends; esc brings the
value back that was there before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.message import Message

from bert4rec_tui.config import value_at, with_value
from bert4rec_tui.tui.forms.field_row import FieldRow, FoldRow, FormField
from bert4rec_tui.tui.forms.values import value_of
from bert4rec_tui.tui.shell.text_input import TextInput

Check = Callable[[dict[str, Any], str], dict[str, str]]
MOST_UNDO = 100


@dataclass(frozen=True)
class Section:
    """Settings that belong together, under one word."""

    title: str
    fields: Sequence[FormField]


class Form(ScrollableContainer, can_focus=False, inherit_bindings=False):
    """The settings of a configuration, validated as they are typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "edit", "Edit", id="form.edit", tooltip="Edit the field, go to its next value, or unfold"),
        Binding("escape", "restore", "Restore", id="form.restore", tooltip="End editing; the old value comes back"),
        Binding("u", "undo", "Undo", id="form.undo", tooltip="Take the last change back"),
        Binding("j,down", "move(1)", "Next field", id="form.down", show=False, tooltip="To the next field"),
        Binding("k,up", "move(-1)", "Field before", id="form.up", show=False, tooltip="To the field before"),
        Binding("g,home", "edge(0)", "First field", id="form.first", show=False, tooltip="To the first field"),
        Binding("G,end", "edge(-1)", "Last field", id="form.last", show=False, tooltip="To the last field"),
        Binding("pagedown", "move(8)", "Page down", id="form.page_down", show=False, tooltip="Eight fields down"),
        Binding("pageup", "move(-8)", "Page up", id="form.page_up", show=False, tooltip="Eight fields up"),
        Binding("right,space", "cycle(1)", "Next value", id="form.next_value", show=False,
                tooltip="The next value of a field with a few"),
        Binding("left", "cycle(-1)", "Value before", id="form.previous_value", show=False,
                tooltip="The value before, of a field with a few"),
        Binding("f", "fold_all", "All settings", id="form.fold", show=False,
                tooltip="Show or fold the settings that are rarely touched"),
    ]  # fmt: skip

    DEFAULT_CSS = """
    Form { height: 1fr; width: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    @dataclass
    class Changed(Message):
        """The values are others than before."""

        form: "Form"

        @property
        def control(self) -> "Form":
            """The form."""
            return self.form

    @dataclass
    class Selected(Message):
        """Another field is selected, or what is said of it has changed."""

        form: "Form"
        item: FormField | None

    @dataclass
    class PickWanted(Message):
        """A field that is chosen from a list is to be chosen."""

        form: "Form"
        item: FormField

    def __init__(
        self,
        sections: Sequence[Section],
        values: dict[str, Any],
        check: Check,
        *,
        ascii: bool = False,
        label_width: int = 22,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.sections, self.check, self.ascii, self.label_width = sections, check, ascii, label_width
        self.group_width = max((len(section.title) for section in sections), default=0) + 2
        if not any(section.title for section in sections):
            self.group_width = 0
        self.values = values
        self.errors: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self._undo: list[dict[str, Any]] = []
        self._before: dict[str, Any] | None = None
        self._rows: dict[str, FieldRow] = {}
        self._folds: dict[str, FoldRow] = {}
        self._unfolded: set[str] = set()
        self._order: list[FieldRow | FoldRow] = []
        for section in sections:
            self._arrange(section)

    def _arrange(self, section: Section) -> None:
        """A row for every field of a section, and one for its folded ones before these."""
        rare = [item for item in section.fields if item.rare]
        often = [item for item in section.fields if not item.rare]
        for number, item in enumerate([*often, *rare]):
            if rare and item is rare[0]:
                labels = [part.label for part in rare]
                self._folds[section.title] = FoldRow(section.title, labels, self.group_width, self.ascii)
                self._order.append(self._folds[section.title])
            title = section.title if number == 0 else ""
            self._rows[item.path] = FieldRow(item, title, self.group_width, self.label_width, self.ascii)
            self._order.append(self._rows[item.path])

    def compose(self) -> ComposeResult:
        """The rows in sight; a folded one is made when it is unfolded, so that the form is there at once."""
        yield from (row for row in self._order if isinstance(row, FoldRow) or not row.item.rare)

    def on_mount(self) -> None:
        """Show the values."""
        self.show()

    @property
    def editing(self) -> FieldRow | None:
        """The row that takes characters now."""
        return next((row for row in self._rows.values() if row.editing), None)

    @property
    def selected(self) -> FieldRow | FoldRow | None:
        """The row that has the focus."""
        focused = self.screen.focused
        for node in focused.ancestors_with_self if focused is not None else ():
            if isinstance(node, (FieldRow, FoldRow)) and node.parent is self:
                return node
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a field is edited only esc is ours; the left and right keys are for fields with a few values."""
        del parameters
        if self.editing is not None:
            return action == "restore"
        if action == "restore":
            return False
        if action == "cycle":
            row = self.selected
            return isinstance(row, FieldRow) and row.item.cycles
        return True

    def show(self) -> None:
        """Validate, and draw every row anew."""
        row = self.editing or self.selected
        self.errors = self.check(self.values, row.item.path if isinstance(row, FieldRow) else "")
        for path, shown in self._rows.items():
            value = value_at(self.values, path)
            shown.show(value, self.texts.get(path), self.errors.get(path, ""), self.notes.get(path, ""))
        self._fold()
        self.post_message(self.Selected(self, row.item if isinstance(row, FieldRow) else None))

    def _fold(self) -> None:
        for section in self.sections:
            unfolded = section.title in self._unfolded
            if section.title in self._folds:
                self._folds[section.title].fold(not unfolded)
            for item in section.fields:
                if item.rare:
                    row = self._rows[item.path]
                    # What differs or is wrong stays in sight, and so does what one is at.
                    speaks = item.path in self.errors or item.path in self.notes or row is self.selected
                    self._set_folded(row, not unfolded and not speaks)

    def _set_folded(self, row: FieldRow, folded: bool) -> None:
        if row.is_attached:
            row.set_class(folded, "-folded")
        elif not folded:
            before = next(known for known in reversed(self._order[: self._order.index(row)]) if known.is_attached)
            self.mount(row, after=before)

    def annotate(self, notes: Mapping[str, str], texts: Mapping[str, str] | None = None) -> None:
        """Say something beside fields; `texts` stand in place of values."""
        self.notes = dict(notes)
        self.texts = dict(texts or {})
        self.show()

    def replace(self, values: dict[str, Any], undoable: bool = True) -> None:
        """Take other values, all at once."""
        if values == self.values:
            return
        if undoable:
            self._remember(self.values)
        self.values = values
        self._tell()

    def load(self, values: dict[str, Any]) -> None:
        """Take values of something else; what was undoable before belongs to the former and is forgotten."""
        self._undo, self.values = [], values
        self._tell()

    def set_value(self, path: str, value: Any) -> None:
        """Take another value for one field."""
        self.replace(with_value(self.values, path, value))

    def _remember(self, values: dict[str, Any]) -> None:
        self._undo = [*self._undo[-MOST_UNDO + 1 :], values]

    def _tell(self) -> None:
        self.show()
        self.post_message(self.Changed(self))

    def select(self, path: str) -> None:
        """Select a field, wherever it is."""
        if path in self._rows:
            row = self._rows[path]
            if row.item.rare:
                self._unfolded |= {section.title for section in self.sections if row.item in section.fields}
                self._fold()
            row.focus()

    def _visible(self) -> list[FieldRow | FoldRow]:
        rows = [node for node in self.children if isinstance(node, (FieldRow, FoldRow))]
        return [row for row in rows if row.display and not row.has_class("-folded")]

    def action_move(self, rows: int) -> None:
        """Select a field further down or up."""
        visible, row = self._visible(), self.selected
        if visible:
            at = visible.index(row) + rows if row in visible else 0
            visible[max(0, min(len(visible) - 1, at))].focus()

    def action_edge(self, index: int) -> None:
        """Select the first or the last field."""
        if visible := self._visible():
            visible[index].focus()

    def action_edit(self) -> None:
        """Begin to edit, go to the next value, open the list of values, or unfold."""
        row = self.selected
        if isinstance(row, FoldRow):
            self._unfolded ^= {next(title for title, fold in self._folds.items() if fold is row)}
            self.show()
        elif row is not None and row.item.picked:
            self.post_message(self.PickWanted(self, row.item))
        elif row is not None and row.item.cycles:
            self.action_cycle(1)
        elif row is not None:
            self._before = self.values
            row.begin()

    def action_cycle(self, direction: int) -> None:
        """Go to the next value of a field with a few, or to the one before."""
        row = self.selected
        if isinstance(row, FieldRow) and row.item.cycles:
            value = row.item.next_value(value_at(self.values, row.item.path), direction)
            self.set_value(row.item.path, value)

    def action_fold_all(self) -> None:
        """Show all settings, or fold the rare ones."""
        self._unfolded = set() if self._unfolded else set(self._folds)
        self.show()

    def action_undo(self) -> None:
        """Take the last change back."""
        if self._undo:
            self.values = self._undo.pop()
            self._tell()

    def action_restore(self) -> None:
        """End editing; the value that was there comes back."""
        row = self.editing
        if row is not None and self._before is not None:
            self.values, self._before = self._before, None
            row.focus()
            row.end()
            self._tell()

    @on(TextInput.Changed)
    def take(self, event: TextInput.Changed) -> None:
        """Validate while one types."""
        event.stop()
        row = self.editing
        if row is None or self._before is None or event.input.parent is not row:
            return
        values = with_value(self.values, row.item.path, value_of(event.value, row.item.field))
        if values != self.values:
            self.values = values
            self._tell()

    @on(TextInput.Submitted)
    def accept(self, event: TextInput.Submitted) -> None:
        """End editing with what is typed."""
        event.stop()
        self._finish(focus=True)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Going elsewhere ends editing like enter."""
        if isinstance(event.widget, TextInput) and self._before is not None:
            self._finish(focus=False)

    def on_descendant_focus(self) -> None:
        """Say which field is selected now."""
        row = self.selected
        self.post_message(self.Selected(self, row.item if isinstance(row, FieldRow) else None))
        self.refresh_bindings()

    def _finish(self, focus: bool) -> None:
        row, before = self.editing, self._before
        if row is None or before is None:
            return
        self._before = None
        if before != self.values:
            self._remember(before)
        if focus:
            row.focus()
        row.end()
        self._tell()
