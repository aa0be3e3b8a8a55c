"""Wishes: numbered, whole, and none lost when two people ask at once."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making_runs import environment

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.control import Control, clear_control, read_control, request

requests = st.lists(st.tuples(st.sampled_from(["train", "pause", "stop"]), st.integers(0, 20)), min_size=1, max_size=12)


@given(asked=requests)
def test_every_wish_has_a_greater_number_than_all_before_and_than_was_echoed(tmp_path, asked):
    clear_control(tmp_path)
    number = 0
    for wanted, echoed in asked:
        before = read_control(tmp_path)
        if wanted == "pause" and before.wanted == "stop" and before.number > echoed:
            with pytest.raises(UserError, match="a stop is already requested"):
                request(tmp_path, wanted, echoed)
            assert read_control(tmp_path) == before
            continue
        control = request(tmp_path, wanted, echoed)
        assert control.number > max(number, echoed)
        assert read_control(tmp_path) == control == Control(control.number, wanted)
        number = control.number


def test_without_a_wish_a_run_trains(tmp_path):
    assert read_control(tmp_path) == Control(0, "train")
    request(tmp_path, "stop")
    clear_control(tmp_path)
    clear_control(tmp_path)
    assert read_control(tmp_path) == Control(0, "train")


def test_a_wish_that_cannot_be_read_is_none(tmp_path):
    for content in (b"", b"{", b'{"number": 1, "wanted": "dance"}', b"\xff"):
        (tmp_path / "control.json").write_bytes(content)
        assert read_control(tmp_path) == Control()


ASKER = """
import sys
from pathlib import Path
from bert4rec_tui.runs.control import request
print("ready", flush=True)
sys.stdin.readline()
for _ in range(50):
    print(request(Path(sys.argv[1]), "pause").number)
"""


def test_no_two_wishes_of_any_process_or_thread_share_a_number(tmp_path):
    """The worker obeys a number once: a second request under it would be passed over."""
    other = subprocess.Popen(
        [sys.executable, "-c", ASKER, str(tmp_path)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == "ready\n"
    numbers: list[int] = []

    def ask_often(path: Path = tmp_path) -> None:
        numbers.extend(request(path, "train").number for _ in range(25))

    threads = [threading.Thread(target=ask_often) for _ in range(2)]
    other.stdin.write("go\n")
    other.stdin.flush()
    for thread in threads:
        thread.start()
    out, _ = other.communicate(timeout=60)
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(numbers + [int(number) for number in out.split()]) == list(range(1, 101))


def test_a_wish_that_cannot_be_left_is_a_sentence(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(UserError, match="there is a file where a folder is needed"):
        request(tmp_path / "run", "stop")
