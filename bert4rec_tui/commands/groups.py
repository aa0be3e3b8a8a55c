"""The command `test` with `--by` or `--groups`: the results of a checkpoint by group, from the ranks of its tests.

Protocols without results are tested first; otherwise neither the network nor torch is needed.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from bert4rec_tui.commands.output import Output
from bert4rec_tui.commands.protocols import wanted_protocols
from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import printable
from bert4rec_tui.evaluation.groups import By, Group, GroupResults, run_group_results
from bert4rec_tui.evaluation.metrics import FEW
from bert4rec_tui.evaluation.results import test_summary
from bert4rec_tui.runs.checkpoints import epochs_tested, is_of, trained_to
from bert4rec_tui.runs.store import CheckpointName, LocalRuns, Run
from bert4rec_tui.settings import datasets_folder, runs_folder

LABEL = 26
TITLES = {"trained": "cold test items", "length": "history length"}


def run_groups(
    reference: str,
    *,
    checkpoint: CheckpointName,
    protocols: list[str],
    by: Sequence[By],
    device: str,
    kept: bool,
    as_json: bool,
) -> None:
    """Print the results of a checkpoint by group under each protocol, the weakest groups first.

    kept: use stored results only, even if the checkpoint has changed since. Raises UserError, also where there are
    none.
    """
    output = Output(as_json)
    run = LocalRuns(runs_folder()).find(reference, checkpoint)
    wanted = wanted_protocols(run, protocols)
    dataset = dataset_of(run.config().dataset, datasets_folder())
    if not kept and (missing := missing_protocols(run, checkpoint, wanted)):
        from bert4rec_tui.commands.test import test_and_store

        test_and_store(run, dataset, checkpoint, missing, device, output)
    found = {protocol: run_group_results(run, dataset, checkpoint, protocol, by) for protocol in wanted}
    result = test_summary(run, checkpoint, wanted) | {"groups": msgspec.to_builtins(found)}
    output.result(
        result, as_text(result, found, epochs_tested(run.test_results(checkpoint), wanted), dataset.category.one)
    )


def missing_protocols(run: Run, checkpoint: CheckpointName, protocols: Sequence[str]) -> list[str]:
    """The protocols without a result for this checkpoint as it is now."""
    stored, moment = run.test_results(checkpoint), trained_to(run.checkpoint(checkpoint))
    return [name for name in protocols if name not in stored or not is_of(stored[name], moment)]


def as_text(result: dict[str, Any], found: dict[str, GroupResults], at: str, category: str) -> str:
    """The groups as text: for each protocol a table per grouping. category: the word for an item's genre."""
    lines = [
        f"{result['run']} · {result['checkpoint']} ({at}) · {result['objective']} · test set · "
        f"{result['users']:,} users · results by group"
    ]
    for protocol, results in found.items():
        names = list(results.whole.metrics)
        heads = "".join(f"{name:>11}{'':<6}" for name in names)
        lines += ["", f"{protocol:<{LABEL}}{'users':>8}{heads}".rstrip(), _line(results.whole)]
        for grouping in results.groupings:
            by = category if grouping.by == "genre" else TITLES.get(grouping.by, grouping.by)
            lines += ["", f"by {by}: {grouping.words}"]
            lines += [_line(group) for group in grouping.groups]
            if grouping.note:
                lines.append(f"  not available: {grouping.note}")
    lines += ["", "± half the 95% interval; weaker, stronger: the interval excludes the overall value"]
    if any(group.verdict == "few" for each in found.values() for by in each.groupings for group in by.groups):
        lines.append(f"few: fewer than {FEW} users, too few for a conclusion")
    return "\n".join(lines)


def _line(group: Group) -> str:
    figures = "".join(
        f"{estimate.value:>11.4f}{f' ±{(estimate.high - estimate.low) / 2:.3f}'.replace('0.', '.'):<6}"
        for estimate in group.metrics.values()
    )
    label = printable(group.label, LABEL - 3)
    return f"  {label:<{LABEL - 2}}{group.users:>8,}{figures}  {group.verdict}".rstrip()
