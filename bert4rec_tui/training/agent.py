"""The process that starts and watches the ranks of a run on one machine: torchrun's agent, as we need it.

usage: python -m bert4rec_tui.training.agent TORCHRUN_OPTIONS… -m bert4rec_tui.training RUN_FOLDER

It takes torchrun's own options and differs from it in three ways. Without `--rdzv-endpoint`, for ranks of this machine
alone, they meet by files in a private folder: torchrun would listen on two ports of all interfaces and unpickle what
comes in there. SIGTERM and SIGINT are passed on to the ranks, which save and end, and the exit code is theirs: torchrun
ends with a traceback and code 1 or 143, which Slurm takes for a failure. And where the agent of another machine was
killed, this one waits half a minute for it, not five.
"""

import functools
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from bert4rec_tui.files import narrow_umask
from bert4rec_tui.runs.torchrun import RENDEZVOUS
from bert4rec_tui.training.signals import let_signals_through

EXIT_SECONDS = 30  # rank 0 outlives the others, who wait for its end, so agents end within seconds of each other
_PREFIX = "bert4rec-tui-ranks-"


def main() -> int:
    """Run the ranks to their end. Returns 0 where all ended well, 1 where one failed; ranks say themselves why."""
    arguments = sys.argv[1:]
    pass_signals_on()
    narrow_umask()
    if not any(word.startswith(("--rdzv-endpoint", "--rdzv_endpoint")) for word in arguments):
        with rendezvous_folder() as folder:
            os.environ[RENDEZVOUS] = str(folder)
            # Else the agent would serve a store of its own to the ranks, on all interfaces.
            os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
            rendezvous_options = [
                "--rdzv-backend=c10d",
                "--rdzv-conf=store_type=file",
                f"--rdzv-endpoint={folder / 'agent'}",
                "--rdzv-id=one-machine",
                "--local-addr=127.0.0.1",
            ]
            return run_agent([*rendezvous_options, *arguments])
    return run_agent(arguments)


def run_agent(arguments: list[str]) -> int:
    """Run torchrun's agent with its own command line. Returns the exit code."""
    from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.elastic.rendezvous import RendezvousError
    from torch.distributed.launcher import api
    from torch.distributed.run import parse_args, run

    # No option of torchrun sets this.
    agent = functools.partial(LocalElasticAgent, exit_barrier_timeout=EXIT_SECONDS)
    api.LocalElasticAgent = agent  # pyright: ignore[reportPrivateImportUsage]
    # An agent that waits in vain for another logs a traceback, where the ranks have reported what happened.
    logging.getLogger("torch.distributed.elastic.agent.server.api").setLevel(logging.CRITICAL)
    try:
        run(parse_args(arguments))
    except ChildFailedError:
        return 1
    except RendezvousError as error:
        print(f"the other machines cannot be reached: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def pass_signals_on() -> None:
    """Have SIGTERM and SIGINT reach the ranks, and continue until they have ended; a closed terminal ends nothing."""

    waiting: list[int] = []  # signals that came before there were ranks

    def send(number: int) -> bool:
        ranks = psutil.Process().children()
        for rank in ranks:
            with suppress(psutil.Error):
                rank.send_signal(number)
        return bool(ranks)

    def send_later() -> None:
        while not send(waiting[0]):
            time.sleep(0.1)

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        if send(number):
            return
        if waiting:  # a second one, while there is nothing to save
            os._exit(128 + number)
        waiting.append(number)
        threading.Thread(target=send_later, daemon=True).start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    let_signals_through()  # the ranks must not inherit that they wait


@contextmanager
def rendezvous_folder() -> Generator[Path]:
    """A folder on a disk of this machine that nobody else may enter; those of agents that were killed are removed."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError):
            if pid.isdigit() and not psutil.pid_exists(int(pid)) and left.stat().st_uid == os.getuid():
                shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
