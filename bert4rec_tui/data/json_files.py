"""Read a small JSON file that somebody else may have written: whatever is in it, one sentence says what is wrong."""

import stat
from pathlib import Path
from typing import TypeVar

import msgspec

from bert4rec_tui.errors import UserError

MAX_BYTES = 64 * 2**20

Value = TypeVar("Value")


def read_json(file: Path, kind: type[Value]) -> Value:
    """Decode a file as a type.

    Raises OSError where it cannot be read, and UserError for a file that is not regular, larger than 64 MiB, not JSON
    of this type, nested too deeply, or with a number out of range.
    """
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f"{file}: is not a regular file")
    if found.st_size > MAX_BYTES:
        raise UserError(f"{file}: is larger than {MAX_BYTES // 2**20} MiB")
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (RecursionError, OverflowError, MemoryError):
        raise UserError(f"{file}: cannot be read (nested too deeply, or a number out of range)") from None
    except (ValueError, TypeError) as error:  # msgspec's own errors are ValueErrors
        raise UserError(f"{file}: cannot be read ({error})") from None
