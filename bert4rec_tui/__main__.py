"""The command `bert4rec-tui`, and `python -m bert4rec_tui`."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command. Ctrl-C is no traceback, even while the commands are still being imported."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # whoever started us has closed it; the next file opened would take its place
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
    try:
        from bert4rec_tui.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
