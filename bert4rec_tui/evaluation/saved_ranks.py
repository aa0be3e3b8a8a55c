"""The ranks of a test, stored for every test user: written with a checksum, and read only where they are whole."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bert4rec_tui.data.integrity import archive_arrays, checksum
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import replacing
from bert4rec_tui.runs.store import Run

CHECKSUM = "ranks_checksum"  # its key in metrics.json; older results have none
_ARRAYS = ("users", "ranks", "candidates")


@dataclass(frozen=True)
class SavedRanks:
    """The stored ranks of a test. users, ranks, candidates: (users,) int, one for each test user, in dataset order."""

    users: np.ndarray
    ranks: np.ndarray
    candidates: np.ndarray


def save_ranks(folder: Path, ranks: SavedRanks, record: Mapping[str, Any]) -> None:
    """Write ranks.npz, then metrics.json with its checksum, so that no other ranks are taken for these.

    Raises OSError.
    """
    with replacing(folder / "ranks.npz") as temporary:
        with temporary.open("wb") as file:
            np.savez(file, users=ranks.users, ranks=ranks.ranks, candidates=ranks.candidates)
        found = checksum(temporary)
    with replacing(folder / "metrics.json") as temporary:
        temporary.write_text(json.dumps({**record, CHECKSUM: found}, indent=1) + "\n", encoding="utf-8")


def load_ranks(run: Run, checkpoint: str, protocol: str) -> SavedRanks:
    """The stored ranks of a test of a run. Raises UserError where there are none, or they cannot be read."""
    file = run.test_folder(checkpoint, protocol) / "ranks.npz"
    command = f"`bert4rec-tui test {run.short_id} --checkpoint {checkpoint} --protocol {protocol}`"
    expected = run.test_results(checkpoint).get(protocol, {}).get(CHECKSUM)
    try:
        return _read(file, expected if isinstance(expected, str) else None)
    except FileNotFoundError:
        raise UserError(
            f"{run.id}: the {checkpoint} checkpoint has not been tested under {protocol}; run {command}"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be read ({error}); test again with {command}") from None


def _read(file: Path, expected: str | None) -> SavedRanks:
    """Raises OSError, and ValueError where the file is damaged or is the ranks of another test."""
    arrays = archive_arrays(file, expected)
    if missing := [name for name in _ARRAYS if name not in arrays]:
        raise ValueError(f"{missing[0]} is missing")
    users, ranks, candidates = (arrays[name] for name in _ARRAYS)
    if not users.shape == ranks.shape == candidates.shape or any(
        array.ndim != 1 or array.dtype.kind not in "iu" for array in (users, ranks, candidates)
    ):
        raise ValueError("its arrays do not fit each other")
    return SavedRanks(users, ranks, candidates)
