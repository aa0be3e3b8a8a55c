"""Prepare a dataset from ratings: filter, index, sort, split, write."""

from pathlib import Path

import msgspec
import numpy as np

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.arrays import save_archive, save_array
from bert4rec_tui.data.catalog import KNOWN
from bert4rec_tui.data.dataset import SCHEMA, Counts, Manifest, PreparedDataset, Split, hash_arrays, manifest_bytes
from bert4rec_tui.data.fingerprints import fingerprint_source, load_fingerprints, save_fingerprints
from bert4rec_tui.data.formats import read_interactions
from bert4rec_tui.data.integrity import checksum
from bert4rec_tui.data.interactions import (
    Interactions,
    filter_by_count,
    in_time_order,
    reindexed,
    without_repeats,
)
from bert4rec_tui.data.leftovers import remove_leftovers
from bert4rec_tui.data.negatives import check_enough, file_name, parse_protocol, sample_negatives, weights_for
from bert4rec_tui.data.nouns import item_word, noun_of
from bert4rec_tui.data.sources import find_origin, folder_names, opened
from bert4rec_tui.data.splits import Histories, newcomers, split_histories
from bert4rec_tui.data.texts import Texts, pack_texts
from bert4rec_tui.errors import UserError
from bert4rec_tui.files import make_folder, new_folder
from bert4rec_tui.progress import Progress, ReportProgress, ignore_progress

MIN_ITEMS = 3
# Sampled with the dataset, because nearly every test needs them.
FIRST_PROTOCOLS, FIRST_SEED = ("uniform-100", "popular-100"), 42


def prepare(
    settings: DatasetConfig,
    datasets: Path,
    raw: Path,
    report: ReportProgress = ignore_progress,
    again: bool = False,
    mirror: str | None = None,
) -> PreparedDataset:
    """Prepare a dataset in the folder `datasets`; downloads are kept in `raw`.

    A dataset already prepared with the same settings from the same source is only opened, unless `again`. Interrupted,
    it leaves nothing half-written. Raises UserError where the ratings or the settings cannot be used.
    """
    if settings.source:
        settings = msgspec.structs.replace(settings, source=str(Path(settings.source).expanduser().absolute()))
    if not again:
        prepared = reusable(settings, datasets)
        if prepared is not None:
            return prepared
        _check_source(settings, datasets)
    remove_leftovers(datasets, raw)
    make_folder(datasets)  # fails before a long download where there is no permission
    origin = find_origin(settings, raw, report, mirror)
    # Taken before reading: a change in the meantime makes it another source the next time.
    fingerprints = fingerprint_source(Path(settings.source)) if settings.source else None
    with opened(origin, raw, settings, report) as source:
        movielens = source.layout is not None or source.movies is not None
        report(Progress(stage="Reading", done=source.ratings.stat().st_size, unit="bytes"))
        interactions, settings = read_interactions(source, settings)
    noun = settings.item_noun or ("movie" if movielens else item_word(settings))
    settings = msgspec.structs.replace(settings, item_noun=noun)
    read = len(interactions)
    report(Progress(stage="Sorting", done=read, unit="interactions"))
    interactions = filtered(interactions, settings)
    with new_folder(datasets / settings.id) as folder:
        write(interactions, settings, read, folder, report)
        if fingerprints is not None:
            save_fingerprints(fingerprints, folder)
    return PreparedDataset(datasets / settings.id)


def _check_source(settings: DatasetConfig, datasets: Path) -> None:
    """Raises UserError where the name is taken by ratings from another source: runs may be trained on those."""
    try:
        before = PreparedDataset(datasets / settings.id).manifest.settings.source
    except UserError:
        return
    known = KNOWN.get(settings.name)
    # A downloaded or bundled dataset may be given as its archive, or as the folder in it.
    same = before == settings.source or (not before and known and Path(settings.source).stem == Path(known.file).stem)
    if settings.source and not same:
        origin = before or ("the bundled ratings" if known and known.bundled else "the downloaded ratings")
        raise UserError(
            f"{settings.id}: is already prepared from {origin}; choose another name, or replace it with "
            "`prepare --again`"
        )


def reusable(settings: DatasetConfig, datasets: Path) -> PreparedDataset | None:
    """An existing dataset with these settings from the same, unchanged source; None where there is none."""
    try:
        prepared = PreparedDataset(datasets / settings.id)
    except UserError:
        return None
    # A source, columns or a separator that are not given match any.
    unset = {field: "" for field in ("source", "separator", "item_noun") if not getattr(settings, field)}
    unset |= {"columns": {}} if not settings.columns else {}
    if msgspec.structs.replace(prepared.manifest.settings, **unset) != settings:
        return None
    return prepared if not settings.source or _is_unchanged(Path(settings.source), prepared.path) else None


def _is_unchanged(source: Path, dataset: Path) -> bool:
    """Whether a source is unchanged since it was read; a replacement may be older, as after `mv` or `cp -p`."""
    kept, fingerprints = load_fingerprints(dataset), fingerprint_source(source)
    if kept is not None:
        return bool(fingerprints) and fingerprints == kept
    # Prepared by a version without fingerprints: the source must not be newer.
    names = folder_names(source) if source.is_dir() else []
    files = [source, *(source / name for name in names), *(source.glob("*") if names else ())]
    written = (dataset / "manifest.json").stat().st_mtime
    return source.exists() and not any(file.stat().st_mtime > written for file in files)


def filtered(interactions: Interactions, settings: DatasetConfig) -> Interactions:
    """The ratings that pass the filters, sorted by time and renumbered.

    Raises UserError where no users, or fewer than three items, are left.
    """
    if interactions.ratings is not None:
        keep = interactions.ratings >= settings.min_rating
        interactions = interactions if keep.all() else interactions.take(keep)
    elif settings.min_rating > 0:
        raise UserError(f"dataset.min_rating = {settings.min_rating:g} needs a rating column, and the source has none")
    interactions = in_time_order(interactions)
    if settings.repeats != "keep":
        interactions = without_repeats(interactions, settings.repeats)
    interactions = filter_by_count(
        interactions, settings.min_item_interactions, settings.min_user_interactions, settings.filter == "core"
    )
    interactions = reindexed(interactions)
    if not len(interactions):
        raise UserError(
            f"{settings.name}: no users left after filtering (min_rating = {settings.min_rating:g}, "
            f"min_item_interactions = {settings.min_item_interactions}, "
            f"min_user_interactions = {settings.min_user_interactions}); lower them"
        )
    if len(interactions.item_ids) < MIN_ITEMS:
        left = noun_of(item_word(settings)).counted(len(interactions.item_ids))
        raise UserError(f"{settings.name}: {left} left after filtering, at least {MIN_ITEMS} are needed")
    return interactions


def write(interactions: Interactions, settings: DatasetConfig, read: int, folder: Path, report: ReportProgress) -> None:
    """Write all files of a prepared dataset into `folder`; the same input and settings give the same bytes.

    `read` is the number of ratings before filtering.
    """
    users, items = len(interactions.user_ids), len(interactions.item_ids)
    report(Progress(stage="Writing", done=len(interactions), unit="interactions"))
    offsets = np.zeros(users + 1, dtype=np.int64)
    np.cumsum(np.bincount(interactions.users, minlength=users), out=offsets[1:])
    history = interactions.items + np.int32(1)
    seconds = interactions.times.seconds() if interactions.times is not None else None
    histories = Histories(offsets, seconds)
    split = split_histories(histories, settings)
    train_counts = _train_counts(history, offsets, split, items)

    split_rows = np.stack([split.train_end, split.validation, split.test])
    arrays = {"history": history, "offsets": offsets, "split": split_rows}
    if seconds is not None:
        arrays["timestamps"] = seconds
    if interactions.ratings is not None:
        arrays["ratings"] = interactions.ratings
    for name, array in arrays.items():
        save_array(folder / f"{name}.npy", array)
    save_archive(folder / "users.npz", _id_arrays(interactions.user_ids))
    counts = {"counts": np.bincount(history, minlength=items + 1)[1:], "train_counts": train_counts}
    save_archive(folder / "items.npz", _id_arrays(interactions.item_ids) | _text_arrays(interactions) | counts)
    for protocol in FIRST_PROTOCOLS:
        kind, number = parse_protocol(protocol)
        sampled = sample_negatives(history, offsets, weights_for(kind, train_counts), number, FIRST_SEED, report)
        try:
            check_enough(sampled, protocol)
        except UserError:
            continue  # a small catalogue still supports `full`; using this protocol raises
        save_array(folder / file_name(protocol, FIRST_SEED), sampled)
    manifest = Manifest(
        schema=SCHEMA,
        id=settings.id,
        settings=settings,
        counts=_counts(history, histories, split, train_counts, read),
        has_timestamps=seconds is not None,
        has_ratings=interactions.ratings is not None,
        has_titles=interactions.titles is not None,
        split_hash=hash_arrays(history, offsets, split_rows),
        cuts=split.cuts,
        notes=list(interactions.notes),
        checksums={file.name: checksum(file) for file in sorted(folder.iterdir())},
    )
    (folder / "manifest.json").write_bytes(manifest_bytes(manifest))


def _train_counts(history: np.ndarray, offsets: np.ndarray, split: Split, items: int) -> np.ndarray:
    """(N,) the training interactions of each item: all but those past each user's train_end."""
    counts = np.bincount(history, minlength=items + 1)
    lengths = np.diff(offsets)
    held_out = lengths - split.train_end
    past = np.repeat(offsets[:-1] + split.train_end - np.cumsum(held_out) + held_out, held_out)
    past += np.arange(len(past))
    return (counts - np.bincount(history[past], minlength=items + 1))[1:]


def _counts(history: np.ndarray, histories: Histories, split: Split, train_counts: np.ndarray, read: int) -> Counts:
    offsets, lengths = histories.offsets, histories.lengths
    validation_newcomers, test_newcomers = newcomers(histories, split.cuts)
    users, items = len(lengths), len(train_counts)

    def untrained(positions: np.ndarray) -> int:
        targets = history[(offsets[:-1] + positions)[positions >= 0]]
        return int(np.count_nonzero(train_counts[targets - 1] == 0))

    return Counts(
        users=users,
        items=items,
        interactions=len(history),
        density=len(history) / (users * items),
        raw_interactions=read,
        train_interactions=int(split.train_end.sum(dtype=np.int64)),
        validation_users=int(np.count_nonzero(split.validation >= 0)),
        test_users=int(np.count_nonzero(split.test >= 0)),
        shortest_history=int(lengths.min()),
        median_history=float(np.median(lengths)),
        longest_history=int(lengths.max()),
        untrained_validation_targets=untrained(split.validation),
        untrained_test_targets=untrained(split.test),
        validation_newcomers=validation_newcomers,
        test_newcomers=test_newcomers,
    )


def _id_arrays(ids: np.ndarray | list[str]) -> dict[str, np.ndarray]:
    if isinstance(ids, np.ndarray):
        return {"ids": ids}
    texts = pack_texts(ids)
    return {"id_characters": texts.characters, "id_offsets": texts.offsets}


def _text_arrays(interactions: Interactions) -> dict[str, np.ndarray]:
    """Titles and genres as arrays; the raw id replaces an unknown title."""
    raw = [str(identity) for identity in interactions.item_ids]
    known = interactions.titles or raw
    titles = pack_texts(title or identity for title, identity in zip(known, raw, strict=True))
    genres: Texts = pack_texts(interactions.genres or [""] * len(raw))
    return {
        "title_characters": titles.characters,
        "title_offsets": titles.offsets,
        "genre_characters": genres.characters,
        "genre_offsets": genres.offsets,
    }
