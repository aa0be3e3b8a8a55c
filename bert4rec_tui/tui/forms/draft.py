"""Values under edit: their errors, and the way back from every change. Nothing here needs a terminal."""

from collections.abc import Callable
from typing import Any

from bert4rec_tui.config import with_value

Check = Callable[[dict[str, Any], str], dict[str, str]]  # (values, path of the edited field) → path → error
MAX_UNDO = 100


class Draft:
    """The values of a configuration while they are changed, valid or not.

    A change is made at once (`replace`, `set_value`), or typed: `begin_edit`, `type_value` for every key, and then
    `end_edit` to keep the result or `cancel_edit` to restore what was there before.
    """

    def __init__(self, values: dict[str, Any], check: Check) -> None:
        self.values = values
        self.errors: dict[str, str] = {}
        self._check = check
        self._undo: list[dict[str, Any]] = []
        self._before_edit: dict[str, Any] | None = None

    @property
    def editing(self) -> bool:
        """Whether a value is being typed."""
        return self._before_edit is not None

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._undo)

    def validate(self, edited: str = "") -> dict[str, str]:
        """Find the errors; one between two fields is reported at the `edited` one."""
        self.errors = self._check(self.values, edited)
        return self.errors

    def replace(self, values: dict[str, Any], undoable: bool = True) -> bool:
        """Replace all values at once. Returns whether they differ from those before."""
        if values == self.values:
            return False
        if undoable:
            self._remember(self.values)
        self.values = values
        return True

    def set_value(self, path: str, value: Any) -> bool:
        """Change one value. Returns whether it differs from the one before."""
        return self.replace(with_value(self.values, path, value))

    def load(self, values: dict[str, Any]) -> None:
        """Start over with the values of something else: the changes before are forgotten."""
        self._undo, self._before_edit, self.values = [], None, values

    def undo(self) -> bool:
        """Undo the last change. Returns whether there was one."""
        if not self._undo:
            return False
        self.values = self._undo.pop()
        return True

    def begin_edit(self) -> None:
        """Start typing a value."""
        self._before_edit = self.values

    def type_value(self, path: str, value: Any) -> bool:
        """Take what has been typed so far. Returns whether the value differs from the one before."""
        values = with_value(self.values, path, value)
        changed = values != self.values
        self.values = values
        return changed

    def end_edit(self) -> None:
        """Keep what was typed, as one change to undo."""
        before, self._before_edit = self._before_edit, None
        if before is not None and before != self.values:
            self._remember(before)

    def cancel_edit(self) -> None:
        """Restore the values from before typing."""
        if self._before_edit is not None:
            self.values, self._before_edit = self._before_edit, None

    def _remember(self, values: dict[str, Any]) -> None:
        self._undo = [*self._undo[-MAX_UNDO + 1 :], values]
