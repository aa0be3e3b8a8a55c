"""The results of testing a run, as the test screen shows them: metrics by protocols, baselines, curves over k."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from textual.content import Content

from bert4rec_tui.config import METRIC
from bert4rec_tui.runs.checkpoints import Results, epochs_tested, is_of
from bert4rec_tui.tui.charts.chart import Plot, Series
from bert4rec_tui.tui.evaluation.checkpoint import CheckpointResults
from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.shell.text import MUTED, clean, count, metric, share

NAME_WIDTH = 14
OF_INTERACTIONS = " interactions, mean"


@dataclass(frozen=True)
class Figures:
    """What one protocol gave for one metric: the model with its interval, and each baseline."""

    value: float | None
    low: float | None
    high: float | None
    baselines: Mapping[str, float | None]


def figures(results: Results, protocol: str, name: str) -> Figures:
    """The figures of a metric under a protocol; None where there are none."""
    result = results.get(protocol, {})
    own = result.get("metrics", {}).get(name, {})
    baselines = {base: found.get(name, {}).get("value") for base, found in result.get("baselines", {}).items()}
    return Figures(own.get("value"), own.get("low"), own.get("high"), baselines)


def metric_names(results: Results) -> list[str]:
    """The metrics to list: Recall and NDCG by k, MRR, then those of the recommendations themselves."""
    found = {name for result in results.values() for name in result.get("metrics", {})}
    order = {"Recall": 0, "NDCG": 1, "MRR": 2, "coverage": 3, "popularity": 4}

    def key(name: str) -> tuple[int, int, str]:
        kind, _, k = name.partition("@")
        return order.get(kind, 5), int(k) if k.isdigit() else 0, name

    return sorted(found, key=key)


def baseline_names(results: Results) -> list[str]:
    """The baselines in any of the results."""
    return list(dict.fromkeys(name for result in results.values() for name in result.get("baselines", {})))


def short_name(baseline: str) -> str:
    """A baseline in at most five cells, as wide as a metric."""
    return baseline if len(baseline) <= 5 else baseline[:4] + "."


@dataclass(frozen=True)
class Table:
    """The table for a width: the protocols side by side that fit, each with the baselines that fit."""

    results: Results
    protocols: Sequence[str]
    names: Sequence[str]

    def group_width(self) -> int:
        """The cells that one protocol takes: value, interval, baselines; or coverage and popularity."""
        figures = 5 + 1 + 5 + 6 * len(baseline_names(self.results))
        return max(figures, 6 + len(OF_INTERACTIONS), *map(len, self.protocols))

    def header(self, width: int) -> list[Content]:
        """The protocols, and under each what its columns are."""
        del width
        group = self.group_width()
        titles = [("", NAME_WIDTH), *((Content.styled(p, "bold $foreground"), group) for p in self.protocols)]
        bases = [(short_name(base), -5) for base in baseline_names(self.results)]
        columns = [("", NAME_WIDTH), *[(cells(("model", -5), ("", 5), *bases), group)] * len(self.protocols)]
        return [_spread(titles), _spread(columns)]

    def line(self, row: int, width: int, ascii: bool) -> Content:
        """One metric under every protocol."""
        del width
        name, group = self.names[row], self.group_width()
        parts: list[tuple[str | Content, int]] = [(name, NAME_WIDTH)]
        parts += [(self._group(name, protocol, ascii), group) for protocol in self.protocols]
        return _spread(parts)

    def _group(self, name: str, protocol: str, ascii: bool) -> Content:
        found = figures(self.results, protocol, name)
        if found.value is None:
            tested = protocol in self.results
            return Content.styled("" if tested else "not tested", MUTED)
        if name.startswith("coverage"):
            return Content.styled(f"{share(found.value):>6}", "bold") + Content.styled(" of the catalogue", MUTED)
        if name.startswith("popularity"):
            text = count(found.value) if found.value >= 100 else f"{found.value:.1f}"
            return Content.styled(f"{text:>6}", "bold") + Content.styled(OF_INTERACTIONS, MUTED)
        half = ""
        if found.low is not None and found.high is not None:
            half = ("~" if ascii else "±") + f"{(found.high - found.low) / 2:.3f}".replace("0.", ".", 1)
        parts: list[tuple[str | Content, int]] = [
            (Content.styled(metric(found.value), "bold"), -5),
            (Content.styled(half, MUTED), 5),
        ]
        for base in baseline_names(self.results):
            value = found.baselines.get(base)
            better = value is not None and value > found.value
            style = "$text-warning bold" if better else MUTED
            parts.append((Content.styled(metric(value), style), -5))
        return cells(*parts)


def _spread(parts: Sequence[tuple[str | Content, int]]) -> Content:
    """Columns three cells apart."""
    return Content("   ").join(cells(part) for part in parts)


def heading(tested: CheckpointResults | None, ascii: bool) -> str:
    """The run, its checkpoint, on how many users it was tested."""
    if tested is None:
        return "Test"
    parts = [clean(tested.run.id), tested.checkpoint]
    if (result := next(iter(tested.results.values()), None)) is not None:
        parts[1] += f" (epoch {result.get('epoch', '?')})"
        parts += ["test set", f"{count(tested.users or 0)} users"]
    return (" - " if ascii else " · ").join(parts)


def plain(text: str, ascii: bool) -> str:
    """A text as this terminal can show it, so that its title and notes stay readable with ASCII alone."""
    return text.replace("±", "~").replace("·", "|").replace("▼ ▲", "v ^") if ascii else text


def notes(results: Results, tested: CheckpointResults | None) -> str:
    """What a reader of the table should know: intervals, baselines, and a checkpoint trained further since its test."""
    if not results or tested is None:
        return ""
    first = next(iter(results.values()))
    found = [f"± 95% interval over users · {first.get('precision', '')} on {first.get('device', '')}"]
    bases = [f"{short_name(base)} {base}" for base in baseline_names(results) if short_name(base) != base]
    if bases:
        found.append(", ".join(bases))
    short = max((int(result.get("short_users", 0)) for result in results.values()), default=0)
    if short:
        found.append(f"{count(short)} users have fewer unseen {tested.item.several} than negatives")
    if repeats := int(first.get("repeated_targets", 0)):
        figures = [
            f"{protocol} {metrics['NDCG@10']['value']:.4f}"
            for protocol, result in results.items()
            if "NDCG@10" in (metrics := result.get("metrics_new_targets", {}))
        ]
        without = f" ({_without_repeats(figures)})" if figures else ""
        found.append(f"{count(repeats)} targets that the user had before{without}")
    if left_out := str(first.get("left_out", "")):
        found.append(left_out.removesuffix("."))
    trained_to = tested.trained_to
    old = [protocol for protocol, result in results.items() if not is_of(result, trained_to)]
    if trained_to and old:
        same_epoch = all(results[protocol].get("epoch") == trained_to[0] for protocol in old)
        now = f"step {count(trained_to[1])}" if same_epoch else f"epoch {trained_to[0]}"
        epochs = epochs_tested(results, list(results))
        found.insert(0, f"tested at {epochs}, the checkpoint is now at {now}: press r to test again")
    return " · ".join(found)


def _without_repeats(figures: Sequence[str]) -> str:
    """What NDCG@10 is for the targets that are new to their users."""
    return f"NDCG@10 without them: {', '.join(figures)}"


def plot_by_k(kind: str, results: Results, protocols: Sequence[str]) -> Plot:
    """Recall or NDCG against k, one curve a protocol; the places of k stand evenly."""
    ks = sorted(
        {int(m.group(2)) for n in metric_names(results) if (m := METRIC.match(n)) and m.group(1) == kind and m.group(2)}
    )
    series: list[Series] = []
    for number, protocol in enumerate(protocols):
        values = [figures(results, protocol, f"{kind}@{k}").value for k in ks]
        places = [place for place, value in enumerate(values) if value is not None]
        if places:
            known = np.array([value for value in values if value is not None])
            series.append(Series(np.array(places, float), known, protocol, number))
    return Plot(
        f"{kind} by k",
        tuple(series),
        "",
        f"{kind} at each k appears here",
        from_zero=True,
        x_range=(0.0, max(1.0, len(ks) - 1.0)),
        x_ticks=tuple((float(place), str(k)) for place, k in enumerate(ks)),
    )


def keys_of_view(alone: bool, leaves: bool) -> str:
    """The keys of a view, for the foot of its pane. leaves: whether esc goes back from it."""
    return f"{'[ ]' if alone else 'left right'} other protocols{'  esc back' if leaves else ''}"
