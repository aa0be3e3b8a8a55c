"""The command `train`: check a configuration, launch a worker, follow the run."""

from pathlib import Path
from typing import Any, cast

import msgspec

from bert4rec_tui.commands.follow import Interrupts, follow, raise_for_ending, summary, summary_text
from bert4rec_tui.commands.output import Output
from bert4rec_tui.commands.print_launch import Launch, check_rendezvous, print_launch
from bert4rec_tui.config import (
    Config,
    DatasetConfig,
    TrainingConfig,
    from_dict,
    load_config,
    load_toml,
    parse_assignment,
    to_dict,
    with_assignments,
)
from bert4rec_tui.config.presets import preset
from bert4rec_tui.data.compatibility import guaranteed_negatives, incompatibilities
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.negatives import negatives, parse_protocol
from bert4rec_tui.data.store import dataset_of, find_dataset, prepared_datasets
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.launcher import launch, logout_warning
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import datasets_folder, runs_folder


def run_train(
    *,
    file: str,
    preset_name: str,
    dataset: str,
    assignments: list[str],
    init_from: str,
    name: str,
    detach: bool,
    as_json: bool,
    launch_kind: Launch | None = None,
    rendezvous: str = "",
) -> None:
    """Launch a run and follow it, or detach, or print how to launch it on several machines.

    Raises UserError before anything is written.
    """
    output = Output(as_json)
    check_rendezvous(rendezvous, launch_kind)
    config, prepared = configuration(file, preset_name, dataset, assignments, init_from, name)
    check(config, prepared)
    store = LocalRuns(runs_folder())
    explicit = bool(name) or any(parse_assignment(text)[0] == "name" for text in assignments)
    config = msgspec.structs.replace(config, name=name_to_use(config.name, explicit, store, output))
    if launch_kind:
        print_launch(store.create(config, prepared.id), launch_kind, rendezvous, output)
        return
    check_machine(config.training)
    with Interrupts() as interrupts:
        run = store.create(config, prepared.id)
        pid = launch(run)
        warning = logout_warning()
        if warning:
            output.message(warning)
        if detach:
            values = {"run": run.id, "pid": pid, "path": str(run.path), "warning": warning}
            output.result(
                values, f"{run.id} trains in the background; follow it with `bert4rec-tui watch {run.short_id}`"
            )
            return
        output.message(f"{run.id}: {config.model.objective}, preset {config.preset}, on {prepared.id}")
        status = follow(run, output, interrupts)
    output.result(summary(run, status), summary_text(run, status))
    raise_for_ending(run, status, interrupts)


def name_to_use(name: str, explicit: bool, store: LocalRuns, output: Output) -> str:
    """The name of a new run; empty where one from a configuration file is taken, such as by the run it is of.

    explicit: whether the command line gives the name. Raises UserError where that is taken or invalid.
    """
    try:
        return store.free_name(name)
    except UserError as error:
        if explicit:
            raise
        output.message(f"{error}; this run has no name, set one with `label`")
        return ""


def configuration(
    file: str, preset_name: str, dataset: str, assignments: list[str], init_from: str, name: str
) -> tuple[Config, PreparedDataset]:
    """The configuration from the command line, and its dataset. Raises UserError."""
    values = load_toml(Path(file)) if file else {}
    base = preset(preset_name or str(values.get("preset", "recommended")))
    config = load_config(Path(file), base) if file else base
    assigned = {parse_assignment(text)[0].partition(".")[0] for text in assignments}
    if "preset" in assigned:
        raise UserError("--set preset: use --preset NAME to choose the preset")
    if dataset and "dataset" in assigned:
        raise UserError(
            "--set dataset…: cannot change a prepared dataset; prepare another and choose it with --dataset"
        )
    config = with_assignments(config, assignments)
    changes = {key: value for key, value in (("init_from", init_from), ("name", name)) if value}
    config = from_dict(to_dict(config) | changes | {"preset": base.preset}, Config)
    if config.init_from:
        # The worker, or whoever repeats the run, may be in another working directory.
        absolute = str(Path(config.init_from).expanduser().absolute())
        config = msgspec.structs.replace(config, init_from=absolute)
    chosen = bool(dataset) or "dataset" in values or "dataset" in assigned
    prepared = chosen_dataset(dataset, config, values) if chosen else newest_dataset()
    return msgspec.structs.replace(config, dataset=prepared.manifest.settings), prepared


def chosen_dataset(reference: str, config: Config, values: dict[str, Any]) -> PreparedDataset:
    """The dataset with a reference, else the one of a configuration file, which holds `values`.

    A name alone matches any preparation of that name, a name with settings only that one. Raises UserError.
    """
    settings = config.dataset
    written = cast(dict[str, Any], values.get("dataset", {}))
    named_alone = settings == DatasetConfig(name=settings.name) and set(written) <= {"name"}
    if reference or named_alone:
        return find_dataset(reference or settings.name, datasets_folder())
    return dataset_of(settings, datasets_folder())


def newest_dataset() -> PreparedDataset:
    """The most recently prepared dataset. Raises UserError where there is none."""
    found = prepared_datasets(datasets_folder())
    if not found:
        raise UserError("no dataset is prepared; run `bert4rec-tui prepare sample` or `quickstart` first")
    return max(found, key=lambda dataset: (dataset.path / "manifest.json").stat().st_mtime)


def check(config: Config, dataset: PreparedDataset) -> None:
    """Reject what would fail later. Raises UserError that names the field."""
    for problem in incompatibilities(config, dataset):
        raise UserError(str(problem))
    for protocol in config.evaluation.protocols:
        check_negatives(dataset, protocol, config.evaluation.negatives_seed)
    if config.init_from:
        path = Path(config.init_from)
        if not path.is_file():
            raise UserError(f"init_from = {path}: there is no such file")
        from bert4rec_tui.model.bert4rec import Bert4Rec
        from bert4rec_tui.model.weights import check_dataset, load_weights, read_metadata

        # Weights trained on another split have seen items that this one holds out.
        check_dataset(path, read_metadata(path), dataset)
        load_weights(path, Bert4Rec(dataset.items, config.model))


def check_machine(training: TrainingConfig) -> None:
    """Reject what this machine cannot do alone. Raises UserError that names the field."""
    if training.machines > 1:
        raise UserError(
            f"training.machines = {training.machines}: a run on several machines is launched by hand; --print-launch "
            "torchrun (or sbatch) prints how"
        )
    if training.device not in ("auto", "cpu") or (training.processes > 1 and training.device != "cpu"):
        from bert4rec_tui.training.distributed import ALONE, device_of

        device_of(training.device, ALONE, training.processes)


def check_negatives(dataset: PreparedDataset, protocol: str, seed: int) -> None:
    """Raises UserError where a protocol needs more negatives than any user has unseen items."""
    if protocol == "full":
        return
    if parse_protocol(protocol)[1] > guaranteed_negatives(dataset, protocol):
        try:
            negatives(dataset, protocol, seed)
        except UserError as error:
            raise UserError(f"evaluation.protocols = {error}") from None
