"""Which settings a form has, and how each is shown and changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bert4rec_tui.config.fields import Field


@dataclass(frozen=True)
class FormField:
    """A setting and how the form shows it.

    `rare` ones are hidden until they are asked for; a field that is `picked` is chosen from a list that the screen
    offers; `words` are what its choices are called.
    """

    field: Field
    label: str
    rare: bool = False
    picked: bool = False
    words: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path of the setting in the configuration."""
        return self.field.path

    @property
    def cycles(self) -> bool:
        """Whether enter goes to the next value and nothing is typed."""
        return not self.picked and (self.field.kind == "bool" or bool(self.field.choices))

    def next_value(self, value: Any, direction: int) -> Any:
        """The next value, or the previous one, wrapping around at either end."""
        options: list[Any] = [False, True] if self.field.kind == "bool" else list(self.field.choices)
        at = options.index(value) if value in options else -direction
        return options[(at + direction) % len(options)]


@dataclass(frozen=True)
class Section:
    """Settings that belong together, under one title."""

    title: str
    fields: Sequence[FormField]
