"""Where the configurations of several runs differ."""

from collections.abc import Sequence
from typing import Any

from bert4rec_tui.config import Config, to_dict
from bert4rec_tui.config.fields import fields_of, value_at

OF_THE_RUN_ALONE = ("name", "description")  # they change nothing of what is trained


def config_differences(configs: Sequence[Config]) -> dict[str, tuple[Any, ...]]:
    """Path of a setting → its value in each configuration, for the settings in which they are not all the same."""
    values = [to_dict(config) for config in configs]
    paths = [field.path for field in fields_of(Config) if field.path not in OF_THE_RUN_ALONE]
    beside = {path: tuple(value_at(each, path) for each in values) for path in paths}
    return {path: found for path, found in beside.items() if any(value != found[0] for value in found)}
