"""The loop of the server: which of the requests that wait are worked on."""

import contextlib
import io
import json
import sys
import threading
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bert4rec_tui.recommend import server
from bert4rec_tui.recommend.server import Request, Server, serve


class Lines(io.BytesIO):
    """Lines of a stdin that tells when the last has been read."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("".join(f"{line}\n" for line in lines).encode())
        self.read_all = threading.Event()

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line:
            self.read_all.set()
        return line


class Slow:
    """Answers with the method's name, and not before every request waits."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines

    def answer(self, request: Request) -> str:
        assert self.lines.read_all.wait(60)
        return request.method


def test_a_request_is_superseded_by_a_later_one_of_its_own_method_alone(monkeypatch, capsys):
    """The lists of two runs, which `recommend` and `beside` ask for, both come."""
    methods = ["similar", "recommend", "beside", "recommend", "beside", "explain"]
    lines = Lines([json.dumps({"id": n, "method": m, "params": {"run": "r"}}) for n, m in enumerate(methods, 1)])
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=lines))
    serve(Slow(lines))
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    superseded = {"superseded": True}
    assert answers == [
        {"id": 0, "result": {"ready": True}},
        {"id": 1, "result": "similar"},
        {"id": 2} | superseded,
        {"id": 3} | superseded,
        {"id": 4, "result": "recommend"},
        {"id": 5, "result": "beside"},
        {"id": 6, "result": "explain"},
    ]


class Quick:
    """Answers with the method's name."""

    def answer(self, request: Request) -> str:
        return request.method


GOOD = {"id": 7, "method": "similar", "params": {"run": "r"}}


def answers_to(lines: list[bytes]) -> list[dict]:
    """What a server writes for these lines and a good request after them, without its first line."""
    text = b"".join(line + b"\n" for line in [*lines, json.dumps(GOOD).encode()])
    out = io.StringIO()
    with patch.object(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text))), contextlib.redirect_stdout(out):
        serve(Quick())
    ready, *answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert ready == {"id": 0, "result": {"ready": True}}
    return answers


def request(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([10**30, -(10**400), 1e308]))
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "method", "params"]), inner),
    max_leaves=8,
)
lines = st.one_of(
    st.binary(max_size=60).map(lambda line: line.replace(b"\n", b" ")),
    values.map(lambda value: json.dumps(value).encode()),
    st.builds(lambda number: request(id=number), numbers),
    st.builds(lambda value: request(params={"run": "r", "k": value, "history": [value]}), values),
    st.builds(lambda method: request(method=method), st.text(max_size=9)),
)


@given(bad=st.lists(lines, max_size=4))
@example(bad=[b'{"id": 1e999, "method": "similar"}'])
@example(bad=[b'{"id": ' + b"9" * 5000 + b"}"])
@example(bad=[b"[" * 100_000])
@example(bad=[b'{"id": 3, "params": ' + b'{"a": ' * 100_000])
@example(bad=[b'{"id": 3, "x": ' + b"[" * 5000 + b"]" * 5000 + b"}"])
@example(bad=[b"", b"\x00", b'{"id": 1}', b"\xff\xfe"])
def test_every_line_is_answered_and_so_is_the_good_request_after_it(bad):
    """A number beyond float, or deep nesting, silenced the server for good."""
    answers = answers_to(bad)
    assert len(answers) == len(bad) + 1
    assert answers[-1] == {"id": 7, "result": "similar"}
    for answer in answers[:-1]:
        assert set(answer) in ({"id", "error"}, {"id", "result"}, {"id", "superseded"})
        assert "\n" not in str(answer.get("error", ""))


def test_a_line_without_end_is_one_error_and_the_next_is_answered(monkeypatch):
    monkeypatch.setattr(server, "LONGEST_LINE", 200)
    inner = request(id=3) + b" " * 400  # none of its pieces is taken for a request
    assert answers_to([inner]) == [
        {"id": 3, "error": "the request cannot be read: it is longer than 200 bytes"},
        {"id": 7, "result": "similar"},
    ]


@pytest.mark.parametrize("line", [b"nonsense", b'{"id": true}', b'{"id": 1.0}', b'{"id": "1"}', b'{"id": 5}'])
def test_an_error_has_the_id_of_its_line_where_there_is_one(line):
    (error, _) = answers_to([line])
    assert error["id"] == (5 if b"5" in line else -1)
    assert error["error"].startswith("the request cannot be read: ")


def test_a_path_that_no_system_takes_is_an_answer_in_words(capsys):
    text = request(params={"run": "r" * 5000, "item": 1})
    stdin = SimpleNamespace(buffer=io.BytesIO(text + b"\n"))
    with patch.object(sys, "stdin", stdin):
        serve(Server("cpu"))
    out, err = capsys.readouterr()
    error = json.loads(out.splitlines()[-1])["error"]
    assert error.startswith("rrr")
    assert error.endswith("…: cannot be read (File name too long)")
    assert not err


def test_a_server_whose_answers_nobody_reads_ends():
    """The thread that reads must not leave the other waiting when it cannot write its error."""

    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            if "cannot be read" in text:
                raise BrokenPipeError
            return len(text)

    stdin = SimpleNamespace(buffer=io.BytesIO(b"nonsense\n"))
    threads = threading.excepthook
    threading.excepthook = lambda *_: None
    try:
        with patch.object(sys, "stdin", stdin), contextlib.redirect_stdout(Closed()):
            worker = threading.Thread(target=serve, args=(Quick(),), daemon=True)
            worker.start()
            worker.join(30)
        assert not worker.is_alive()
    finally:
        threading.excepthook = threads
