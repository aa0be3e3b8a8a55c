"""The curves of a run with more than one life."""

from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.runs.curves import Curves
from bert4rec_tui.runs.events import Alert, Note, StateChange, Step, System, Validation


def step(number: int, loss: float = 1.0) -> Step:
    return Step(
        at=0, epoch=1, step=number, samples=8, count=1, loss=loss, loss_min=loss, loss_max=loss, learning_rate=0.1
    )


def validation(epoch: int, number: int, value: float = 0.5) -> Validation:
    metrics = {"full": {"NDCG@10": value}, "uniform-100": {"NDCG@10": 2 * value}}
    return Validation(at=0, epoch=epoch, step=number, users=5, seconds=1, metrics=metrics)


def resumed(number: int) -> StateChange:
    return StateChange(at=0, state="resumed", step=number)


def test_what_an_earlier_life_did_after_the_step_of_resumption_is_dropped():
    curves = Curves()
    curves.add([StateChange(at=0, state="training"), validation(0, 0), step(5), step(10), validation(1, 10), step(15)])
    curves.add([step(20), validation(2, 20), resumed(10), step(14, 9.0), step(20, 9.0), validation(2, 20, 0.7)])
    assert [(event.step, event.loss) for event in curves.steps] == [(5, 1), (10, 1), (14, 9), (20, 9)]
    assert curves.metric("full", "NDCG@10") == ([0, 1, 2], [0.5, 0.5, 0.7])
    assert curves.metric("uniform-100", "NDCG@10") == ([0, 1, 2], [1.0, 1.0, 1.4])
    shown = [event.epoch for event in curves.remarks if isinstance(event, Validation)]
    assert shown == [0, 1, 2]


@given(lives=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6), data=st.data())
def test_after_any_lives_the_steps_ascend_and_are_those_of_the_latest(lives, data):
    """Each life resumes at or before where the last one ended, and takes some steps."""
    log: list = []
    expected: dict[int, float] = {}
    end = 0
    for life, (back, length) in enumerate(lives):
        start = max(0, end - back)
        if life:
            log.append(resumed(start))
        expected = {number: loss for number, loss in expected.items() if number <= start}
        for number in range(start + 1, start + 1 + length):
            log.append(step(number, life))
            expected[number] = life
        end = start + length
    curves = Curves()
    while log:
        size = data.draw(st.integers(1, len(log)))
        curves.add(log[:size])
        log = log[size:]
    assert {event.step: event.loss for event in curves.steps} == expected
    assert [event.step for event in curves.steps] == sorted(expected)


def test_a_validation_that_was_done_twice_counts_once():
    """Killed after a validation was logged and before it was saved, a run validates the same weights again."""
    curves = Curves()
    curves.add(
        [validation(0, 0, 0.1), StateChange(at=1, state="training"), validation(0, 0, 0.1), validation(1, 9, 0.2)]
    )
    assert curves.metric("full", "NDCG@10") == ([0, 1], [0.1, 0.2])
    assert sum(isinstance(event, Validation) for event in curves.remarks) == 2


def test_a_pause_drops_nothing():
    curves = Curves()
    curves.add(
        [step(5), StateChange(at=0, state="paused", step=5), StateChange(at=0, state="training", step=5), step(9)]
    )
    assert [event.step for event in curves.steps] == [5, 9]


def test_remarks_and_sensors_of_all_lives_stay():
    sensors = System(at=1, cpu=5, process_memory=1, memory=1, memory_total=2)
    curves = Curves()
    curves.add([Note(at=0, text="a"), Alert(at=0, kind="x", message="b", step=9), sensors, resumed(3)])
    assert [type(event) for event in curves.remarks] == [Note, Alert, StateChange]
    assert curves.system == [sensors]


def test_a_metric_that_nobody_measured_has_no_points():
    curves = Curves()
    curves.add([validation(0, 0)])
    assert curves.metric("full", "MRR") == ([], [])
    assert curves.metric("popular-100", "NDCG@10") == ([], [])
