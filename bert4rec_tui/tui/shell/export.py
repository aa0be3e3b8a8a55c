"""Files that the interface writes for a user to take elsewhere."""

import time
from collections.abc import Sequence
from pathlib import Path

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder, replace_file


def write_export(content: bytes, name: str, folders: Sequence[Path]) -> tuple[str, bool]:
    """Write a file to the first folder that takes it. Returns what to say, and whether it failed."""
    said = ""
    for folder in folders:
        try:
            replace_file(make_folder(folder) / name, content)
        except UserError as error:
            said = str(error)
        else:
            return f"Written: {folder / name}", False
    return said, True


def picture_name() -> str:
    """A name for a picture of now."""
    return f"bert4rec-{time.strftime('%Y%m%d-%H%M%S')}.svg"
