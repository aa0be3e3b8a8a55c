"""The stored results of a test as one object. Imports neither numpy nor torch, so that reading is cheap."""

from collections.abc import Sequence
from typing import Any

from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import Run


def test_summary(run: Run, checkpoint: str, protocols: Sequence[str]) -> dict[str, Any]:
    """The result of `test --json`, from the results stored in the run."""
    stored = {name: result for name, result in run.test_results(checkpoint).items() if name in protocols}
    if missing := [protocol for protocol in protocols if protocol not in stored]:
        raise UserError(
            f"{run.id}: the result of the {checkpoint} checkpoint under {missing[0]} cannot be read; test again with "
            f"`bert4rec-tui test {run.short_id} --checkpoint {checkpoint}`"
        )
    first = next(iter(stored.values()))
    names = list(first["baselines"])
    new = {name: result["metrics_new_targets"] for name, result in stored.items() if "metrics_new_targets" in result}
    return {
        "run": run.id,
        "checkpoint": checkpoint,
        "epoch": first["epoch"],
        "epochs": {protocol: stored[protocol]["epoch"] for protocol in protocols},
        "objective": first.get("objective", ""),
        "users": first["users"],
        "seconds": first["seconds"],
        "short_users": {protocol: stored[protocol]["short_users"] for protocol in protocols},
        "untrained_targets": first.get("untrained_targets", 0),
        "newcomers": first.get("newcomers", 0),  # missing in results older than the split `time`
        "repeated_targets": first.get("repeated_targets", 0),
        "left_out": first.get("left_out", ""),
        "protocols": {protocol: stored[protocol]["metrics"] for protocol in protocols},
        "new_targets": {protocol: new[protocol] for protocol in protocols if protocol in new},
        "baselines": {name: {p: stored[p]["baselines"][name] for p in protocols} for name in names},
    }
