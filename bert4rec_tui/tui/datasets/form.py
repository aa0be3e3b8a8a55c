"""The settings of a preparation, and those of an import, as forms; what the settings led to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.config.fields import Field, fields_of
from bert4rec_tui.data.columns import ROLES
from bert4rec_tui.tui.datasets.importing import NONE, READING
from bert4rec_tui.tui.forms.fields import FormField, Section
from bert4rec_tui.tui.forms.validation import errors_of, in_labels
from bert4rec_tui.tui.shell.text import count

if TYPE_CHECKING:
    from bert4rec_tui.data.dataset import PreparedDataset

_LABELS = {
    "min_rating": "Min. rating",
    "min_user_interactions": "Min. interactions per user",
    "min_item_interactions": "Min. interactions per item",
    "split": "Split",
    "seed": "Split seed",
    "item_noun": "Item noun",
    "filter": "Filter",
    "repeats": "Repeated items",
    "validation_users": "Validation users",
    "eval_users": "Held-out users",
    "validation_share": "Validation share",
    "test_share": "Test share",
    "source": "Source",
    "separator": "Separator",
    "columns": "Columns",
    "items": "Items file",
    "where": "Keep only where",
    "drop_incomplete": "Drop incomplete",
    "time_format": "Time format",
    "encoding": "Encoding",
}
SPLIT_WORDS = ("leave one out", "holdout", "time")
_IN_SIGHT = ("min_rating", "min_user_interactions", "min_item_interactions", "split", "seed")


def dataset_sections() -> list[Section]:
    """Every setting of a preparation but its name, which is the row's."""
    fields = {field.path: field for field in fields_of(DatasetConfig)}
    order = [*_LABELS, *(path for path in fields if path not in _LABELS and path != "name")]
    return [
        Section(
            "",
            [
                FormField(
                    fields[path],
                    _LABELS.get(path, fields[path].label),
                    path not in _IN_SIGHT,
                    words=SPLIT_WORDS if path == "split" else (),
                )
                for path in order
            ],
        )
    ]


def role_word(role: str) -> str:
    """What a column's role is called where nobody knows yet whether the items are movies."""
    return "categories" if role == "genres" else role


def import_sections() -> list[Section]:
    """The name, for each role the column that has it, what an item is called, the split, and how the file is read."""
    fields = {field.path: field for field in fields_of(DatasetConfig)}
    roles = [
        FormField(
            Field(f"columns.{role}", "str", NONE, f"The column with the {role_word(role)}; {NONE} for none."),
            role_word(role).capitalize(),
            picked=True,
        )
        for role in ROLES
    ]
    name = Field("name", "str", "", "The name of the dataset, by which it is listed.")
    separator = Field("separator", "str", "", "The column separator: a character, or tab.")
    return [
        Section(
            "",
            [
                FormField(name, "Name"),
                *roles,
                FormField(fields["item_noun"], _LABELS["item_noun"]),
                FormField(fields["split"], "Split", words=SPLIT_WORDS),
                *(FormField(fields[name], _LABELS[name]) for name in READING),
                FormField(separator, "Separator"),
            ],
        )
    ]


IMPORT_NOTES = {
    "item_noun": "such as product; default: item, for MovieLens movie",
    "items": "a second file with titles; default: that of a known layout",
    "where": "such as event = 'purchase'",
    "drop_incomplete": "leave out rows without a user, an item or a time",
    "time_format": "such as %d/%m/%Y %H:%M; default: detected",
    "encoding": "such as latin-1; default: detected",
}


def label_of(path: str) -> str:
    """What a setting is called in the form."""
    return _LABELS.get(path, path.replace("_", " "))


def dataset_errors(values: dict[str, Any], edited: str) -> dict[str, str]:
    """Path → what is wrong."""
    return {path: in_labels(text, _LABELS) for path, text in errors_of(values, DatasetConfig, edited).items()}


def effects_of(dataset: PreparedDataset) -> dict[str, str]:
    """Beside each setting, what it led to in this dataset."""
    settings, counts = dataset.manifest.settings, dataset.manifest.counts
    kept, raw = count(counts.interactions), count(counts.raw_interactions)
    effects = {
        "min_rating": f"all {kept} kept" if kept == raw else f"{kept} of {raw}",
        "min_user_interactions": f"{count(counts.users)} users",
        "min_item_interactions": dataset.noun.counted(counts.items),
    }
    validated, tested = f"{count(counts.validation_users)} users", f"{count(counts.test_users)} users"
    if settings.split == "time":
        effects |= {"validation_share": validated, "test_share": tested}
    elif settings.split == "holdout":
        effects["eval_users"] = f"{count(counts.validation_users)} validation, {count(counts.test_users)} test"
    elif settings.validation_users:
        effects["validation_users"] = validated
    return effects


def hints_of(settings: DatasetConfig) -> dict[str, str]:
    """Beside the settings that only the chosen split reads, what they are; so they come in sight with it."""
    if settings.split == "time":
        return {"validation_share": "before the test share", "test_share": "of all, the newest"}
    return {"eval_users": "0: 500 or 10%"} if settings.split == "holdout" else {}
