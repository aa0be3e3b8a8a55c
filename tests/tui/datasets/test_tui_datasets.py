"""The datasets screen by keyboard: what is there, preparing and its end, importing, removing, the first start."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot
from waiting import screen_text, type_text, until, until_shown
from worlds import hold, make_dataset, make_run

from bert4rec_tui.config import DatasetConfig, load_config
from bert4rec_tui.data.prepare_arguments import prepare_arguments
from bert4rec_tui.data.store import prepared_datasets
from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.datasets.stats import bars_text, stats_of

SIZES = [(80, 24), (120, 40)]
Look = Callable[[Pilot[Any], str], Awaitable[None]]
Pretend = Callable[..., list[str]]
Heard = Callable[[], list[list[str]]]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our command can be started from any folder, also where the package is not installed."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


@pytest.mark.parametrize("size", SIZES)
async def test_a_first_start_offers_the_quick_start(home: Path, size: tuple[int, int], look_like: Look) -> None:
    async with Bert4RecApp().run_test(size=size) as pilot:
        await until_shown(pilot, "enter starts it")
        await until_shown(pilot, "enter Quick start")
        await look_like(pilot, "datasets-empty")


async def test_one_key_goes_from_nothing_to_a_run(home: Path, tmp_path: Path, pretending: Pretend, said: Heard) -> None:
    copy = tmp_path / "launched.toml"
    app = Bert4RecApp(program=pretending("--config-copy", str(copy)))
    async with app.run_test() as pilot:
        await until_shown(pilot, "enter starts it")
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "runs")
        await until_shown(pilot, "zuli")
    commands = said()
    assert commands[0] == ["prepare", "sample", "--min-item-interactions", "5", "--json"]
    assert (commands[1][:2], commands[1][3:]) == (["train", "--config"], ["--detach", "--json"])
    config = load_config(copy)
    assert (config.preset, config.dataset.name) == ("quickstart", "tiny")


async def test_a_quick_start_that_fails_says_why_and_can_be_tried_again(home: Path, pretending: Pretend) -> None:
    app = Bert4RecApp(program=pretending("--fail", "the disk is full; free some space"))
    async with app.run_test(notifications=True, size=(120, 40)) as pilot:
        await until_shown(pilot, "enter starts it")
        await pilot.press("enter")
        await until_shown(pilot, "the disk is full; free some space")
        await until_shown(pilot, "enter starts it")


async def test_a_very_wide_terminal_has_a_third_pane_and_resizing_loses_nothing(home: Path) -> None:
    dataset = make_dataset(home)
    counts = dataset.manifest.counts
    async with Bert4RecApp().run_test(size=(200, 60)) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("G")
        await until_shown(pilot, "Statistics")
        await until_shown(pilot, "most popular movies")
        wide = screen_text(pilot)
        assert "Welcome" not in wide
        assert re.search(rf"training interactions +{counts.train_interactions:,}", wide)
        assert f"median {counts.median_history:,.0f}" in wide
        assert wide.count(dataset.titles[int(np.argmax(dataset.counts))]) == 1, "the figures stand in one place"
        await pilot.press("right_square_bracket", "right_square_bracket")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "Statistics" not in screen_text(pilot))
        await until_shown(pilot, "top 10% of movies: ")
        await pilot.resize_terminal(200, 60)
        await until_shown(pilot, "Statistics")


@pytest.mark.parametrize("size", SIZES)
async def test_a_prepared_dataset_shows_what_its_settings_led_to(
    home: Path, size: tuple[int, int], look_like: Look
) -> None:
    dataset = make_dataset(home)
    async with Bert4RecApp().run_test(size=size) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("G", "right_square_bracket")
        await until_shown(pilot, "most popular movies")
        text = screen_text(pilot)
        assert f"all {dataset.manifest.counts.interactions:,} kept" in text
        assert "40 users" in text
        assert "60 movies" in text
        assert "histories by length" in text
        await look_like(pilot, "datasets-filled")


async def test_other_settings_are_another_preparation(home: Path, pretending: Pretend, said: Heard) -> None:
    make_dataset(home)
    async with Bert4RecApp(program=pretending()).run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("right_square_bracket", "j", "j", "enter", "5", "enter")
        await until_shown(pilot, "press p to prepare sample+items5")
        await pilot.press("p")
        await until(pilot, lambda: bool(said()))
        await until(pilot, lambda: not pilot.app.commands.busy)  # pyright: ignore[reportAttributeAccessIssue]
    assert said()[0] == ["prepare", "sample", "--min-item-interactions", "5", "--json"]


@pytest.mark.parametrize("size", SIZES)
async def test_progress_is_shown_and_esc_ends_it(
    home: Path, size: tuple[int, int], look_like: Look, pretending: Pretend
) -> None:
    make_dataset(home)
    app = Bert4RecApp(program=pretending("--hang"))
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press(*(["right_square_bracket"] if size[0] > 100 else []), "p")  # seen wherever one stands
        await until_shown(pilot, "300 of 610 users  49%")
        await until_shown(pilot, "esc Cancel")
        await look_like(pilot, "datasets-running")
        await pilot.press("escape")
        await until(pilot, lambda: "300 of" not in screen_text(pilot))
        assert not app.commands.busy


@pytest.mark.parametrize("size", SIZES)
async def test_a_preparation_that_fails_says_why(
    home: Path, size: tuple[int, int], look_like: Look, pretending: Pretend
) -> None:
    make_dataset(home)
    sentence = "ratings.csv, line 41: userId is missing; a line for each rating is expected"
    app = Bert4RecApp(program=pretending("--fail", sentence))
    async with app.run_test(notifications=True, size=size) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("right_square_bracket", "p")
        await until_shown(pilot, "sample was not prepared")
        await until_shown(pilot, "ratings.csv, line 41")
        await until(pilot, lambda: not app.commands.busy)
        await look_like(pilot, "datasets-failed")


async def test_a_setting_in_error_is_not_prepared(home: Path, pretending: Pretend, said: Heard) -> None:
    make_dataset(home)
    async with Bert4RecApp(program=pretending()).run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("right_square_bracket", "j", "enter", "2", "enter")
        await until_shown(pilot, "Min. interactions per user: expected a whole number from 3")
        await pilot.press("p")
        await pilot.pause(0.2)
    assert said() == []


async def test_t_takes_the_prepared_dataset_to_the_train_screen(home: Path) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("G", "t")
        await until_shown(pilot, "[2 Train]")
        await until_shown(pilot, "tiny   40 users, 60 movies")


async def test_removing_asks_and_enter_alone_keeps(home: Path) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test() as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("G", "x")
        await until_shown(pilot, "Remove the prepared tiny?")
        await pilot.press("enter")
        await until(pilot, lambda: "Remove the" not in screen_text(pilot))
        assert len(prepared_datasets(home / "datasets")) == 1
        await pilot.press("x")
        await until_shown(pilot, "Remove the prepared tiny?")
        await pilot.press("j", "enter")
        await until(pilot, lambda: "✓ prepared" not in screen_text(pilot))
    assert list((home / "datasets").iterdir()) == []


async def test_what_is_damaged_says_so_and_is_prepared_again_with_p(
    home: Path, pretending: Pretend, said: Heard
) -> None:
    dataset = make_dataset(home)
    history = dataset.path / "history.npy"
    history.write_bytes(history.read_bytes()[:100])
    async with Bert4RecApp(program=pretending()).run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("G")
        await until_shown(pilot, "tiny is damaged; press p to prepare it again")
        await until_shown(pilot, "history.npy: cannot be read")
        await pilot.press("p")
        await until_shown(pilot, "tiny is prepared with these settings")
        await pilot.press("enter")  # the safe answer
        await until(pilot, lambda: "Keep it" not in screen_text(pilot))
        assert not said()
        await pilot.press("p")
        await until_shown(pilot, "Prepare it again")
        await pilot.press("j", "enter")
        await until_shown(pilot, "prepared as tiny; press t to train")
    assert said()[0] == ["prepare", "tiny", "--again", "--json"]


@pytest.mark.parametrize("left", ["{", None])
async def test_what_is_left_of_a_dataset_is_shown_with_the_reason_and_can_be_removed(
    home: Path, left: str | None
) -> None:
    manifest = make_dataset(home).path / "manifest.json"
    manifest.unlink() if left is None else manifest.write_text(left)
    async with Bert4RecApp().run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "✗ damaged")
        await pilot.press("right_square_bracket", "G")
        await until_shown(pilot, "(no manifest.json)" if left is None else "cannot be read")
        await until_shown(pilot, "x to remove what is left")
        await pilot.press("x")
        await until_shown(pilot, "Remove what is left of tiny?")
        await pilot.press("j", "enter")
        await until(pilot, lambda: "damaged" not in screen_text(pilot))
    assert list((home / "datasets").iterdir()) == []


async def test_a_dataset_that_a_run_trains_on_is_not_removed(home: Path) -> None:
    make_dataset(home)
    lock = hold(make_run(home, "training", "quad"))
    app = Bert4RecApp()
    async with app.run_test(notifications=True, size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(app.live))
        await until_shown(pilot, "✓ prepared")
        await pilot.press("G", "x")
        await until_shown(pilot, "quad trains on it; stop the run first")
    lock.release()
    assert len(prepared_datasets(home / "datasets")) == 1


async def test_the_filter_narrows_the_list(home: Path) -> None:
    make_dataset(home)
    async with Bert4RecApp().run_test() as pilot:
        await until_shown(pilot, "ml-25m")
        await pilot.press("slash")
        await type_text(pilot, "32")
        await until(pilot, lambda: "ml-25m" not in screen_text(pilot))
        assert "ml-32m" in screen_text(pilot)
        await pilot.press("escape")
        await until_shown(pilot, "ml-25m")
        await pilot.press("slash")
        await type_text(pilot, "32")
        await pilot.press("enter")
        await until(pilot, lambda: "ml-25m" not in screen_text(pilot))
        await pilot.press("escape")  # also after enter has kept it
        await until_shown(pilot, "ml-25m")


async def test_where_the_filter_finds_nothing_nothing_is_shown_or_prepared(
    home: Path, pretending: Pretend, said: Heard
) -> None:
    make_dataset(home)
    async with Bert4RecApp(program=pretending()).run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "Prepare it to see its statistics")
        await pilot.press("slash")
        await type_text(pilot, "nobody")
        await until_shown(pilot, "Select a dataset to see its statistics")
        assert "Prepare it" not in screen_text(pilot)
        for key in ("p", "t"):
            await pilot.press("enter", key)
            await until_shown(pilot, "No dataset selected")
            pilot.app.clear_notifications()
    assert said() == []


def ratings(tmp_path: Path, *, broken: bool = False) -> Path:
    file = tmp_path / "my films.csv"
    lines = ["who;film;stars;when"]
    lines += [f"{user};m{item};{item % 5 + 1};{1000 + item}" for user in range(1, 8) for item in range(1, 7)]
    if broken:
        lines[3] = "1;m3"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


async def look_at_file(pilot: Pilot[Any], name: str) -> None:
    """From the first screen to what is said of a file."""
    await until_shown(pilot, "enter starts it")
    await pilot.press("i")
    await until_shown(pilot, "Import a file")
    await type_text(pilot, name)
    await pilot.press("enter")


async def test_importing_shows_rows_and_guesses_and_writes_nothing_before_p(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way by our real command: look, say what a column is, prepare."""
    file = ratings(tmp_path)
    monkeypatch.chdir(tmp_path)
    async with Bert4RecApp().run_test(size=(110, 34), notifications=True) as pilot:
        await look_at_file(pilot, file.name)
        await until_shown(pilot, "who")
        await until_shown(pilot, "choose the user column")
        text = screen_text(pilot)
        assert "my-films" in text
        assert "m2" in text
        assert not (home / "datasets").exists()
        await pilot.press("j", "enter")
        await until_shown(pilot, "Column with the user")
        await pilot.press("j", "enter")
        await until(pilot, lambda: "choose the user column" not in screen_text(pilot))
        await pilot.press("j", "j", "enter")
        await until_shown(pilot, "Column with the timestamp")
        await pilot.press("G", "enter")
        await until_shown(pilot, "preview OK, press p to prepare")
        away = file.rename(tmp_path / "away")
        await pilot.press("p")
        await until_shown(pilot, "was not prepared")
        away.rename(file)
        await pilot.press("i")  # what was said of the file is still there
        await until_shown(pilot, "preview OK, press p to prepare")
        await pilot.press("p")
        await until_shown(pilot, "prepared as my-films")
    (made,) = prepared_datasets(home / "datasets")
    assert (made.users, made.items) == (7, 6)
    assert made.timestamps is not None


async def test_the_import_dialog_asks_what_an_item_is_called_and_the_screens_call_it_so(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["user,item", *(f"{user},{item}" for user in range(1, 8) for item in range(10, 16))]
    (tmp_path / "shop.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    async with Bert4RecApp().run_test(size=(120, 44), notifications=True) as pilot:
        await look_at_file(pilot, "shop.csv")
        await until_shown(pilot, "Item noun")
        await until_shown(pilot, "default: item")
        await pilot.press(*["j"] * 7, "enter", "7", "enter")
        await until_shown(pilot, "one noun in the singular, such as product")
        await pilot.press("enter", "backspace")
        await type_text(pilot, "product")
        await pilot.press("enter")
        await until_shown(pilot, "preview OK, press p to prepare")
        await pilot.press("p")
        await until_shown(pilot, "shop: 7 users, 6 products; press t to train")
        await until_shown(pilot, "most popular products")
        assert "6 products" in screen_text(pilot)
    (made,) = prepared_datasets(home / "datasets")
    assert made.manifest.settings.item_noun == "product"


async def test_a_file_without_a_header_is_prepared_by_the_guess_with_a_word_of_caution(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"{user}|{item}|{item % 5 + 1}" for user in range(1, 8) for item in range(10, 16)]
    (tmp_path / "films.dat").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    async with Bert4RecApp().run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "enter starts it")
        await pilot.press("i")
        await until_shown(pilot, "Import a file")
        await type_text(pilot, "fi")
        await until_shown(pilot, "films.dat")
        await pilot.press("tab", "enter")
        await until_shown(pilot, "so the columns are only a guess")
        await until_shown(pilot, "preview OK, press p to prepare")
        await pilot.press("p")
        await until(pilot, lambda: bool(prepared_datasets(home / "datasets")))
    (made,) = prepared_datasets(home / "datasets")
    assert (made.users, made.items) == (7, 6)
    assert made.timestamps is None


async def test_a_separator_that_nobody_would_guess_is_asked_for(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{user}^{item}" for user in "abcdefg" for item in range(6)]
    (tmp_path / "caret.txt").write_text("\n".join(["user^item", *rows]))
    monkeypatch.chdir(tmp_path)
    async with Bert4RecApp().run_test(size=(110, 34)) as pilot:
        await look_at_file(pilot, "caret.txt")
        await until_shown(pilot, "Column separator")
        await pilot.press("circumflex_accent", "enter")
        await until_shown(pilot, "preview OK, press p to prepare")
        await pilot.press("p")
        await until(pilot, lambda: bool(prepared_datasets(home / "datasets")))
    (made,) = prepared_datasets(home / "datasets")
    assert (made.users, made.items, made.manifest.settings.separator) == (7, 6, "^")


async def test_what_is_wrong_with_a_file_is_said_and_it_is_not_prepared(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ratings(tmp_path, broken=True)
    monkeypatch.chdir(tmp_path)
    async with Bert4RecApp().run_test(size=(110, 34)) as pilot:
        await look_at_file(pilot, file.name)
        await until_shown(pilot, "line 4")
        await pilot.press("p")
        await pilot.pause(0.2)
        assert "Import a file" in screen_text(pilot)
    assert not (home / "datasets").exists()


async def test_a_missing_file_is_said_beside_the_path(home: Path) -> None:
    async with Bert4RecApp().run_test(size=(110, 34)) as pilot:
        await look_at_file(pilot, "/no/r.csv")
        await until_shown(pilot, "/no/r.csv: no such file or folder")
        await pilot.press("escape")
        await until(pilot, lambda: "Import a file" not in screen_text(pilot) or "imports a file" in screen_text(pilot))


def test_the_arguments_say_what_differs_from_the_defaults_and_nothing_else() -> None:
    assert prepare_arguments(DatasetConfig(name="ml-1m")) == ["prepare", "ml-1m"]
    settings = DatasetConfig(name="x", source="/a b", columns={"user": "u", "item": "i"}, split="holdout", seed=7)
    assert prepare_arguments(settings) == [
        *("prepare", "x", "--source", "/a b", "--split", "holdout", "--seed", "7"),
        *("--columns", "user=u,item=i"),
    ]


def test_the_histogram_counts_every_history_and_draws_every_bar(home: Path) -> None:
    stats = stats_of(make_dataset(home))
    assert sum(stats.bars) == 40
    assert len(bars_text(stats.bars, ascii=False)) == len(stats.bars)
    assert all((bar == 0) == (drawn == " ") for bar, drawn in zip(stats.bars, bars_text(stats.bars, True), strict=True))
