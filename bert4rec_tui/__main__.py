"""`python -m bert4rec_tui` is the command `bert4rec-tui`."""

from bert4rec_tui.cli import main

if __name__ == "__main__":
    main()
