"""The app as a process in a terminal: it paints, and it goes when it is told to."""

import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest


@pytest.mark.parametrize(("number", "words"), [(signal.SIGTERM, []), (signal.SIGHUP, ["--no-mouse"])])
def test_the_app_ends_when_it_is_told_to_and_asks_for_the_mouse_unless_told_not_to(home, number, words):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bert4rec_tui", *words]
    app = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    seen, told, deadline = b"", False, time.monotonic() + 60
    while app.poll() is None and time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            seen += os.read(ours, 65536)
        if not told and b"Explore" in seen:
            app.send_signal(number)
            told = True
    os.close(ours)
    os.close(theirs)
    assert told, "it has not painted"
    if app.poll() is None:
        app.kill()
        pytest.fail("it goes on")
    assert (b"\x1b[?1000h" in seen) == (not words)


@pytest.mark.parametrize(
    ("missing", "options"),
    [
        ("stdin", {"stdin": subprocess.DEVNULL}),
        ("stdout", {"stdout": subprocess.PIPE}),
        ("stderr", {"stderr": subprocess.PIPE}),
    ],
)
def test_without_a_terminal_it_names_the_commands_and_ends_with_2(home, missing, options):
    """It read keys from nowhere for ever, and filled stderr with escape codes."""
    ours, theirs = pty.openpty()
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs} | options
    app = subprocess.run([sys.executable, "-m", "bert4rec_tui"], timeout=60, check=False, **streams)
    told = (app.stdout or b"") + (app.stderr or b"")
    while select.select([ours], [], [], 0.1)[0]:
        told += os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)
    assert app.returncode == 2
    sentence = told.decode().strip()
    assert sentence.startswith(f"bert4rec-tui: the app needs a terminal, and {missing} is not one; use a command")
    assert "recommend" in sentence
    assert "\n" not in sentence
    assert "\x1b" not in sentence
