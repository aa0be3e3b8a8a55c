"""The rank of each held-out item among its candidates, counted without sorting."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.data.dataset import Part, PreparedDataset
from bert4rec_tui.data.negatives import negatives
from bert4rec_tui.evaluation.tiled_ranks import RecommendationCounts, full_ranks, seen_items
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.catalogue import CatalogueScores, HeadScores, WholeRows, tile_shape, tiles
from bert4rec_tui.model.hardware import rows_at_once, scores_at_once
from bert4rec_tui.model.inputs import next_of_few, prediction_inputs


class Scorer(Protocol):
    """Scores all items for a history: a network or a baseline."""

    def __call__(self, items: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """The scores of items 1…N after each history items[start:end]; the caller may change them.

        Called with few enough histories that their scores stay within `scores_at_once`, or with one. Returns (B, N)
        float32.
        """
        ...


@runtime_checkable
class TiledScorer(Protocol):
    """A scorer that can score the catalogue in tiles."""

    def after(self, items: Tensor, starts: Tensor, ends: Tensor) -> CatalogueScores:
        """The scores of items 1…N after each history items[start:end], computed tile by tile."""
        ...


class ModelScorer:
    """Scores with a network, in the input layout shared by the whole program."""

    def __init__(self, model: Bert4Rec, precision: str = "fp32") -> None:
        self.model = model
        self.precision = precision

    def after(self, items: Tensor, starts: Tensor, ends: Tensor) -> HeadScores:
        """Encode the histories once. items: (interactions,) int. starts, ends: (B,) int64."""
        config: ModelConfig = self.model.config
        tokens = prediction_inputs(items, starts, ends, config, self.model.mask)
        tokens = F.pad(tokens, (min(config.max_len, next_of_few(tokens.size(1))) - tokens.size(1), 0))
        pieces = -(-len(tokens) // rows_at_once(items.device, config, tokens.size(1)))
        with torch.autocast(items.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            return HeadScores(self.model, torch.cat([self.model.encode_last(part) for part in tokens.chunk(pieces)]))

    def __call__(self, items: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
        """Score the whole catalogue. Returns (B, N) float32."""
        return self.after(items, starts, ends).tile(0, self.model.items)


@dataclass
class Ranks:
    """The ranks of one protocol.

    users: (U,) int64. ranks: (U,) int32, from 1. candidates: (U,) int32, the target included. not_finite: how many
    targets had a score that is not finite. recommended: for `full`, k → (N,) int64, how often each item was among the
    top k.
    """

    users: np.ndarray
    ranks: np.ndarray
    candidates: np.ndarray
    not_finite: int = 0
    recommended: dict[int, np.ndarray] = field(default_factory=dict[int, np.ndarray])


@dataclass(frozen=True)
class Question:
    """The targets to rank and their candidates.

    users: (U,) int64. starts, targets: (U,) int64, places in the flat history: the input is history[start:target], the
    target is at `target`. negatives: protocol → (U, number) int32 candidates, 0 where there is none. catalogue: N.
    """

    users: np.ndarray
    items: Tensor
    starts: Tensor
    targets: Tensor
    protocols: tuple[str, ...]
    negatives: dict[str, Tensor]
    catalogue: int

    @property
    def widest(self) -> int:
        """The largest number of candidates of a sampled protocol."""
        return max((1 + sampled.size(1) for sampled in self.negatives.values()), default=1)


def held_out(
    dataset: PreparedDataset,
    part: Part,
    protocols: Sequence[str],
    negatives_seed: int,
    device: torch.device | str = "cpu",
    items: Tensor | None = None,
) -> Question:
    """The held-out items of a part and their candidates, as tensors on a device.

    The input of a test target contains the validation item, which is known by then. `items` is the flat history where
    it is already on the device.
    """
    users = dataset.evaluated_users(part)
    offsets = torch.from_numpy(np.asarray(dataset.offsets[:-1])[users])
    places = torch.from_numpy(dataset.split.targets(part)[users].astype(np.int64))
    sampled = {
        protocol: torch.from_numpy(negatives(dataset, protocol, negatives_seed)[users]).to(device)
        for protocol in protocols
        if protocol != "full"
    }
    flat = torch.from_numpy(np.array(dataset.history)).to(device) if items is None else items
    return Question(
        users, flat, offsets.to(device), (offsets + places).to(device), tuple(protocols), sampled, dataset.items
    )


@torch.inference_mode()
def rank(
    scorer: Scorer | TiledScorer,
    question: Question,
    batch_size: int = 128,
    recommended_at: Sequence[int] = (),
    advance: Callable[[int, int], None] | None = None,
    width: int = 0,
    share: tuple[int, int] = (0, 1),
) -> dict[str, Ranks]:
    """Rank every target of a question under each of its protocols in one pass.

    A rank is 1 plus the number of other candidates whose score is not strictly lower: ties and NaN count against the
    model, and the target is always a candidate. Under `full` every item outside the input is a candidate. Users are
    sorted by the length of their history, so that short ones are not padded to long ones. `advance` is called with the
    number of users done and the total.

    Memory is bounded for any catalogue and histories: at most `scores_at_once` scores are held. A tiled scorer is
    called for `width` items at a time, by default as many as that allows; without `full` it scores only the candidates
    unless it scores everything at once anyway.

    share: (n, of) ranks every of-th batch, from the n-th on; the ranks of other users are 0.
    """
    device, total = question.items.device, len(question.users)
    rows, width = _shape(scorer, question, batch_size, width)
    full = "full" in question.protocols
    ranks = {name: torch.zeros(total, dtype=torch.int32, device=device) for name in question.protocols}
    candidates = {name: torch.zeros(total, dtype=torch.int32, device=device) for name in question.protocols}
    not_finite = torch.zeros((), dtype=torch.int64, device=device)
    recommended = RecommendationCounts(recommended_at if full else (), question.catalogue)
    done = 0
    for batch in islice(_batches(question, rows, width if full else question.catalogue), share[0], None, share[1]):
        chosen = torch.from_numpy(batch.users).to(device)
        starts, places = question.starts[chosen], question.targets[chosen]
        scores = _scores(scorer, question, starts, places, width)
        target = question.items[places].long()[:, None] - 1  # (B, 1)
        not_finite += (~scores.pick(target).isfinite()).sum()
        for protocol, sampled in question.negatives.items():
            ranks[protocol][chosen], candidates[protocol][chosen] = _sampled_ranks(scores, target, sampled[chosen])
        if full:
            seen = seen_items(question.items, starts, places, batch.longest, target)
            top = recommended.top_items()
            around = tiles(question.catalogue, width, batch.home)
            ranks["full"][chosen] = full_ranks(scores, target, seen, around, top).int()
            candidates["full"][chosen] = (question.catalogue - seen.other.sum(1)).int()
            if top is not None:
                recommended.add(top)
        done += len(chosen)
        if advance:
            advance(done, total)
    return {
        protocol: Ranks(
            question.users,
            ranks[protocol].cpu().numpy(),
            candidates[protocol].cpu().numpy(),
            int(not_finite),
            recommended.counts if protocol == "full" else {},
        )
        for protocol in question.protocols
    }


def _sampled_ranks(scores: CatalogueScores, target: Tensor, sampled: Tensor) -> tuple[Tensor, Tensor]:
    """The rank of each target among itself and its negatives, and the number of candidates.

    target: (B, 1) int64, from 0. sampled: (B, number) items from 1, 0 where there is none. Returns (B,) int32, twice.
    """
    others = sampled.long() - 1  # (B, number)
    used = (others >= 0) & (others != target)
    picked = scores.pick(torch.cat([target, others.clamp(min=0)], 1))  # (B, 1 + number)
    above = ~(picked[:, 1:] < picked[:, :1]) & used
    return (1 + above.sum(1)).int(), (1 + used.sum(1)).int()


def _shape(scorer: Scorer | TiledScorer, question: Question, batch_size: int, width: int) -> tuple[int, int]:
    """How many users are ranked at once, and how many items per tile."""
    device, items = question.items.device, question.catalogue
    if not isinstance(scorer, TiledScorer):
        return min(batch_size, max(1, scores_at_once(device) // items)), items
    return (batch_size, min(width, items)) if width else tile_shape(device, batch_size, items)


def _scores(
    scorer: Scorer | TiledScorer, question: Question, starts: Tensor, ends: Tensor, width: int
) -> CatalogueScores:
    items, catalogue = question.items, question.catalogue
    if not isinstance(scorer, TiledScorer):
        return WholeRows(scorer(items, starts, ends))
    scores = scorer.after(items, starts, ends)
    return scores if width < catalogue else WholeRows(scores.tile(0, catalogue))


@dataclass(frozen=True)
class _Batch:
    """Users that are ranked together.

    users: (B,) int64, places in the question. longest: length of the longest history. home: index of the tile that
    contains all their targets.
    """

    users: np.ndarray
    longest: int
    home: int


def _batches(question: Question, rows: int, width: int) -> Iterator[_Batch]:
    """All users, longest histories first, at most `rows` at a time, fewer where histories or candidates are many.

    With tiles of `width` items, users whose targets are in the same tile are batched together.
    """
    lengths = (question.targets - question.starts).cpu().numpy()
    homes = np.zeros(len(lengths), np.int64)
    if width < question.catalogue:
        homes = (question.items[question.targets].long().cpu().numpy() - 1) // width
    order = np.lexsort((-lengths, homes))
    homes, lengths = homes[order], lengths[order]
    at_once = scores_at_once(question.items.device)
    start = 0
    while start < len(order):
        longest, home = int(lengths[start]), int(homes[start])
        most = min(rows, max(1, at_once // max(1, longest, question.widest)))
        end = min(start + most, int(np.searchsorted(homes, home, side="right")))
        yield _Batch(order[start:end], longest, home)
        start = end
