"""Score any history with a run's model: recommendations, explanations, similar items."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.model.catalogue import HeadScores, tile_shape, tiles
from bert4rec_tui.model.hardware import rows_at_once
from bert4rec_tui.model.inputs import known_items, prediction_inputs
from bert4rec_tui.model.weights import load_checkpoint
from bert4rec_tui.recommend.diversify import Diversified, diversify, pool_size
from bert4rec_tui.recommend.filters import ItemFacts, ItemFilter
from bert4rec_tui.runs.store import CheckpointName, Run


@dataclass(frozen=True)
class Recommendations:
    """The top items of a ranking.

    items: ids 1…N, best first. scores: the model's scores (logits) in the same order. target_rank: the rank of the
    target among the candidates, from 1. candidates: how many items were ranked, before any filter. ranks, ranks_before:
    the ranks of `items` by score among those that pass the filter, now and after the other history, 0 where an item did
    not pass; empty without another history. target_before: the same for the target. diversified: how the list was
    diversified and at what cost, None for the plain list.
    """

    items: list[int]
    scores: list[float]
    target_rank: int | None
    candidates: int
    ranks: list[int] = field(default_factory=list[int])
    ranks_before: list[int] = field(default_factory=list[int])
    target_before: int | None = None
    diversified: Diversified | None = None


@dataclass(frozen=True)
class Explanation:
    """How much each item of a history contributes to one prediction.

    shares: for each position of the history, by how much the item's log-probability drops without it; 0 outside the
    model's window. score: the log-probability with the whole history, score_without: with an empty one.
    """

    shares: list[float]
    score: float
    score_without: float


class Recommender:
    """A loaded checkpoint of a run.

    Besides the network, memory does not grow with the catalogue except for one score per item.
    """

    def __init__(
        self, run: Run, dataset: PreparedDataset, checkpoint: CheckpointName = "best", device: str = "cpu"
    ) -> None:
        path = run.checkpoint(checkpoint)
        if not path.exists() and checkpoint == "best":
            path = run.checkpoint("last")
        self.dataset = dataset
        if not path.exists():
            raise run.missing(checkpoint)
        self.model, head = load_checkpoint(path, dataset, device)
        self.epoch = int(head["epoch"])
        self.device = torch.device(device)
        self._kept: tuple[list[int], Tensor] | None = None
        # A causal model cannot score an empty history: popularity is used instead.
        counts = np.asarray(dataset.train_counts, dtype=np.float32)
        self._popularity = torch.from_numpy(np.log((counts + 1) / (counts.sum() + len(counts)))).to(self.device)

    @property
    def objective(self) -> str:
        """cloze or causal."""
        return self.model.config.objective

    @torch.inference_mode()
    def scores(self, histories: list[list[int]]) -> Tensor:
        """The scores of items 1…N after each history, oldest item first. Returns (B, N) float32.

        Raises UserError for an item outside the catalogue, WorkFailedError for scores that are not finite.
        """
        return self._after(histories).tile(0, self.dataset.items)

    def _after(self, histories: list[list[int]]) -> "_Answers":
        """Encode the histories. Raises UserError for an item outside the catalogue."""
        self._check_items(item for history in histories for item in history)
        lengths = torch.tensor([len(history) for history in histories])
        ends = lengths.cumsum(0)
        flat = torch.tensor([item for history in histories for item in history] or [0])
        tokens = prediction_inputs(
            flat.to(self.device),
            (ends - lengths).to(self.device),
            ends.to(self.device),
            self.model.config,
            self.model.mask,
        )
        unknown = (lengths == 0).to(self.device) if self.objective == "causal" and (lengths == 0).any() else None
        return _Answers(HeadScores(self.model, self.model.encode_last(tokens)), unknown, self._popularity)

    def _check_items(self, items: Iterable[int]) -> None:
        for item in set(items):
            if not 1 <= item <= self.dataset.items:
                raise UserError(f"item {item} is not in the catalogue of 1 to {self.dataset.items}")

    def recommend(
        self,
        history: list[int],
        k: int = 10,
        target: int | None = None,
        *,
        wanted: ItemFilter | None = None,
        weight: float = 0.0,
        before: list[int] | None = None,
    ) -> Recommendations:
        """The top k items outside the history; the target is a candidate even if it is in the history.

        wanted: the filter; the target's rank is among all candidates regardless. weight: diversity, 0…1. before: a
        history to compare with. Raises UserError for a k below 1 or an unknown item or genre.
        """
        if k < 1:
            raise UserError(f"k = {k}: must be at least 1")
        if not 0 <= weight <= 1:
            raise UserError(f"diversity = {weight:g}: must be from 0 to 1")
        self._check_items([] if target is None else [target])
        wanted = wanted or ItemFilter()
        scores = self.scores([history])[0]
        candidates = self._candidates(history, target)
        # Without a filter the target is shown even if it is in the history; a filter never shows what it excludes.
        shown = candidates if not wanted.excludes else self._allowed(wanted, history)
        size = int(shown.sum())
        top = scores.masked_fill(~shown, float("-inf")).topk(min(pool_size(k, weight), size))
        items, best, diversified = (top.indices + 1).tolist(), top.values.tolist(), None
        if weight > 0:
            vectors = self.model.token.weight[top.indices + 1].float().numpy(force=True)
            diversified = diversify(top.values.numpy(force=True), vectors, weight, k)
            items, best = [items[at] for at in diversified.order], [best[at] for at in diversified.order]
        found = Recommendations(
            items, best, _rank_of(scores, candidates, target), int(candidates.sum()), diversified=diversified
        )
        return found if before is None else self._compared(found, scores, shown, before, target, wanted)

    @torch.inference_mode()
    def _compared(
        self,
        found: Recommendations,
        scores: Tensor,
        shown: Tensor,
        before: list[int],
        target: int | None,
        wanted: ItemFilter,
    ) -> Recommendations:
        """The same with the ranks of its items now and after another history, under the same filter."""
        earlier = self._scores_before(before)
        candidates = self._candidates(before, target)
        shown_before = candidates if not wanted.excludes else self._allowed(wanted, before)
        chosen = torch.tensor(found.items, dtype=torch.int64, device=self.device) - 1
        return dataclasses.replace(
            found,
            ranks=_ranks(scores, shown, chosen),
            ranks_before=_ranks(earlier, shown_before, chosen),
            target_before=_rank_of(earlier, candidates, target),
        )

    def _scores_before(self, history: list[int]) -> Tensor:
        """The scores after the history to compare with, cached because it is used repeatedly."""
        if self._kept is None or self._kept[0] != history:
            self._kept = history, self.scores([history])[0]
        return self._kept[1]

    def _candidates(self, history: list[int], target: int | None) -> Tensor:
        candidates = torch.ones(self.dataset.items, dtype=torch.bool, device=self.device)
        if history:
            candidates[torch.tensor(history, device=self.device) - 1] = False
        if target is not None:
            candidates[target - 1] = True
        return candidates

    @cached_property
    def facts(self) -> ItemFacts:
        """The properties of the catalogue that filters use."""
        return ItemFacts(self.dataset)

    def _allowed(self, wanted: ItemFilter, history: list[int]) -> Tensor:
        return torch.from_numpy(self.facts.allowed(wanted, history)).to(self.device)

    def explain(self, history: list[int], *items: int) -> list[Explanation]:
        """How much each item of the history contributes to each of `items`.

        The history is scored once in full and once without each of its items, for any number of `items`. Raises
        UserError for an unknown item.
        """
        self._check_items(items)
        first = max(0, len(history) - known_items(self.model.config))
        window = history[first:]
        shorter = [window[:place] + window[place + 1 :] for place in range(len(window))]
        # Each length on its own: a batch without padding needs no bias in its attention.
        logs = torch.cat([self._log_probabilities(group, items) for group in ([window], [[]], shorter)])
        return [
            Explanation([0.0] * first + (of[0] - of[2:]).tolist(), float(of[0]), float(of[1])) for of in logs.unbind(1)
        ]

    @torch.inference_mode()
    def _log_probabilities(self, histories: list[list[int]], items: Sequence[int]) -> Tensor:
        """The log-probability of each of `items` after each history of one length. Returns (B, items) float32.

        Processes a few histories and a tile of the catalogue at a time, in cache and in bounded memory.
        """
        columns = torch.tensor(items, device=self.device) - 1
        length = len(histories[0]) + 1 if histories else 1
        rows = min(rows_at_once(self.device, self.model.config, length), max(1, len(histories)))
        rows, width = tile_shape(self.device, rows, self.dataset.items)
        found = [torch.empty(0, len(items), device=self.device)]
        for start in range(0, len(histories), rows):
            answers = self._after(histories[start : start + rows])
            wanted = torch.empty(len(answers.head.encoded), len(items), device=self.device)
            total = torch.full_like(wanted[:, :1], float("-inf"))
            for low, high in tiles(self.dataset.items, width):
                tile = answers.tile(low, high)
                total = torch.logaddexp(total, tile.logsumexp(1, keepdim=True))
                inside = (columns >= low) & (columns < high)
                wanted[:, inside] = tile[:, columns[inside] - low]
            found.append(wanted - total)
        return torch.cat(found)

    @torch.inference_mode()
    def similar(self, item: int, k: int = 10) -> tuple[list[int], list[float]]:
        """The items with the highest cosine similarity of embeddings, and the cosines. Raises UserError if unknown."""
        self._check_items([item])
        embeddings = self.model.token.weight[1:-1]
        lengths = torch.linalg.vector_norm(embeddings, dim=1).clamp_(min=1e-12)
        cosines = (embeddings @ embeddings[item - 1]).div_(lengths).div_(lengths[item - 1])
        cosines[item - 1] = -2.0
        top = cosines.topk(min(k, self.dataset.items - 1))
        return (top.indices + 1).tolist(), top.values.tolist()


def _rank_of(scores: Tensor, candidates: Tensor, target: int | None) -> int | None:
    """1 plus the number of other candidates whose score is not strictly lower, as in the test."""
    if target is None:
        return None
    others = candidates.clone()
    others[target - 1] = False
    return 1 + int((~(scores < scores[target - 1]) & others).sum())


def _ranks(scores: Tensor, shown: Tensor, items: Tensor) -> list[int]:
    """The rank, from 1, of each of `items` (from 0) among the shown ones; 0 for those not shown."""
    ordered = scores[shown].sort().values  # ascending
    higher = len(ordered) - torch.searchsorted(ordered, scores[items], right=True)
    return torch.where(shown[items], higher + 1, 0).tolist()


@dataclass(frozen=True)
class _Answers:
    """The scores of a catalogue after some histories.

    unknown: (B,) bool, histories that the network cannot score, or None; the (N,) popularity is used for them.
    """

    head: HeadScores
    unknown: Tensor | None
    popularity: Tensor

    def tile(self, low: int, high: int) -> Tensor:
        """Columns low…high-1. Raises WorkFailedError for scores that are not finite."""
        scores = self.head.tile(low, high)
        if self.unknown is not None:
            scores[self.unknown] = self.popularity[low:high]
        if not scores.isfinite().all():
            raise WorkFailedError("the model's scores are not finite, so nothing can be ranked; use another checkpoint")
        return scores
