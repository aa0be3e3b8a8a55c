"""Every setting: one typed field and one sentence each, which the form, `--set`, the TOML file and the docs read."""

from bert4rec_tui.config.dataset import DatasetConfig
from bert4rec_tui.config.evaluation import METRIC, PROTOCOL, EvaluationConfig
from bert4rec_tui.config.fields import value_at
from bert4rec_tui.config.model import ModelConfig
from bert4rec_tui.config.reading import (
    from_dict,
    load_config,
    load_toml,
    load_whole_config,
    parse_assignment,
    save_config,
    to_dict,
    with_assignments,
    with_value,
)
from bert4rec_tui.config.run import Config
from bert4rec_tui.config.training import DEVICE, DEVICE_WORDS, TrainingConfig

__all__ = [
    "DEVICE",
    "DEVICE_WORDS",
    "METRIC",
    "PROTOCOL",
    "Config",
    "DatasetConfig",
    "EvaluationConfig",
    "ModelConfig",
    "TrainingConfig",
    "from_dict",
    "load_config",
    "load_toml",
    "load_whole_config",
    "parse_assignment",
    "save_config",
    "to_dict",
    "value_at",
    "with_assignments",
    "with_value",
]
