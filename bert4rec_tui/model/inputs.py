"""Histories as the network reads them: the one place where tokens are laid out for training, test and use."""

import torch
from torch import Tensor

from bert4rec_tui.config import ModelConfig

FEW_WIDTHS = 8


def next_of_few(width: int) -> int:
    """The next multiple of 8: a CPU's library makes a kernel for each shape it sees, and keeps it."""
    return -(-width // FEW_WIDTHS) * FEW_WIDTHS


def gather_windows(items: Tensor, starts: Tensor, ends: Tensor, width: int | None = None) -> Tensor:
    """Windows of one long tensor of items, padded with 0 on the left to the longest or to `width`.

    items: (interactions,) int32 or int64. starts, ends: (B,) int64, the window is items[start:end], at least
    one of them not empty unless `width` is given. Returns (B, T) int64.
    """
    length = int((ends - starts).max()) if width is None else width
    places = ends[:, None] - torch.arange(length, 0, -1, device=items.device)         # (B, T)
    inside = places >= starts[:, None]
    return items[places.clamp_(min=0)].long().mul_(inside)


def known_items(model: ModelConfig) -> int:
    """How many of the latest items the network reads to predict the next: Cloze needs one place for the mask."""
    return model.max_len - 1 if model.objective == "cloze" else model.max_len


def prediction_inputs(items: Tensor, starts: Tensor, ends: Tensor, model: ModelConfig, mask: int) -> Tensor:
    """The tokens from whose last position the next item is predicted.

    items: (interactions,) int. starts, ends: (B,) int64; items[start:end] is everything known. Cloze: the last
    max_len - 1 of them, then the mask. Causal: the last max_len; a history of nothing is a single padding. Returns
    (B, T) int64, padded on the left.
    """
    first = torch.maximum(starts, ends - known_items(model))
    if model.objective == "causal":
        return gather_windows(items, first, ends, max(1, int((ends - first).max())))
    tokens = gather_windows(items, first, ends, int((ends - first).max()))
    return torch.cat([tokens, tokens.new_full((len(tokens), 1), mask)], dim=1)
