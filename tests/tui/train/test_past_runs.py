"""Past runs compared with the configuration under edit, without a terminal."""

from pathlib import Path
from typing import Any

from worlds import make_run, small_config

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.runs.listing import RunsReader
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import runs_folder
from bert4rec_tui.tui.train.past_runs import PastRuns


def past_of(config: Config | None) -> PastRuns:
    past = PastRuns()
    past.show(RunsReader(LocalRuns(runs_folder())).look())
    past.compare_with(config)
    return past


def ids(past: PastRuns) -> list[str]:
    return [row.run.short_id for row in past.rows]


def changed(*assignments: str) -> Config:
    return with_assignments(small_config(), list(assignments))


def test_the_runs_on_the_dataset_come_first_then_its_other_preparations_the_newest_first(home: Path) -> None:
    for word, age, assignments in (
        ("olds", 9000.0, []),
        ("news", 100.0, []),
        ("prep", 50.0, ["dataset.min_item_interactions=7"]),
        ("else", 10.0, ["dataset.name=other"]),
    ):
        make_run(home, "finished", word, config=changed(*assignments), age=age)
    past = past_of(small_config())
    assert ids(past) == ["news", "olds", "prep", "else"]
    past.compare_with(changed("dataset.name=other"))
    assert ids(past)[0] == "else"
    assert past.rows[past.index_of(past.rows[2].run.id) or 0] is past.rows[2]
    assert past.index_of("gone") is None


def test_only_settings_that_differ_are_listed_with_both_values(home: Path) -> None:
    make_run(home, "finished", "lamp", config=changed("training.learning_rate=0.0375", "name=tuned"))
    past = past_of(small_config())
    rate: Any = small_config().training.learning_rate
    assert past.differences(0) == [("training.learning_rate", 0.0375, rate)]
    past.compare_with(changed("training.learning_rate=0.0375"))
    assert past.differences(0) == []


def test_a_run_on_another_preparation_differs_in_its_dataset_alone(home: Path) -> None:
    make_run(home, "finished", "lamp", config=changed("dataset.min_item_interactions=7", "dataset.seed=3"))
    ((path, own, current),) = past_of(small_config()).differences(0)
    assert (path, current) == ("dataset", small_config().dataset.id)
    assert own == changed("dataset.min_item_interactions=7", "dataset.seed=3").dataset.id


def test_while_the_configuration_is_invalid_the_last_valid_one_is_compared_with(home: Path) -> None:
    make_run(home, "finished", "lamp", config=changed("training.epochs=9"))
    past = past_of(small_config())
    before = past.differences(0)
    past.compare_with(None)
    assert past.differences(0) == before != []
    assert past_of(None).differences(0) == []


def test_a_run_selected_by_another_metric_has_no_value_in_the_column(home: Path) -> None:
    make_run(home, "finished", "lamp", config=small_config())
    past = past_of(small_config())
    best = past.rows[0].status.best
    assert best is not None
    past.compare_with(changed(f"evaluation.best_metric={best.metric}"))
    assert past.best(0) == best.value
    past.compare_with(changed("evaluation.best_metric=full:MRR"))
    assert past.metric == "full:MRR"
    assert past.best(0) is None
