"""Files that the interface writes for a user to take elsewhere."""

import time
from collections.abc import Sequence
from pathlib import Path

from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder, replace_file


def write_export(content: bytes, name: str, folders: Sequence[Path]) -> tuple[str, bool]:
    """Write a file to the first folder that takes it. Returns the sentence that tells of it, and whether it failed."""
    sentence = ""
    for folder in folders:
        try:
            replace_file(make_folder(folder) / name, content)
        except UserError as error:
            sentence = str(error)
        else:
            return f"Written: {folder / name}", False
    return sentence, True


def screenshot_name() -> str:
    """A name for a screenshot of now."""
    return f"bert4rec-{time.strftime('%Y%m%d-%H%M%S')}.svg"
