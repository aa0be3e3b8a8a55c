"""The presets, and the notebook's settings among them."""

import pytest

from bert4rec_tui.config import Config, from_dict, to_dict, value_at, with_assignments
from bert4rec_tui.config.fields import fields_of
from bert4rec_tui.config.presets import PRESETS, changes_from_preset, preset
from bert4rec_tui.errors import UserError

# Every argument of the notebook that this project grew from: its place here, and its value in our words.
NOTEBOOK = {
    "dataset_code": ("dataset.name", None),  # chosen with --dataset
    "min_rating": ("dataset.min_rating", 0.0),
    "min_uc": ("dataset.min_user_interactions", 5),
    "min_sc": ("dataset.min_item_interactions", 0),
    "split": ("dataset.split", "leave-one-out"),
    "dataset_split_seed": ("dataset.seed", 42),
    "eval_set_size": ("dataset.eval_users", 0),  # 0: 500 or a tenth
    "dataloader_random_seed": ("training.seed", 0),
    "train_batch_size": ("training.batch_size", 128),
    "val_batch_size": ("evaluation.batch_size", 128),
    "test_batch_size": ("evaluation.batch_size", 128),
    "test_negative_sampler_code": ("evaluation.protocols", ("full", "uniform-100", "popular-100")),
    "test_negative_sample_size": ("evaluation.protocols", ("full", "uniform-100", "popular-100")),
    "test_negative_sampling_seed": ("evaluation.negatives_seed", 42),
    "device": ("training.device", "auto"),
    "device_idx": ("training.device", "auto"),
    "optimizer": ("training.optimizer", "adam"),
    "lr": ("training.learning_rate", 0.001),
    "weight_decay": ("training.weight_decay", 0.0),
    "momentum": ("training.momentum", 0.9),  # of SGD alone
    "enable_lr_schedule": ("training.schedule", "step"),
    "decay_step": ("training.step_epochs", 25),
    "gamma": ("training.step_factor", 1.0),
    "num_epochs": ("training.epochs", 10),
    "log_period_as_iter": ("training.log_samples", 12800),
    "metric_ks": ("evaluation.ks", (1, 5, 10, 20, 50, 100)),
    "best_metric": ("evaluation.best_metric", "uniform-100:NDCG@10"),
    "model_init_seed": ("model.seed", 0),
    "bert_max_len": ("model.max_len", 100),
    "bert_hidden_units": ("model.hidden", 256),
    "bert_num_blocks": ("model.blocks", 2),
    "bert_num_heads": ("model.heads", 4),
    "bert_dropout": ("model.dropout", 0.1),
    "bert_mask_prob": ("training.mask_rate", 0.15),
    "experiment_description": ("description", ""),
}


@pytest.mark.parametrize("argument", NOTEBOOK)
def test_every_argument_of_the_notebook_has_a_place_and_its_value_in_the_preset(argument):
    path, expected = NOTEBOOK[argument]
    assert path in {field.path for field in fields_of(Config)}
    if expected is not None:
        assert value_at(to_dict(preset("notebook")), path) == expected


def test_the_notebook_preset_drops_at_every_site_and_masks_as_the_notebook_does():
    config = preset("notebook")
    sites = (config.model.attention_dropout, config.model.feed_forward_dropout, config.model.block_dropout)
    assert sites == (True, True, True)
    assert config.model.objective == "cloze"
    assert (config.model.tied_head, config.model.output_bias) == (False, True)
    assert (config.training.windows, config.training.last_item_rate) == ("last", 0.0)
    assert (config.training.patience, config.training.gradient_clip, config.training.warmup_epochs) == (0, 0.0, 0.0)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_configuration_that_says_its_name_and_differs_from_itself_in_nothing(name):
    config = preset(name)
    assert config.preset == name
    assert PRESETS[name][0].endswith(".")
    assert changes_from_preset(config) == {}
    assert from_dict(to_dict(config), Config) == config


def test_the_presets_that_are_promised_are_there():
    assert {"notebook", "recommended", "causal", "fast", "large-catalogue"} <= set(PRESETS)
    assert preset("recommended").model.objective == "cloze"
    assert preset("causal").model.objective == "causal"


def test_what_differs_from_the_preset_is_told_with_both_values():
    config = with_assignments(preset("fast"), ["training.epochs=7", "model.hidden=32", "dataset.name=toy", "name=mine"])
    assert changes_from_preset(config) == {"model.hidden": (128, 32), "training.epochs": (3, 7)}


def test_an_unknown_preset_lists_those_there_are():
    with pytest.raises(UserError) as error:
        preset("fats")
    assert str(error.value) == f"'fats' is not a preset; choose one of {', '.join(PRESETS)}"


def test_for_a_large_catalogue_nothing_of_a_step_or_a_validation_scores_all_items():
    config = preset("large-catalogue")
    assert config.training.loss != "full"
    assert "full" not in config.evaluation.protocols
    assert config.training.negatives < 100_000
