"""The command `compare`: metrics of checkpoints side by side, the paired test, and the settings that differ."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from bert4rec_tui.commands.compare_users import rank_changes, rank_changes_text
from bert4rec_tui.commands.output import Output
from bert4rec_tui.commands.protocols import protocols_named
from bert4rec_tui.config import Config
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.paired import Difference, TestedCheckpoint, load_rank_pair, paired_differences
from bert4rec_tui.runs.checkpoints import epochs_tested, is_of, trained_to
from bert4rec_tui.runs.config_differences import config_differences
from bert4rec_tui.runs.store import CheckpointName, LocalRuns
from bert4rec_tui.settings import runs_folder

K = 10
METRICS = (f"NDCG@{K}", f"Recall@{K}", "MRR")
SEEDS = (
    "These are single runs: the intervals cover sampling of users, not of seeds. "
    "To compare methods, train each with several seeds."
)
ONE_RUN = "These are two checkpoints of one run: the intervals cover sampling of users, not of seeds."
MANY = "p-values are not corrected for multiple comparisons."

Results = dict[str, dict[str, Any]]  # protocol → its metrics.json


def run_compare(
    references: Sequence[str], *, checkpoint: CheckpointName, protocols: Sequence[str], users: int, as_json: bool
) -> None:
    """Compare each further run, or checkpoint `RUN:last`, with the first.

    users: how many users with the largest rank changes to list. Raises UserError for fewer than two runs, one that was
    not tested, or different splits.
    """
    output = Output(as_json)
    store = LocalRuns(runs_folder())
    found = (side_of(store, reference, checkpoint) for reference in references)
    sides = list({(side.run.id, side.checkpoint): side for side in found}.values())
    if len(sides) < 2:
        given = f"only {sides[0].run.id}" if sides else "none"
        raise UserError(
            f"compare: needs at least two runs, {given} was given; "
            "use RUN:best and RUN:last to compare two checkpoints of one run"
        )
    tests = [results_of(side) for side in sides]
    same_split(sides, tests)
    wanted = common_protocols(sides, tests, protocols)
    configs = [side.run.config() for side in sides]
    base, labels = sides[0], labels_of(sides)
    paired: list[dict[str, Any]] = []
    differing_users: list[dict[str, Any]] = []
    for protocol in wanted:
        for side, results, label in zip(sides[1:], tests[1:], labels[1:], strict=True):
            ranks = load_rank_pair(side, base, protocol)
            tested = int(results[protocol]["users"])
            pair = {
                "run": side.run.id, "checkpoint": side.checkpoint, "label": label,
                "against": base.run.id, "against_checkpoint": base.checkpoint, "against_label": labels[0],
                "users": tested,
            }  # fmt: skip
            differences = paired_differences(*ranks, [K])
            paired += [
                {"protocol": protocol, "metric": name}
                | pair
                | msgspec.to_builtins(differences[name])
                | {"shown": differences[name].significant, "words": describe_difference(differences[name], tested)}
                for name in METRICS
                if name in differences
            ]
            if users:
                differing_users.append(
                    {"protocol": protocol} | pair | rank_changes(side, *ranks, results[protocol], users)
                )
    result = {
        "runs": [
            described(side, config, results, wanted)
            for side, config, results in zip(sides, configs, tests, strict=True)
        ],
        "checkpoint": checkpoint,
        "protocols": wanted,
        "differences": config_differences(configs),
        "paired": paired,
        "notes": [*notes(sides, configs, wanted, len(paired)), *stale(sides, tests, wanted, labels)],
    } | ({"users": differing_users} if users else {})
    output.result(result, as_text(result, labels))


def side_of(store: LocalRuns, reference: str, checkpoint: CheckpointName) -> TestedCheckpoint:
    """The checkpoint that a reference means: `RUN:last` or `RUN:best`, else the given one of RUN. Raises UserError."""
    run, _, name = reference.rpartition(":")
    if run and name in ("best", "last"):
        return TestedCheckpoint(store.find(run, name), name)
    return TestedCheckpoint(store.find(reference, "tested"), checkpoint)


def labels_of(sides: Sequence[TestedCheckpoint]) -> list[str]:
    """Column labels of the sides: the last four letters of the run, with the checkpoint where they differ in it."""
    one = len({side.checkpoint for side in sides}) == 1
    return [side.run.short_id if one else f"{side.run.short_id}:{side.checkpoint}" for side in sides]


def results_of(side: TestedCheckpoint) -> Results:
    """The test results of a checkpoint. Raises UserError where it has not been tested."""
    found = side.run.test_results(side.checkpoint)
    if not found:
        raise UserError(
            f"{side.run.id}: the {side.checkpoint} checkpoint has not been tested; "
            f"run `bert4rec-tui test {side.run.short_id} --checkpoint {side.checkpoint}`"
        )
    return found


def same_split(sides: Sequence[TestedCheckpoint], tests: Sequence[Results]) -> None:
    """Raises UserError where a checkpoint was tested on another dataset or split than the first."""
    first, base = _split(tests[0]), sides[0].run
    for side, results in zip(sides[1:], tests[1:], strict=True):
        other, run = _split(results), side.run
        if first[0] != other[0]:
            raise UserError(
                f"{run.id} was tested on {other[0]} and {base.id} on {first[0]}; "
                "only runs with the same dataset and split can be compared"
            )
        if first[1] and other[1] and first[1] != other[1]:  # older results have no hash
            raise UserError(
                f"{run.id} and {base.id} were tested on different splits of {first[0]}, which was prepared again "
                "in between; test both again"
            )


def _split(results: Results) -> tuple[str, str]:
    newest = next(iter(results.values()))
    return str(newest.get("dataset", "")), str(newest.get("split_hash", ""))


def common_protocols(sides: Sequence[TestedCheckpoint], tests: Sequence[Results], asked: Sequence[str]) -> list[str]:
    """The requested protocols, or all under which every side was tested. Raises UserError where one is missing."""
    wanted = list(protocols_named(asked)) or [p for p in tests[0] if all(p in results for results in tests)]
    if not wanted:
        raise UserError(
            f"{sides[0].run.id} was tested under {', '.join(tests[0])}, and no protocol is common to all runs; test "
            f"with `bert4rec-tui test RUN --checkpoint {sides[0].checkpoint} --protocol {next(iter(tests[0]))}`"
        )
    for protocol in wanted:
        for side, results in zip(sides, tests, strict=True):
            if protocol not in results:
                raise UserError(
                    f"{side.run.id}: the {side.checkpoint} checkpoint has not been tested under {protocol}; run "
                    f"`bert4rec-tui test {side.run.short_id} --checkpoint {side.checkpoint} --protocol {protocol}`"
                )
    return wanted


def described(side: TestedCheckpoint, config: Config, results: Results, protocols: Sequence[str]) -> dict[str, Any]:
    """A checkpoint of a run as `compare --json` shows it."""
    return {
        "run": side.run.id,
        "checkpoint": side.checkpoint,
        "name": side.run.name(),
        "dataset": config.dataset.id,
        "objective": config.model.objective,
        "preset": config.preset,
        "epoch": results[protocols[0]]["epoch"],
        "epochs": {protocol: results[protocol]["epoch"] for protocol in protocols},
        "tested_at": epochs_tested(results, protocols),
        "best": msgspec.to_builtins(side.run.status().best),
        "users": results[protocols[0]]["users"],
        "metrics": {protocol: results[protocol]["metrics"] for protocol in protocols},
    }


def describe_difference(found: Difference, users: int) -> str:
    """A difference from the baseline in words."""
    tested = f"({users:,} user{'' if users == 1 else 's'})"
    if found.few:
        return f"too few users to tell {tested}"
    if not found.significant:
        return f"no significant difference {tested}"
    by = f"{abs(found.value):.4f}".replace("0.", ".", 1)
    return f"{'better' if found.value > 0 else 'worse'} by {by} {tested}"


def notes(
    sides: Sequence[TestedCheckpoint], configs: Sequence[Config], protocols: Sequence[str], comparisons: int
) -> list[str]:
    """Caveats on the figures."""
    caveats = [SEEDS] if len({side.run.id for side in sides}) > 1 else [ONE_RUN]
    if comparisons > 1:
        caveats.append(MANY)
    sampled = [protocol for protocol in protocols if protocol != "full"]
    if sampled and len({config.evaluation.negatives_seed for config in configs}) > 1:
        caveats.append(f"{', '.join(sampled)}: the negatives' seeds differ, which adds noise to the difference.")
    if len({config.training.seed for config in configs}) > 1:
        caveats.append("The training seeds differ: part of the difference is due to the seed.")
    return caveats


def stale(
    sides: Sequence[TestedCheckpoint], tests: Sequence[Results], protocols: Sequence[str], labels: Sequence[str]
) -> list[str]:
    """The checkpoints that have changed since they were tested, and the command that tests them again."""
    outdated: list[str] = []
    for side, results, label in zip(sides, tests, labels, strict=True):
        moment = trained_to(side.run.checkpoint(side.checkpoint))
        old = [protocol for protocol in protocols if not is_of(results[protocol], moment)]
        if moment and old:
            again = " ".join(f"--protocol {protocol}" for protocol in old)
            outdated.append(
                f"{label}: the {side.checkpoint} checkpoint, now at epoch {moment[0]}, step {moment[1]:,}, has changed "
                f"since it was tested under {', '.join(old)}; test it again with "
                f"`bert4rec-tui test {side.run.short_id} --checkpoint {side.checkpoint} {again}`."
            )
    return outdated


def as_text(result: dict[str, Any], letters: Sequence[str]) -> str:
    """The comparison as text: the runs, the settings that differ, the metrics, the paired test, the caveats."""
    runs: list[dict[str, Any]] = result["runs"]
    lines: list[str] = []
    for letter, run in zip(letters, runs, strict=True):
        best = run["best"]
        validation = f" · best validation {best['metric']} {best['value']:.4f}" if best else ""
        name = f" ({run['name']})" if run["name"] else ""
        at = f"{run['checkpoint']} ({run['tested_at']})"
        lines.append(f"{letter}  {run['run']}{name} · {at} · {run['objective']}{validation}")
    differences: dict[str, tuple[Any, ...]] = result["differences"]
    lines.append("")
    if differences:
        rows = [[path, *(_short(value) for value in values)] for path, values in differences.items()]
        lines += _columns([["differences", *letters], *rows])
    else:
        lines.append("settings: identical")
    for protocol in result["protocols"]:
        shared = [name for name in runs[0]["metrics"][protocol] if all(name in r["metrics"][protocol] for r in runs)]
        rows = [[name, *(_figure(name, run["metrics"][protocol][name]) for run in runs)] for name in shared]
        lines += ["", *_columns([[f"{protocol}, test set", *letters], *rows])]
    rows = [
        [
            f"{found['metric']} {found['protocol']}",
            f"{found['label']} − {found['against_label']}",
            f"{found['value']:+.4f}",
            f"[{found['low']:+.4f}, {found['high']:+.4f}]",
            f"{found['p']:.3f}",
            found["words"],
        ]
        for found in result["paired"]
    ]
    lines += ["", *_columns([["paired test", "", "difference", "95% interval", "p", ""], *rows], left_last=True)]
    for found in result.get("users", []):
        lines += ["", *rank_changes_text(found)]
    return "\n".join([*lines, "", *result["notes"]])


def _short(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _figure(name: str, estimate: dict[str, float]) -> str:
    return f"{estimate['value']:,.0f}" if name.startswith("popularity") else f"{estimate['value']:.4f}"


def _columns(rows: Sequence[Sequence[str]], left_last: bool = False) -> list[str]:
    """Rows as aligned columns: the first to the left, the others to the right; `left_last`: the last to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines: list[str] = []
    for row in rows:
        cells = [
            cell.ljust(width) if at == 0 or (left_last and at == len(row) - 1) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
