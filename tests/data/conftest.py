"""Small worlds for the tests of data: MovieLens folders in every layout, and a server that can misbehave."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import settings

# A slow or busy machine is no fault of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

Ratings = list[tuple[int, int, float, int]]
MOVIES = {1: ("Toy Story (1995)", "Animation|Comedy"), 2: ("[REC] (2007)", "Horror"), 3: ("Amélie (2001)", "Romance")}


@pytest.fixture
def ratings() -> Ratings:
    """Five users with six to ten movies each, out of order in the file, with ties in time."""
    rows: Ratings = []
    for user in range(1, 6):
        for place in range(5 + user):
            rows.append((user, 1 + (user * 3 + place * 5) % 13, 1 + (place + user) % 5, 1_000_000 + (place * 7) % 4))
    return rows


@pytest.fixture
def movielens(tmp_path: Path, ratings: Ratings) -> Callable[[str], Path]:
    """Write the ratings in a layout (`u.data`, `dat`, `csv`) into a folder and return it."""

    def write(layout: str) -> Path:
        folder = tmp_path / f"raw {layout}"
        folder.mkdir(exist_ok=True)
        if layout == "u.data":
            (folder / "u.data").write_text("".join(f"{u}\t{i}\t{int(r)}\t{t}\n" for u, i, r, t in ratings))
            flags = {1: "0|0|0|1|0|1" + "|0" * 13, 2: "0|" * 11 + "1" + "|0" * 7, 3: "0|" * 14 + "1" + "|0" * 4}
            lines = [f"{i}|{title}|01-Jan-1995||http://x|{flags[i]}\n" for i, (title, _) in MOVIES.items()]
            (folder / "u.item").write_bytes("".join(lines).encode("latin-1"))
        elif layout == "dat":
            (folder / "ratings.dat").write_text("".join(f"{u}::{i}::{r:g}::{t}\n" for u, i, r, t in ratings))
            lines = [f"{i}::{title}::{genres}\n" for i, (title, genres) in MOVIES.items()]
            (folder / "movies.dat").write_bytes("".join(lines).encode("latin-1"))
        else:
            body = "".join(f"{u},{i},{r:.1f},{t}\r\n" for u, i, r, t in ratings)
            (folder / "ratings.csv").write_text(f"userId,movieId,rating,timestamp\r\n{body}")
            lines = [f'{i},"{title}",{genres}\n' for i, (title, genres) in MOVIES.items()]
            (folder / "movies.csv").write_text("movieId,title,genres\n" + "".join(lines), encoding="utf-8")
        return folder

    return write


@dataclass
class Mirror:
    """A local server: what it holds, how it misbehaves, and what it was asked."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    ranges: bool = True
    breaks: list[int] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A server on this machine in place of GroupLens'. `breaks` lists after how many bytes each answer ends."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, wanted = self.path.lstrip("/"), self.headers.get("Range", "")
            state.asked.append((name, wanted))
            if state.status != 200 or name not in state.files:
                self.send_error(state.status if state.status != 200 else 404)
                return
            content = state.files[name]
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
            if start >= len(content) > 0:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            rest = content[start:]
            broken = state.breaks.pop(0) if state.breaks and name.endswith(".zip") else None
            self.wfile.write(rest[:broken])
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    state = Mirror(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()
