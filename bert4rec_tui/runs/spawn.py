"""Start a worker and exit, so that the worker is nobody's child.

usage: python -m bert4rec_tui.runs.spawn RUN_FOLDER

Prints the pid of the worker. It has a session of its own and no descriptor of its parent's: neither closing a terminal
nor ending the program that launched it reaches it.
"""

import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Start the worker of the run folder in the first argument."""
    folder = Path(sys.argv[1])
    with (folder / "console.log").open("ab") as console:
        worker = subprocess.Popen(
            [sys.executable, "-m", "bert4rec_tui.training.worker", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
            close_fds=True,
        )
    print(worker.pid, flush=True)
    # The worker outlives this process on purpose; that is no error to warn of.
    worker.returncode = 0


if __name__ == "__main__":
    main()
