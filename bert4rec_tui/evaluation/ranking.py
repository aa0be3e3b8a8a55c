"""The rank of each held-out item among its candidates, counted without sorting the catalogue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.data.dataset import Part, PreparedDataset
from bert4rec_tui.data.negatives import negatives
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.hardware import rows_at_once
from bert4rec_tui.model.inputs import prediction_inputs


class Scorer(Protocol):
    """Whatever scores a catalogue for a history: a network or a baseline."""

    def __call__(self, items: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """The scores of items 1…N after each history items[start:end]. Returns (B, N) float32."""
        ...


class ModelScorer:
    """Scores with a network, in the input layout that all of the program shares."""

    def __init__(self, model: Bert4Rec, precision: str = "fp32") -> None:
        self.model = model
        self.precision = precision

    def __call__(self, items: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """items: (interactions,) int. starts, ends: (B,) int64. Returns (B, N) float32."""
        config: ModelConfig = self.model.config
        tokens = prediction_inputs(items, starts, ends, config, self.model.mask)
        rows = rows_at_once(items.device, config, tokens.size(1))
        with torch.autocast(items.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            return torch.cat([self.model.score_last(part) for part in tokens.split(min(rows, len(tokens)))])


@dataclass
class Ranks:
    """The ranks of one protocol.

    users: (U,) int64. ranks: (U,) int32, from 1. candidates: (U,) int32, the target included. not_finite: how many
    targets had a score that is not finite. recommended: for `full`, k → (N,) int64, how often each item was among the
    first k.
    """

    users: np.ndarray
    ranks: np.ndarray
    candidates: np.ndarray
    not_finite: int = 0
    recommended: dict[int, np.ndarray] = field(default_factory=dict[int, np.ndarray])


@dataclass(frozen=True)
class Question:
    """Which targets are to be ranked, and among what.

    users: (U,) int64. starts, targets: (U,) int64, places in the flat history: the input is history[start:target], the
    target stands at `target`. negatives: protocol → (U, number) int64 candidates, 0 where there is none.
    """

    users: np.ndarray
    items: Tensor
    starts: Tensor
    targets: Tensor
    protocols: tuple[str, ...]
    negatives: dict[str, Tensor]


def held_out(
    dataset: PreparedDataset,
    part: Part,
    protocols: Sequence[str],
    negatives_seed: int,
    device: torch.device | str = "cpu",
    items: Tensor | None = None,
) -> Question:
    """The question that the held-out items of a part pose, laid out on a device.

    The input of a test target contains the validation item: it is known by then. `items` is the flat history where it
    is on the device already.
    """
    users = dataset.evaluated_users(part)
    offsets = torch.from_numpy(np.asarray(dataset.offsets[:-1])[users])
    places = torch.from_numpy(dataset.split.targets(part)[users].astype(np.int64))
    drawn = {
        protocol: torch.from_numpy(negatives(dataset, protocol, negatives_seed)[users].astype(np.int64)).to(device)
        for protocol in protocols
        if protocol != "full"
    }
    flat = torch.from_numpy(np.array(dataset.history)).to(device) if items is None else items
    return Question(users, flat, offsets.to(device), (offsets + places).to(device), tuple(protocols), drawn)


@torch.inference_mode()
def rank(
    scorer: Scorer,
    question: Question,
    batch_size: int = 128,
    recommended_at: Sequence[int] = (),
    advance: Callable[[int, int], None] | None = None,
) -> dict[str, Ranks]:
    """Rank every target of a question under each of its protocols in one pass.

    A rank is 1 plus the number of other candidates whose score is not strictly lower: ties and NaN count against the
    model, and the target is always a candidate. `full` has every item as a candidate that is not in the input. Users
    are taken in order of the length of their history, so that short ones are not padded to long ones. `advance` is told
    how many users are done, of how many.
    """
    total = len(question.users)
    order = (question.targets - question.starts).cpu().argsort(descending=True, stable=True)
    ranks = {protocol: np.empty(total, np.int32) for protocol in question.protocols}
    candidates = {protocol: np.empty(total, np.int32) for protocol in question.protocols}
    not_finite = 0
    recommended: dict[int, np.ndarray] = {}
    for start in range(0, total, batch_size):
        chosen = order[start : start + batch_size]
        on_device, rows = chosen.to(question.items.device), chosen.numpy()
        starts, places = question.starts[on_device], question.targets[on_device]
        scores = scorer(question.items, starts, places)  # (B, N)
        target = question.items[places].long()[:, None] - 1  # (B, 1)
        wanted = scores.gather(1, target)  # (B, 1)
        not_finite += int((~wanted.isfinite()).sum())
        for protocol, drawn in question.negatives.items():
            others = drawn[on_device]  # (B, number)
            used = (others > 0) & (others - 1 != target)
            above = ~(scores.gather(1, (others - 1).clamp(min=0)) < wanted) & used
            ranks[protocol][rows] = (1 + above.sum(1)).cpu().numpy()
            candidates[protocol][rows] = (1 + used.sum(1)).cpu().numpy()
        if "full" in question.protocols:
            seen = _seen_columns(question, starts, places, target)
            _hide_seen(scores, seen, target, wanted)
            ranks["full"][rows] = _count_above(scores, wanted, seen)
            candidates["full"][rows] = (scores.size(1) - seen.count).cpu().numpy()
            _count_recommended(scores, recommended_at, recommended)
        if advance:
            advance(min(start + batch_size, total), total)
    return {
        protocol: Ranks(
            question.users,
            ranks[protocol],
            candidates[protocol],
            not_finite,
            recommended if protocol == "full" else {},
        )
        for protocol in question.protocols
    }


@dataclass(frozen=True)
class _Seen:
    """Which columns the input of each row names. columns: (B, L) int64. count: (B,) int64, different ones."""

    columns: Tensor
    count: Tensor


def _seen_columns(question: Question, starts: Tensor, places: Tensor, target: Tensor) -> _Seen:
    """The columns of the items in each input, the target's left out; rows are filled up with the target's column."""
    length = int((places - starts).max()) if len(places) else 0
    at = places[:, None] - torch.arange(length, 0, -1, device=places.device)  # (B, L)
    columns = question.items[at.clamp(min=0)].long() - 1
    columns = torch.where(at >= starts[:, None], columns, target)
    ordered = columns.sort(dim=1).values
    fresh = torch.ones_like(ordered, dtype=torch.bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return _Seen(columns, (fresh & (ordered != target)).sum(1))


def _hide_seen(scores: Tensor, seen: _Seen, target: Tensor, wanted: Tensor) -> None:
    """Set the scores of seen items to -inf, in place; the target keeps its own."""
    scores.scatter_(1, seen.columns, float("-inf"))
    scores.scatter_(1, target, wanted)


def _count_above(scores: Tensor, wanted: Tensor, seen: _Seen) -> np.ndarray:
    """1 plus the other unseen items that are not strictly lower. scores: (B, N), seen ones -inf. Returns (B,) int."""
    not_lower = (~(scores < wanted)).sum(1)
    # Against a target that is not a finite number the hidden ones look as high as it; they are still no candidates.
    hidden = torch.where(wanted.squeeze(1) > float("-inf"), 0, seen.count)
    return (not_lower - hidden).cpu().numpy()


def _count_recommended(scores: Tensor, ks: Sequence[int], counts: dict[int, np.ndarray]) -> None:
    """Add to k → (N,) how often each item is among the first k of a row."""
    ks = [k for k in ks if k <= scores.size(1)]
    if not ks:
        return
    top = scores.nan_to_num(nan=float("-inf")).topk(max(ks), dim=1).indices.cpu().numpy()
    for k in ks:
        added = np.bincount(top[:, :k].ravel(), minlength=scores.size(1))
        counts[k] = counts[k] + added if k in counts else added
