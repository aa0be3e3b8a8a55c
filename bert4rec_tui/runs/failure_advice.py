"""The setting that a failure's message advises to change, so that the Train screen can start with it."""

import re
from typing import Any

from bert4rec_tui.config import Config, to_dict, value_at, with_assignments
from bert4rec_tui.errors import UserError

# As the worker writes it: "set training.batch_size = 64", "--set training.learning_rate=0.0001".
_ADVICE = re.compile(r"(?:\bset |--set )((?:training|evaluation|model)\.[a-z_]+) ?= ?([\w.+-]*\w)")


def advised_setting(message: str, config: Config) -> tuple[str, Any] | None:
    """The first setting that the message advises, and its value; None where it advises none that can be set."""
    for path, text in _ADVICE.findall(message):
        try:
            value = value_at(to_dict(with_assignments(config, [f"{path}={text}"])), path)
        except UserError:
            continue
        if value != value_at(to_dict(config), path):
            return path, value
    return None
