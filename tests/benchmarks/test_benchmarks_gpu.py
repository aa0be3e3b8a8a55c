"""`benchmarks/gpu.py` on the CPU, where every line of it can be run but those that ask CUDA itself."""

import sys

import pytest
import torch
from scripts import ROOT
from torch.nn.attention import SDPBackend, sdpa_kernel

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.objectives import Slots, causal_task, cloze_task, full_softmax_loss

sys.path.append(str(ROOT / "benchmarks"))

SMALL = {"model.hidden": "16", "model.heads": "2", "training.batch_size": "16", "training.threads": "1"}
WORDS = ["--device", "cpu", "--users", "40", "--items", "150", "--steps", "2", "--epochs", "1"]


@pytest.mark.parametrize("preset", ["notebook", pytest.param("causal", marks=pytest.mark.long)])
def test_every_technique_is_timed_and_held_against_fp32(preset, benchmark):
    settings = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    said = benchmark("gpu", *WORDS, "--preset", preset, *settings, "--peak-tflops", "1")
    assert list(said.values["steps"]) == list(said.values["outputs"])
    assert {"fp32", "bf16", "bf16, fused optimizer"} <= set(said.values["steps"])
    assert said.values["outputs"]["fp32"]["relative_error"] <= 1e-4
    assert 0 < said.values["outputs"]["bf16"]["relative_error"] <= 2e-2
    assert all(values["tflops"] > 0 for values in said.values["steps"].values())
    assert (said.values["epoch"]["steps"], said.values["synchronisations"]) == (3, None)
    assert "known on CUDA only" in said.table


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_so_in_a_sentence(benchmark):
    said = benchmark("gpu", code=2)
    assert said.table == ""
    assert said.err == 'gpu: --device "cuda": there is no CUDA GPU here; use "auto" or "cpu"\n'


@pytest.mark.parametrize("objective", ["cloze", "causal"])
def test_operations_are_those_that_torch_counts(objective):
    """Counted from shapes, they are what the matrix products of forward and backward are made of."""
    from operations import step_operations  # pyright: ignore[reportMissingImports]
    from torch.utils.flop_counter import FlopCounterMode

    model = ModelConfig(objective=objective, hidden=16, heads=2, blocks=3, max_len=20, dropout=0.0)
    network, windows = Bert4Rec(50, model), torch.randint(1, 51, (8, 20))
    if objective == "cloze":
        task = cloze_task(windows, 50, 0.2, 0.0, torch.Generator().manual_seed(0), Slots.for_rate(8, 20, 0.2))
    else:
        task = causal_task(windows, fixed=True)
    # The CPU's own attention kernel is not counted; that of two products is.
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        full_softmax_loss(network, task).backward()
    assert step_operations(task, model, 50) == pytest.approx(counter.get_total_flops(), rel=0.03)
