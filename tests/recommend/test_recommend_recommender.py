"""Recommendations from any history, why they are made, and the process that answers for the app."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from bert4rec_tui.config import Config, DatasetConfig, with_assignments
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.evaluation.ranking import ModelScorer, held_out, rank
from bert4rec_tui.recommend.filters import ItemFilter
from bert4rec_tui.recommend.recommender import Recommender
from bert4rec_tui.recommend.transitions import followers
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.training.trainer import Trainer

OBJECTIVES = ("cloze", "causal")


@pytest.fixture(scope="module")
def trained(made_once: Callable) -> tuple[Path, PreparedDataset, dict[str, Run]]:
    """A dataset in which item 7 always follows item 3, and a trained run for each objective."""
    home = made_once("planted", train_on_planted)
    runs = {run.config().model.objective: run for run in LocalRuns(home / "runs").runs()}
    return home, find_dataset("planted", home / "datasets"), runs


def train_on_planted(home: Path) -> None:
    """Prepare that dataset and train both objectives on it, in a home."""
    lines = ["user,item,time"]
    for user, history in enumerate(planted(), start=1):
        lines += [f"{user},{item},{moment}" for moment, item in enumerate(history)]
    source = home / "planted.csv"
    source.write_text("\n".join(lines))
    columns = {"user": "user", "item": "item", "timestamp": "time"}
    dataset = prepare(
        DatasetConfig(name="planted", source=str(source), columns=columns), home / "datasets", home / "raw"
    )
    for objective in OBJECTIVES:
        config = with_assignments(
            msgspec.structs.replace(Config(), dataset=dataset.manifest.settings),
            [
                f"model.objective={objective}",
                "model.hidden=32",
                "model.blocks=1",
                "model.heads=2",
                "model.max_len=10",
                "model.dropout=0.1",
                "training.epochs=20",
                "training.batch_size=64",
                "training.learning_rate=0.005",
                "training.mask_rate=0.2",
                "training.last_item_rate=0.5",
                "evaluation.ks=[1,5]",
                'evaluation.protocols=["full"]',
                "evaluation.best_metric=full:NDCG@5",
            ],
        )
        run = LocalRuns(home / "runs").create(config, dataset.id)
        Trainer(config, dataset, run.path, torch.device("cpu"), "fp32").train()


def planted() -> list[list[int]]:
    """Random histories over items 10…30, 20 the most frequent; in two of three stands a 3, and then 7 follows.

    In all of them, a history without a 3 would itself be a reason to expect what is missing.
    """
    import random

    chance = random.Random(0)
    histories = []
    for number in range(800):
        history = [20 if chance.random() < 0.4 else chance.randint(10, 30) for _ in range(9)]
        place = chance.randrange(1, 6)
        if number % 3:
            history[place : place + 2] = 3, 7
        histories.append(history)
    return histories


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_planted_cause_comes_out_first(trained, objective):
    """What made the model say 7 is 3."""
    _, dataset, runs = trained
    recommender = Recommender(runs[objective], dataset, "last")
    three, seven = dataset.item_index("3"), dataset.item_index("7")
    history = [dataset.item_index(str(raw)) for raw in (12, 25, 18, 21, 3)]
    assert history[4] == three
    assert recommender.recommend(history, 3).items[0] == seven
    shares = recommender.explain(history, seven)[0].shares
    assert max(range(len(shares)), key=shares.__getitem__) == 4
    assert shares[4] > 2 * max(shares[:4])
    after = followers(dataset, three)
    assert after.argmax() == seven  # wherever 3 stands, 7 follows; only a cut of the split takes it away
    assert after[seven] > 0.9 * after.sum()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_share_is_what_leaving_the_item_out_takes_from_the_log_probability(trained, objective, monkeypatch):
    """However little of the catalogue is scored at once, and however many items are asked about."""
    _, dataset, runs = trained
    recommender = Recommender(runs[objective], dataset, "last")
    monkeypatch.setattr("bert4rec_tui.model.catalogue.scores_at_once", lambda device: dataset.items // 3)
    history, asked = [4, 9, 2, 7, 11], [3, 8]

    def log_probability(items: list[int], item: int) -> float:
        return float(recommender.scores([items]).log_softmax(1)[0, item - 1])

    for item, explanation in zip(asked, recommender.explain(history, *asked), strict=True):
        whole = log_probability(history, item)
        without = [log_probability(history[:place] + history[place + 1 :], item) for place in range(len(history))]
        assert explanation.score == pytest.approx(whole, abs=1e-4)
        assert explanation.score_without == pytest.approx(log_probability([], item), abs=1e-4)
        assert explanation.shares == pytest.approx([whole - log for log in without], abs=1e-4)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_recommendations_are_unseen_ordered_and_ranked_like_the_test(trained, objective):
    _, dataset, runs = trained
    recommender = Recommender(runs[objective], dataset, "last")
    history = [1, 2, 3, 2]
    found = recommender.recommend(history, 1000, target=2)
    assert len(found.items) == found.candidates == dataset.items - 2
    assert not {1, 3} & set(found.items)
    assert found.scores == sorted(found.scores, reverse=True)
    assert found.items[found.target_rank - 1] == 2


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_item_ranks_in_recommendations_as_it_does_in_the_test(trained, objective):
    """One input builder: what the test says of a user is what recommending from the same history says."""
    _, dataset, runs = trained
    recommender = Recommender(runs[objective], dataset, "last")
    tested = rank(ModelScorer(recommender.model), held_out(dataset, "test", ["full"], 42))["full"]
    for user in range(0, dataset.users, 20):
        *history, target = dataset.history_of(user).tolist()
        found = recommender.recommend(history, 1, target)
        assert (found.target_rank, found.candidates) == (tested.ranks[user], tested.candidates[user])


def test_what_rose_and_fell_is_told_by_ranks_after_both_histories(trained):
    """Each movie's rank now and before is that of a plain list of everything; one that was in the history had none."""
    _, dataset, runs = trained
    recommender = Recommender(runs["causal"], dataset)
    before, now = [4, 9, 2, 7], [4, 2, 7]
    found = recommender.recommend(now, 6, 11, before=before)
    assert found.ranks == [1, 2, 3, 4, 5, 6]
    everything = recommender.recommend(before, 1000, 11)
    assert found.target_before == everything.target_rank
    ranks = {item: rank for rank, item in enumerate(everything.items, start=1)}
    everywhere = recommender.recommend(now, 1000, 11, before=before)
    assert everywhere.ranks_before == [ranks.get(item, 0) for item in everywhere.items]
    assert everywhere.ranks_before[everywhere.items.index(9)] == 0
    same = recommender.recommend(before, 6, 11, before=before)
    assert same.ranks == same.ranks_before


def test_a_filtered_or_diverse_list_holds_nothing_else_and_leaves_the_targets_rank_alone(trained):
    _, dataset, runs = trained
    recommender = Recommender(runs["cloze"], dataset)
    history = [4, 9, 2]
    plain = recommender.recommend(history, 1000, 11)
    popular = ItemFilter(min_count=int(np.median(dataset.train_counts)))
    found = recommender.recommend(history, 1000, 11, wanted=popular)
    assert found.items == [item for item in plain.items if dataset.train_counts[item - 1] >= popular.min_count]
    assert (found.target_rank, found.candidates) == (plain.target_rank, plain.candidates)
    assert sorted(recommender.recommend(history, 9, wanted=ItemFilter(seen="seen")).items) == [2, 4, 9]
    diverse = recommender.recommend(history, 5, weight=0.5)
    assert len(set(diverse.items)) == 5
    assert diverse.items[0] == plain.items[0]
    assert diverse.diversified is not None
    assert diverse.diversified.mean_score == pytest.approx(np.mean(diverse.scores), abs=1e-4)
    assert recommender.recommend(history, 5, wanted=ItemFilter(from_year=1990)).items == []


def test_scores_that_are_no_numbers_are_refused(trained):
    _, dataset, runs = trained
    recommender = Recommender(runs["cloze"], dataset)
    with torch.no_grad():
        recommender.model.final_norm.weight[0] = float("nan")
    with pytest.raises(WorkFailedError, match="not finite"):
        recommender.recommend([1, 2])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_history_of_nothing_and_a_long_one_are_answered(trained, objective):
    _, dataset, runs = trained
    recommender = Recommender(runs[objective], dataset, "last")
    assert len(recommender.recommend([], 5).items) == 5
    long = [1 + place % dataset.items for place in range(57)]
    assert recommender.explain(long, 1)[0].shares[:40] == [0.0] * 40
    together = recommender.scores([[], [1, 2], long])
    alone = torch.cat([recommender.scores([history]) for history in ([], [1, 2], long)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_an_item_is_not_its_own_neighbour(trained):
    _, dataset, runs = trained
    items, cosines = Recommender(runs["cloze"], dataset).similar(4, 5)
    assert 4 not in items
    assert len(items) == 5
    assert cosines == sorted(cosines, reverse=True)


def test_what_is_not_in_the_catalogue_is_refused(trained):
    _, dataset, runs = trained
    recommender = Recommender(runs["cloze"], dataset)
    for call in (
        lambda: recommender.recommend([dataset.items + 1]),
        lambda: recommender.recommend([0]),
        lambda: recommender.recommend([1], k=0),
        lambda: recommender.explain([1], 999),
        lambda: recommender.similar(0),
    ):
        with pytest.raises(UserError):
            call()


@pytest.fixture
def server(trained, monkeypatch):
    home, _, runs = trained
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(home))
    process = subprocess.Popen(
        [sys.executable, "-m", "bert4rec_tui.recommend.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def tell(*requests: dict | str) -> None:
        lines = [request if isinstance(request, str) else json.dumps(request) for request in requests]
        process.stdin.write("".join(f"{line}\n" for line in lines))
        process.stdin.flush()

    def hear() -> dict:
        return json.loads(process.stdout.readline())

    assert hear() == {"id": 0, "result": {"ready": True}}
    yield tell, hear, str(runs["causal"].path), process
    process.kill()
    process.wait()


def test_the_server_answers_by_number_and_ends_with_its_input(server, trained):
    tell, hear, run, process = server
    _, dataset, runs = trained
    tell({"id": 5, "method": "recommend", "params": {"run": run, "history": [1, 2], "k": 4, "target": 3}})
    answer = hear()
    expected = Recommender(runs["causal"], dataset).recommend([1, 2], 4, 3)
    assert answer["id"] == 5
    assert answer["result"]["items"] == expected.items
    assert answer["result"]["target_rank"] == expected.target_rank
    wanted = {"min_count": 1, "seen": "all"}
    tell({"id": 5, "method": "beside", "params": {"run": run, "history": [1, 2], "before": [1], "weight": 0.5,
                                                  "wanted": wanted, "k": 4}})  # fmt: skip
    answer = hear()["result"]
    assert len(answer["items"]) == len(answer["ranks"]) == len(answer["ranks_before"]) == 4
    assert answer["diversified"]["plain_score"] >= answer["diversified"]["mean_score"]
    tell({"id": 6, "method": "explain", "params": {"run": run, "history": [1, 2], "item": 3}})
    assert len(hear()["result"]["shares"]) == 2
    tell({"id": 7, "method": "similar", "params": {"run": run, "item": 3, "k": 2}})
    assert len(hear()["result"]["items"]) == 2
    process.stdin.close()
    assert process.wait(20) == 0


def test_the_server_says_what_is_wrong_in_a_sentence_and_goes_on(server):
    tell, hear, run, _ = server
    for request, number, words in (
        ("no json", -1, "cannot be read"),
        ({"id": 1, "method": "sing", "params": {"run": run}}, 1, "cannot be read"),
        ({"id": 2, "method": "recommend", "params": {"run": "/nowhere"}}, 2, "/nowhere"),
        ({"id": 3, "method": "recommend", "params": {"run": run, "history": [99_999]}}, 3, "99999"),
    ):
        tell(request)
        answer = hear()
        assert answer["id"] == number
        assert words in answer["error"]
        assert "\n" not in answer["error"]
    tell({"id": 9, "method": "recommend", "params": {"run": run, "history": [1]}})
    assert "result" in hear()


def test_the_server_leaves_out_what_newer_requests_supersede(server):
    """Of many requests that come at once only the last of each method is sure to be worked on."""
    tell, hear, run, _ = server
    requests = [{"id": n, "method": "recommend", "params": {"run": run, "history": [n]}} for n in range(1, 21)]
    tell(*requests)
    answers = [hear() for _ in requests]
    assert [answer["id"] for answer in answers] == list(range(1, 21))
    assert "result" in answers[-1]
    assert any(answer.get("superseded") for answer in answers[:-1])
