"""How much of a machine a run takes."""

import torch

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.model.hardware import MOST_WEIGHTS, rows_at_once


def test_a_cpu_works_on_as_many_histories_as_stay_near_its_caches():
    cpu, model = torch.device("cpu"), ModelConfig(hidden=256, feed_forward=4)
    rows = rows_at_once(cpu, model, 100)
    assert rows * 100 * 1024 * 4 <= 16_000_000 < (rows + 1) * 100 * 1024 * 4
    assert rows_at_once(cpu, model, 10) == 390
    assert rows_at_once(cpu, ModelConfig(hidden=4096), 500) == 8


def test_attention_of_very_long_histories_is_worked_a_few_at_a_time():
    """Where it drops out its weights are written down, and they grow with the square of the length."""
    cpu, model = torch.device("cpu"), ModelConfig(hidden=64, heads=4)
    for length in (500, 1000, 4096):
        rows = rows_at_once(cpu, model, length)
        assert rows == 1 or rows * 4 * length**2 <= MOST_WEIGHTS
    assert rows_at_once(cpu, model, 4096) == 1
    assert rows_at_once(torch.device("cuda"), model, 4096) > 1_000_000
