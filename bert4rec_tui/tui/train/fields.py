"""The settings of a run as sections of a form: every field of the configuration, the rarely changed ones hidden."""

from bert4rec_tui.config import Config
from bert4rec_tui.config.fields import fields_of
from bert4rec_tui.tui.forms.fields import FormField, Section

# The fields that are always visible, by section and in order; the others are hidden behind them.
_COMMON: dict[str, tuple[str, ...]] = {
    "Start": ("preset", "name"),
    "Data": ("dataset.name",),
    "Model": ("model.max_len", "model.hidden", "model.blocks", "model.heads", "model.dropout"),
    "Objective": ("model.objective", "training.mask_rate", "training.last_item_rate", "training.loss"),
    "Optimiser": (
        "training.optimizer",
        "training.learning_rate",
        "training.weight_decay",
        "training.schedule",
        "training.warmup_epochs",
        "training.batch_size",
        "training.epochs",
        "training.patience",
    ),
    "Evaluation": ("evaluation.protocols", "evaluation.ks", "evaluation.best_metric"),
    "Hardware": ("training.device", "training.processes", "training.precision"),
}
# The section of a hidden field that its group alone does not place.
_SECTIONS: dict[str, str] = {
    "training.start": "Model",
    "training.negatives": "Objective",
    "training.gbce_t": "Objective",
    "training.machines": "Hardware",
    "training.compile": "Hardware",
    "training.threads": "Hardware",
    "training.deterministic": "Hardware",
}
_SECTION_OF_GROUP = {
    "": "Start",
    "dataset": "Data",
    "model": "Model",
    "training": "Optimiser",
    "evaluation": "Evaluation",
}
PICKED = frozenset({"preset", "dataset.name", "evaluation.best_metric", "training.device"})


def train_sections() -> list[Section]:
    """Every field of the configuration, by section; a new setting is included without a change here."""
    fields = {field.path: field for field in fields_of(Config)}
    sections = {
        title: [FormField(fields[path], fields[path].label, picked=path in PICKED) for path in paths]
        for title, paths in _COMMON.items()
    }
    common = {path for paths in _COMMON.values() for path in paths}
    for path, field in fields.items():
        if path not in common:
            title = _SECTIONS.get(path, _SECTION_OF_GROUP.get(path.rpartition(".")[0], "Start"))
            sections[title].append(FormField(field, field.label, rare=True, picked=path in PICKED))
    return [Section(title, items) for title, items in sections.items()]
