"""How a worker obeys signals. Imports nothing heavy, so that it does from its first moment on."""

import os
import signal
import threading
import time
from types import FrameType

# torchrun's agent passes a signal on to ranks that may have had it already.
SAME_SIGNAL_SECONDS = 3.0
HELD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def under_torchrun() -> bool:
    """Whether torchrun started this process; it does so for a single one too, as on a machine with one GPU."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def obey_signals(stop_requested: threading.Event, grace: float = 0.0) -> None:
    """Let SIGTERM and SIGINT ask for a stop, a second one end at once, and a terminal that closes be no matter.

    grace: for so many seconds after the first one another is taken for the same.
    """
    first: list[float] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        if first and time.monotonic() - first[0] >= grace:
            os._exit(1)
        first.append(time.monotonic())
        stop_requested.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def end_at_once_on_signals() -> None:
    """Let SIGTERM and SIGINT end the process, as while it waits in torch for other ranks, where no handler runs."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def let_signals_through() -> None:
    """Take the signals that have waited, and all others."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
