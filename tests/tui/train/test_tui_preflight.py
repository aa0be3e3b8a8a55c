"""What the train screen estimates before a launch, compared with what it stands for."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import make_dataset

from bert4rec_tui.config import Config, ModelConfig, from_dict, to_dict, with_assignments
from bert4rec_tui.tui.train.preflight import multiplications, parameters, preflight, window_tokens, windows

KINDS = ("last", "sliding")


def test_the_number_of_parameters_is_the_networks_own() -> None:
    """The formula of the screen against the network itself, which the screen must not import."""
    torch = pytest.importorskip("torch")
    from bert4rec_tui.model.bert4rec import Bert4Rec

    for model in (
        ModelConfig(),
        ModelConfig(hidden=64, heads=2, blocks=3, feed_forward=2, max_len=20, tied_head=True),
        ModelConfig(hidden=32, heads=4, blocks=1, output_bias=False),
    ):
        network = Bert4Rec(123, model)
        assert parameters(model, 123) == sum(weight.numel() for weight in network.parameters()), model
    assert torch is not None


@given(
    lengths=st.lists(st.integers(0, 60), min_size=1, max_size=8).filter(lambda lengths: max(lengths) > 1),
    longest=st.integers(2, 20),
    stride=st.integers(0, 30),
    objective=st.sampled_from(["cloze", "causal"]),
    kind=st.sampled_from(["last", "sliding", "random"]),
)
def test_the_windows_shown_are_those_trained_on(
    lengths: list[int], longest: int, stride: int, objective: str, kind: str
) -> None:
    """The formula of the screen against the batches themselves, which the screen must not import."""
    torch = pytest.importorskip("torch")
    from bert4rec_tui.training.batches import TrainingBatches

    changes = [f"model.max_len={longest}", f"model.objective={objective}", f"training.windows={kind}"]
    config = with_assignments(Config(), [*changes, f"training.window_stride={stride}"])
    trained, offsets = np.array(lengths), np.concatenate([[0], np.cumsum(lengths)])
    dataset = SimpleNamespace(
        history=np.ones(offsets[-1], np.int32), offsets=offsets, split=SimpleNamespace(train_end=trained)
    )
    batches = TrainingBatches(cast(Any, dataset), config, torch.device("cpu"))
    assert windows(trained, config) == batches.windows_per_epoch
    if objective == "cloze":
        epoch = batches.windows_of(0)
        assert window_tokens(trained, config) == int((epoch.ends - epoch.starts).sum())


def test_sliding_windows_leave_nothing_out_and_take_longer(home: Path) -> None:
    dataset = make_dataset(home)
    last, sliding = (with_assignments(Config(), ["model.max_len=6", f"training.windows={kind}"]) for kind in KINDS)
    assert preflight(last, dataset).covered < 1 == preflight(sliding, dataset).covered
    trained = np.asarray(dataset.split.train_end)
    longer = window_tokens(trained, sliding) / window_tokens(trained, last)
    assert longer > 1
    assert multiplications(sliding, dataset) / multiplications(last, dataset) == pytest.approx(longer)


def test_a_larger_batch_needs_more_memory_and_fewer_steps(home: Path) -> None:
    dataset = make_dataset(home)
    small, large = Config(), load_large()
    assert preflight(large, dataset, on_gpu=True).memory > preflight(small, dataset, on_gpu=True).memory
    assert preflight(large, dataset).steps < preflight(small, dataset).steps or preflight(small, dataset).steps == 1


def load_large() -> Config:
    values = to_dict(Config())
    values["training"] = {**values["training"], "batch_size": 512}
    return from_dict(values, Config)
