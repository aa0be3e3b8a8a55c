"""The command `export`: a model's network, its recommendations for all users, or its test results, as a file."""

import shutil
from pathlib import Path
from typing import Any, Literal

from bert4rec_tui.commands.output import Output, size
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import UserError, WorkFailedError
from bert4rec_tui.files import clear_leftovers_of, replace_file, replacing
from bert4rec_tui.progress import Progress
from bert4rec_tui.runs.report import ReportKind, report
from bert4rec_tui.runs.store import CheckpointName, LocalRuns, Run
from bert4rec_tui.settings import datasets_folder, runs_folder

Kind = Literal["onnx", "safetensors", "csv", "test-md", "test-csv", "test-json"]
REPORTS: dict[str, ReportKind] = {"test-md": "md", "test-csv": "csv", "test-json": "json"}
ENDINGS: dict[Kind, str] = {
    "onnx": ".onnx",
    "safetensors": ".safetensors",
    "csv": "-next.csv",
    "test-md": "-test.md",
    "test-csv": "-test.csv",
    "test-json": "-test.json",
}


def run_export(
    reference: str, *, kind: Kind, out: str, checkpoint: CheckpointName, k: int, device: str, as_json: bool
) -> None:
    """Write one file and print its path. Raises UserError; an existing file is kept when it fails."""
    output = Output(as_json)
    run = LocalRuns(runs_folder()).find(reference, "tested" if kind in REPORTS else checkpoint)
    path = destination(run, kind, out, checkpoint)
    clear_leftovers_of(path)
    values: dict[str, Any] = {"run": run.id, "checkpoint": checkpoint, "format": kind, "path": str(path)}
    if kind in REPORTS:
        replace_file(path, report(run, checkpoint, REPORTS[kind]).encode())
        details = ""
    else:
        values |= _write_model(run, kind, path, checkpoint, k, device, output)
        details = _details(kind, values)
    values["bytes"] = path.stat().st_size
    output.result(values, f"Written: {path}  {size(values['bytes'])}{details}")


def destination(run: Run, kind: Kind, out: str, checkpoint: CheckpointName) -> Path:
    """The path of the file; in a folder it gets a default name. Raises UserError for a missing folder."""
    name = f"{run.id}-{checkpoint}{ENDINGS[kind]}"
    path = Path(out).expanduser() if out else Path(name)
    path = path / name if path.is_dir() else path
    if not path.parent.is_dir():
        raise UserError(f"--out {out}: there is no folder {path.parent}; create it or choose another")
    return path


def _write_model(
    run: Run, kind: Kind, path: Path, checkpoint: CheckpointName, k: int, device: str, output: Output
) -> dict[str, Any]:
    from bert4rec_tui.model.weights import read_metadata

    weights = run.checkpoint(checkpoint)
    if not weights.exists():
        raise run.missing(checkpoint)
    if kind == "safetensors":
        with replacing(path) as temporary:
            shutil.copyfile(weights, temporary)
            return {"epoch": int(read_metadata(temporary)["epoch"])}
    dataset = dataset_of(run.config().dataset, datasets_folder())
    if kind == "csv":
        return _write_csv(run, dataset, weights, path, k, device, output)
    return _write_onnx(dataset, weights, path, output)


def _write_csv(
    run: Run, dataset: PreparedDataset, weights: Path, path: Path, k: int, device: str, output: Output
) -> dict[str, Any]:
    from bert4rec_tui.commands.export_next import write_next_items
    from bert4rec_tui.model.hardware import choose_device, set_up_process
    from bert4rec_tui.model.weights import load_checkpoint

    if not 1 <= k <= dataset.items:
        raise UserError(f"-k {k}: {dataset.id} has {dataset.noun.counted(dataset.items)}; use 1 to {dataset.items}")
    chosen = choose_device(device or "auto", "--device")
    set_up_process(run.config().training.threads, False, chosen)
    model, head = load_checkpoint(weights, dataset, chosen)
    with replacing(path) as temporary:
        users, rows = write_next_items(model, dataset, temporary, k, output.progress)
    return {"epoch": int(head["epoch"]), "users": users, "rows": rows, "k": k}


def _write_onnx(dataset: PreparedDataset, weights: Path, path: Path, output: Output) -> dict[str, Any]:
    from bert4rec_tui.model.onnx_export import (
        TOLERANCE,
        check_exporter,
        largest_difference,
        onnx_metadata,
        write_onnx,
    )
    from bert4rec_tui.model.weights import load_checkpoint

    check_exporter()
    model, head = load_checkpoint(weights, dataset)
    with replacing(path) as temporary:
        output.progress(Progress(stage="Exporting the network"))
        write_onnx(model, temporary, onnx_metadata(model, dataset, head))
        output.progress(Progress(stage="Checking the exported network"))
        difference = largest_difference(model, temporary)
        if difference is not None and not difference <= TOLERANCE:
            raise WorkFailedError(
                f"{path}: scores of the exported network differ by up to {difference:.2g}; file discarded"
            )
    return {
        "epoch": int(head["epoch"]),
        "max_len": model.config.max_len,
        "mask": model.mask,
        "items": model.items,
        "difference": difference,
    }


def _details(kind: Kind, values: dict[str, Any]) -> str:
    """Further details of the file, one line."""
    if kind == "csv":
        return f"\n{values['rows']:,} rows: top {values['k']} of {values['users']:,} users"
    if kind == "onnx":
        found = values["difference"]
        checked = "not checked: onnxruntime is not installed" if found is None else f"max. score difference {found:.1g}"
        return f"\ninput: tokens (batch, length up to {values['max_len']}), left-padded with 0; {checked}"
    return ""
