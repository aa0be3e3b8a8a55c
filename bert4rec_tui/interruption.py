"""Signals that end the program while a command works: exit code 130, 143 or 129, nothing printed, nothing left over.

An exception unwinds the work, so that temporary files are removed. Before the work and after it `__main__` ends the
process at once.
"""

import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)

Handler = Callable[[int, FrameType | None], Any]

_received = 0
_in_hook = False  # whether an interruption that was lost is being repeated


class Interrupted(KeyboardInterrupt):
    """A signal has asked the program to end; unwinds it as Ctrl-C does."""


def received() -> int:
    """The signal that is ending the program, 0 where there is none."""
    return _received


def exit_code() -> int:
    """The exit code after an interruption: 128 plus the signal, which is Ctrl-C's where none was received."""
    return 128 + int(_received or signal.SIGINT)


def ignore_signals() -> None:
    """From now on these signals do nothing: for the last moments of a program that has done its work."""
    _install(signal.SIG_IGN)


@contextmanager
def raising() -> Generator[None]:
    """While this is entered, these signals raise `Interrupted` in the main thread.

    Signals that the parent has set to be ignored, as `nohup` does, stay ignored.
    """
    global _received
    before, hooks = {number: signal.getsignal(number) for number in SIGNALS}, (sys.excepthook, sys.unraisablehook)
    _received = 0
    _install(_raise)
    sys.excepthook, sys.unraisablehook = _quiet(sys.excepthook), _raise_again(sys.unraisablehook)
    try:
        yield
    finally:
        sys.excepthook, sys.unraisablehook = hooks
        for number, handler in before.items():
            if handler is not None:  # a handler that was not installed from Python
                signal.signal(number, handler)


def _install(handler: Handler | signal.Handlers) -> None:
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _raise(number: int, frame: FrameType | None) -> None:
    global _received
    del frame
    _received = number
    if _in_hook:
        _send_again()
        return
    raise Interrupted


def _quiet(hook: Callable[..., Any]) -> Callable[..., Any]:
    """An excepthook, which C extensions call too, that prints nothing once a signal is ending the program."""

    def print_exception(kind: Any, error: Any, trace: Any) -> None:
        if not _received:
            hook(kind, error, trace)

    return print_exception


def _raise_again(hook: Callable[..., Any]) -> Callable[..., Any]:
    """An unraisablehook that prints no interruption; one that was raised where it is lost (`__del__`) is repeated."""

    def repeat(unraisable: Any) -> None:
        global _in_hook
        if isinstance(unraisable.exc_value, Interrupted):
            _in_hook = True
            _send_again()
            _in_hook = False
        elif not _received:
            hook(unraisable)

    return repeat


def _send_again() -> None:
    """Send the received signal to the main thread in a moment; here and now its exception would be lost once more."""
    main = threading.main_thread().ident
    if main is not None:
        threading.Timer(0.005, signal.pthread_kill, (main, _received)).start()
