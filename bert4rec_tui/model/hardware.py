"""Which device and arithmetic a run gets, and how the process is set up for them."""

import os

import torch

from bert4rec_tui.config import DEVICE, DEVICE_WORDS, ModelConfig
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.machine import usable_cores

# torch's library for CPUs makes a kernel in bf16 for each shape that it sees, and its two caches keep 1,024 each: half
# of a training's memory. A step of `notebook` has 46 to 74; with fewer kept each of them would be made anew each time.
# Read when the first kernel is made.
KERNEL_CACHES = "ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"
KERNELS_KEPT = "64"

# Attention weights of a block that may be there at once, of all heads; they grow with the square of the length.
MOST_WEIGHTS = 1 << 24


def choose_device(wanted: str, setting: str = "training.device =") -> torch.device:
    """The device with this name; `auto` takes CUDA (or ROCm), then MPS, then the CPU.

    Raises UserError for a GPU that is not there, and for what is no device; `setting` is what asked for it.
    """
    if not DEVICE.match(wanted):
        raise UserError(f'{setting} "{wanted}": expected {DEVICE_WORDS}')
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda":
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if found == 0:
            raise UserError(f'{setting} "{wanted}": there is no CUDA GPU here; use "auto" or "cpu"')
        if (device.index or 0) >= found:
            raise UserError(f'{setting} "{wanted}": there are {found} GPUs here, cuda:0 to cuda:{found - 1}')
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise UserError(f'{setting} "mps": there is no Apple GPU here; use "auto" or "cpu"')
    return device


def has_fast_bf16(device: torch.device) -> bool:
    """Whether bf16 products are fast there: any recent CUDA GPU, or a CPU with AVX512-BF16 or AMX."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, check, lambda: False)() for check in checks)
    return False


def choose_precision(wanted: str, device: torch.device) -> str:
    """fp32 or bf16: `auto` picks bf16 where the hardware has it."""
    if wanted == "auto":
        return "bf16" if has_fast_bf16(device) else "fp32"
    return wanted


def set_up_process(threads: int, deterministic: bool, device: torch.device, sharers: int = 1) -> None:
    """Set threads and determinism; so many processes share this machine."""
    for variable in KERNEL_CACHES:
        os.environ.setdefault(variable, KERNELS_KEPT)
    torch.set_num_threads(max(1, (threads or usable_cores()) // sharers))
    if device.type == "cuda" and deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)


def rows_at_once(device: torch.device, model: ModelConfig, length: int) -> int:
    """How many histories of this length the network should work on at once.

    On a CPU as many as keep the widest activation, that of the feed-forward, at 16 MB: it then stays near the caches, a
    training step needs half the memory, and no block is so large that the allocator asks the kernel for it anew. On a
    GPU all of them. Nor may they have more than `MOST_WEIGHTS` of attention, which where it drops out is written down.
    """
    if device.type != "cpu":
        return 1 << 30
    length = max(1, length)
    near = max(8, 16_000_000 // (4 * model.feed_forward * model.hidden * length))
    return max(1, min(near, MOST_WEIGHTS // (model.heads * length**2)))


def scores_at_once(device: torch.device) -> int:
    """How many scores of items may be held at once: the bound of memory wherever a whole catalogue is scored.

    16 MB of them on a CPU, near its caches, and 256 MB on a GPU. What is counted and sorted of them takes up to four
    times that in addition, however many items and histories there are.
    """
    return 1 << 22 if device.type == "cpu" else 1 << 26
