"""Ranks: ties, not-a-number and seen items, against a ranking by sorting."""

import math

import numpy as np
import pytest
import torch
from histories import walks
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.evaluation.metrics import means
from bert4rec_tui.evaluation.ranking import ModelScorer, Question, held_out, rank

ITEMS = 12
values = st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan, math.inf, -math.inf])


class Table:
    """Scores that are given, one row a user, found by the start of the history."""

    def __init__(self, rows: dict[int, list[float]]) -> None:
        self.rows = rows
        self.asked: list[tuple[list[int], int]] = []

    def __call__(self, items, starts, ends):
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            self.asked.append((items[start:end].tolist(), start))
        return torch.tensor([self.rows[start] for start in starts.tolist()])


def naive_rank(scores: list[float], target: int, candidates: set[int]) -> int:
    """1 plus the other candidates that are not strictly lower."""
    return 1 + sum(not scores[item - 1] < scores[target - 1] for item in candidates - {target})


@st.composite
def questions(draw):
    histories = draw(st.lists(st.lists(st.integers(1, ITEMS), min_size=1, max_size=8), min_size=1, max_size=5))
    rows = [draw(st.lists(values, min_size=ITEMS, max_size=ITEMS)) for _ in histories]
    negatives = [draw(st.lists(st.integers(0, ITEMS), min_size=4, max_size=4, unique=True)) for _ in histories]
    return histories, rows, negatives


@given(question=questions(), batch_size=st.integers(1, 5))
def test_ranks_are_those_of_a_naive_count(question, batch_size):
    histories, rows, negatives = question
    lengths = [len(history) for history in histories]
    starts = torch.tensor([0, *lengths[:-1]]).cumsum(0)
    asked = Question(
        np.arange(len(histories)),
        torch.tensor([item for history in histories for item in history]),
        starts,
        starts + torch.tensor(lengths) - 1,
        ("full", "uniform-4"),
        {"uniform-4": torch.tensor(negatives)},
        ITEMS,
    )
    table = Table(dict(zip(starts.tolist(), rows, strict=True)))
    found = rank(table, asked, batch_size)
    for user, (history, scores, drawn) in enumerate(zip(histories, rows, negatives, strict=True)):
        target, seen = history[-1], set(history[:-1])
        candidates = {target} | (set(range(1, ITEMS + 1)) - seen)
        assert found["full"].candidates[user] == len(candidates)
        others = {target} | (set(drawn) - {0})
        assert found["uniform-4"].candidates[user] == len(others)
        if math.isfinite(scores[target - 1]):
            assert found["full"].ranks[user] == naive_rank(scores, target, candidates)
            assert found["uniform-4"].ranks[user] == naive_rank(scores, target, others)
        elif not scores[target - 1] > 0:  # nothing is strictly lower than minus infinity or not-a-number
            assert found["full"].ranks[user] == len(candidates)
            assert found["uniform-4"].ranks[user] == len(others)
    unfinished = sum(not math.isfinite(row[history[-1] - 1]) for row, history in zip(rows, histories, strict=True))
    assert found["full"].not_finite == unfinished


@pytest.mark.parametrize("protocol", ["full", "uniform-5", "popular-5"])
def test_a_constant_model_gets_the_worst_rank(make_dataset, protocol):
    dataset = make_dataset(walks(30, 20, 10))
    found = rank(Constant(), held_out(dataset, "test", [protocol], 42))[protocol]
    assert (found.ranks == found.candidates).all()


class Constant:
    def __call__(self, items, starts, ends):
        return torch.zeros(len(ends), 20)


def test_not_a_number_ranks_last(make_dataset):
    dataset = make_dataset(walks(30, 20, 10))
    found = rank(lambda i, s, e: torch.full((len(e), 20), math.nan), held_out(dataset, "test", ["full"], 42))["full"]
    assert (found.ranks == found.candidates).all()
    assert found.not_finite == 30


def test_the_test_history_contains_the_validation_item(make_dataset):
    """The notebook left it out: at test time the item before the last is known."""
    histories = walks(25, 20, 10)
    dataset = make_dataset(histories)
    table = Recording(dataset.items)
    rank(table, held_out(dataset, "test", ["full"], 42))
    assert len(table.asked) == 25
    for user, history in table.asked.items():
        assert history == dataset.history_of(user)[:-1].tolist()
    table = Recording(dataset.items)
    rank(table, held_out(dataset, "validation", ["full"], 42))
    for user, history in table.asked.items():
        assert history == dataset.history_of(user)[:-2].tolist()


class Recording:
    """Remembers which history it was asked about, by user in the order of their starts."""

    def __init__(self, items: int) -> None:
        self.items = items
        self.by_start: dict[int, list[int]] = {}

    def __call__(self, items, starts, ends):
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            self.by_start[start] = items[start:end].tolist()
        return torch.zeros(len(ends), self.items)

    @property
    def asked(self) -> dict[int, list[int]]:
        return dict(enumerate(history for _, history in sorted(self.by_start.items())))


def test_the_last_short_batch_weighs_no_more_than_its_users(make_dataset):
    """Means are over users: they do not depend on how users fall into batches (the notebook averaged batches)."""
    dataset = make_dataset(walks(37, 20, 10))
    question = held_out(dataset, "test", ["full", "uniform-5"], 42)
    scorer = Pseudo(dataset)
    results = [rank(scorer, question, batch_size) for batch_size in (1, 8, 36, 37, 100)]
    for protocol in question.protocols:
        for result in results[1:]:
            assert (result[protocol].ranks == results[0][protocol].ranks).all()
            assert means(result[protocol].ranks, [5], 20) == means(results[0][protocol].ranks, [5], 20)


class Pseudo:
    """Scores that depend on the last item alone."""

    def __init__(self, dataset: PreparedDataset) -> None:
        self.table = torch.rand(dataset.items + 1, dataset.items, generator=torch.Generator().manual_seed(0))

    def __call__(self, items, starts, ends):
        return self.table[items[ends - 1].long()]


def test_coverage_counts_what_is_recommended(make_dataset):
    dataset = make_dataset(walks(30, 20, 10))
    found = rank(Pseudo(dataset), held_out(dataset, "test", ["full"], 42), 7, [3])["full"]
    assert found.recommended[3].sum() == 3 * 30


def test_a_network_is_asked_in_the_shared_layout(make_dataset):
    """The scorer of a network and a direct call agree."""
    from bert4rec_tui.config import ModelConfig
    from bert4rec_tui.model.bert4rec import Bert4Rec

    dataset = make_dataset(walks(12, 20, 10))
    network = Bert4Rec(dataset.items, ModelConfig(max_len=8, hidden=8, heads=2)).eval()
    history = dataset.history_of(0)
    items = torch.from_numpy(np.array(history))
    with torch.no_grad():
        scores = ModelScorer(network)(items, torch.tensor([0]), torch.tensor([len(history) - 1]))
        tokens = torch.tensor([[*history[:-1].tolist(), dataset.items + 1][-8:]])
        torch.testing.assert_close(scores, network.score_last(tokens), rtol=1e-5, atol=1e-5)
