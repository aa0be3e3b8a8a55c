"""The process that a run lives in; or, started by torchrun's agent, one of the ranks that it lives in.

usage: python -m bert4rec_tui.training RUN_FOLDER

Signals are obeyed before anything else: importing torch takes seconds, and a stop that comes meanwhile is a stop.
"""

import signal
import sys
import threading
from pathlib import Path

from bert4rec_tui.files import narrow_umask
from bert4rec_tui.training.signals import SAME_SIGNAL_SECONDS, let_signals_through, obey_signals, under_torchrun


def main() -> int:
    """Work on the run folder in the first argument. Returns the exit code."""
    stop_requested = threading.Event()
    obey_signals(stop_requested, SAME_SIGNAL_SECONDS if under_torchrun() else 0.0)
    let_signals_through()
    narrow_umask()
    from bert4rec_tui.training.worker import run_worker

    return run_worker(Path(sys.argv[1]), stop_requested)


if __name__ == "__main__":
    ended = main()
    # Python takes its handlers away as it ends: a second signal would make a failure of what has been saved and done.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(ended)
