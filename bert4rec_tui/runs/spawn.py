"""Start a worker and exit, so that the worker is nobody's child.

usage: python -m bert4rec_tui.runs.spawn RUN_FOLDER

Prints the pid of the worker; where several processes train the run, that of the agent, which starts them. It has a
session of its own and no descriptor of its parent's: neither closing a terminal nor ending the program that launched it
reaches it.
"""

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from bert4rec_tui.config import load_config
from bert4rec_tui.files import narrow_umask
from bert4rec_tui.runs.python import OUR_PYTHON
from bert4rec_tui.runs.status import claim, read_status, write_status
from bert4rec_tui.runs.torchrun import rank_environment, single_machine_command


def main() -> None:
    """Start the worker of the run folder in the first argument."""
    folder = Path(sys.argv[1])
    # Closed by a successful exec; a child that fails before says why through it.
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            become_worker(folder)
        except BaseException as error:
            os.write(writer, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        failure = pipe.read().decode(errors="replace")
    if failure:
        sys.exit(failure)
    print(pid, flush=True)


def become_worker(folder: Path) -> NoReturn:
    """Leave terminal and parent behind, and continue as the worker of a run."""
    os.setsid()
    # The mask outlasts an exec: a signal waits until the worker, which Python takes a moment to start, can obey it.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    narrow_umask()
    console = os.open(folder / "console.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, standard in ((nothing, 0), (console, 1), (console, 2)):
        os.dup2(ours, standard)
    # Importing torch takes seconds, on a cold shared disk a minute: until the worker can speak for itself, this tells
    # a reader whether it still lives. An exec keeps the pid.
    status = read_status(folder)
    claim(status, os.getpid())
    write_status(folder, status)
    processes = load_config(folder / "config.toml").training.processes
    if processes > 1:
        os.execve(sys.executable, single_machine_command(folder, processes), os.environ | rank_environment(machines=1))
    os.execv(sys.executable, [*OUR_PYTHON, "-m", "bert4rec_tui.training", str(folder)])


if __name__ == "__main__":
    main()
