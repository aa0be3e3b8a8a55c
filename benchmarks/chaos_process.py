"""Commands that are started to be disturbed: as forks of a process that has imported everything, or as their own.

A fork begins in milliseconds, with the program's modules at hand, and is otherwise a process like any other: it has a
session, an exit code, and signals reach it. What begins as a new Python takes seconds; it is for what happens while the
program starts, and for what its children inherit.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PATIENCE_SECONDS = 20.0  # beyond the time of the clean case
TROUBLE = re.compile(r"Traceback \(most recent call last\)|Exception ignored|Fatal Python error|Segmentation fault")
# Escape sequences, and the controls by which text is shown in another order than it is written.
HARMFUL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069]")
ROOT = Path(__file__).resolve().parent.parent


class Fault(Exception):
    """A promise that was broken."""


class Skipped(Exception):
    """What cannot be tried here, and why."""


@contextmanager
def about(what: str) -> Generator[None]:
    """Say of every fault within what was tried."""
    try:
        yield
    except Fault as fault:
        raise Fault(f"{what}: {fault}") from fault


@dataclass(frozen=True)
class Ended:
    """How a command ended. code: as a shell counts it, negative for a signal; None: it hung and was killed."""

    words: str
    code: int | None
    out: str
    err: str
    seconds: float

    def checked(self, codes: Sequence[int] = (0, 1, 2), silent: bool = False) -> "Ended":
        """Itself, if it kept what every command promises. Raises Fault where not.

        silent: it may fail without a word, as a worker whose words stand in the status of its run.
        """
        if self.code is None:
            raise Fault(f"`{self.words}` hung and was killed after {self.seconds:.0f} s")
        for name, text in (("stdout", self.out), ("stderr", self.err)):
            if TROUBLE.search(text):
                last = [line for line in text.splitlines() if line.strip()][-1]
                raise Fault(f"`{self.words}` showed a traceback on {name}: {last[:200]}")
            if found := HARMFUL.search(text):
                raise Fault(f"`{self.words}` wrote {found.group()!r} to {name}")
        if self.code not in codes:
            raise Fault(f"`{self.words}` ended with {self.code}; allowed: {list(codes)} ({self.err.strip()[-200:]})")
        if self.code and not silent and not self.err.strip():
            raise Fault(f"`{self.words}` ended with {self.code} without a word")
        return self

    def json(self) -> object:
        """The result on stdout. Raises Fault where it is no JSON."""
        try:
            return json.loads(self.out.splitlines()[-1])
        except (ValueError, IndexError) as error:
            raise Fault(f"`{self.words}` printed no JSON: {self.out[-200:]!r}") from error


def command(words: Sequence[str]) -> Callable[[], object]:
    """What a fork does as the command `bert4rec-tui` with these words."""

    def run() -> None:
        sys.argv = ["bert4rec-tui", *words]
        from bert4rec_tui.__main__ import main

        main()

    return run


def worker(run: Path) -> Callable[[], object]:
    """What a fork does as the worker of a run."""

    def work() -> int:
        sys.argv = ["worker", str(run)]
        from bert4rec_tui.training.__main__ import main

        return main()

    return work


class Started:
    """A process of ours in a session of its own, its output in files."""

    def __init__(self, words: str, pid: int, folder: Path) -> None:
        self.words, self.pid, self.folder = words, pid, folder
        self.began = time.monotonic()
        self.code: int | None = None
        self._ended = False

    def alive(self) -> bool:
        """Whether it still runs."""
        if not self._ended:
            with suppress(ChildProcessError):
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self._ended, self.code = True, os.waitstatus_to_exitcode(status)
        return not self._ended

    def send(self, number: int) -> None:
        """Send it a signal, if it is still there to receive one."""
        if self.alive():
            os.kill(self.pid, number)

    def ended(self, limit: float = PATIENCE_SECONDS) -> Ended:
        """Wait for it to end; kill it where it takes longer than the limit."""
        while self.alive():
            if time.monotonic() - self.began > limit:
                self.send(signal.SIGKILL)
                while self.alive():
                    time.sleep(0.01)
                self.code = None
                break
            time.sleep(0.003)
        texts = [(self.folder / name).read_bytes().decode("utf-8", "replace") for name in ("out", "err")]
        return Ended(self.words, self.code, *texts, time.monotonic() - self.began)


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a command of ours finds in its environment: a home of its own, and nothing that it could reach outside."""
    ours = {
        "BERT4REC_TUI_HOME": str(home),
        "BERT4REC_TUI_MIRROR": "http://127.0.0.1:9",
        "HOME": str(home.parent),
        "OMP_NUM_THREADS": "1",
        "TERM": "xterm-256color",
        "PYTHONPATH": str(ROOT),
    }
    return os.environ | ours | (more or {})


def fork(
    words: str,
    what: Callable[[], object],
    home: Path,
    *,
    stdin: int | None = None,
    terminal: int | None = None,
    output: Path | None = None,
) -> Started:
    """Start a process that does `what` as the program would, with a home.

    stdin: a descriptor. terminal: that of a terminal to draw on, in place of files. output: where its files of output
    are made, if not beside the home.
    """
    folder = Path(tempfile.mkdtemp(prefix="output-", dir=output or home.parent))
    for name in ("out", "err"):
        (folder / name).touch()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return Started(words, pid, folder)
    code = 1
    try:
        os.setsid()
        if terminal is None:
            ours = os.open(os.devnull, os.O_RDONLY) if stdin is None else stdin
            descriptors = [ours, *(os.open(folder / name, os.O_WRONLY | os.O_APPEND) for name in ("out", "err"))]
        else:
            descriptors = [terminal] * 3
        for ours, standard in zip(descriptors, range(3), strict=True):
            os.dup2(ours, standard)
        os.closerange(3, 256)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(at, mode) for at, mode in ((0, "r"), (1, "w"), (2, "w")))
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(environment(home))
        os.chdir(folder)
        code = _exit_code(what)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _exit_code(what: Callable[[], object]) -> int:
    try:
        code = what()
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
            return 1
    return code if isinstance(code, int) else 0


def spawn(words: Sequence[str], home: Path, more: Mapping[str, str] | None = None, *, python: bool = False) -> Started:
    """Start a new Python with the command; with `python` the words are Python's own. more: for its environment."""
    folder = Path(tempfile.mkdtemp(prefix="output-", dir=home.parent))
    start = [] if python else ["-m", "bert4rec_tui"]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, *start, *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environment(home, more),
            cwd=folder,
            start_new_session=True,
        )
    process.returncode = 0  # we wait for it ourselves
    return Started(" ".join(words), process.pid, folder)


def run(words: Sequence[str], home: Path, limit: float = PATIENCE_SECONDS) -> Ended:
    """Run a command to its end, in a fork."""
    return fork(" ".join(words), command(words), home).ended(limit)


def processes_of(home: Path) -> list[psutil.Process]:
    """The processes that were started for a home, but for forks: those are known to whoever made them."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get("BERT4REC_TUI_HOME") == str(home):
                found.append(process)
    return found


def no_process_left(home: Path, allowed: str = "") -> None:
    """End what was started for a home. Raises Fault where there was anything, but for workers that may go on."""
    if left := [line for line in end_processes_of(home) if not allowed or allowed not in line]:
        raise Fault(f"a process is left: {left[0]}")


def end_processes_of(home: Path) -> list[str]:
    """End what was started for a home. Returns their command lines."""
    ended: list[str] = []
    for process in processes_of(home):
        with suppress(psutil.Error):
            line = " ".join(process.cmdline()[1:])[:120]
            process.kill()
            ended.append(line)
    return ended
