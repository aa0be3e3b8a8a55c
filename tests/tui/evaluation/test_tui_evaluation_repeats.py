"""What the Test screen says of targets that the user had before."""

from types import SimpleNamespace

from bert4rec_tui.data.nouns import noun_of
from bert4rec_tui.tui.evaluation.results import notes


def results(**more: object) -> dict[str, dict]:
    metrics = {"NDCG@10": {"value": 0.2, "low": 0.1, "high": 0.3}}
    return {"full": {"metrics": metrics, "baselines": {}, "epoch": 1, **more}}


def test_they_are_counted_with_the_metric_without_them() -> None:
    tested = SimpleNamespace(item=noun_of("track"), trained_to=None)
    new = {"NDCG@10": {"value": 0.25, "low": 0.2, "high": 0.3}}
    said = notes(results(repeated_targets=1190, metrics_new_targets=new), tested)
    assert "1,190 targets that the user had before (NDCG@10 without them: full 0.2500)" in said
    assert "had before" not in notes(results(), tested)
    assert "1,190 targets that the user had before" in notes(results(repeated_targets=1190), tested)
