"""Score any history with a run's model: the next items, why one of them, and what is near to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.catalogue import HeadScores, tile_shape, tiles
from bert4rec_tui.model.hardware import rows_at_once
from bert4rec_tui.model.inputs import known_items, prediction_inputs
from bert4rec_tui.model.weights import load_model, read_metadata
from bert4rec_tui.runs.store import Run

Checkpoint = Literal["best", "last"]


@dataclass(frozen=True)
class Recommendations:
    """The first items of a ranking.

    items: ids 1…N, best first. scores: the model's scores (logits) in the same order. target_rank: where an asked-for
    item stands among the candidates, from 1. candidates: how many items were ranked.
    """

    items: list[int]
    scores: list[float]
    target_rank: int | None
    candidates: int


@dataclass(frozen=True)
class Explanation:
    """How much each item of a history did for one prediction.

    shares: for each place of the history, by how much the item's log-probability falls when it is left out; 0 beyond
    the window that the model sees. score: the log-probability with everything, score_without: with nothing known.
    """

    shares: list[float]
    score: float
    score_without: float


class Recommender:
    """A checkpoint of a run, ready to answer.

    What an answer needs beside the network does not grow with the catalogue, but for one score an item.
    """

    def __init__(
        self, run: Run, dataset: PreparedDataset, checkpoint: Checkpoint = "best", device: str = "cpu"
    ) -> None:
        path = run.checkpoint(checkpoint)
        if not path.exists() and checkpoint == "best":
            path = run.checkpoint("last")
        self.dataset = dataset
        self.model: Bert4Rec = load_model(path, dataset, device)
        self.epoch = int(read_metadata(path)["epoch"])
        self.device = torch.device(device)
        # A causal model has nothing to read in an empty history: what most people watched stands in for it.
        counts = np.asarray(dataset.train_counts, dtype=np.float32)
        self._popularity = torch.from_numpy(np.log((counts + 1) / (counts.sum() + len(counts)))).to(self.device)

    @property
    def objective(self) -> str:
        """cloze or causal."""
        return self.model.config.objective

    @torch.inference_mode()
    def scores(self, histories: list[list[int]]) -> Tensor:
        """The scores of items 1…N after each history, oldest item first. Returns (B, N) float32.

        Raises UserError for an item that the catalogue has not, WorkFailedError for scores that are not numbers.
        """
        return self._after(histories).tile(0, self.dataset.items)

    def _after(self, histories: list[list[int]]) -> "_Answers":
        """Encode the histories. Raises UserError for an item that the catalogue has not."""
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

    def recommend(self, history: list[int], k: int = 10, target: int | None = None) -> Recommendations:
        """The first k items that are not in the history; the target counts as a candidate even if it is.

        Raises UserError for a k below 1 or an unknown item.
        """
        if k < 1:
            raise UserError(f"k = {k}: ask for at least 1 item")
        self._check_items([] if target is None else [target])
        scores = self.scores([history])[0]
        seen = torch.zeros(self.dataset.items, dtype=torch.bool, device=self.device)
        if history:
            seen[torch.tensor(history, device=self.device) - 1] = True
        rank = None
        if target is not None:
            seen[target - 1] = False
            others = ~seen
            others[target - 1] = False
            rank = 1 + int((~(scores < scores[target - 1]) & others).sum())
        candidates = int((~seen).sum())
        top = scores.masked_fill(seen, float("-inf")).topk(min(k, candidates))
        return Recommendations((top.indices + 1).tolist(), top.values.tolist(), rank, candidates)

    def explain(self, history: list[int], *items: int) -> list[Explanation]:
        """What each item of the history did for each of `items`.

        The history is scored whole and once without each of its items, however many are asked about. Raises UserError
        for an unknown item.
        """
        self._check_items(items)
        first = max(0, len(history) - known_items(self.model.config))
        window = history[first:]
        shorter = [window[:place] + window[place + 1 :] for place in range(len(window))]
        # Each length on its own: a batch without padding needs no bias in its attention.
        logs = torch.cat([self._log_probabilities(alike, items) for alike in ([window], [[]], shorter)])
        return [
            Explanation([0.0] * first + (of[0] - of[2:]).tolist(), float(of[0]), float(of[1])) for of in logs.unbind(1)
        ]

    @torch.inference_mode()
    def _log_probabilities(self, histories: list[list[int]], items: Sequence[int]) -> Tensor:
        """The log-probability of each of `items` after each history of one length. Returns (B, items) float32.

        Worked on a few histories and a tile of the catalogue at a time: near the caches, and in bounded memory.
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
        """The items whose embeddings point most nearly the same way, and the cosines. Raises UserError if unknown."""
        self._check_items([item])
        embeddings = self.model.token.weight[1:-1]
        lengths = torch.linalg.vector_norm(embeddings, dim=1).clamp_(min=1e-12)
        cosines = (embeddings @ embeddings[item - 1]).div_(lengths).div_(lengths[item - 1])
        cosines[item - 1] = -2.0
        top = cosines.topk(min(k, self.dataset.items - 1))
        return (top.indices + 1).tolist(), top.values.tolist()


@dataclass(frozen=True)
class _Answers:
    """The scores of a catalogue after some histories.

    unknown: (B,) bool, where the network has nothing to read, or None; there the (N,) popularity stands in.
    """

    head: HeadScores
    unknown: Tensor | None
    popularity: Tensor

    def tile(self, low: int, high: int) -> Tensor:
        """Columns low…high-1. Raises WorkFailedError for scores that are not numbers."""
        scores = self.head.tile(low, high)
        if self.unknown is not None:
            scores[self.unknown] = self.popularity[low:high]
        if not scores.isfinite().all():
            raise WorkFailedError("the model's scores are not numbers: nothing can be ranked; use another checkpoint")
        return scores
