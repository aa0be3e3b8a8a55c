"""What a form and a help text read from the typed fields."""

import msgspec
import pytest

from bert4rec_tui.config import Config, DatasetConfig, EvaluationConfig, ModelConfig, TrainingConfig, to_dict, value_at
from bert4rec_tui.config.fields import fields_of, labels_of
from bert4rec_tui.settings import Settings

GROUPS = {"dataset": DatasetConfig, "model": ModelConfig, "training": TrainingConfig, "evaluation": EvaluationConfig}


def test_every_setting_is_listed_once_in_the_order_of_the_classes():
    own = ["preset", "name", "description", "init_from"]
    inside = [f"{group}.{f.name}" for group, kind in GROUPS.items() for f in msgspec.structs.fields(kind)]
    assert [field.path for field in fields_of(Config)] == own + inside


@pytest.mark.parametrize("kind", [Config, Settings])
def test_every_setting_has_a_sentence_and_the_default_that_it_has(kind):
    defaults = to_dict(kind())
    for field in fields_of(kind):
        assert field.description.endswith("."), field.path
        assert len(field.description) > 10, field.path
        assert field.default == value_at(defaults, field.path), field.path
        assert field.allowed, field.path


def test_bounds_choices_and_kinds_are_those_of_the_type():
    fields = {field.path: field for field in fields_of(Config)}
    hidden, dropout, device = fields["model.hidden"], fields["model.dropout"], fields["training.device"]
    assert (hidden.kind, hidden.low, hidden.high, hidden.open_high) == ("int", 8, 4096, False)
    assert (dropout.kind, dropout.low, dropout.high, dropout.open_high) == ("float", 0, 1, True)
    assert device.allowed == "auto, cpu, cuda, cuda:1 or mps"
    assert fields["dataset.split"].choices == ("leave-one-out", "holdout", "time")
    kinds = {fields[path].kind for path in ("evaluation.ks", "evaluation.protocols", "dataset.columns")}
    assert kinds == {"list of int", "list of str", "mapping"}
    assert fields["model.max_len"].label == "History length"


def test_every_setting_has_a_label_of_its_own_the_same_wherever_it_is_shown():
    labels = labels_of(Config)
    assert len(set(labels.values())) == len(labels)
    assert all(label[0].isupper() or label in ("k", "gBCE t") for label in labels.values())
    for group, kind in GROUPS.items():
        assert labels_of(kind) == {
            path.removeprefix(f"{group}."): label for path, label in labels.items() if path.startswith(f"{group}.")
        }
    assert labels["dataset.min_user_interactions"] == "Min. interactions per user"
