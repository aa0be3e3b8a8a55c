"""The network as an ONNX file that says in its metadata how to ask it."""

import json
import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.inputs import known_items

NEEDED = ("onnx", "onnxscript")  # by torch's exporter; onnxruntime only to check what it wrote
INSTALL = 'pip install "bert4rec-tui[export]"'
LARGEST = 2_000_000_000  # bytes: a single ONNX file holds no more than 2 GiB
SHORTEST = 2  # items, that the graph reads; a shorter history is padded
TOLERANCE = 1e-3  # by which a score may differ where another library takes the sums in another order


class Scored(Bert4Rec):
    """The network from tokens to scores, as a graph: what it does depends on the shape of its input alone."""

    def attention_bias(self, tokens: Tensor, dtype: torch.dtype) -> Tensor:
        """What is added to attention before its softmax, without the look at the tokens that saves it on a CPU."""
        T = tokens.size(1)
        hidden = (tokens == 0)[:, None, None, :]  # (B, 1, 1, T)
        if self.config.objective == "causal":
            place = torch.arange(T, device=tokens.device)
            hidden = (hidden | (place > place[:, None])) & (place != place[:, None])  # (B, 1, T, T)
        return torch.zeros(hidden.shape, dtype=dtype, device=tokens.device).masked_fill(hidden, float("-inf"))

    def forward(self, tokens: Tensor) -> Tensor:
        """The scores of items 1…N after each history. tokens: (B, T) int64, padded on the left. Returns (B, N)."""
        return self.score(self.encode_last(tokens))


def input_words(model: Bert4Rec) -> dict[str, Any]:
    """How the input is laid out, for the metadata."""
    cloze = model.config.objective == "cloze"
    layout = f"the latest {known_items(model.config)} items at most, oldest first"
    return {
        "name": "tokens",
        "type": "int64",
        "shape": ["batch", "length" if model.config.max_len > SHORTEST else SHORTEST],
        "longest": model.config.max_len,
        "layout": f"{layout}, then the mask" if cloze else layout,
        "padding": 0,
        "padded_on": "left",
        "mask": model.mask if cloze else None,
        "items": [1, model.items],
    }


def onnx_metadata(model: Bert4Rec, dataset: PreparedDataset, weights: dict[str, str]) -> dict[str, str]:
    """What the file says of itself: how to ask it, and which run's weights it holds.

    item_ids is a JSON list of raw ids; number 0 of it is item 1, which the first column of the scores is about.
    """
    output = {
        "name": "scores",
        "type": "float32",
        "shape": ["batch", model.items],
        "layout": "column i scores item i + 1, whose id in the source is item_ids[i]; higher is better",
    }
    return weights | {
        "objective": model.config.objective,
        "max_len": str(model.config.max_len),
        "mask": str(model.mask),
        "input": json.dumps(input_words(model)),
        "output": json.dumps(output),
        "item_ids": json.dumps(dataset.all_item_ids(), ensure_ascii=False),
    }


def check_exporter() -> None:
    """Raises UserError where the packages are missing that the export needs."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UserError(f"--format onnx: needs {' and '.join(missing)}, which is not installed; run {INSTALL}")


def write_onnx(model: Bert4Rec, path: Path, metadata: dict[str, str]) -> None:
    """Write the network to a file. Raises UserError where packages are missing or the network is too large."""
    check_exporter()
    size = sum(4 * tensor.numel() for tensor in model.state_dict().values())
    if size > LARGEST:
        raise UserError(
            f"--format onnx: the network has {size:,} bytes, an ONNX file at most {LARGEST:,}; use safetensors"
        )
    scored = Scored(model.items, model.config).eval()
    scored.load_state_dict({name: tensor.cpu() for name, tensor in model.state_dict().items()})
    longest = model.config.max_len
    example = torch.ones(2, longest, dtype=torch.int64)
    example[0, : longest // 2] = 0
    shapes = {"tokens": {0: torch.export.Dim("batch")}}
    if longest > SHORTEST:  # of a length of 2 to 2 torch's exporter knows that it is none that varies
        shapes["tokens"][1] = torch.export.Dim("length", min=SHORTEST, max=longest)
    with _quiet():
        program = torch.onnx.export(
            scored,
            (example,),
            dynamo=True,
            input_names=["tokens"],
            output_names=["scores"],
            dynamic_shapes=shapes,
            verbose=False,
        )
    if program is None:
        raise WorkFailedError("torch produced no ONNX program")
    program.model.metadata_props.update(metadata)
    program.save(path, external_data=False)


@contextmanager
def _quiet() -> Generator[None]:
    """Keep what torch's exporter says of packages that we do not use from the person."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def largest_difference(model: Bert4Rec, path: Path, seed: int = 0) -> float | None:
    """By how much a score of the file differs at most from the network's, on histories of several lengths.

    None where onnxruntime is not installed.
    """
    if find_spec("onnxruntime") is None:
        return None
    import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

    session: Any = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(seed)
    found = 0.0
    for length in sorted({SHORTEST, 1 + model.config.max_len // 2, model.config.max_len}):
        tokens = torch.randint(1, model.items + 1, (3, length), generator=generator)
        tokens[0, : length // 2] = 0
        if model.config.objective == "cloze":
            tokens[:, -1] = model.mask
        with torch.inference_mode():
            own = model.score_last(tokens.to(model.token.weight.device)).cpu().numpy()
        (theirs,) = session.run(["scores"], {"tokens": tokens.numpy()})
        found = max(found, float(np.abs(own - theirs).max()))
    return found
