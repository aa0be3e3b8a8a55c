"""`benchmarks/honest_splits.py`: the same preset on three splits, and what each lets a model learn."""

import pytest
from small import tiny
from visits import DAY, visits, write_visits

pytestmark = pytest.mark.long


@pytest.fixture
def words(home) -> list[str]:
    file = write_visits(home / "visits.csv", visits())
    common = ["--dataset", "visits", "--preset", "fast", "--min-item-interactions", "0", "--validation-users", "7"]
    return [*common, *tiny(training__epochs="1"), "--source", str(file)]


def test_each_split_is_tested_and_only_that_by_time_learns_nothing_later(words, benchmark):
    said = benchmark("honest_splits", *words)
    splits, tests = said.values["splits"], said.values["tests"]
    assert list(splits) == list(tests) == ["leave-one-out", "leave-one-out, 7 validate", "time"]
    assert [fact["dataset"] for fact in splits.values()] == ["visits", "visits+validation7", "visits+time"]
    assert [fact["validation_users"] for fact in splits.values()][:2] == [60, 7]
    assert splits["time"]["learnt_later"] == 0 < min(splits[name]["learnt_later"] for name in list(splits)[:2])
    for split, protocols in tests.items():
        assert list(protocols) == ["full", "uniform-10"]
        for protocol, metrics in protocols.items():
            row = next(line for line in said.table.splitlines() if line.startswith(f"{split}: {protocol} NDCG@5 "))
            assert f" {metrics['NDCG@5']['value']:.4f} [" in row
    # Five of the eleven candidates, where every user has ten unseen items.
    assert tests["leave-one-out"]["uniform-10"]["Recall@5"]["by_chance"] == pytest.approx(5 / 11, abs=0.01)
    again = benchmark("honest_splits", *words)
    assert again.values == said.values
    assert "started" not in again.err


def test_without_true_times_there_is_no_split_by_time(words, home, benchmark):
    place: dict[int, int] = {}
    rows = []
    for user, item, _ in visits():
        place[user] = place.get(user, -1) + 1
        rows.append((user, item, DAY * place[user]))
    write_visits(home / "visits.csv", rows)
    said = benchmark("honest_splits", *words)
    assert list(said.values["tests"]) == ["leave-one-out", "leave-one-out, 7 validate"]
    assert said.values["left_out"] == "visits+time is left out: its times only number each user's items"
    assert said.values["splits"]["leave-one-out"]["learnt_later"] is None
