"""Claim: our replacements for torch's own operators on a CPU are faster there: dropout, attention, and which GELU.

usage: python benchmarks/sites.py [--rows 32] [--length 100] [--hidden 256] [--heads 4] [--repeats 30] [--threads N]

Each runs forward and backward on a slice of a step of the preset `notebook`, in bf16 and in fp32: torch's way and ours
alternately, `--repeats` times. Printed: the medians and their ratio, above 1 in our favour; in fp32 and without dropout
attention is torch's own. The last line is one JSON object.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
from tables import as_table
from torch import Tensor
from torch.nn import functional as F

from bert4rec_tui.model.dropout import attend, dropout
from bert4rec_tui.model.hardware import set_up_process

RATE = 0.1
Work = Callable[[], Tensor]
KINDS = {"bf16": torch.bfloat16, "fp32": torch.float32}


def seconds(work: Work, given: list[Tensor]) -> float:
    """The time of one pass forward and backward."""
    for tensor in given:
        tensor.grad = None
    began = time.perf_counter()
    result = work()
    result.backward(torch.ones_like(result))
    return time.perf_counter() - began


def compared(theirs: Work, ours: Work, given: list[Tensor], repeats: int) -> list[float]:
    """The median milliseconds of each, taken alternately, the first pass of each left out."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        for work, found in zip((theirs, ours), times, strict=True):
            found.append(seconds(work, given))
    return [1000 * statistics.median(found[1:]) for found in times]


def main() -> None:
    """Time each in both arithmetics, and print the table."""
    parser = argparse.ArgumentParser(description="Our replacements for torch's operators on a CPU, compared with them.")
    sizes = {"rows": 32, "length": 100, "hidden": 256, "heads": 4, "repeats": 30, "threads": 0}
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    set_up_process(asked.threads, False, torch.device("cpu"))
    table = [("forwards and back, ms", "torch", "ours", "ratio")]
    said: dict[str, dict[str, float]] = {}
    for kind, dtype in KINDS.items():
        wide = torch.randn(asked.rows, asked.length, 4 * asked.hidden, dtype=dtype, requires_grad=True)
        shape = asked.rows, asked.heads, asked.length, asked.hidden // asked.heads
        q, k, v = (torch.randn(shape, dtype=dtype, requires_grad=True) for _ in range(3))
        bias = torch.zeros(asked.rows, 1, 1, asked.length, dtype=dtype)
        works: dict[str, tuple[Work, Work, list[Tensor]]] = {
            "dropout": (lambda x=wide: F.dropout(x, RATE), lambda x=wide: dropout(x, RATE, True), [wide]),
            "attention that drops out": (
                lambda q=q, k=k, v=v, bias=bias: F.scaled_dot_product_attention(q, k, v, bias, RATE),
                lambda q=q, k=k, v=v, bias=bias: attend(q, k, v, bias, RATE),
                [q, k, v],
            ),
            "attention": (
                lambda q=q, k=k, v=v, bias=bias: F.scaled_dot_product_attention(q, k, v, bias),
                lambda q=q, k=k, v=v, bias=bias: attend(q, k, v, bias, 0.0),
                [q, k, v],
            ),
            "GELU: by tanh, exact": (lambda x=wide: F.gelu(x, approximate="tanh"), lambda x=wide: F.gelu(x), [wide]),
        }
        for name, (theirs, ours, given) in works.items():
            slow, fast = compared(theirs, ours, given, asked.repeats)
            table.append((f"{name}, {kind}", f"{slow:.2f}", f"{fast:.2f}", f"{slow / fast:.2f}"))
            said[f"{name}, {kind}"] = {"torch_ms": round(slow, 3), "ours_ms": round(fast, 3), "ratio": slow / fast}
    print(as_table(table))
    print(json.dumps({"rows": asked.rows, "length": asked.length, "hidden": asked.hidden, "sites": said}))


if __name__ == "__main__":
    main()
