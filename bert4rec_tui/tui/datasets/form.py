"""The settings of a preparation as a form, and what they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bert4rec_tui.config import DatasetConfig, from_dict
from bert4rec_tui.config.fields import fields_of
from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.forms.fields import FormField, Section
from bert4rec_tui.tui.forms.validation import errors_of, in_labels
from bert4rec_tui.tui.shell.text import count

if TYPE_CHECKING:
    from bert4rec_tui.data.dataset import PreparedDataset

_LABELS = {
    "min_rating": "Ratings of at least",
    "min_user_interactions": "Interactions per user",
    "min_item_interactions": "Interactions per item",
    "split": "Split",
    "seed": "Seed",
    "filter": "Filter",
    "repeats": "Repeated items",
    "validation_users": "Validation users",
    "eval_users": "Held-out users",
    "validation_share": "Validation share",
    "test_share": "Test share",
    "source": "Source",
    "separator": "Separator",
    "columns": "Columns",
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


def label_of(path: str) -> str:
    """What a setting is called in the form."""
    return _LABELS.get(path, path.replace("_", " "))


def dataset_errors(values: dict[str, Any], edited: str) -> dict[str, str]:
    """Path → what is wrong."""
    return {path: in_labels(text, _LABELS) for path, text in errors_of(values, DatasetConfig, edited).items()}


def valid_settings(values: dict[str, Any]) -> DatasetConfig | None:
    """The settings that the values say, None where they say none."""
    try:
        return from_dict(values, DatasetConfig)
    except UserError:
        return None


def effects_of(dataset: PreparedDataset) -> dict[str, str]:
    """Beside each setting, what it led to in this dataset."""
    settings, counts = dataset.manifest.settings, dataset.manifest.counts
    effects = {
        "min_rating": f"{count(counts.interactions)} of {count(counts.raw_interactions)} stay",
        "min_user_interactions": f"{count(counts.users)} users",
        "min_item_interactions": f"{count(counts.items)} items",
    }
    validated, tested = f"{count(counts.validation_users)} users", f"{count(counts.test_users)} users"
    if settings.split == "time":
        effects |= {"validation_share": validated, "test_share": tested}
    elif settings.split == "holdout":
        effects["eval_users"] = f"{validated} validate, {count(counts.test_users)} test"
    elif settings.validation_users:
        effects["validation_users"] = validated
    return effects


def hints_of(settings: DatasetConfig) -> dict[str, str]:
    """Beside the settings that only the chosen split reads, what they are; so they come in sight with it."""
    if settings.split == "time":
        return {"validation_share": "of all, up to the last cut", "test_share": "of all, the newest"}
    return {"eval_users": "0: 500 or a tenth"} if settings.split == "holdout" else {}
