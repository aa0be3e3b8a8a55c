"""Our own commands as child processes: how far they are, what they give, and how they are ended."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from bert4rec_tui.progress import Progress
from bert4rec_tui.runs.python import OUR_PYTHON

OUR_COMMAND: tuple[str, ...] = (*OUR_PYTHON, "-m", "bert4rec_tui")
LONGEST_LINE = 16 * 1024 * 1024
SECONDS_TO_END = 10.0
SECONDS_TO_CLOSE = 1.0


@dataclass(frozen=True)
class Progressed:
    """How far the child is."""

    progress: Progress


@dataclass(frozen=True)
class Reported:
    """The child has something to tell the person."""

    sentence: str


class CommandError(Exception):
    """A command ended without its result; the message is its own sentence."""


class CommandCancelledError(CommandError):
    """A command ended because it was asked to."""


class _Line(msgspec.Struct):
    """One line on a command's stderr."""

    progress: Progress | None = None
    message: str = ""
    error: str = ""


class ChildCommand:
    """One of our commands, run with `--json` in a process group of its own.

    Follow it with `async for event in command.events()`; then `command.result` holds the object that it printed.
    `command.cancel()` ends it, politely first.
    """

    def __init__(self, *arguments: str, program: Sequence[str] = OUR_COMMAND) -> None:
        self.arguments = [*program, *arguments, "--json"]
        self.result: dict[str, Any] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._cancelled = False
        self._launch: asyncio.Task[asyncio.subprocess.Process] | None = None
        self._killing: asyncio.Task[None] | None = None

    async def events(self) -> AsyncGenerator[Progressed | Reported]:
        """Start the command and yield what it reports until it ends.

        Raises CommandError with its sentence where it fails, CommandCancelledError after `cancel`. A worker that is
        cancelled while it waits here takes the command down too.
        """
        if self._cancelled:
            raise CommandCancelledError("cancelled")
        self._launch = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *self.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                limit=LONGEST_LINE,
            )
        )
        try:
            # Shielded: asyncio leaves pipes open where a launch is cancelled half way.
            process = await asyncio.shield(self._launch)
        except asyncio.CancelledError:
            self._launch.add_done_callback(self._cancel_launched)
            raise
        except OSError as error:
            raise CommandError(f"{self.arguments[0]}: cannot be started ({error.strerror})") from None
        self._process = process
        if self._cancelled:  # while it was being started
            self.cancel()
        assert process.stdout is not None
        assert process.stderr is not None
        output = asyncio.ensure_future(process.stdout.read())
        error, unread = "", list[str]()
        try:
            while received := await process.stderr.readline():
                text = received.decode("utf-8", errors="replace").strip()
                line = _read_line(text)
                if line is None:
                    unread = [*unread[-4:], text] if text else unread
                elif line.error:
                    error = line.error
                elif line.progress is not None:
                    yield Progressed(line.progress)
                elif line.message:
                    yield Reported(line.message)
            printed = await output
            code = await process.wait()
        except BaseException:
            self.cancel()
            output.cancel()
            raise
        if self._cancelled:
            raise CommandCancelledError("cancelled")
        if code != 0:
            raise CommandError(error or (unread[-1] if unread else f"the command ended with code {code}"))
        self.result = _last_object(printed)

    def cancel(self) -> None:
        """Ask the command and all that it started to end; end them if they do not within ten seconds."""
        self._cancelled = True
        if self._process is not None and self._process.returncode is None and self._killing is None:
            self._signal(signal.SIGTERM)
            self._killing = asyncio.ensure_future(self._end_later(self._process))

    def _cancel_launched(self, launch: asyncio.Task[asyncio.subprocess.Process]) -> None:
        if not launch.cancelled() and launch.exception() is None:
            self._process = launch.result()
            self.cancel()

    async def end(self) -> None:
        """End the command and wait until it is gone and its pipes are closed, for when the loop closes next."""
        if self._launch is None:
            self._cancelled = True
            return
        try:
            self._process = await self._launch
        except OSError:
            return
        self.cancel()
        if self._killing is not None:
            await self._killing
        await pipes_closed(self._process)

    async def _end_later(self, process: asyncio.subprocess.Process) -> None:
        try:
            await asyncio.wait_for(process.wait(), SECONDS_TO_END)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            with suppress(TimeoutError):  # which nothing outlives for long but a process that waits for a disk
                await asyncio.wait_for(process.wait(), SECONDS_TO_END)

    def _signal(self, number: int) -> None:
        # The group has the number of its first process, which is ours and not yet waited for while returncode is None.
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


async def pipes_closed(process: asyncio.subprocess.Process) -> None:
    """Wait until nothing more can come from a process that has ended, unless something else holds its pipes open.

    A loop that closes before that leaves transports behind, which print a traceback when they are collected.
    """
    streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS_TO_CLOSE):
            for stream in streams:
                while not stream.at_eof():
                    try:
                        await stream.read()
                    except RuntimeError:  # somebody else is reading it, to its end too
                        await asyncio.sleep(0.01)
            await asyncio.sleep(0)  # the transports hear of it in the next turn of the loop


def _read_line(text: str) -> _Line | None:
    try:
        return msgspec.json.decode(text, type=_Line)
    except msgspec.MsgspecError:
        return None


def _last_object(printed: bytes) -> dict[str, Any]:
    """The last line of stdout that is a JSON object. Raises CommandError where there is none."""
    for line in reversed(printed.splitlines()):
        try:
            return msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError:
            continue
    raise CommandError("the command printed no result")
