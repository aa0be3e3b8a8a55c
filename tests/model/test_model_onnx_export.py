"""The ONNX file: it scores as the network does, and says in its metadata how to be asked."""

import json

import numpy as np
import onnxruntime
import pytest
import torch

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.errors import UserError
from bert4rec_tui.model import onnx_export
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.inputs import prediction_inputs
from bert4rec_tui.model.onnx_export import input_words, largest_difference, onnx_metadata, write_onnx
from bert4rec_tui.model.weights import weights_metadata

HISTORIES = [[3], [5, 1, 2, 7], [1, 2, 3, 4, 5, 6, 7, 8, 2, 9, 1]]


@pytest.mark.parametrize("objective", ["cloze", pytest.param("causal", marks=pytest.mark.long)])
def test_a_program_that_knows_the_metadata_alone_gets_the_scores_of_the_network(objective, make_dataset, tmp_path):
    """Histories shorter and longer than max_len, alone and together, laid out by what the file says of itself."""
    dataset = make_dataset([[11, 12, 13, 14, 15], [15, 14, 13, 16, 17], [16, 17, 18, 19, 11]])
    config = ModelConfig(objective=objective, hidden=16, heads=2, blocks=1, max_len=8, dropout=0.3)
    model = Bert4Rec(dataset.items, config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.2)
    file = tmp_path / "model.onnx"
    write_onnx(model, file, onnx_metadata(model, dataset, weights_metadata(model, dataset, epoch=3, step=9)))
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    said = session.get_modelmeta().custom_metadata_map
    layout = json.loads(said["input"])
    assert json.loads(said["item_ids"]) == [11, 12, 13, 14, 15, 16, 17, 18, 19]
    assert (said["dataset"], said["split_hash"], said["epoch"]) == ("toy+users3", dataset.manifest.split_hash, "3")

    def tokens(history: list[int], width: int) -> list[int]:
        end = [] if layout["mask"] is None else [layout["mask"]]
        known = history[-(layout["longest"] - len(end)) :] + end
        return [layout["padding"]] * (width - len(known)) + known

    flat = torch.tensor([item for history in HISTORIES for item in history])
    ends = torch.tensor([len(history) for history in HISTORIES]).cumsum(0)
    starts = torch.cat([torch.zeros(1, dtype=torch.int64), ends[:-1]])
    with torch.inference_mode():
        own = model.score_last(prediction_inputs(flat, starts, ends, config, model.mask)).numpy()
    together = np.array([tokens(history, 8) for history in HISTORIES])
    (scores,) = session.run(["scores"], {layout["name"]: together})
    np.testing.assert_allclose(scores, own, rtol=1e-4, atol=1e-4)
    for history, expected in zip(HISTORIES, own, strict=True):
        width = min(8, len(history) + (objective == "cloze"))
        (alone,) = session.run(["scores"], {layout["name"]: np.array([tokens(history, width)])})
        np.testing.assert_allclose(alone[0], expected, rtol=1e-4, atol=1e-4)
    assert largest_difference(model, file) < 1e-4
    with torch.no_grad():
        model.final_norm.weight.mul_(2)
    assert largest_difference(model, file) > 1e-2, "the check sees a file of other weights"


def test_without_its_packages_one_sentence_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(onnx_export, "find_spec", lambda name: None)
    model = Bert4Rec(5, ModelConfig(hidden=8, heads=1, blocks=1, max_len=4))
    with pytest.raises(UserError, match=r'needs onnx and onnxscript.*pip install "bert4rec-tui\[export\]"'):
        write_onnx(model, tmp_path / "x.onnx", {})
    assert not (tmp_path / "x.onnx").exists()


@pytest.mark.parametrize(("longest", "length"), [(2, 2), (3, "length"), (50, "length")])
def test_the_metadata_says_whether_the_length_varies(longest, length):
    model = Bert4Rec(5, ModelConfig(hidden=8, heads=1, blocks=1, max_len=longest))
    assert input_words(model)["shape"] == ["batch", length]


@pytest.mark.long
@pytest.mark.parametrize("objective", ["cloze", "causal"])
def test_the_shortest_network_that_can_be_configured_is_written_too(objective, make_dataset, tmp_path):
    dataset = make_dataset([[11, 12, 13, 14, 15], [15, 14, 13, 16, 17], [16, 17, 18, 19, 11]])
    model = Bert4Rec(dataset.items, ModelConfig(objective=objective, hidden=8, heads=1, blocks=1, max_len=2)).eval()
    file = tmp_path / "model.onnx"
    write_onnx(model, file, onnx_metadata(model, dataset, weights_metadata(model, dataset, epoch=1, step=1)))
    assert largest_difference(model, file) < 1e-4
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    said = json.loads(session.get_modelmeta().custom_metadata_map["input"])
    assert said["shape"] == session.get_inputs()[0].shape == ["batch", 2], "two, and no other length"
