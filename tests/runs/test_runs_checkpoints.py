"""How far a checkpoint has been trained, and whether a test is of it."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from bert4rec_tui.runs.checkpoints import epochs_tested, is_of, trained_to


def test_the_head_of_the_weights_says_how_far_they_were_trained(tmp_path):
    save_file({"a": np.zeros(2)}, tmp_path / "last.safetensors", {"epoch": "3", "step": "120"})
    assert trained_to(tmp_path / "last.safetensors") == (3, 120)


def test_where_nothing_is_said_nothing_is_known(tmp_path):
    save_file({"a": np.zeros(2)}, tmp_path / "strange.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(b"12")
    for name in ("strange", "cut", "missing"):
        assert trained_to(tmp_path / f"{name}.safetensors") is None


@pytest.mark.parametrize(
    ("result", "same"),
    [
        ({"epoch": 3, "step": 120}, True),
        ({"epoch": 3, "step": 100}, False),
        ({"epoch": 2, "step": 120}, False),
        ({"epoch": 3}, True),
        ({"epoch": 2}, False),
    ],
)
def test_a_test_is_of_the_weights_of_its_epoch_and_its_step(result, same):
    assert is_of(result, (3, 120)) == same
    assert is_of(result, None), "what cannot be known is not held against it"


def test_one_moment_is_told_once_and_several_each_with_its_protocol():
    first, later = {"epoch": 3, "step": 120}, {"epoch": 3, "step": 130}
    protocols = ("full", "uniform-100")
    assert epochs_tested({"full": first, "uniform-100": first}, protocols) == "epoch 3"
    assert (
        epochs_tested({"full": first, "uniform-100": later}, protocols) == "full at step 120, uniform-100 at step 130"
    )
    other = {"epoch": 4, "step": 160}
    assert epochs_tested({"full": first, "uniform-100": other}, protocols) == "full at epoch 3, uniform-100 at epoch 4"
