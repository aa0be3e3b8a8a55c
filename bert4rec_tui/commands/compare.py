"""The command `compare`: metrics of several runs side by side, the paired test, and where their settings differ."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bert4rec_tui.commands.output import Output
from bert4rec_tui.config import PROTOCOL, Config
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.paired import Difference, differences_of_runs
from bert4rec_tui.runs.differing import differing
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import runs_folder

K = 10
METRICS = (f"NDCG@{K}", f"Recall@{K}", "MRR")
SEEDS = (
    "These are single runs: the intervals tell of other users, not of another seed. "
    "To compare methods, train each with several seeds."
)
MANY = "p is not corrected for how many comparisons are made here."

Results = dict[str, dict[str, Any]]  # protocol → its metrics.json


def run_compare(references: Sequence[str], *, checkpoint: str, protocols: Sequence[str], as_json: bool) -> None:
    """Compare each further run with the first.

    Raises UserError for fewer than two runs, one that was not tested, or splits that differ.
    """
    output = Output(as_json)
    store = LocalRuns(runs_folder())
    runs = list({run.id: run for run in (store.find(reference, "checkpoint") for reference in references)}.values())
    if len(runs) < 2:
        raise UserError(f"compare: needs at least two runs, {'only ' + runs[0].id if runs else 'none'} was named")
    tests = {run.id: tested(run, checkpoint) for run in runs}
    same_split(runs, tests)
    wanted = common_protocols(runs, tests, checkpoint, protocols)
    configs = [run.config() for run in runs]
    paired: list[dict[str, Any]] = []
    for protocol in wanted:
        for run in runs[1:]:
            found = differences_of_runs(run, runs[0], checkpoint, protocol, [K])
            users = int(tests[run.id][protocol]["users"])
            paired += [
                {"protocol": protocol, "metric": name, "run": run.id, "against": runs[0].id, "users": users}
                | msgspec.to_builtins(found[name])
                | {"shown": found[name].shown, "words": words(found[name], users)}
                for name in METRICS
                if name in found
            ]
    result = {
        "runs": [described(run, config, tests[run.id], wanted) for run, config in zip(runs, configs, strict=True)],
        "checkpoint": checkpoint,
        "protocols": wanted,
        "differences": differing(configs),
        "paired": paired,
        "notes": notes(configs, wanted, len(paired)),
    }
    output.result(result, as_text(result))


def tested(run: Run, checkpoint: str) -> Results:
    """What the tests of a run's checkpoint gave. Raises UserError where it has not been tested."""
    found = run.test_results(checkpoint)
    if not found:
        raise UserError(
            f"{run.id}: its {checkpoint} checkpoint has not been tested; "
            f"`bert4rec-tui test {run.short_id} --checkpoint {checkpoint}` does"
        )
    return found


def same_split(runs: Sequence[Run], tests: Mapping[str, Results]) -> None:
    """Raises UserError where a run was tested on another dataset or split than the first."""
    first = _split(tests[runs[0].id])
    for run in runs[1:]:
        other = _split(tests[run.id])
        if first[0] != other[0]:
            raise UserError(
                f"{run.id} was tested on {other[0]} and {runs[0].id} on {first[0]}; "
                "only runs with the same dataset and split can be compared"
            )
        if first[1] and other[1] and first[1] != other[1]:  # results of before it was kept have none
            raise UserError(
                f"{run.id} and {runs[0].id} were tested on different splits of {first[0]}, which was prepared anew "
                "in between; test both again"
            )


def _split(results: Results) -> tuple[str, str]:
    newest = next(iter(results.values()))
    return str(newest.get("dataset", "")), str(newest.get("split_hash", ""))


def common_protocols(
    runs: Sequence[Run], tests: Mapping[str, Results], checkpoint: str, asked: Sequence[str]
) -> list[str]:
    """The protocols asked for, or all under which every run was tested. Raises UserError where one is missing."""
    for protocol in asked:
        if not PROTOCOL.match(protocol):
            raise UserError(f"--protocol {protocol}: is none; write full, uniform-100 or popular-100")
    first = tests[runs[0].id]
    wanted = list(dict.fromkeys(asked)) or [p for p in first if all(p in tests[run.id] for run in runs)]
    if not wanted:
        raise UserError(
            f"{runs[0].id} was tested under {', '.join(first)}, and no protocol is common to all; "
            f"`bert4rec-tui test RUN --checkpoint {checkpoint} --protocol {next(iter(first))}` adds one"
        )
    for protocol in wanted:
        for run in runs:
            if protocol not in tests[run.id]:
                raise UserError(
                    f"{run.id}: its {checkpoint} checkpoint has not been tested under {protocol}; "
                    f"`bert4rec-tui test {run.short_id} --checkpoint {checkpoint} --protocol {protocol}` does"
                )
    return wanted


def described(run: Run, config: Config, results: Results, protocols: Sequence[str]) -> dict[str, Any]:
    """A run as `compare --json` shows it."""
    return {
        "run": run.id,
        "name": run.name(),
        "dataset": config.dataset.id,
        "objective": config.model.objective,
        "preset": config.preset,
        "epoch": results[protocols[0]]["epoch"],
        "best": msgspec.to_builtins(run.status().best),
        "users": results[protocols[0]]["users"],
        "metrics": {protocol: results[protocol]["metrics"] for protocol in protocols},
    }


def words(found: Difference, users: int) -> str:
    """A difference in plain words."""
    if not found.shown:
        return f"no difference shown by {users:,} users"
    return f"{'higher' if found.value > 0 else 'lower'} for these {users:,} users"


def notes(configs: Sequence[Config], protocols: Sequence[str], comparisons: int) -> list[str]:
    """What a reader of the figures has to know."""
    said = [SEEDS]
    if comparisons > 1:
        said.append(MANY)
    sampled = [protocol for protocol in protocols if protocol != "full"]
    if sampled and len({config.evaluation.negatives_seed for config in configs}) > 1:
        said.append(f"{', '.join(sampled)}: the negatives have different seeds, which adds chance to the difference.")
    if len({config.training.seed for config in configs}) > 1:
        said.append("The seeds of training differ: a part of the difference is theirs.")
    return said


def as_text(result: dict[str, Any]) -> str:
    """The comparison for people: what was compared, what differs, the figures, the paired test, what to know."""
    runs: list[dict[str, Any]] = result["runs"]
    letters = [str(run["run"])[-4:] for run in runs]
    lines: list[str] = []
    for letter, run in zip(letters, runs, strict=True):
        best = run["best"]
        validation = f" · best in validation {best['metric']} {best['value']:.4f}" if best else ""
        name = f" ({run['name']})" if run["name"] else ""
        at = f"{result['checkpoint']} (epoch {run['epoch']})"
        lines.append(f"{letter}  {run['run']}{name} · {at} · {run['objective']}{validation}")
    differences: dict[str, tuple[Any, ...]] = result["differences"]
    lines.append("")
    if differences:
        rows = [[path, *(_short(value) for value in values)] for path, values in differences.items()]
        lines += _columns([["settings that differ", *letters], *rows])
    else:
        lines.append("their settings are the same")
    for protocol in result["protocols"]:
        shared = [name for name in runs[0]["metrics"][protocol] if all(name in r["metrics"][protocol] for r in runs)]
        rows = [[name, *(_figure(name, run["metrics"][protocol][name]) for run in runs)] for name in shared]
        lines += ["", *_columns([[f"{protocol}, test set", *letters], *rows])]
    rows = [
        [
            f"{found['metric']} {found['protocol']}",
            f"{found['run'][-4:]} − {found['against'][-4:]}",
            f"{found['value']:+.4f}",
            f"[{found['low']:+.4f}, {found['high']:+.4f}]",
            f"{found['p']:.3f}",
            found["words"],
        ]
        for found in result["paired"]
    ]
    lines += ["", *_columns([["paired test", "", "difference", "95% interval", "p", ""], *rows], words_last=True)]
    return "\n".join([*lines, "", *result["notes"]])


def _short(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _figure(name: str, estimate: dict[str, float]) -> str:
    return f"{estimate['value']:,.0f}" if name.startswith("popularity") else f"{estimate['value']:.4f}"


def _columns(rows: Sequence[Sequence[str]], words_last: bool = False) -> list[str]:
    """Rows in columns: the first to the left, the others to the right; `words_last`: the last to the left too."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines: list[str] = []
    for row in rows:
        cells = [
            cell.ljust(width) if at == 0 or (words_last and at == len(row) - 1) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
