"""Weights on disk, and the head that says whose they are."""

import shutil

import pytest
import torch
from histories import walks
from safetensors.torch import save_file

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.errors import UserError
from bert4rec_tui.model import weights
from bert4rec_tui.model.bert4rec import Bert4Rec


def test_the_head_is_that_of_the_weights_though_the_file_is_replaced_meanwhile(make_dataset, tmp_path, monkeypatch):
    dataset = make_dataset(walks(20, 20, 10))
    old, new = (Bert4Rec(dataset.items, ModelConfig(hidden=8, heads=2, max_len=6, seed=seed)) for seed in (1, 2))
    file, newer = tmp_path / "best.safetensors", tmp_path / "newer.safetensors"
    weights.save_weights(file, old, weights.weights_metadata(old, dataset, 1, 10))
    weights.save_weights(newer, new, weights.weights_metadata(new, dataset, 2, 20))
    check = weights.check_dataset

    def and_replaced(*arguments: object) -> None:
        check(*arguments)
        shutil.move(newer, file)

    monkeypatch.setattr(weights, "check_dataset", and_replaced)
    model, head = weights.load_checkpoint(file, dataset)
    assert (head["epoch"], head["step"]) == ("1", "10")
    assert torch.equal(model.token.weight, old.token.weight)


@pytest.mark.parametrize("gone", ["format", "model", "epoch", "step"])
def test_a_head_that_lacks_something_is_not_ours(make_dataset, tmp_path, gone):
    dataset = make_dataset(walks(20, 20, 10))
    model = Bert4Rec(dataset.items, ModelConfig(hidden=8, heads=2, max_len=6))
    head = weights.weights_metadata(model, dataset, 1, 10)
    file = tmp_path / "best.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, file, {
        name: value for name, value in head.items() if name != gone
    })  # fmt: skip
    with pytest.raises(UserError, match="was not written by bert4rec-tui"):
        weights.read_metadata(file)
