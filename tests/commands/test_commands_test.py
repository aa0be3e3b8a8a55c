"""The command `test`: metrics with intervals beside the baselines, and what it keeps in the run."""

import json
import shutil

import numpy as np
import pytest

from bert4rec_tui.evaluation import testing


def test_the_result_is_one_object_with_intervals_and_baselines(terminal):
    answer = terminal.run("test", "mine", "--json")
    values = answer.json()
    assert {"run", "checkpoint", "users", "seconds", "protocols", "baselines"} <= set(values)
    assert (values["run"], values["checkpoint"], values["users"]) == (terminal.last_run().id, "best", 60)
    assert list(values["protocols"]) == ["full", "uniform-10"]
    assert list(values["baselines"]) == ["popularity", "transitions", "ease"]
    for metrics in (values["protocols"], *values["baselines"].values()):
        for protocol in ("full", "uniform-10"):
            assert {"Recall@1", "Recall@5", "NDCG@1", "NDCG@5", "MRR"} <= set(metrics[protocol])
            for name in ("Recall@1", "NDCG@5", "MRR"):
                estimate = metrics[protocol][name]
                assert 0 <= estimate["low"] <= estimate["value"] <= estimate["high"] <= 1
    stages = {json.loads(line)["progress"]["stage"] for line in answer.err.splitlines()}
    assert {"Testing", "Testing popularity", "Testing transitions", "Fitting EASE", "Testing ease"} <= stages


def test_the_users_of_stored_ranks_are_indices_into_the_dataset_as_the_documentation_says(terminal, here):
    """docs/json.md: ids, history and test item of user i, and the rank that the model gives the item."""
    here("test", "--protocol", "full")
    run = terminal.last_run()
    folder = terminal.home / "datasets" / "toy+users3"
    test = np.load(run.test_folder("best", "full") / "ranks.npz")
    ids, items = np.load(folder / "users.npz")["ids"], np.load(folder / "items.npz")["ids"]
    history, offsets, split = (np.load(folder / f"{name}.npy") for name in ("history", "offsets", "split"))
    assert ids[test["users"]].tolist() == list(range(1, 61)), "the ids of the source"
    for place in (0, 17, 59):
        user = test["users"][place]
        own = history[offsets[user] : offsets[user + 1]]
        target, before = own[split[2][user]], own[: split[2][user]]
        words = ",".join(str(items[item - 1]) for item in before)
        rows = here("recommend", "--items", words, "-k", "20", "--seen", "all", "--json").json()["recommendations"]
        candidates = [row["item"] for row in rows if row["item"] not in set(items[before - 1]) - {items[target - 1]}]
        assert candidates.index(items[target - 1]) + 1 == test["ranks"][place]
        assert len(candidates) == test["candidates"][place]


def test_ranks_and_metrics_of_each_protocol_are_kept_and_a_test_done_again_is_the_same(terminal, here):
    first = here("test", "--protocol", "full", "--protocol", "popular-5", "--json").json()
    assert list(first["protocols"]) == ["full", "popular-5"]
    run = terminal.last_run()
    for protocol in ("full", "popular-5"):
        folder = run.test_folder("best", protocol)
        kept = json.loads((folder / "metrics.json").read_text())
        assert kept["metrics"] == first["protocols"][protocol]
        assert kept["protocol"] == protocol
        with np.load(folder / "ranks.npz", allow_pickle=False) as ranks:
            assert len(ranks["users"]) == len(ranks["ranks"]) == 60
            hits = float((ranks["ranks"] <= 5).mean())
        if protocol == "full":
            assert kept["metrics"]["Recall@5"]["value"] == pytest.approx(hits)
    again = here("test", "--protocol", "full", "--protocol", "popular-5", "--json").json()
    assert again["protocols"] == first["protocols"]
    assert again["baselines"] == first["baselines"]
    assert list(run.test_results()) == ["full", "popular-5"]


def test_either_checkpoint_can_be_tested(terminal, here):
    values = here("test", "--checkpoint", "last", "--protocol", "full", "--json").json()
    assert (values["checkpoint"], values["epoch"]) == ("last", 2)
    assert list(terminal.last_run().test_results("last")) == ["full"]


def test_people_read_a_table_with_the_protocol_over_each_figure(terminal, here):
    out = here("test", "--protocol", "full", "--protocol", "uniform-10").out
    lines = out.splitlines()
    assert lines[0].startswith(f"{terminal.last_run().id} · best (epoch ")
    assert " · causal · test set · 60 users · " in lines[0]
    heads = [line.split() for line in lines if "95% interval" in line]
    assert [head[0] for head in heads] == ["full", "uniform-10"]
    assert all(head[1] == "model" and {"popularity", "transitions", "ease"} <= set(head) for head in heads)
    assert sum(line.startswith("NDCG@5 ") for line in lines) == 2
    assert any(line.startswith("coverage@10") for line in lines)
    assert max(map(len, lines[1:])) < 80


def test_a_catalogue_too_large_for_ease_is_said(here, monkeypatch):
    monkeypatch.setattr("bert4rec_tui.evaluation.ease.MAX_ITEMS", 3)
    sentence = "EASE was skipped: its matrix of 20 × 20 is too large (max. 3 × 3)."
    assert here("test", "--protocol", "full").out.splitlines()[-1] == sentence
    values = here("test", "--protocol", "full", "--json").json()
    assert list(values["baselines"]) == ["popularity", "transitions"]
    assert values["left_out"] == sentence


def test_a_run_of_a_gpu_can_be_tested_where_there_is_none(terminal, here):
    run = terminal.last_run()
    config = (run.path / "config.toml").read_text().replace('device = "cpu"', 'device = "cuda:99"')
    (run.path / "config.toml").write_text(config)
    answer = here("test", "--protocol", "full")
    assert answer.err.startswith("this machine has no cuda:99, on which the run was trained; testing on ")


def test_where_it_is_weak_is_read_from_what_is_kept_and_tested_where_nothing_is(here, terminal):
    run = terminal.last_run()
    first = here("test", "mine", "--by", "length", "--protocol", "full", "--json")
    assert '"stage": "Testing"' in first.err, "nothing was kept, so it is tested"
    kept = (run.test_folder("best", "full") / "metrics.json").read_bytes()
    again = here("test", "mine", "--groups", "--protocol", "full", "--json")
    assert "Testing" not in again.err
    assert (run.test_folder("best", "full") / "metrics.json").read_bytes() == kept
    weak = again.json()["groups"]["full"]
    assert [found["by"] for found in weak["groupings"]] == ["length", "popularity", "genre", "recency", "trained"]
    assert weak["whole"]["metrics"]["NDCG@10"]["value"] == pytest.approx(np.dot(
        [group["users"] / 60 for group in weak["groupings"][0]["groups"]],
        [group["metrics"]["NDCG@10"]["value"] for group in weak["groupings"][0]["groups"]],
    ))  # fmt: skip
    assert first.json()["groups"]["full"]["groupings"] == weak["groupings"][:1]
    lines = here("test", "mine", "--by", "popularity", "--protocol", "full").out.splitlines()
    assert lines[0].endswith("60 users · results by group")
    assert any(line.startswith("by popularity: ") for line in lines)
    assert max(map(len, lines[1:])) < 100


def test_kept_never_tests(here):
    answer = here("test", "mine", "--groups", "--protocol", "full", "--kept", code=2)
    assert "has not been tested under full; run `bert4rec-tui test " in answer.err
    assert "needs --by or --groups" in here("test", "mine", "--kept", code=2).err


@pytest.mark.parametrize("moment", ["epoch", "step"])
def test_a_result_of_earlier_weights_is_tested_anew_before_it_is_divided(here, terminal, moment):
    here("test", "mine", "--protocol", "full")
    file = terminal.last_run().test_folder("best", "full") / "metrics.json"
    values = json.loads(file.read_text())
    file.write_text(json.dumps(values | {moment: 99_999}))
    here("test", "mine", "--by", "trained", "--protocol", "full")
    assert json.loads(file.read_text())[moment] == values[moment]


@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_ranks_whose_figures_cannot_be_read_are_tested_again_and_kept_says_so(here, terminal, damage):
    here("test", "mine", "--protocol", "full")
    file = terminal.last_run().test_folder("best", "full") / "metrics.json"
    whole = file.read_text()
    if damage == "missing":
        file.unlink()
    else:
        file.write_text(whole[:200] if damage == "cut" else "{}")
    assert "`bert4rec-tui test " in here("test", "mine", "--groups", "--protocol", "full", "--kept", code=2).err
    here("test", "mine", "--groups", "--protocol", "full")
    assert json.loads(file.read_text())["metrics"] == json.loads(whole)["metrics"]


def test_a_run_that_was_removed_while_it_was_tested_leaves_no_ghost(here, terminal, monkeypatch):
    run = terminal.last_run()
    rank = testing.rank

    def and_removed(*arguments: object) -> object:
        found = rank(*arguments)
        shutil.rmtree(run.path, ignore_errors=True)
        return found

    monkeypatch.setattr(testing, "rank", and_removed)
    assert "was removed during the test" in here("test", "mine", "--protocol", "full", code=1).err
    assert not run.path.exists()


def test_targets_that_the_user_had_before_are_counted_and_the_metric_is_given_without_them(terminal, here):
    answer = here("test", "--protocol", "full", "--json").json()
    run = terminal.last_run()
    folder = terminal.home / "datasets" / "toy+users3"
    test = np.load(run.test_folder("best", "full") / "ranks.npz")
    history, offsets, split = (np.load(folder / f"{name}.npy") for name in ("history", "offsets", "split"))
    had = []
    for user in test["users"].tolist():
        own = history[offsets[user] : offsets[user + 1]]
        had.append(own[split[2][user]] in own[: split[2][user]])
    assert answer["repeated_targets"] == sum(had)
    assert 0 < sum(had) < len(had)
    expected = float((1 / test["ranks"][~np.array(had)]).mean())
    assert answer["new_targets"]["full"]["MRR"]["value"] == pytest.approx(expected)
    assert f"{sum(had)} test " in here("test", "--protocol", "full").out
