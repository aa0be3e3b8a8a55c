"""The command `bert4rec-tui`, and `python -m bert4rec_tui`."""

import os
import signal


def _exit(number: int, frame: object) -> None:
    """End the process at once: nothing is there yet to clean up, or nothing any more."""
    del frame
    os._exit(128 + number)


# Before anything else is imported: an exception within an import is often printed by whoever imports.
for _name in ("SIGINT", "SIGHUP", "SIGTERM"):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is not signal.SIG_IGN:  # as under nohup
        signal.signal(_number, _exit)

import atexit  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from bert4rec_tui.interruption import exit_code, ignore_signals  # noqa: E402

atexit.register(ignore_signals)  # registered first, so the last to run: while modules are torn down no handler can


def main() -> None:
    """Run the command."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # whoever started us has closed it; the next file opened would take its place
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
    try:
        from bert4rec_tui.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(exit_code())


if __name__ == "__main__":
    main()
