"""The command `datasets`: known datasets, which of them are downloaded, and the prepared ones."""

from bert4rec_tui.commands.output import Output, size
from bert4rec_tui.commands.prepare import describe
from bert4rec_tui.data.catalog import KNOWN, Known
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import Damaged, datasets_and_damaged
from bert4rec_tui.errors import UserError, WorkFailedError, printable
from bert4rec_tui.progress import Progress
from bert4rec_tui.settings import datasets_folder, raw_folder


def run_datasets(*, verify: bool = False, as_json: bool) -> None:
    """Print the known and the prepared datasets.

    verify: read all prepared files and compare them with their checksums. Raises WorkFailedError then, after printing,
    where a dataset is damaged.
    """
    output = Output(as_json)
    prepared, damaged = datasets_and_damaged(datasets_folder())
    if verify:
        prepared, found = verified(prepared, output)
        damaged += found
    values = {
        "known": [_known(dataset, prepared) for dataset in KNOWN.values()],
        "prepared": [describe(dataset) | {"name": dataset.manifest.settings.name} for dataset in prepared],
        "damaged": [{"id": found.id, "path": str(found.path), "why": found.why} for found in damaged],
    }
    output.result(values, _as_text(prepared, damaged))
    if verify and damaged:
        raise WorkFailedError(f"damaged: {', '.join(found.id for found in damaged)}; prepare what is damaged again")


def verified(datasets: list[PreparedDataset], output: Output) -> tuple[list[PreparedDataset], list[Damaged]]:
    """The datasets whose files are as they were written, and the damaged ones."""
    whole: list[PreparedDataset] = []
    damaged: list[Damaged] = []
    for number, dataset in enumerate(datasets):
        output.progress(Progress(stage="Verifying", done=number, total=len(datasets), unit="datasets", note=dataset.id))
        try:
            dataset.verify()
            whole.append(dataset)
        except UserError as error:
            damaged.append(Damaged(dataset.path.name, dataset.path, str(error)))
    return whole, damaged


def is_local(dataset: Known) -> bool:
    """Whether the archive is bundled or downloaded."""
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
        "here": is_local(dataset),
        "prepared": [found.id for found in prepared if found.manifest.settings.name == dataset.name],
    }


def _as_text(prepared: list[PreparedDataset], damaged: list[Damaged]) -> str:
    lines = [f"{'name':<16} {'ratings':>11}  {'archive':>9}  state"]
    for dataset in KNOWN.values():
        state = "bundled" if dataset.bundled else "downloaded" if is_local(dataset) else "not downloaded"
        lines.append(f"{dataset.name:<16} {dataset.ratings:>11,}  {size(dataset.bytes):>9}  {state}")
    lines += ["", "prepared"] if prepared else ["", "no dataset is prepared; start with `bert4rec-tui prepare sample`"]
    width = max((len(dataset.id) for dataset in prepared), default=0)
    nouns = max((len(dataset.noun.of(dataset.items)) for dataset in prepared), default=0)
    for dataset in prepared:
        counts = dataset.manifest.counts
        lines.append(
            f"{dataset.id:<{width}}  {counts.users:>9,} users  {counts.items:>8,} "
            f"{dataset.noun.of(counts.items):<{nouns}}  {counts.interactions:>12,} interactions  "
            f"{dataset.manifest.settings.split}"
        )
    lines += ["", "damaged", *(f"{printable(found.id)}  {found.why}" for found in damaged)] if damaged else []
    return "\n".join(lines)
