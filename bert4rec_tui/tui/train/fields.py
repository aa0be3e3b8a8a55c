"""The settings of a run as sections of a form: every field of the configuration, the rarely touched ones folded."""

from bert4rec_tui.config import Config
from bert4rec_tui.config.fields import fields_of
from bert4rec_tui.tui.forms.field_row import FormField
from bert4rec_tui.tui.forms.form import Section

# The fields that are always in sight, by section and in order, with their labels; the others are folded behind them.
_IN_SIGHT: dict[str, dict[str, str]] = {
    "Start": {"preset": "Preset", "name": "Name of the run"},
    "Data": {"dataset.name": "Dataset"},
    "Model": {
        "model.max_len": "History length",
        "model.hidden": "Hidden size",
        "model.blocks": "Blocks",
        "model.heads": "Heads",
        "model.dropout": "Dropout",
    },
    "Objective": {
        "model.objective": "Objective",
        "training.mask_rate": "Masked share",
        "training.last_item_rate": "Last item alone",
        "training.loss": "Loss",
    },
    "Optimiser": {
        "training.optimizer": "Algorithm",
        "training.learning_rate": "Learning rate",
        "training.weight_decay": "Weight decay",
        "training.schedule": "Schedule",
        "training.warmup_epochs": "Warm-up epochs",
        "training.batch_size": "Batch",
        "training.epochs": "Epochs",
        "training.patience": "Patience",
    },
    "Evaluation": {
        "evaluation.protocols": "Protocols",
        "evaluation.ks": "k",
        "evaluation.best_metric": "Best by",
    },
    "Hardware": {
        "training.device": "Device",
        "training.processes": "Processes",
        "training.precision": "Precision",
    },
}
# Where a folded field belongs that its group alone does not place.
_PLACES: dict[str, str] = {
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
# Labels where the field's own name says too little beside the others.
_LABELS: dict[str, str] = {
    "init_from": "Weights from",
    "dataset.filter": "Filter",
    "dataset.repeats": "Repeated items",
    "dataset.min_rating": "Least rating",
    "dataset.min_user_interactions": "Least of a user",
    "dataset.min_item_interactions": "Least of an item",
    "dataset.eval_users": "Held-out users",
    "dataset.validation_users": "Validation users",
    "dataset.validation_share": "Validation share",
    "dataset.test_share": "Test share",
    "dataset.seed": "Seed of the split",
    "model.seed": "Seed of the weights",
    "model.attention_dropout": "Drop in attention",
    "model.feed_forward_dropout": "Drop in feed-forward",
    "model.block_dropout": "Drop after a block",
    "training.start": "Items start",
    "training.negatives": "Drawn in a step",
    "training.gbce_t": "gBCE t",
    "training.seed": "Seed of training",
    "training.log_samples": "TensorBoard every",
    "training.checkpoint_minutes": "Checkpoint minutes",
    "evaluation.batch_size": "Users at once",
    "evaluation.negatives_seed": "Seed of negatives",
}
PICKED = frozenset({"preset", "dataset.name", "evaluation.best_metric", "training.device"})


def train_sections() -> list[Section]:
    """Every field of the configuration, by section; a new field of config.py is in it by itself."""
    fields = {field.path: field for field in fields_of(Config)}
    sections: dict[str, list[FormField]] = {}
    placed: set[str] = set()
    for title, labels in _IN_SIGHT.items():
        sections[title] = [
            FormField(fields[path], label, picked=path in PICKED) for path, label in labels.items() if path in fields
        ]
        placed.update(labels)
    for path, field in fields.items():
        if path not in placed:
            group = path.rpartition(".")[0]
            title = _PLACES.get(path, _SECTION_OF_GROUP.get(group, "Start"))
            label = _LABELS.get(path, field.label.capitalize())
            sections[title].append(FormField(field, label, rare=True, picked=path in PICKED))
    return [Section(title, items) for title, items in sections.items()]


def labels_of(sections: list[Section]) -> dict[str, str]:
    """Path → label of every field, for sentences."""
    return {item.path: item.label for section in sections for item in section.fields}
