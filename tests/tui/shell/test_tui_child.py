"""Our commands as child processes: what they say arrives, and nothing of them stays behind."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bert4rec_tui.tui.shell.child_command import ChildCommand, CommandCancelledError, CommandError, Progressed, Reported
from bert4rec_tui.tui.shell.running_commands import RunningCommands


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def follow(command: ChildCommand) -> list[Progressed | Reported]:
    return [event async for event in command.events()]


async def test_progress_and_result_arrive(home: Path) -> None:
    code = (
        "import sys\n"
        'print(\'{"progress": {"stage": "Reading", "done": 3, "total": 9}}\', file=sys.stderr)\n'
        'print(\'{"message": "a warning"}\', file=sys.stderr)\n'
        "print('a remark of a library', file=sys.stderr)\n"
        'print(\'{"dataset": "toy", "users": 7}\')'
    )
    command = ChildCommand("prepare", program=python(code))
    events = await follow(command)
    assert [type(event) for event in events] == [Progressed, Reported]
    assert isinstance(events[0], Progressed)
    assert (events[0].progress.stage, events[0].progress.done, events[0].progress.total) == ("Reading", 3, 9)
    assert command.result == {"dataset": "toy", "users": 7}


async def test_the_sentence_of_a_failure_is_the_commands_own() -> None:
    code = 'import sys; print(\'{"error": "mine.csv: is empty"}\', file=sys.stderr); sys.exit(2)'
    with pytest.raises(CommandError, match=r"^mine\.csv: is empty$"):
        await follow(ChildCommand(program=python(code)))


async def test_a_crash_gives_its_last_line() -> None:
    with pytest.raises(CommandError, match="ZeroDivisionError"):
        await follow(ChildCommand(program=python("1 / 0")))


async def test_a_missing_program_is_said() -> None:
    with pytest.raises(CommandError, match="cannot be started"):
        await follow(ChildCommand(program=["/nonexistent/program"]))


async def test_cancel_ends_the_whole_group(tmp_path: Path) -> None:
    """A command that has started processes of its own leaves none of them."""
    pids = tmp_path / "pids"
    code = (
        "import os, pathlib, subprocess, sys, time\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(pids)!r}).write_text(f'{{os.getpid()}} {{inner.pid}}')\n"
        'print(\'{"message": "begun"}\', file=sys.stderr, flush=True)\n'
        "time.sleep(60)"
    )
    command = ChildCommand(program=python(code))
    with pytest.raises(CommandCancelledError):
        await cancel_when_it_speaks(command)
    await until_gone([int(pid) for pid in pids.read_text().split()])


async def test_a_command_that_ignores_the_wish_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bert4rec_tui.tui.shell.child_command.SECONDS_TO_END", 0.2)
    code = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        'print(\'{"message": "%d"}\' % os.getpid(), file=sys.stderr, flush=True)\n'
        "time.sleep(60)"
    )
    command = ChildCommand(program=python(code))
    heard: list[Reported] = []
    with pytest.raises(CommandCancelledError):
        await cancel_when_it_speaks(command, heard)
    await until_gone([int(heard[0].sentence)])


async def test_cancelling_who_waits_ends_the_command() -> None:
    code = (
        'import os, sys, time\nprint(\'{"message": "%d"}\' % os.getpid(), file=sys.stderr, flush=True)\ntime.sleep(60)'
    )
    command = ChildCommand(program=python(code))
    heard: asyncio.Queue[int] = asyncio.Queue()

    async def wait() -> None:
        async for event in command.events():
            assert isinstance(event, Reported)
            heard.put_nowait(int(event.sentence))

    waiting = asyncio.ensure_future(wait())
    pid = await heard.get()
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    await until_gone([pid])


async def cancel_when_it_speaks(command: ChildCommand, heard: list[Reported] | None = None) -> None:
    async for event in command.events():
        assert isinstance(event, Reported)
        if heard is not None:
            heard.append(event)
        command.cancel()


async def until_gone(pids: list[int]) -> None:
    for _ in range(500):
        if not any(lives(pid) for pid in pids):
            return
        await asyncio.sleep(0.02)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    raise AssertionError(f"{pids} are still there")


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_what_runs_or_was_just_cancelled_is_gone_with_its_pipes_before_the_loop_closes(tmp_path: Path) -> None:
    """Else the end of the loop prints a traceback for each, on the terminal that the app has just left."""
    code = "import os, sys, time; print(os.getpid(), flush=True); print('{}', file=sys.stderr); time.sleep(60)"
    commands = RunningCommands(lambda sentence: None, python(f"{code}  #"))
    tasks = [asyncio.ensure_future(commands.run()) for _ in range(2)]
    children: list[psutil.Process] = []
    for _ in range(500):
        children = psutil.Process().children()
        if len(children) >= 2:
            break
        await asyncio.sleep(0.02)
    assert commands.busy
    tasks[0].cancel()
    await asyncio.sleep(0)
    await commands.end_all()
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
    for task in tasks:
        with suppress(asyncio.CancelledError, CommandError):
            await task
    assert not commands.busy


async def test_a_program_that_ends_starts_no_more_commands() -> None:
    """Random keys found it: a worker that was just about to start a test did so after all others had been ended."""
    commands = RunningCommands(lambda sentence: None, program=(sys.executable, "-c", "import time; time.sleep(60)"))
    await commands.end_all()
    with pytest.raises(CommandCancelledError):
        await commands.run("test")
    assert not commands.busy


async def test_a_command_whose_progress_cannot_be_shown_is_gone_when_the_program_ends() -> None:
    """What shows it may be removed while the program ends."""
    pids: list[int] = []

    def report(sentence: str) -> None:
        pids.append(int(sentence))
        raise LookupError("the line is gone")

    code = (
        'import os, sys, time\nprint(\'{"message": "%d"}\' % os.getpid(), file=sys.stderr, flush=True)\ntime.sleep(60)'
    )
    commands = RunningCommands(report, python(code))
    with pytest.raises(LookupError):
        await commands.run()
    await commands.end_all()
    assert not lives(pids[0])
