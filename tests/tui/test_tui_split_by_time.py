"""A split by time on the screens: chosen in a form, shown with its cuts and counts, explored up to its target."""

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from visits import DAY, prepare_visits, visits, write_visits
from waiting import screen_text, type_text, until, until_shown
from worlds import make_run, small_config

from bert4rec_tui.config import DatasetConfig, from_dict, to_dict
from bert4rec_tui.data.prepare_arguments import prepare_arguments
from bert4rec_tui.data.store import prepared_datasets
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.datasets.form import dataset_errors
from bert4rec_tui.tui.explore.edited_history import history_of_user
from bert4rec_tui.tui.explore.screen import ExploreScreen
from bert4rec_tui.tui.train.preflight import memory, preflight

SIZES = [(80, 24), (120, 40)]
FAKE = str(Path(__file__).with_name("fake_recommender.py"))


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our command can be started from any folder, also where the package is not installed."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.mark.parametrize("size", SIZES)
async def test_choosing_time_brings_its_shares_in_sight_and_p_prepares_so(
    home: Path, size: tuple[int, int], pretending: Callable[..., list[str]], said: Callable[[], list[list[str]]]
) -> None:
    prepare_visits(home, split="leave-one-out")
    async with Bert4RecApp(program=pretending()).run_test(size=size) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("right_square_bracket", "j", "j", "j")
        assert "Test share" not in screen_text(pilot)
        await pilot.press("space", "space")
        await until_shown(pilot, "(•) time")
        await until_shown(pilot, "press p to prepare sample+time")
        await until_shown(pilot, "of all, the newest")
        await pilot.press("j", "j", "j", "j", "enter", "0", ".", "9", "5", "enter")
        await until_shown(pilot, "leaves nothing to train on")
        await pilot.press("enter", "0", ".", "2", "enter")
        await until_shown(pilot, "press p to prepare sample+time+testshare0.2")
        await pilot.press("p")
        await until(pilot, lambda: bool(said()))
    assert said()[0] == ["prepare", "sample", "--split", "time", "--test-share", "0.2", "--json"]


@pytest.mark.parametrize("size", SIZES)
async def test_a_prepared_one_shows_its_cuts_and_whom_it_evaluates(home: Path, size: tuple[int, int]) -> None:
    dataset = prepare_visits(home)
    counts, days = dataset.manifest.counts, dataset.cut_days
    async with Bert4RecApp().run_test(size=size) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("G", "right_square_bracket")
        await until_shown(pilot, "histories by length")
        text = screen_text(pilot)
        assert f"validate {counts.validation_users}   test {counts.test_users}   cold test items 2" in text
        assert days is not None
        newcomers = counts.validation_newcomers + counts.test_newcomers
        assert f"train before {days[0]}   test from {days[1]}   new users {newcomers}" in text
        shares = [line for line in text.splitlines() if " share " in line and "▸" not in line]
        assert [line.split()[-3:-1] for line in shares] == [
            [str(counts.validation_users), "users"],
            [str(counts.test_users), "users"],
        ]
        assert "only number" not in text


async def test_times_that_only_number_the_items_are_warned_of(home: Path) -> None:
    place: dict[int, int] = {}
    rows = []
    for user, item, _ in visits():
        place[user] = place.get(user, -1) + 1
        rows.append((user, item, DAY * place[user]))
    prepare_visits(home, rows)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("G", "right_square_bracket")
        await until_shown(pilot, "timestamps only number interactions")


async def test_a_file_is_imported_by_time_only_if_it_has_times(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_visits(tmp_path / "visits.csv", visits())
    bare = [f"{user},{item}\n" for user, item, _ in visits()]
    (tmp_path / "bare.csv").write_text("user,item\n" + "".join(bare), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    async with Bert4RecApp().run_test(size=(110, 34)) as pilot:
        await until_shown(pilot, "enter starts it")
        await pilot.press("i")
        await until_shown(pilot, "Import a file")
        await type_text(pilot, "bare.csv")
        await pilot.press("enter")
        await until_shown(pilot, "preview OK, press p to prepare")
        await pilot.press("G", *["k"] * 6, "left")
        await until_shown(pilot, "needs a timestamp column")
        await pilot.press("p")
        await pilot.pause(0.2)
        assert "Import a file" in screen_text(pilot)
        assert not (home / "datasets").exists()
        await pilot.press("escape")
        await until(pilot, lambda: "Import a file" not in screen_text(pilot))
        await pilot.press("i")
        await until_shown(pilot, "Import a file")
        await type_text(pilot, "visits.csv")
        await pilot.press("enter")
        await until_shown(pilot, "preview OK, press p to prepare")
        await pilot.press("G", *["k"] * 6, "left")
        await until_shown(pilot, "(•) time")
        await until_shown(pilot, "preview OK, press p to prepare")
        await pilot.press("p")
        await until_shown(pilot, "prepared as visits+time")
    (made,) = prepared_datasets(home / "datasets")
    assert made.manifest.settings.split == "time"
    assert made.split.cuts is not None


async def test_explore_shows_the_history_up_to_the_target_and_marks_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = prepare_visits(home)
    config = msgspec.structs.replace(small_config(), dataset=dataset.manifest.settings)
    make_run(home, "finished", "lamp", age=100, config=config)
    monkeypatch.setattr(ExploreScreen, "program", (sys.executable, FAKE, "--items", str(dataset.items)))
    user = next(
        u for u in dataset.evaluated_users("test").tolist() if len(dataset.history_of(u)) > dataset.split.test[u] + 1
    )
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "User 1 ·")
        await pilot.press("slash")
        await type_text(pilot, str(dataset.user_ids[user]))
        await until_shown(pilot, f"user {dataset.user_ids[user]}")
        await pilot.press("enter")
        await until_shown(pilot, f"User {dataset.user_ids[user]} · {dataset.split.test[user]} items")
        await until_shown(pilot, "held out")
        assert dataset.title(int(dataset.history_of(user)[dataset.split.test[user]])) in screen_text(pilot)


def test_a_history_in_explore_ends_before_the_second_cut_or_holds_everything(home: Path) -> None:
    dataset = prepare_visits(home)
    assert dataset.split.cuts is not None
    times, tested = np.asarray(dataset.timestamps), set(dataset.evaluated_users("test").tolist())
    assert len(tested) < dataset.users
    for user in range(dataset.users):
        history, items = history_of_user(dataset, user), dataset.history_of(user).tolist()
        if user in tested:
            assert all(times[entry.interaction] < dataset.split.cuts[1] for entry in history.entries)
            assert history.target == items[len(history)]
        else:
            assert (history.items, history.target) == (items, None)
        assert history_of_user(dataset, user, includes_target=True).items == items


def test_the_estimate_counts_the_windows_of_those_who_are_trained_on(home: Path) -> None:
    """Users who come after the first cut have no window, and do not make the others' shorter."""
    dataset = prepare_visits(home)
    config = msgspec.structs.replace(small_config(), dataset=dataset.manifest.settings)
    trained = dataset.split.train_end[dataset.split.train_end >= 2]
    estimate = preflight(config, dataset)
    assert estimate.windows == len(trained) < dataset.users
    tokens = np.minimum(trained, config.model.max_len).mean()
    assert estimate.memory == memory(config, dataset.items, float(tokens))


def test_the_arguments_say_the_shares() -> None:
    settings = DatasetConfig(name="x", split="time", validation_share=0.05, test_share=0.125)
    assert prepare_arguments(settings) == [
        *("prepare", "x", "--split", "time", "--validation-share", "0.05", "--test-share", "0.125")
    ]


def test_shares_that_leave_nothing_are_said_beside_the_field_that_is_edited() -> None:
    values = to_dict(from_dict({"name": "x", "split": "time"}, DatasetConfig)) | {"test_share": 0.95}
    beside = "leaves nothing to train on with Test share = 0.95; together they must stay below 1"
    assert dataset_errors(values, "") == {"validation_share": beside}
    assert dataset_errors(values, "test_share") == {"test_share": f"Validation share = 0.1 {beside}"}
