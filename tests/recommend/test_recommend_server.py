"""The loop of the server: which of the requests that wait are worked on."""

import io
import json
import threading
from types import SimpleNamespace

from bert4rec_tui.recommend.server import Request, serve


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
