"""The command `datasets`: what can be had by name, what is here, what is prepared."""

from bert4rec_tui.commands.output import Output, size
from bert4rec_tui.commands.prepare import describe
from bert4rec_tui.data.catalog import KNOWN, Known
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import Damaged, datasets_and_damaged
from bert4rec_tui.settings import datasets_folder, raw_folder


def run_datasets(*, as_json: bool) -> None:
    """Print the known datasets and the prepared ones."""
    prepared, damaged = datasets_and_damaged(datasets_folder())
    values = {
        "known": [_known(dataset, prepared) for dataset in KNOWN.values()],
        "prepared": [describe(dataset) | {"name": dataset.manifest.settings.name} for dataset in prepared],
        "damaged": [{"id": found.id, "path": str(found.path), "why": found.why} for found in damaged],
    }
    Output(as_json).result(values, _as_text(prepared, damaged))


def is_here(dataset: Known) -> bool:
    """Whether the archive need not be downloaded: it comes with the program, or has been fetched."""
    return dataset.bundled or (raw_folder() / dataset.file).exists()


def _known(dataset: Known, prepared: list[PreparedDataset]) -> dict[str, object]:
    return {
        "name": dataset.name,
        "title": dataset.title,
        "address": "" if dataset.bundled else dataset.address,
        "licence": dataset.licence,
        "format": dataset.format,
        "ratings": dataset.ratings,
        "bytes": dataset.bytes,
        "here": is_here(dataset),
        "prepared": [found.id for found in prepared if found.manifest.settings.name == dataset.name],
    }


def _as_text(prepared: list[PreparedDataset], damaged: list[Damaged]) -> str:
    lines = [f"{'name':<16} {'ratings':>11}  {'archive':>9}  state"]
    for dataset in KNOWN.values():
        here = "bundled" if dataset.bundled else "here" if is_here(dataset) else "to download"
        lines.append(f"{dataset.name:<16} {dataset.ratings:>11,}  {size(dataset.bytes):>9}  {here}")
    lines += ["", "prepared"] if prepared else ["", "nothing is prepared; `bert4rec-tui prepare sample` is a start"]
    width = max((len(dataset.id) for dataset in prepared), default=0)
    for dataset in prepared:
        counts = dataset.manifest.counts
        lines.append(
            f"{dataset.id:<{width}}  {counts.users:>9,} users  {counts.items:>8,} items  "
            f"{counts.interactions:>12,} interactions  {dataset.manifest.settings.split}"
        )
    lines += ["", "damaged", *(f"{found.id}  {found.why}" for found in damaged)] if damaged else []
    return "\n".join(lines)
