"""The event log: what is appended is read once and in order, whatever the moment."""

import resource
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.runs.events import Alert, Event, EventLog, Note, StateChange, Step, System, Validation

numbers = st.floats(allow_nan=False, allow_infinity=False)
moments = st.floats(0, 1e11)
counts = st.integers(0, 2**53)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
steps = st.builds(
    Step,
    at=moments,
    epoch=counts,
    step=counts,
    samples=counts,
    count=counts,
    loss=st.none() | numbers,
    loss_min=st.none() | numbers,
    loss_max=st.none() | numbers,
    learning_rate=numbers,
)
validations = st.builds(
    Validation,
    at=moments,
    epoch=counts,
    step=counts,
    users=counts,
    seconds=moments,
    metrics=st.dictionaries(texts, st.dictionaries(texts, numbers, max_size=2), max_size=2),
)
states = st.builds(StateChange, at=moments, state=st.sampled_from(["training", "resumed", "failed"]), message=texts)
events = st.lists(
    st.one_of(
        steps,
        validations,
        states,
        st.builds(Note, at=moments, text=texts),
        st.builds(Alert, at=moments, kind=texts, message=texts),
        st.builds(System, at=moments, cpu=numbers, process_memory=counts, memory=counts, memory_total=counts),
    ),
    max_size=8,
)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(tmp_path / "events.jsonl")


def line(event: Event) -> bytes:
    return msgspec.json.encode(event) + b"\n"


@given(wanted=events, data=st.data())
def test_whatever_way_the_bytes_arrive_each_event_is_read_once_and_in_order(tmp_path, wanted, data):
    """Cut anywhere, within a character too: a partial line waits, and nothing is lost or read twice."""
    log = EventLog(tmp_path / "events.jsonl")
    log.path.write_bytes(b"")
    content = b"".join(line(event) for event in wanted)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=8)))
    found: list[Event] = []
    offset = 0
    for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        with log.path.open("ab") as file:
            file.write(content[start:end])
        new, offset = log.read(offset)
        found += new
    assert found == wanted
    assert offset == len(content)


@given(wanted=events)
def test_what_is_appended_is_what_is_read(tmp_path, wanted):
    log = EventLog(tmp_path / "events.jsonl")
    log.path.unlink(missing_ok=True)
    lengths = [log.append(event) for event in wanted]
    assert lengths == sorted(set(lengths))
    assert log.read() == (wanted, lengths[-1] if lengths else 0)


def test_there_need_be_no_log(log):
    assert log.read() == ([], 0)
    assert log.read(50) == ([], 0)
    log.cut_partial_line()
    assert not log.path.exists()


def test_a_line_that_cannot_be_read_is_passed_over(log):
    first, last = Note(at=1, text="first"), Note(at=3, text="last")
    foreign = b'not json\n{"type": "of tomorrow", "at": 2}\n{"type": "message"}\n\xff\xfe\n\n[]\n'
    log.path.write_bytes(line(first) + foreign + line(last))
    assert log.read()[0] == [first, last]


def test_a_log_that_was_cut_short_is_read_again_from_the_start(log):
    for number in range(5):
        log.append(Note(at=number, text="before"))
    offset = log.read()[1]
    log.path.write_bytes(line(Note(at=9, text="after")))
    found, offset = log.read(offset)
    assert [event.text for event in found] == ["after"]
    assert log.read(offset) == ([], offset)


@pytest.mark.parametrize("partial", [b'{"type":"mess', b"\xc3", b"x" * 5000])
def test_a_restart_cuts_a_line_that_was_never_finished(log, partial):
    """A follower who waits on it loses nothing: what it has read stays where it was."""
    log.append(Note(at=1, text="whole"))
    offset = log.read()[1]
    with log.path.open("ab") as file:
        file.write(partial)
    assert log.read(offset) == ([], offset)
    log.cut_partial_line()
    assert log.path.stat().st_size == offset
    log.append(Note(at=2, text="new life"))
    assert [event.text for event in log.read(offset)[0]] == ["new life"]


def test_nothing_is_cut_from_a_log_that_is_whole(log):
    log.append(Note(at=1, text="whole"))
    before = log.path.read_bytes()
    log.cut_partial_line()
    assert log.path.read_bytes() == before
    log.path.write_bytes(b"")
    log.cut_partial_line()
    assert log.path.read_bytes() == b""


@pytest.mark.parametrize("room", [0, 5])
def test_an_event_that_finds_no_room_leaves_no_part_and_the_next_one_is_read(log, room):
    """The file may not grow beyond some size for a while, in bytes past the first event."""
    log.append(Note(at=1.0, text="before"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.size() + room, hard))
    try:
        with pytest.raises(OSError, match=r"No space left|File too large"):
            log.append(Note(at=2.0, text="lost"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    log.append(Note(at=3.0, text="after"))
    assert [event.text for event in log.read()[0]] == ["before", "after"]
