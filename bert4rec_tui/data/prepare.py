"""Prepare a dataset from interactions: stage them on disk, filter, sort, split, write."""

import shutil
from pathlib import Path

import msgspec
import psutil

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.catalog import KNOWN
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.features import write_features
from bert4rec_tui.data.fingerprints import fingerprint_sources, load_fingerprints, save_fingerprints
from bert4rec_tui.data.formats import stage_interactions
from bert4rec_tui.data.history_files import write_histories
from bert4rec_tui.data.item_sources import find_items
from bert4rec_tui.data.item_texts import missing_titles, stage_item_texts
from bert4rec_tui.data.items_file import stage_items
from bert4rec_tui.data.leftovers import remove_leftovers
from bert4rec_tui.data.nouns import item_word
from bert4rec_tui.data.selection import select
from bert4rec_tui.data.sources import RatingsSource, find_origin, folder_names, opened
from bert4rec_tui.data.staging import Staging
from bert4rec_tui.data.writing import Origin, write_dataset, write_ids
from bert4rec_tui.errors import OutOfReachError, UserError
from bert4rec_tui.files import make_folder, new_folder
from bert4rec_tui.progress import ReportProgress, ignore_progress

STAGING = "staging"
# Of the machine's memory, what preparing takes by default.
SHARE_OF_MACHINE = 0.25


def prepare(
    settings: DatasetConfig,
    datasets: Path,
    raw: Path,
    report: ReportProgress = ignore_progress,
    again: bool = False,
    mirror: str | None = None,
    memory: int = 0,
) -> PreparedDataset:
    """Prepare a dataset in the folder `datasets`; downloads are kept in `raw`.

    memory: bytes that preparing may take, about; 0: a quarter of the machine. A dataset already prepared with the same
    settings from the same source is only opened, unless `again`. Interrupted, it leaves nothing half-written. Raises
    UserError where the interactions or the settings cannot be used.
    """
    if settings.source:
        settings = msgspec.structs.replace(
            settings,
            source=_absolute(settings.source),
            further_sources=tuple(map(_absolute, settings.further_sources)),
            items=_absolute(settings.items) if settings.items else "",
        )
    if not again:
        prepared = reusable(settings, datasets)
        if prepared is not None:
            return prepared
        _check_source(settings, datasets)
    remove_leftovers(datasets, raw)
    make_folder(datasets)  # fails before a long download where there is no permission
    origin = find_origin(settings, raw, report, mirror)
    # Taken before reading: a change in the meantime makes it another source the next time.
    fingerprints = fingerprint_sources(settings) if settings.source else None
    with opened(origin, raw, settings, report) as source, new_folder(datasets / settings.id) as folder:
        _check_disk(source.ratings, datasets)
        settings = _write(
            source, settings, folder, memory or int(psutil.virtual_memory().total * SHARE_OF_MACHINE), report
        )
        if fingerprints is not None:
            save_fingerprints(fingerprints, folder)
    return PreparedDataset(datasets / settings.id)


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def _write(
    source: RatingsSource, settings: DatasetConfig, folder: Path, memory: int, report: ReportProgress
) -> DatasetConfig:
    """Write all files of a dataset; the same source and settings give the same bytes. Returns completed settings."""
    movielens = source.layout is not None or source.movies is not None
    with Staging(folder / STAGING, memory) as staging:
        read = stage_interactions(source, settings, staging, report)
        settings, notes, kinds = read.settings, list(read.notes), dict[str, str]()
        noun = settings.item_noun or ("movie" if movielens else item_word(settings))
        settings = msgspec.structs.replace(settings, item_noun=noun)
        has_titles = stage_item_texts(staging, source.movies)
        beside = source.movies if "title" not in staging.roles else None
        if (items := find_items(source, read, staging.folder / "heads")) is not None:
            notes += stage_items(staging, items, staging.folder / "items", report)
            has_titles, beside = "title" in items.columns, items.path
        selection = select(staging, settings)
        if beside is not None:
            notes += filter(None, [missing_titles(staging, beside.name)])
        if items is not None and items.features:
            kinds = write_features(staging, items.features, folder)
        offsets = write_histories(staging, selection, folder, report)
        arrays = write_ids(staging, folder)
        origin = Origin(staging.read, staging.left_out, has_titles, notes, kinds)
    write_dataset(folder, settings, offsets, arrays, origin, report)
    return settings


def _check_disk(source: Path, datasets: Path) -> None:
    """Raises OutOfReachError where the disk surely cannot hold what is sorted on it."""
    free, needed = shutil.disk_usage(datasets).free, source.stat().st_size
    if free < needed:
        raise OutOfReachError(
            f"{datasets}: the disk is full: {source.name} needs {needed / 2**20:,.1f} MB and more while it is sorted, "
            f"and {free / 2**20:,.1f} MB are free; free some space, or move BERT4REC_TUI_HOME to a larger disk"
        )


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
    return prepared if not settings.source or _is_unchanged(settings, prepared.path) else None


def _is_unchanged(settings: DatasetConfig, dataset: Path) -> bool:
    """Whether a source is unchanged since it was read; a replacement may be older, as after `mv` or `cp -p`."""
    source, kept, fingerprints = Path(settings.source), load_fingerprints(dataset), fingerprint_sources(settings)
    if kept is not None:
        return bool(fingerprints) and fingerprints == kept
    # Prepared by a version without fingerprints: the source must not be newer.
    names = folder_names(source) if source.is_dir() else []
    files = [source, *(source / name for name in names), *(source.glob("*") if names else ())]
    written = (dataset / "manifest.json").stat().st_mtime
    return source.exists() and not any(file.stat().st_mtime > written for file in files)
