"""The recommender as a separate process: numbered requests and answers, one JSON object a line.

The process is started by the first request, started again when it dies, and ends with its input.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from bert4rec_tui.files import make_folder
from bert4rec_tui.recommend.filters import ItemFilter
from bert4rec_tui.runs.python import OUR_PYTHON
from bert4rec_tui.tui.shell.child_command import pipes_closed

OUR_SERVER: tuple[str, ...] = (*OUR_PYTHON, "-m", "bert4rec_tui.recommend.server", "--device", "cpu")
LONGEST_LINE = 16 * 1024 * 1024
SECONDS_TO_END = 2.0
MOST_DEATHS = 3  # in a row, before a request is given up


class Diverse(Struct, frozen=True):
    """What a diversified list costs: the mean score of its top and of the plain one, the mean cosine of every two."""

    mean_score: float
    plain_score: float
    likeness: float
    plain_likeness: float


class Recommended(Struct, frozen=True):
    """The next items by score, best first; `target_rank` is the rank of the target among all candidates.

    ranks, ranks_before: the rank of each by its score now, and after the history that it is compared with, 0 where it
    was not among the candidates; empty where nothing is compared. target_before: the same of the target.
    """

    items: list[int]
    scores: list[float]
    target_rank: int | None = None
    candidates: int = 0
    epoch: int = 0
    checkpoint: str = ""
    objective: str = ""
    ranks: list[int] = []
    ranks_before: list[int] = []
    target_before: int | None = None
    diversified: Diverse | None = None


class Explained(Struct, frozen=True):
    """What each position of the history, oldest first, adds to the score of an item."""

    shares: list[float]
    score: float = 0.0
    score_without: float = 0.0


class Similar(Struct, frozen=True):
    """The nearest items of an item."""

    items: list[int]
    similarities: list[float]


class RecommendError(Exception):
    """The recommender refused a request or cannot live; the message is one sentence."""


class _DiedError(Exception):
    """The process ended while somebody waited for an answer."""


class _Answer(Struct):
    id: int
    result: Raw = Raw(b"null")
    error: str | None = None


Result = TypeVar("Result", Recommended, Explained, Similar)


class RecommenderClient:
    """Asks the recommender; of several requests of one kind only the newest is answered.

    `notify` gets a sentence when the process had to be started again.
    """

    def __init__(
        self, log: Path, *, program: Sequence[str] = OUR_SERVER, notify: Callable[[str], None] | None = None
    ) -> None:
        self.log, self.program, self.notify = log, tuple(program), notify
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Raw]] = {}
        self._number = 0
        self._newest: dict[str, int] = {}
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._starting = asyncio.Lock()
        self._deaths = 0
        self._ready = False
        self._closed = False
        self._launch: asyncio.Task[asyncio.subprocess.Process] | None = None

    async def recommend(
        self,
        run: Path,
        history: Sequence[int],
        k: int,
        target: int | None = None,
        checkpoint: str = "best",
        *,
        before: Sequence[int] | None = None,
        item_filter: ItemFilter | None = None,
        diversity: float = 0.0,
        second: bool = False,
    ) -> Recommended | None:
        """The next items after a history, oldest first. None when a newer request has replaced it.

        before: a history to compare the ranks with. second: asked for the second run, whose requests and those of the
        first do not replace each other.
        """
        values = {
            "run": str(run),
            "checkpoint": checkpoint,
            "history": list(history),
            "k": k,
            "target": target,
            "before": None if before is None else list(before),
            "wanted": item_filter,
            "weight": diversity,
        }
        return await self._ask("beside" if second else "recommend", values, Recommended)

    async def explain(self, run: Path, history: Sequence[int], item: int, checkpoint: str = "best") -> Explained | None:
        """Each history item's share in the score of an item. None when a newer request has replaced it."""
        values = {"run": str(run), "checkpoint": checkpoint, "history": list(history), "item": item}
        return await self._ask("explain", values, Explained)

    async def similar(self, run: Path, item: int, k: int, checkpoint: str = "best") -> Similar | None:
        """The nearest items. None when a newer request has replaced it."""
        return await self._ask("similar", {"run": str(run), "checkpoint": checkpoint, "item": item, "k": k}, Similar)

    async def close(self) -> None:
        """End the process, by ending its input; one that is still loading is not waited for."""
        self._closed = True
        if self._launch is None:
            return
        try:
            process, reading = await self._launch, self._reading
        except OSError:
            return
        if process.stdin is not None:
            process.stdin.close()
        if self._ready and reading is not None:
            await asyncio.wait([reading], timeout=SECONDS_TO_END)
        if reading is not None:
            reading.cancel()
        with suppress(ProcessLookupError):
            process.kill()
        # Waited for, so that nothing of it is left when the event loop ends.
        if reading is not None:
            await asyncio.wait([reading])
        await process.wait()
        await pipes_closed(process)

    async def _ask(self, method: str, values: dict[str, Any], kind: type[Result]) -> Result | None:
        self._number += 1
        number = self._newest[method] = self._number
        # While one request is at work only the newest of those behind it is worth sending.
        async with self._one_at_a_time[method]:
            while self._newest[method] == number and not self._closed:
                try:
                    answer = await self._send(number, method, values)
                except _DiedError:
                    if self._closed:
                        return None
                    self._deaths += 1
                    if self._deaths >= MOST_DEATHS:
                        self._deaths = 0
                        raise RecommendError(
                            f"the recommender ended {MOST_DEATHS} times in a row; {self.log} says why"
                        ) from None
                    if self.notify is not None:
                        self.notify("The recommender ended unexpectedly; restarting it.")
                    continue
                self._deaths = 0
                if self._newest[method] != number:
                    return None
                try:
                    return msgspec.json.decode(answer, type=kind)
                except msgspec.MsgspecError as error:
                    raise RecommendError(f"the recommender's answer cannot be read ({error})") from None
        return None

    async def _send(self, number: int, method: str, values: dict[str, Any]) -> Raw:
        process = await self._living_process()
        assert process.stdin is not None
        future: asyncio.Future[Raw] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            process.stdin.write(msgspec.json.encode({"id": number, "method": method, "params": values}) + b"\n")
            await process.stdin.drain()
            return await future
        except (BrokenPipeError, ConnectionResetError):
            raise _DiedError from None
        finally:
            self._waiting.pop(number, None)

    async def _living_process(self) -> asyncio.subprocess.Process:
        """The process, started if there is none that lives."""
        async with self._starting:
            if self._process is not None and self._process.returncode is None and not self._ended():
                return self._process
            died_idle = self._process is not None and self._deaths == 0  # while nobody waited for an answer
            if died_idle and self.notify is not None:
                self.notify("The recommender ended unexpectedly; restarting it.")
            make_folder(self.log.parent)
            with self.log.open("ab") as log:
                self._launch = asyncio.ensure_future(
                    asyncio.create_subprocess_exec(
                        *self.program,
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                        stderr=log,
                        start_new_session=True,
                        limit=LONGEST_LINE,
                    )
                )
                try:
                    # Shielded: asyncio leaves pipes open where a launch is cancelled half way.
                    process = await asyncio.shield(self._launch)
                except asyncio.CancelledError:
                    self._launch.add_done_callback(_kill_launched)
                    raise
                except OSError as error:
                    raise RecommendError(f"{self.program[0]}: cannot be started ({error.strerror})") from None
            self._process = process
            ready: asyncio.Future[Raw] = asyncio.get_running_loop().create_future()
            self._waiting[0], self._ready = ready, False
            self._reading = asyncio.create_task(self._read(process))
            try:
                await ready
                self._ready = True
            finally:
                self._waiting.pop(0, None)
            return process

    def _ended(self) -> bool:
        return self._reading is None or self._reading.done()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Give every answer to the one who waits for it, until the process ends; then tell those who still wait."""
        assert process.stdout is not None
        try:
            # ValueError: a line longer than the limit; the stream cannot be trusted after it.
            with suppress(ValueError, ConnectionError):
                while line := await process.stdout.readline():
                    self._deliver(line)
                await asyncio.wait_for(process.wait(), SECONDS_TO_END)
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            for future in list(self._waiting.values()):
                if not future.done():
                    future.set_exception(_DiedError())

    def _deliver(self, line: bytes) -> None:
        try:
            answer = msgspec.json.decode(line, type=_Answer)
        except msgspec.MsgspecError:
            return  # not ours: something printed by a library
        future = self._waiting.get(answer.id)
        if future is None or future.done():
            return
        if answer.error is not None:
            future.set_exception(RecommendError(answer.error))
        else:
            future.set_result(answer.result.copy())


def _kill_launched(launch: asyncio.Task[asyncio.subprocess.Process]) -> None:
    if not launch.cancelled() and launch.exception() is None:
        with suppress(ProcessLookupError):
            launch.result().kill()
