"""Curves become dots: nothing that matters is lost on the way, whatever the length of a curve."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from bert4rec_tui.tui.charts.axis import LARGEST, LinearFormatter, LogFormatter, grown, short_number, y_range
from bert4rec_tui.tui.charts.chart import Chart, Plot, Series
from bert4rec_tui.tui.charts.raster import View, band, braille, curve, smooth, sparse

numbers = st.floats(-1000, 1000, allow_nan=False)
VIEW = View(0, 1, 0, 1, columns=40, rows=40)


def line(*ys: float) -> tuple[np.ndarray, np.ndarray]:
    return np.linspace(0, 1, len(ys)), np.array(ys, float)


@given(at=st.integers(0, 9_999), height=st.floats(0.6, 1))
def test_a_spike_of_one_point_among_ten_thousand_is_drawn(at: int, height: float) -> None:
    y = np.full(10_000, 0.1)
    y[at] = height
    dots = curve(np.linspace(0, 1, 10_000), y, VIEW)
    top = np.flatnonzero(dots.any(axis=1))[0]
    assert abs(top - (1 - height) * 39) <= 1


@given(ys=st.lists(st.floats(0, 1), min_size=2, max_size=60))
def test_a_line_without_gaps_has_a_dot_in_every_column_and_no_hole_between_two(ys: list[float]) -> None:
    dots = curve(*line(*ys), VIEW)
    assert dots.any(axis=0).all()
    for left, right in zip(dots.T[:-1], dots.T[1:], strict=True):
        a, b = np.flatnonzero(left), np.flatnonzero(right)
        assert a[0] <= b[-1] + 2
        assert b[0] <= a[-1] + 2


def test_a_gap_stays_a_gap() -> None:
    x = np.linspace(0, 1, 5)
    dots = curve(x, np.array([0.5, 0.5, np.nan, 0.5, 0.5]), VIEW)
    drawn = dots.any(axis=0)
    assert drawn[:10].all()
    assert not drawn[11:29].any()
    assert drawn[30:].all()


@given(values=st.lists(numbers, min_size=1, max_size=50), strength=st.floats(0.01, 0.99))
def test_smoothing_is_the_recursive_one_without_its_bias(values: list[float], strength: float) -> None:
    total = weight = 0.0
    expected = []
    for value in values:
        total, weight = strength * total + value, strength * weight + 1
        expected.append(total / weight)
    assert smooth(np.array(values), strength) == pytest.approx(expected, abs=0.5)
    assert smooth(np.array(values), 0.0) == pytest.approx(values)


def test_smoothing_passes_over_what_is_not_a_number() -> None:
    smoothed = smooth(np.array([1.0, np.nan, 1.0, np.inf, 1.0]), 0.9)
    assert np.isnan(smoothed).tolist() == [False, True, False, True, False]
    assert smoothed[[0, 2, 4]] == pytest.approx([1, 1, 1])


@given(low=st.floats(-100, 100), span=st.floats(1e-4, 1000), most=st.integers(2, 9))
def test_ticks_lie_on_the_axis_and_are_as_few_as_asked(low: float, span: float, most: int) -> None:
    ticks, labels = LinearFormatter().get_ticks_and_labels(low, low + span, most)
    assert len(ticks) == len(labels) <= most
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    assert len(set(labels)) == len(labels) or span < 1e-2


@given(low=st.floats(1e-6, 100), ratio=st.floats(1.5, 1e6), most=st.integers(3, 9))
def test_a_logarithmic_axis_has_ticks_too(low: float, ratio: float, most: int) -> None:
    ticks = LogFormatter().get_ticks(low, low * ratio, most)
    assert len(ticks) <= most + 1
    assert all(low * 0.999 <= tick <= low * ratio * 1.001 for tick in ticks)


@given(value=st.floats(1e-300, 1e307) | st.floats(1e-8, 1e8))
def test_an_axis_grows_by_steps_that_hold_the_value(value: float) -> None:
    assert value <= grown(value) * (1 + 1e-8)
    assert grown(value) <= value * 1.6


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5212, ".5212"),
        (4.81, "4.81"),
        (61_000, "61k"),
        (1e-4, "1e-4"),
        (0, "0"),
        (float("nan"), "nan"),
        (3e6, "3M"),
        (1e17, "1e17"),
        (999_960, "1M"),
        (9_999.7, "10k"),
        (999.96e6, "1G"),
        (1.797e308, "1.8e308"),
        (-5e-324, "-4.9e-324"),
        (12_345_678_901, "12.3G"),
        (1e12, "1e12"),
        (-0.5, "-.5"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


def read_number(label: str) -> float:
    units = {"k": 1e3, "M": 1e6, "G": 1e9}
    number = float(label[:-1]) * units[label[-1]] if label[-1] in units else float(label)
    return max(-LARGEST, min(number, LARGEST))  # 1.8e308, rounded, is beyond all floats


MAGNITUDES = st.floats(1e-300, 1e308) | st.floats(1e-6, 1e6) | st.builds(lambda n: 10.0**n, st.integers(-300, 308))


@given(value=MAGNITUDES, sign=st.sampled_from([1, -1]))
def test_a_number_of_any_size_is_short_and_can_be_read(value: float, sign: int) -> None:
    label = short_number(sign * value)
    assert len(label) <= (7 if sign > 0 else 8) + (value < 0.001)
    assert "+" not in label
    assert "e" not in label or label[-1].isdigit(), "no unit beside an exponent (1e17 was 1e+08G)"
    assert read_number(label) == pytest.approx(sign * value, rel=0.06)


EXTREMES = [0.0, 5e-324, 1e-320, 1e-300, 1e-8, 1.0, 1e12, 1e17, 1e300, 1e308, LARGEST]
VALUES = MAGNITUDES | st.sampled_from(EXTREMES)


@given(one=VALUES, other=VALUES, negative=st.booleans(), log=st.booleans(), zero=st.booleans(), most=st.integers(3, 9))
def test_an_axis_holds_its_values_and_has_ticks_whatever_their_size(
    one: float, other: float, negative: bool, log: bool, zero: bool, most: int
) -> None:
    low, high = sorted((-one if negative and not log else one, other))
    if log and low == 0:
        return
    start, end = y_range(low, high, log, zero)
    rounding = 1e-9 * (end / 2 - start / 2)
    assert -LARGEST <= start <= low + rounding
    assert high - rounding <= end <= LARGEST
    assert start < end
    formatter = LogFormatter() if log else LinearFormatter()
    ticks, labels = formatter.get_ticks_and_labels(start, end, most)
    assert len(ticks) == len(labels) <= most + 1
    assert all(np.isfinite(ticks))
    for tick, label in zip(ticks, labels, strict=True):
        assert len(label) <= 9
        assert read_number(label) == pytest.approx(
            tick, rel=0.06, abs=(end - start) / 50 if end - start < LARGEST else 0
        )
    if max(abs(start), abs(end)) > 1e-290:
        assert ticks
    view = View(0, 1, start, end, columns=40, rows=40, log=log)
    rows = view.row(np.array([low, high]))
    assert np.isfinite(rows).all()
    assert (rows > -1).all()
    assert (rows < 40).all()


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [(1e308, 1e307), (1e-300, 1e308), (-1e308, 1e308), (1e17, 2e17), (5e-324, 1e-320)])
async def test_a_chart_of_values_of_any_size_is_drawn(values: tuple[float, float], log: bool) -> None:
    series = Series(np.arange(2.0), np.array(values))
    lines = await drawn(Plot("loss", (series,), "step", log=log))
    assert any("\u2801" <= character <= "\u28ff" for line in lines for character in line), "\n".join(lines)
    assert "e+" not in "\n".join(lines)


def test_braille_holds_two_by_four_dots() -> None:
    dots = np.zeros((4, 4), bool)
    dots[0, 0] = dots[3, 3] = True
    assert [chr(code) for code in braille(dots)[0]] == ["⠁", "⢀"]


class OneChart(App[None]):
    def __init__(self, plot: Plot, ascii: bool = False) -> None:
        super().__init__()
        self.plot, self.ascii = plot, ascii

    def compose(self) -> ComposeResult:
        yield Chart()

    def on_mount(self) -> None:
        self.query_one(Chart).show(self.plot)


async def drawn(plot: Plot, ascii: bool = False, size: tuple[int, int] = (60, 15)) -> list[str]:
    app = OneChart(plot, ascii)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        return [strip.text for strip in app.screen._compositor.render_strips()]


LOST = Series(np.arange(10.0), np.array([4, 3, np.nan, np.nan, 2, 2, np.inf, 1, 1, 1.0]))


async def test_what_is_not_a_number_is_a_mark_at_its_place() -> None:
    lines = await drawn(Plot("loss", (LOST,)))
    assert lines[1].count("✗") == 3
    assert (await drawn(Plot("loss", (LOST,)), ascii=True))[1].count("x") == 3


async def test_a_curve_of_nothing_but_lost_values_says_so() -> None:
    lines = await drawn(Plot("loss", (Series(np.arange(3.0), np.full(3, np.nan)),)))
    assert any("not a number so far" in line for line in lines)


async def test_ascii_means_ascii() -> None:
    series = tuple(Series(np.arange(9.0), np.arange(9.0) * (n + 1), f"run{n}", n) for n in range(6))
    for plot in (Plot("NDCG@10 full · validation", series, "epoch"), Plot("loss", (LOST,), "epoch", log=True)):
        assert "\n".join(await drawn(plot, ascii=True)).isascii()


async def test_several_curves_have_a_marker_each_and_a_legend() -> None:
    series = tuple(Series(np.arange(9.0), np.arange(9.0) * (n + 1), name, n) for n, name in enumerate(["quad", "lamp"]))
    text = "\n".join(await drawn(Plot("loss", series)))
    assert text.count("●") == text.count("■") == 2
    assert "quad" in text
    assert "lamp" in text


@given(spikes=st.lists(st.integers(0, 3999), min_size=2, max_size=5, unique=True))
def test_the_spike_of_every_overlaid_run_is_drawn(spikes: list[int]) -> None:
    """Its band is thinned, so that several can be told apart; a spike one stretch wide stays, to its top."""
    x, low = np.linspace(0, 1, 4000), np.full(4000, 0.1)
    for number, at in enumerate(spikes):
        high = np.full(4000, 0.2)
        high[at] = 0.95
        whole, kept = band(x, low, high, VIEW), sparse(band(x, low, high, VIEW), number)
        assert not (kept & ~whole).any()
        assert (kept.any(axis=0) == whole.any(axis=0)).all()
        assert np.flatnonzero(kept.any(axis=1))[0] <= np.flatnonzero(whole.any(axis=1))[0] + 1


async def test_overlaid_runs_show_their_extent_and_the_axis_holds_it() -> None:
    x, high = np.arange(200.0), np.full(200, 2.0)
    high[120] = 40.0
    flat = [Series(x, np.full(200, level), name, n) for n, (name, level) in enumerate([("quad", 1.0), ("lamp", 1.5)])]
    spiky = replace(flat[1], low=flat[1].y, high=high)
    for ascii, character in ((False, "⡂⢐⡁⢈⠅⠨⡈⢁⡠⢄⠔⢂⠌⡐"), (True, ".")):
        plain = await drawn(Plot("loss", tuple(flat), from_zero=True), ascii=ascii)
        lines = await drawn(Plot("loss", (flat[0], spiky), from_zero=True), ascii=ascii)
        middle = lines[2 : len(lines) // 2]
        assert all(any(c in line[8:] for c in character) for line in middle), "\n".join(lines)
        assert not any(c in line[8:] for line in plain[2 : len(plain) // 2] for c in character)


async def test_markup_in_a_title_is_text() -> None:
    lines = await drawn(Plot("[bold]NDCG[/] \x1b[31m", (LOST,)))
    assert lines[0].startswith("[bold]NDCG[/]  [31m")


@pytest.mark.parametrize("size", [(12, 3), (13, 5), (5, 2), (200, 60)])
async def test_no_size_is_too_small_or_too_large(size: tuple[int, int]) -> None:
    await drawn(Plot("loss", (LOST,), "epoch"), size=size)
