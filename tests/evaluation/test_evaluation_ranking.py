"""Ranks: ties, not-a-number and seen items, against a ranking by sorting."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from histories import walks
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.evaluation.metrics import means
from bert4rec_tui.evaluation.ranking import ModelScorer, Question, held_out, rank
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.catalogue import HeadScores, WholeRows, tile_shape
from bert4rec_tui.model.hardware import scores_at_once

ITEMS = 12
values = st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan, math.inf, -math.inf])


class Table:
    """Scores that are given, one row a user, found by the start of the history; by the whole row alone."""

    def __init__(self, rows: dict[int, list[float]]) -> None:
        self.rows = rows

    def __call__(self, items, starts, ends):
        return torch.tensor([self.rows[start] for start in starts.tolist()])


class TiledTable(Table):
    """The same scores, a piece at a time."""

    def after(self, items, starts, ends):
        return WholeRows(self(items, starts, ends))


def naive_rank(scores: list[float], target: int, candidates: set[int]) -> int:
    """1 plus the other candidates that are not strictly lower."""
    return 1 + sum(not scores[item - 1] < scores[target - 1] for item in candidates - {target})


@st.composite
def questions(draw):
    """Histories in which items repeat and the target, which stands last, may be seen; scores with ties, NaN and inf."""
    histories = draw(st.lists(st.lists(st.integers(1, ITEMS), min_size=1, max_size=8), min_size=1, max_size=9))
    rows = [draw(st.lists(values, min_size=ITEMS, max_size=ITEMS)) for _ in histories]
    negatives = [draw(st.lists(st.integers(0, ITEMS), min_size=4, max_size=4, unique=True)) for _ in histories]
    return histories, rows, negatives


def asked_about(histories: list[list[int]], negatives: list[list[int]]) -> Question:
    lengths = [len(history) for history in histories]
    starts = torch.tensor([0, *lengths[:-1]]).cumsum(0)
    flat = torch.tensor([item for history in histories for item in history], dtype=torch.int32)
    drawn = {"uniform-4": torch.tensor(negatives, dtype=torch.int32)}
    return Question(
        np.arange(len(histories)), flat, starts, starts + torch.tensor(lengths) - 1, ("full", "uniform-4"), drawn, ITEMS
    )


@given(
    question=questions(),
    batch_size=st.integers(1, 9),
    width=st.integers(0, ITEMS + 1),
    kind=st.sampled_from([Table, TiledTable]),
)
def test_ranks_are_those_of_a_naive_count(question, batch_size, width, kind):
    """However many users are ranked together, and whatever pieces the catalogue is scored in."""
    histories, rows, negatives = question
    asked = asked_about(histories, negatives)
    scorer = kind(dict(zip(asked.starts.tolist(), rows, strict=True)))
    told = []
    found = rank(scorer, asked, batch_size, [3], lambda done, total: told.append((done, total)), width)
    least, most = np.zeros(ITEMS, int), np.zeros(ITEMS, int)
    for user, (history, scores, drawn) in enumerate(zip(histories, rows, negatives, strict=True)):
        target, seen = history[-1], set(history[:-1])
        candidates = {target} | (set(range(1, ITEMS + 1)) - seen)
        others = {target} | (set(drawn) - {0})
        for protocol, among in (("full", candidates), ("uniform-4", others)):
            assert found[protocol].candidates[user] == len(among)
            assert found[protocol].ranks[user] == naive_rank(scores, target, among)
        for item in candidates:
            score = scores[item - 1]
            if score > -math.inf:
                rivals = [scores[other - 1] for other in candidates - {item}]
                least[item - 1] += sum(rival >= score for rival in rivals) < 3
                most[item - 1] += sum(rival > score for rival in rivals) < 3
    unfinished = sum(not math.isfinite(row[history[-1] - 1]) for row, history in zip(rows, histories, strict=True))
    assert found["full"].not_finite == unfinished
    recommended = found["full"].recommended[3]  # which of equal scores come first is left open
    assert (least <= recommended).all()
    assert (recommended <= most).all()
    assert told[-1] == (len(histories), len(histories))


@given(question=questions(), width=st.integers(1, ITEMS))
def test_a_protocol_is_ranked_alike_with_others_and_alone(question, width):
    """Without `full` the catalogue is not scored but for the candidates."""
    histories, rows, negatives = question
    asked = asked_about(histories, negatives)
    table = TiledTable(dict(zip(asked.starts.tolist(), rows, strict=True)))
    together = rank(table, asked, width=width)
    for protocol in asked.protocols:
        drawn = {name: given for name, given in asked.negatives.items() if name == protocol}
        alone = rank(table, replace(asked, protocols=(protocol,), negatives=drawn), width=width)[protocol]
        assert (alone.ranks == together[protocol].ranks).all()
        assert (alone.candidates == together[protocol].candidates).all()


class Few(ModelScorer):
    """A network that remembers how many scores it was asked for at once."""

    most = 0

    def after(self, items, starts, ends):
        scores, scorer = super().after(items, starts, ends), self

        class Counted(HeadScores):
            def tile(self, low, high):
                scorer.most = max(scorer.most, len(self.encoded) * (high - low))
                return super().tile(low, high)

        return Counted(scores.model, scores.encoded)


def network(items: int, **settings) -> Bert4Rec:
    return Bert4Rec(items, ModelConfig(max_len=8, hidden=8, heads=2, blocks=1, **settings)).eval()


@pytest.mark.parametrize("settings", [{}, {"tied_head": True}, {"objective": "causal", "output_bias": False}])
def test_a_network_ranks_alike_in_tiles_and_within_the_bound(make_dataset, monkeypatch, settings):
    dataset = make_dataset(walks(60, 90, 30))
    question = held_out(dataset, "test", ["full", "uniform-20", "popular-5"], 42)
    model = network(dataset.items, **settings)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)  # scores far enough apart that the order of a sum does not matter
    whole, tiled = Few(model), Few(model)
    expected = rank(whole, question, 16, [10])
    assert whole.most == 16 * dataset.items
    bound = 200
    monkeypatch.setattr("bert4rec_tui.model.catalogue.NARROWEST", 10)
    for module in ("model.catalogue", "evaluation.ranking"):
        monkeypatch.setattr(f"bert4rec_tui.{module}.scores_at_once", lambda device: bound)
    found = rank(tiled, question, 16, [10])
    assert 16 < tiled.most <= bound  # 16 users and a tile at a time
    for protocol in question.protocols:
        assert (found[protocol].ranks == expected[protocol].ranks).all()
        assert (found[protocol].candidates == expected[protocol].candidates).all()
    assert (found["full"].recommended[10] == expected["full"].recommended[10]).all()
    asked = []

    def baseline(items, starts, ends):
        asked.append(len(ends))
        return torch.zeros(len(ends), dataset.items)

    rank(baseline, question, 16)
    assert max(asked) == bound // dataset.items


def test_a_million_items_are_scored_within_the_bound_and_ml_1m_in_one_piece():
    for rows, items in ((128, 1_000_000), (65_536, 1_000_000), (1, 50_000_000), (65_536, 3), (128, 3_706), (3, 20_000)):
        for device in ("cpu", "cuda"):
            shape = tile_shape(torch.device(device), rows, items)
            assert 1 <= shape[0] * shape[1] <= scores_at_once(torch.device(device))
    assert tile_shape(torch.device("cpu"), 128, 3_706) == (128, 3_706)


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
    dataset = make_dataset(walks(12, 20, 10))
    model = network(dataset.items)
    history = dataset.history_of(0)
    items = torch.from_numpy(np.array(history))
    with torch.no_grad():
        scores = ModelScorer(model)(items, torch.tensor([0]), torch.tensor([len(history) - 1]))
        tokens = torch.tensor([[*history[:-1].tolist(), dataset.items + 1][-8:]])
        torch.testing.assert_close(scores, model.score_last(tokens), rtol=1e-5, atol=1e-5)
