"""Alerts speak once when a matter begins, and again only when it has begun anew."""

import math

from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.runs.events import Validation
from bert4rec_tui.training.alerts import FullDisk, RisingLoss, Validations

NOISE = st.lists(st.floats(-0.05, 0.05), min_size=400, max_size=400)


def validation(epoch: int, value: float, loss: float | None) -> Validation:
    metrics = {"full": {"NDCG@10": value}}
    return Validation(at=epoch, epoch=epoch, step=epoch, users=1, seconds=1, metrics=metrics, loss=loss)


def kinds(values: list[float], losses: list[float | None], patience: int = 0) -> list[tuple[int, str]]:
    """Epoch and kind of every alert of a training with these metrics and losses."""
    watch = Validations("full:NDCG@10", patience)
    found = []
    for epoch, (value, loss) in enumerate(zip(values, losses, strict=True)):
        found += [(epoch, concern.kind) for concern in watch.take(validation(epoch, value, loss))]
    return found


@given(noise=NOISE)
def test_a_loss_that_falls_or_stays_is_no_concern(noise: list[float]) -> None:
    watch = RisingLoss(100)
    assert not watch.take(2 + math.exp(-n / 100) + wobble for n, wobble in enumerate(noise))


def test_a_loss_that_rises_for_long_is_told_once_and_again_after_a_new_low() -> None:
    watch = RisingLoss(100)
    rise = [2 + n / 100 for n in range(400)]
    assert not watch.take([2.0] * 300)
    assert [concern.kind for concern in watch.take(rise)] == ["rising loss"]
    assert not watch.take(rise)
    assert not watch.take([1.0] * 600)
    told = [concern for n in range(0, 400, 7) for concern in watch.take(rise[n : n + 7])]
    assert len(told) == 1
    assert "rising for 1" in told[0].message


def test_a_short_rise_and_a_lost_number_are_no_concern() -> None:
    watch = RisingLoss(100)
    watch.take([2.0] * 300)
    assert not watch.take([3.0] * 50 + [math.nan, math.inf])


def test_a_plateau_is_told_once_per_plateau_and_before_the_patience_ends() -> None:
    flat = [0.1, 0.2] + [0.2] * 8 + [0.3] + [0.3] * 6
    nothing: list[float | None] = [None] * len(flat)
    assert kinds(flat, nothing) == [(6, "plateau"), (15, "plateau")]
    assert kinds(flat, nothing, patience=4) == [(3, "plateau"), (12, "plateau")]


def test_overfitting_needs_a_falling_loss_and_a_falling_metric() -> None:
    falls: list[float | None] = [None, 3.0, 2.0, 1.9, 1.8, 1.7]
    worse = [0.1, 0.2, 0.3, 0.29, 0.29, 0.28]
    assert kinds(worse, falls) == [(5, "overfitting")]
    assert kinds(worse, [None, 3.0, 2.0, 2.1, 2.2, 2.3]) == []
    assert kinds([0.1, 0.2, 0.3, 0.299, 0.299, 0.299], falls) == []


def test_a_life_that_goes_on_does_not_repeat_what_an_earlier_one_told() -> None:
    earlier = [validation(epoch, 0.2 if epoch else 0.3, None) for epoch in range(8)]
    watch = Validations("full:NDCG@10")
    watch.start_with(earlier)
    assert not watch.take(validation(8, 0.2, None))
    assert not watch.take(validation(9, 0.4, None))


def test_a_disk_that_fills_is_told_once_until_it_has_room_again() -> None:
    watch, giga = FullDisk(), 10**9
    assert not watch.take(10 * giga, giga)
    assert len(watch.take(2 * giga, giga)) == 1
    assert not watch.take(giga, giga)
    assert not watch.take(20 * giga, giga)
    assert "MB free" in watch.take(giga, giga)[0].message
