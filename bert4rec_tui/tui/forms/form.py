"""A form of settings. A field is selected or edited; only an edited one takes characters.

Selected: j, k and tab move on, and every key of the screen works. Enter starts to edit, enter ends; esc restores the
previous value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.message import Message

from bert4rec_tui.config import value_at
from bert4rec_tui.tui.forms.draft import Draft
from bert4rec_tui.tui.forms.field_row import FieldRow
from bert4rec_tui.tui.forms.fields import FormField, Section
from bert4rec_tui.tui.forms.fold_row import FoldRow
from bert4rec_tui.tui.forms.rows import FormRows
from bert4rec_tui.tui.forms.values import value_of
from bert4rec_tui.tui.shell.text_input import TextInput


class Form(ScrollableContainer, can_focus=False, inherit_bindings=False):
    """Settings, validated as they are typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "edit", "Edit", id="form.edit", tooltip="Edit the field, or go to its next value"),
        Binding("escape", "restore", "Cancel", id="form.restore", tooltip="Stop editing and restore the old value"),
        Binding("u", "undo", "Undo", id="form.undo", tooltip="Undo the last change"),
        Binding("j,down", "move(1)", "Next field", id="form.down", show=False, tooltip="Go to the next field"),
        Binding("k,up", "move(-1)", "Previous field", id="form.up", show=False, tooltip="Go to the previous field"),
        Binding("g,home", "edge(0)", "First field", id="form.first", show=False, tooltip="Go to the first field"),
        Binding("G,end", "edge(-1)", "Last field", id="form.last", show=False, tooltip="Go to the last field"),
        Binding("pagedown", "move(8)", "Page down", id="form.page_down", show=False, tooltip="Go eight fields down"),
        Binding("pageup", "move(-8)", "Page up", id="form.page_up", show=False, tooltip="Go eight fields up"),
        Binding("right,space", "cycle(1)", "Next value", id="form.next_value", show=False,
                tooltip="Select the next value of a choice"),
        Binding("left", "cycle(-1)", "Previous value", id="form.previous_value", show=False,
                tooltip="Select the previous value of a choice"),
        Binding("f", "fold_all", "All settings", id="form.fold", show=False,
                tooltip="Show all settings, or only the common ones"),
    ]  # fmt: skip

    DEFAULT_CSS = """
    Form { height: 1fr; width: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    @dataclass
    class Changed(Message):
        """The values have changed."""

        form: "Form"

        @property
        def control(self) -> "Form":
            """The form."""
            return self.form

    @dataclass
    class Selected(Message):
        """Another field is selected, or its error has changed."""

        form: "Form"
        item: FormField | None

    @dataclass
    class PickRequested(Message):
        """The list of values of a field is requested."""

        form: "Form"
        item: FormField

    def __init__(
        self,
        sections: Sequence[Section],
        draft: Draft,
        *,
        ascii: bool = False,
        label_width: int = 22,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.draft = draft
        self.notes: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self._rows = FormRows(sections, label_width, ascii)

    def compose(self) -> ComposeResult:
        """The rows that are visible at first."""
        yield from self._rows.first_visible()

    def on_mount(self) -> None:
        """Show the values."""
        self.show()

    @property
    def values(self) -> dict[str, Any]:
        """The values as they are now, valid or not."""
        return self.draft.values

    @property
    def errors(self) -> dict[str, str]:
        """Path → what is wrong, as last validated."""
        return self.draft.errors

    @property
    def editing(self) -> FieldRow | None:
        """The row that is being edited."""
        return next((row for row in self._rows.of_fields.values() if row.editing), None)

    @property
    def selected(self) -> FieldRow | FoldRow | None:
        """The row that has the focus; None while the form is not on a screen."""
        focused = self.screen.focused if self.is_attached else None
        for node in focused.ancestors_with_self if focused is not None else ():
            if isinstance(node, (FieldRow, FoldRow)) and node.parent is self:
                return node
        return None

    @property
    def selected_field(self) -> FormField | None:
        """The field that is selected, None where none is."""
        row = self.selected
        return row.item if isinstance(row, FieldRow) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a field is edited only esc is the form's; left and right are for fields with a few values."""
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
        """Validate, and redraw every row."""
        row = self.editing or self.selected
        errors = self.draft.validate(row.item.path if isinstance(row, FieldRow) else "")
        for path, shown in self._rows.of_fields.items():
            value = value_at(self.values, path)
            shown.show(value, self.texts.get(path), errors.get(path, ""), self.notes.get(path, ""))
        self._fold()
        self.post_message(self.Selected(self, row.item if isinstance(row, FieldRow) else None))

    def _fold(self) -> None:
        """Hide rare settings, but none with an error or a note, nor the selected one."""
        selected = self.selected_field
        self._rows.arrange(self, {*self.errors, *self.notes, *([selected.path] if selected else [])})

    def annotate(self, notes: Mapping[str, str], texts: Mapping[str, str] | None = None) -> None:
        """Show notes after the values of fields, and `texts` in place of values."""
        self.notes = dict(notes)
        self.texts = dict(texts or {})
        self.show()

    def replace(self, values: dict[str, Any], undoable: bool = True) -> None:
        """Replace all values at once."""
        if self.draft.replace(values, undoable):
            self.changed()

    def load(self, values: dict[str, Any]) -> None:
        """Start over with the values of something else; the changes before can no longer be undone."""
        self.draft.load(values)
        self.changed()

    def set_value(self, path: str, value: Any) -> None:
        """Change the value of one field."""
        if self.draft.set_value(path, value):
            self.changed()

    def changed(self) -> None:
        """Draw values that have changed, and report it; also for whoever has changed the draft itself."""
        self.show()
        self.post_message(self.Changed(self))

    def select(self, path: str) -> None:
        """Select a field, a hidden one too."""
        if row := self._rows.of_fields.get(path):
            if row.item.rare:
                self._rows.unfold(row.item)
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
        """Edit the field, go to its next value, open the list of its values, or show hidden settings."""
        row = self.selected
        if isinstance(row, FoldRow):
            self._rows.toggle(row)
            self.show()
        elif row is not None and row.item.picked:
            self.post_message(self.PickRequested(self, row.item))
        elif row is not None and row.item.cycles:
            self.action_cycle(1)
        elif row is not None:
            self.draft.begin_edit()
            row.begin()

    def action_cycle(self, direction: int) -> None:
        """Select the next value of a choice, or the previous one."""
        row = self.selected
        if isinstance(row, FieldRow) and row.item.cycles:
            value = row.item.next_value(value_at(self.values, row.item.path), direction)
            self.set_value(row.item.path, value)

    def action_fold_all(self) -> None:
        """Show all settings, or only the common ones."""
        self._rows.toggle_all()
        self.show()

    def action_undo(self) -> None:
        """Undo the last change."""
        if self.draft.undo():
            self.changed()

    def action_restore(self) -> None:
        """Stop editing and restore the previous value."""
        row = self.editing
        if row is not None and self.draft.editing:
            self.draft.cancel_edit()
            row.focus()
            row.end()
            self.changed()

    @on(TextInput.Changed)
    def take_typed(self, event: TextInput.Changed) -> None:
        """Validate on every key."""
        event.stop()
        row = self.editing
        if row is None or not self.draft.editing or event.input.parent is not row:
            return
        if self.draft.type_value(row.item.path, value_of(event.value, row.item.field)):
            self.changed()

    @on(TextInput.Submitted)
    def accept(self, event: TextInput.Submitted) -> None:
        """Stop editing and keep what was typed."""
        event.stop()
        self._finish(focus=True)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Moving the focus elsewhere ends editing like enter."""
        if isinstance(event.widget, TextInput) and self.draft.editing:
            self._finish(focus=False)

    def on_descendant_focus(self) -> None:
        """Report which field is selected."""
        self.post_message(self.Selected(self, self.selected_field))
        self.refresh_bindings()

    def _finish(self, focus: bool) -> None:
        row = self.editing
        if row is None or not self.draft.editing:
            return
        self.draft.end_edit()
        if focus:
            row.focus()
        row.end()
        self.changed()
