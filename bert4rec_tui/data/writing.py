"""Write what follows from the histories of a dataset: split, counts, sampled negatives, and the manifest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.arrays import StoredArray, save_archive, save_array
from bert4rec_tui.data.dataset import SCHEMA, Counts, Manifest, Split, hash_arrays, manifest_bytes
from bert4rec_tui.data.history_files import column
from bert4rec_tui.data.integrity import checksum
from bert4rec_tui.data.item_texts import id_arrays, item_arrays
from bert4rec_tui.data.negatives import check_enough, file_name, parse_protocol, sample_negatives, weights_for
from bert4rec_tui.data.repeats import count_repeated
from bert4rec_tui.data.splits import Histories, newcomers, split_histories
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.data.training_counts import TrainingCounts, count_training
from bert4rec_tui.errors import UserError
from bert4rec_tui.progress import ReportProgress

# Sampled with the dataset, because nearly every test needs them.
FIRST_PROTOCOLS, FIRST_SEED = ("uniform-100", "popular-100"), 42


@dataclass(frozen=True)
class Origin:
    """What is known of the source.

    read: its interactions; left_out: how many of them by which rule; features: the kind of each.
    """

    read: int
    left_out: dict[str, int]
    has_titles: bool
    notes: Sequence[str]
    features: dict[str, str]


def write_ids(staging: Staging, folder: Path) -> dict[str, np.ndarray]:
    """Write users.npz; return the arrays of items.npz, which lack only the training counts."""
    save_archive(folder / "users.npz", id_arrays(staging, "users"))
    return item_arrays(staging) | {"counts": column(staging, "SELECT n FROM items ORDER BY code")}


def write_dataset(
    folder: Path,
    settings: DatasetConfig,
    offsets: np.ndarray,
    items: dict[str, np.ndarray],
    origin: Origin,
    report: ReportProgress,
) -> None:
    """Write all that the histories in `folder` still lack. offsets: (users + 1,) int64. items: of items.npz.

    Raises UserError where they cannot be split.
    """
    history = StoredArray(folder / "history.npy")
    times = folder / "timestamps.npy"
    histories = Histories(offsets, StoredArray(times) if times.exists() else None)
    split = split_histories(histories, settings)
    trained = count_training(history, offsets, split, items["counts"])
    split_rows = np.stack([split.train_end, split.validation, split.test])
    save_array(folder / "offsets.npy", offsets)
    save_array(folder / "split.npy", split_rows)
    save_archive(folder / "items.npz", items | {"train_counts": trained.items})
    for protocol in FIRST_PROTOCOLS:
        kind, number = parse_protocol(protocol)
        sampled = sample_negatives(history, offsets, weights_for(kind, trained.items), number, FIRST_SEED, report)
        try:
            check_enough(sampled, protocol)
        except UserError:
            continue  # a small catalogue still supports `full`; using this protocol raises
        save_array(folder / file_name(protocol, FIRST_SEED), sampled)
    manifest = Manifest(
        schema=SCHEMA,
        id=settings.id,
        settings=settings,
        counts=_counts(history, histories, split, trained, origin.read),
        has_timestamps=histories.seconds is not None,
        has_ratings=(folder / "ratings.npy").exists(),
        has_titles=origin.has_titles,
        split_hash=hash_arrays(history, offsets, split_rows),
        cuts=split.cuts,
        notes=list(origin.notes),
        features=origin.features,
        left_out={rule: count for rule, count in origin.left_out.items() if count},
        checksums={file.name: checksum(file) for file in sorted(folder.iterdir())},
    )
    (folder / "manifest.json").write_bytes(manifest_bytes(manifest))


def _counts(history: StoredArray, histories: Histories, split: Split, trained: TrainingCounts, read: int) -> Counts:
    lengths = histories.lengths
    validation_newcomers, test_newcomers = newcomers(histories, split.cuts)
    users, items, interactions = len(lengths), len(trained.items), int(histories.offsets[-1])
    return Counts(
        users=users,
        items=items,
        interactions=interactions,
        density=interactions / (users * items),
        raw_interactions=read,
        train_interactions=int(split.train_end.sum(dtype=np.int64)),
        validation_users=int(np.count_nonzero(split.validation >= 0)),
        test_users=int(np.count_nonzero(split.test >= 0)),
        shortest_history=int(lengths.min()),
        median_history=float(np.median(lengths)),
        longest_history=int(lengths.max()),
        untrained_validation_targets=trained.untrained_validation,
        untrained_test_targets=trained.untrained_test,
        validation_newcomers=validation_newcomers,
        test_newcomers=test_newcomers,
        repeated_validation_targets=count_repeated(history, histories.offsets, split.validation),
        repeated_test_targets=count_repeated(history, histories.offsets, split.test),
    )
