"""`train --try`: benchmarks a few steps and estimates the cost of an epoch; creates no run."""

from bert4rec_tui.commands.output import Output, duration
from bert4rec_tui.commands.train import check, check_machine, configuration
from bert4rec_tui.errors import UserError
from bert4rec_tui.model.hardware import choose_device, choose_precision, set_up_process
from bert4rec_tui.progress import Progress
from bert4rec_tui.training.trial import try_out


def run_trial(
    *,
    file: str,
    preset_name: str,
    dataset: str,
    assignments: list[str],
    init_from: str,
    wants_run: bool,
    as_json: bool,
) -> None:
    """Benchmark a few steps of a configuration and print the estimated cost of an epoch.

    wants_run: whether options that need a run are given too. Raises UserError then, and for a configuration that
    cannot be trained.
    """
    if wants_run:
        raise UserError(
            "--try: creates no run, so it cannot be combined with --name, --detach, --print-launch or --rendezvous"
        )
    output = Output(as_json)
    config, prepared = configuration(file, preset_name, dataset, assignments, init_from, "")
    check(config, prepared)
    training = config.training
    if training.machines == 1:  # one machine's share of the work can be benchmarked on it
        check_machine(training)
    device = choose_device(training.device)
    set_up_process(training.threads, training.deterministic, device, training.processes)
    precision = choose_precision(training.precision, device)

    def advance(done: int, meant: int) -> None:
        output.progress(Progress(stage="Benchmarking", done=done, total=meant, unit="steps"))

    trial = try_out(config, prepared, device, precision, advance)
    whole = trial.epoch_seconds + trial.validation_seconds
    values = {
        "dataset": prepared.id,
        "device": str(device),
        "precision": precision,
        "steps": trial.steps,
        "step_seconds": round(trial.step_seconds, 4),
        "epoch_seconds": round(trial.epoch_seconds, 3),
        "validation_seconds": round(trial.validation_seconds, 3),
        "memory": trial.memory,
        "ranks": trial.ranks,
    }
    epochs = training.epochs
    share = ""
    if trial.ranks > 1:
        share = f", one of {trial.ranks} processes, without communication between them"
    output.result(
        values,
        f"{prepared.id} on {device}, {precision}{share}: {trial.steps} steps of {1000 * trial.step_seconds:.0f} ms; "
        f"epoch {duration(trial.epoch_seconds)}, validation {duration(trial.validation_seconds)}, "
        f"{epochs:,} {'epoch' if epochs == 1 else 'epochs'} {duration(whole * epochs)}; peak memory "
        f"{trial.memory / 2**30:.2f} GiB" + (" each" if share else ""),
    )
