"""A file to import: what our command found in it, and how the person describes it."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bert4rec_tui.config import DatasetConfig, from_dict
from bert4rec_tui.data.columns import ROLES
from bert4rec_tui.data.prepare_arguments import prepare_arguments
from bert4rec_tui.errors import UserError

NONE = "–"
# The settings of how a file is read that the form has, besides columns and separator.
READING = ("items", "where", "drop_incomplete", "time_format", "encoding")


def name_for(path: Path) -> str:
    """A name for the dataset of a file: the file's own, in the characters that a name may have."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.name.partition(".")[0]).strip("-._")
    return (stem or "mine")[:64]


def import_errors(values: dict[str, Any], edited: str) -> dict[str, str]:
    """Path → what is wrong with the description."""
    del edited
    if not values:
        return {}
    errors: dict[str, str] = {}
    for path, allowed in (
        ("name", "up to 64 letters, digits, dots, dashes and underscores"),
        ("item_noun", "one noun in the singular, such as product"),
    ):
        try:
            from_dict({path: values[path]}, DatasetConfig)
        except UserError:
            errors[path] = allowed
    if values["split"] == "time" and values["columns"]["timestamp"] == NONE:
        errors["split"] = "needs a timestamp column"
    used = [column for column in values["columns"].values() if column != NONE]
    for role, column in values["columns"].items():
        if column == NONE and role in ("user", "item"):
            errors[f"columns.{role}"] = f"choose the {role} column"
        elif column != NONE and used.count(column) > 1:
            errors[f"columns.{role}"] = "column already used"
    return errors


@dataclass(frozen=True)
class Described:
    """A file, what our command found in it, and how the person describes it."""

    path: str
    columns: list[str] = field(default_factory=list[str])
    rows: list[list[str]] = field(default_factory=list[list[str]])
    problems: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])  # how it is read
    guess: dict[str, str] = field(default_factory=dict[str, str])
    separator: str = ""
    doubts: str = ""  # why the guess is none beyond doubt, which naming the columns may answer
    values: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def source(self) -> str:
        """The whole path."""
        return str(Path(self.path).expanduser().absolute())

    def previewed(self, seen: dict[str, Any]) -> "Described":
        """With what the first preview found; the description begins with the guess, and keeps what was set before."""
        guess = {str(role): str(column) for role, column in seen["guess"].items()}
        columns = {role: guess.get(role, NONE) for role in ROLES}
        for role, column in self.values.get("columns", {}).items():
            if column in (NONE, *seen["columns"]) and column != self.guess.get(role, NONE):
                columns[role] = column
        return replace(
            self,
            columns=seen["columns"],
            rows=seen["rows"],
            problems=seen["problems"],
            notes=seen.get("notes", []),
            guess=guess,
            separator="" if self._given_separator() else seen["separator"],  # one that was given is given again
            doubts=str(seen["problems"][0]) if seen["problems"] else "",
            values={
                "name": self.values.get("name") or name_for(Path(self.source)),
                "item_noun": self.values.get("item_noun", ""),
                "columns": columns,
                "split": self.values.get("split", DatasetConfig().split),
                **{name: self.values.get(name, getattr(DatasetConfig(), name)) for name in READING},
                "separator": visible(seen["separator"]),
            },
        )

    def previewed_again(self, seen: dict[str, Any]) -> "Described":
        """With what a later preview found under the description."""
        return replace(self, rows=seen["rows"], problems=seen["problems"], notes=seen.get("notes", []))

    @property
    def guessed(self) -> str:
        """Why the columns are a guess, while it is left as it was and could be right; empty otherwise."""
        if "user" not in self.guess or "item" not in self.guess:
            return ""
        kept = {role: column for role, column in self.values["columns"].items() if column != NONE} == self.guess
        return self.doubts if kept else ""

    def described_by(self, values: dict[str, Any]) -> "Described":
        """With another description."""
        return replace(self, values=values)

    def _given_columns(self) -> dict[str, str]:
        """The columns to give to our command; a certain guess that is left alone is not given."""
        if not self.values:
            return {}
        columns = {role: column for role, column in self.values.get("columns", {}).items() if column != NONE}
        return columns if self.doubts or columns != self.guess else {}

    def _given_separator(self) -> str:
        given = str(self.values.get("separator", ""))
        return "" if given == visible(self.separator) else given

    def preview_arguments(self) -> list[str]:
        """The arguments of the command that previews the file."""
        described = DatasetConfig(
            name="preview",
            source=self.source,
            columns=self._given_columns(),
            separator=self._given_separator(),
            **self._reading(),
        )
        return [*prepare_arguments(described), "--preview"]

    def _reading(self) -> dict[str, Any]:
        """The settings of the reading that are in the form."""
        found = {name: self.values.get(name, getattr(DatasetConfig(), name)) for name in READING}
        return {name: value.strip() if isinstance(value, str) else value for name, value in found.items()}

    def settings(self) -> DatasetConfig:
        """The settings of the preparation."""
        return DatasetConfig(
            name=str(self.values["name"]),
            source=self.source,
            columns=self._given_columns(),
            separator=self._given_separator(),
            item_noun=str(self.values["item_noun"]).strip(),
            split=self.values["split"],
            **self._reading(),
        )


def visible(separator: str) -> str:
    """A separator as it can be read and typed."""
    return {"\t": "tab", " ": "space"}.get(separator, separator)
