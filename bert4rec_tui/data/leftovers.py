"""What killed preparations leave in the data folder, and temporary folders that no later start takes for that."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from bert4rec_tui.files import clear_leftovers, explain_os_error, held, removed_at_the_end, temporary_path


@contextmanager
def unpacking_folder(raw: Path) -> Generator[Path]:
    """A temporary folder in `raw` for an archive's files, in use until the end of the block and then removed.

    Raises UserError where it cannot be made.
    """
    folder = temporary_path(raw / "unpacking")
    with removed_at_the_end(folder):
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise explain_os_error(error, raw) from error
        with held(folder):
            yield folder


def remove_leftovers(datasets: Path, raw: Path) -> None:
    """Remove what killed preparations have left, unless a process still works in it; never raises.

    A dataset that was about to be replaced when its preparation was killed is put back.
    """
    clear_leftovers(raw)
    clear_leftovers(datasets)
    with suppress(OSError):
        for folder in datasets.iterdir():
            clear_leftovers(folder)
