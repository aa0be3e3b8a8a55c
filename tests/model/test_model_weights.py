"""Weights on disk, and the head that says whose they are."""

import shutil
from pathlib import Path

import pytest
import torch
from histories import walks
from safetensors.torch import save_file

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.data.dataset import PreparedDataset
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


@pytest.fixture
def saved(make_dataset, tmp_path):
    """A dataset, a network and the file of its weights."""
    dataset = make_dataset(walks(20, 20, 10))
    model = Bert4Rec(dataset.items, ModelConfig(hidden=8, heads=2, max_len=6))
    file = tmp_path / "best.safetensors"
    weights.save_weights(file, model, weights.weights_metadata(model, dataset, 1, 10))
    return dataset, model, file


def tried(file: Path, dataset: PreparedDataset) -> tuple[Bert4Rec | None, str]:
    """The network of a checkpoint, or why it has none."""
    try:
        return weights.load_checkpoint(file, dataset)[0], ""
    except UserError as error:
        return None, str(error)


def test_a_bit_that_has_flipped_in_any_byte_is_noticed_or_changes_nothing(saved):
    dataset, model, file = saved
    sound = file.read_bytes()
    head = 8 + int.from_bytes(sound[:8], "little")
    expected = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    noticed = 0
    places = [*range(0, head, 7), *range(head, len(sound), 61)]
    for place in places:
        damaged = bytearray(sound)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        loaded, sentence = tried(file, dataset)
        if loaded is None:
            noticed += 1
            assert sentence.startswith(f"{file}: ")
        else:
            assert all(torch.equal(tensor, expected[name]) for name, tensor in loaded.state_dict().items()), place
    assert noticed > 0.95 * len(places)


def test_damaged_weights_are_no_start_for_another_run(saved):
    _, model, file = saved
    content = bytearray(file.read_bytes())
    content[-3] ^= 16
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"is damaged \(its checksum does not match\)"):
        weights.load_weights(file, model)


def test_weights_of_the_first_versions_which_have_no_checksum_are_loaded(saved):
    dataset, model, file = saved
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        file,
        weights.weights_metadata(model, dataset, 1, 10),
    )
    assert weights.load_checkpoint(file, dataset)[1]["step"] == "10"
