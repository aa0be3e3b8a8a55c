"""What a person says of a file that is to be imported, and what our command says of it."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bert4rec_tui.config import DatasetConfig, from_dict
from bert4rec_tui.config.fields import Field, fields_of
from bert4rec_tui.data.columns import ROLES
from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.datasets.form import SPLIT_WORDS
from bert4rec_tui.tui.forms.fields import FormField, Section

NONE = "–"


def name_for(path: Path) -> str:
    """A name for the dataset of a file: the file's own, in the characters that a name may have."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.name.partition(".")[0]).strip("-._")
    return (stem or "mine")[:64]


def import_sections() -> list[Section]:
    """The name, for each role the column that has it, and the separator."""
    roles = [
        FormField(
            Field(f"columns.{role}", "str", NONE, f"The column with the {role}; {NONE} for none."),
            role.capitalize(),
            picked=True,
        )
        for role in ROLES
    ]
    name = Field("name", "str", "", "The name of the dataset, by which it is listed.")
    separator = Field("separator", "str", "", "What stands between two columns: a character, or tab.")
    split = next(field for field in fields_of(DatasetConfig) if field.path == "split")
    fields = [*roles, FormField(split, "Split", words=SPLIT_WORDS), FormField(separator, "Separator")]
    return [Section("", [FormField(name, "Name"), *fields])]


def import_errors(values: dict[str, Any], edited: str) -> dict[str, str]:
    """Path → what is wrong with what the person says."""
    del edited
    if not values:
        return {}
    errors: dict[str, str] = {}
    try:
        from_dict({"name": values["name"]}, DatasetConfig)
    except UserError:
        errors["name"] = "letters, digits, dot, dash and underscore, 64 at most"
    if values["split"] == "time" and values["columns"]["timestamp"] == NONE:
        errors["split"] = "needs the timestamp's column"
    said = [column for column in values["columns"].values() if column != NONE]
    for role, column in values["columns"].items():
        if column == NONE and role in ("user", "item"):
            errors[f"columns.{role}"] = f"say which column is the {role}"
        elif column != NONE and said.count(column) > 1:
            errors[f"columns.{role}"] = "another role has this column too"
    return errors


@dataclass(frozen=True)
class Described:
    """A file, what our command found in it, and what the person says of it."""

    path: str
    columns: list[str] = field(default_factory=list[str])
    rows: list[list[str]] = field(default_factory=list[list[str]])
    problems: list[str] = field(default_factory=list[str])
    guess: dict[str, str] = field(default_factory=dict[str, str])
    separator: str = ""
    doubts: str = ""  # what the first look found wrong, which saying the columns may answer
    values: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def source(self) -> str:
        """The whole path."""
        return str(Path(self.path).expanduser().absolute())

    def seen(self, seen: dict[str, Any]) -> "Described":
        """With what the first look found; the guess is what the person begins with, and what was said before stays."""
        guess = {str(role): str(column) for role, column in seen["guess"].items()}
        said = self.values.get("name") or name_for(Path(self.source))
        columns = {role: guess.get(role, NONE) for role in ROLES}
        for role, column in self.values.get("columns", {}).items():
            if column in (NONE, *seen["columns"]) and column != self.guess.get(role, NONE):
                columns[role] = column
        return replace(
            self,
            columns=seen["columns"],
            rows=seen["rows"],
            problems=seen["problems"],
            guess=guess,
            separator="" if self._said_separator() else seen["separator"],  # what was said goes on being said
            doubts=str(seen["problems"][0]) if seen["problems"] else "",
            values={
                "name": said,
                "columns": columns,
                "split": self.values.get("split", DatasetConfig().split),
                "separator": visible(seen["separator"]),
            },
        )

    def seen_again(self, seen: dict[str, Any]) -> "Described":
        """With what a later look found at what the person said."""
        return replace(self, rows=seen["rows"], problems=seen["problems"])

    @property
    def guessed(self) -> str:
        """Why the columns are a guess, while it is left as it was and could be right; empty otherwise."""
        if "user" not in self.guess or "item" not in self.guess:
            return ""
        kept = {role: column for role, column in self.values["columns"].items() if column != NONE} == self.guess
        return self.doubts if kept else ""

    def saying(self, values: dict[str, Any]) -> "Described":
        """With other words of the person."""
        return replace(self, values=values)

    def _said_columns(self) -> dict[str, str]:
        """The columns where the person said something; a certain guess that is left alone is not said again."""
        if not self.values:
            return {}
        said = self.values.get("columns", {})
        columns = {role: column for role, column in said.items() if column != NONE}
        return columns if self.doubts or columns != self.guess else {}

    def _said_separator(self) -> str:
        said = str(self.values.get("separator", ""))
        return "" if said == visible(self.separator) else said

    def preview_arguments(self) -> list[str]:
        """The arguments of the command that looks at the file."""
        arguments = ["prepare", "preview", "--source", self.source, "--preview"]
        if columns := self._said_columns():
            arguments += ["--columns", ",".join(f"{role}={column}" for role, column in columns.items())]
        if separator := self._said_separator():
            arguments += ["--separator", separator]
        return arguments

    def settings(self) -> DatasetConfig:
        """The settings of the preparation."""
        return DatasetConfig(
            name=str(self.values["name"]),
            source=self.source,
            columns=self._said_columns(),
            separator=self._said_separator(),
            split=self.values["split"],
        )


def visible(separator: str) -> str:
    """A separator as it can be read and typed."""
    return {"\t": "tab", " ": "space"}.get(separator, separator)
