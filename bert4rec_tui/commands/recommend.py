"""The command `recommend`: the next items for a user or after any history."""

import csv
import datetime
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bert4rec_tui.commands.output import Output
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import UserError, printable
from bert4rec_tui.model.hardware import choose_device, set_up_process
from bert4rec_tui.recommend.diversify import HEAD
from bert4rec_tui.recommend.filters import ItemFilter, Seen, filter_text
from bert4rec_tui.recommend.matching import Match, TitleMatcher, read_titles
from bert4rec_tui.recommend.recommender import Recommender
from bert4rec_tui.recommend.saved_histories import find_history
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import datasets_folder, runs_folder

SHOWN_HISTORY = 10
SHOWN_CAUSES = 3
SHOWN_GUESSES = 3


@dataclass(frozen=True)
class ListOptions:
    """The filter of the list, and how much it is diversified."""

    genres: tuple[str, ...] = ()
    from_year: int | None = None
    to_year: int | None = None
    min_count: int = 0
    max_count: int | None = None
    seen: Seen = "unseen"
    diversify: float = 0.0

    def item_filter(self) -> ItemFilter:
        """The filter. Raises UserError for empty ranges."""
        try:
            return ItemFilter(
                genres=self.genres,
                from_year=self.from_year,
                to_year=self.to_year,
                min_count=self.min_count,
                max_count=self.max_count,
                seen=self.seen,
            )
        except ValueError as error:
            raise UserError(str(error)) from None


def run_recommend(
    reference: str,
    *,
    user: str | None,
    items: str | None,
    k: int,
    explain: bool,
    device: str,
    as_json: bool,
    titles: str | None = None,
    own: str | None = None,
    options: ListOptions | None = None,
) -> None:
    """Print recommendations. Raises UserError for an unknown run, user or item, or where no title matches."""
    if sum(way is not None for way in (user, items, titles, own)) != 1:
        raise UserError("recommend: needs exactly one of --user ID, --items ID,ID,…, --titles FILE and --own NAME")
    run = LocalRuns(runs_folder()).find(reference, "checkpoint")
    dataset = dataset_of(run.config().dataset, datasets_folder())
    if not 1 <= k <= dataset.items:
        raise UserError(f"-k {k}: {dataset.id} has {dataset.noun.counted(dataset.items)}; use 1 to {dataset.items}")
    options = options or ListOptions()
    wanted = options.item_filter()
    output = Output(as_json)
    index, matches = dataset.user_index(user) if user is not None else None, list[Match]()
    if index is not None:
        history = [int(item) for item in dataset.history_of(index)]
    elif titles is not None:
        matches = match_titles(Path(titles), dataset, output)
        history = [match.items[0] for match in matches if match.items]
    elif own is not None:
        history = find_history(own, dataset).items(dataset)
    else:
        history = [dataset.item_index(raw) for raw in parse_item_ids(items or "")]
    chosen = choose_device(device, "--device")
    set_up_process(0, False, chosen)
    recommender = Recommender(run, dataset, device=str(chosen))
    values = recommendation(recommender, user, index, history, k, explain, wanted, options.diversify)
    if titles is not None:
        values["matches"] = [_matched(dataset, match) for match in matches]
    output.result(values, as_text(values, recommender))


def parse_item_ids(text: str) -> list[str]:
    """The ids of a list such as `1,"salt, coarse",7`, where an id that contains a comma is quoted.

    Raises UserError for an unclosed quote.
    """
    try:
        cells = next(csv.reader([" ".join(text.splitlines())], skipinitialspace=True), [])
    except csv.Error:
        raise UserError(f'--items {printable(text, 60)}: has an unclosed quote; add the missing "') from None
    return [cell.strip() for cell in cells if cell.strip()]


def match_titles(file: Path, dataset: PreparedDataset, output: Output) -> list[Match]:
    """Match the titles of a file to items; prints a remark on each uncertain match and each title without one.

    Raises UserError where the file cannot be read or no title matches.
    """
    matcher = TitleMatcher(dataset.titles.all(), np.asarray(dataset.counts))
    matches = [matcher.match(title) for title in read_titles(file.expanduser())]
    if not any(match.items for match in matches):
        raise UserError(
            f"{file}: none of its {len(matches):,} titles matches {dataset.noun.several} of {dataset.id}; "
            "use one title per line"
        )
    for match in matches:
        text = printable(match.text, 60)
        if not match.items:
            output.message(f'"{text}": no match in {dataset.id}; left out')
        elif not match.sure:
            best, *others = (printable(dataset.title(item), 60) for item in match.items[: 1 + SHOWN_GUESSES])
            rest = f" (or {'; '.join(others)}?)" if others else ""
            output.message(f'"{text}": matched to {best}{rest}')
    return matches


def _matched(dataset: PreparedDataset, match: Match) -> dict[str, Any]:
    taken = _name(dataset, match.items[0]) if match.items else {"item": None, "title": None}
    others = [_name(dataset, item) for item in match.items[1:]]
    return {"text": match.text, **taken, "sure": match.sure, "others": others}


def recommendation(
    recommender: Recommender,
    user: str | None,
    index: int | None,
    history: list[int],
    k: int,
    explain: bool,
    wanted: ItemFilter | None = None,
    diversify: float = 0.0,
) -> dict[str, Any]:
    """The result of `recommend --json`."""
    dataset = recommender.dataset
    wanted = wanted or ItemFilter()
    found = recommender.recommend(history, k, wanted=wanted, weight=diversify)
    rows: list[dict[str, Any]] = [
        {"rank": rank, **_name(dataset, item), "score": round(score, 6)}
        for rank, (item, score) in enumerate(zip(found.items, found.scores, strict=True), start=1)
    ]
    if explain and rows:
        for row, explanation in zip(rows, recommender.explain(history, *found.items), strict=True):
            shares = explanation.shares
            strongest = np.argsort(shares)[::-1][:SHOWN_CAUSES]
            row["because"] = [
                {**_name(dataset, history[place]), "share": round(shares[place], 6)}
                for place in strongest.tolist()
                if shares[place] > 0
            ]
    values: dict[str, Any] = {"user": user, "history": _history(dataset, index, history), "recommendations": rows}
    if wanted.excludes:
        values["filter"] = filter_text(wanted)
    if found.diversified is not None:
        of = found.diversified
        values["diversity"] = {"weight": diversify} | {
            key: round(getattr(of, key), 6) for key in ("mean_score", "plain_score", "likeness", "plain_likeness")
        }
    return values


def _name(dataset: PreparedDataset, item: int) -> dict[str, Any]:
    return {"item": dataset.item_id(item), "title": dataset.title(item)}


def _history(dataset: PreparedDataset, user: int | None, history: list[int]) -> list[dict[str, Any]]:
    """The history, oldest first, with dates where available."""
    rows = [_name(dataset, item) for item in history]
    if user is not None and dataset.timestamps is not None:
        start = int(dataset.offsets[user])
        for row, seconds in zip(rows, dataset.timestamps[start : start + len(rows)].tolist(), strict=True):
            with suppress(ValueError, OverflowError, OSError):  # a time outside the calendar
                row["date"] = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC).date().isoformat()
    return rows


def as_text(values: dict[str, Any], recommender: Recommender) -> str:
    """The same as text: the end of the history, then the recommendations."""
    history: list[dict[str, Any]] = values["history"]
    who = f"User {values['user']}" if values["user"] is not None else "Your history"
    noun = recommender.dataset.noun
    lines = [f"{who} · {noun.counted(len(history))}" + (", most recent last:" if history else "")]
    lines += [f"  {row.get('date', ''):<11}{printable(row['title'], 70)}" for row in history[-SHOWN_HISTORY:]]
    among = f", filter {values['filter']}" if "filter" in values else ""
    lines += ["", f"Next {noun.several} ({recommender.objective}, epoch {recommender.epoch}{among}):"]
    if not values["recommendations"]:
        lines.append(f"  no {noun.one} passes the filter")
    for row in values["recommendations"]:
        lines.append(f"  {row['rank']:>3}  {row['score']:>7.3f}  {printable(row['title'], 70)}")
        for cause in row.get("because", []):
            lines.append(f"{'':>14}because of {printable(cause['title'], 50)} {cause['share']:+.2f}")
    if of := values.get("diversity"):
        top = min(HEAD, len(values["recommendations"]))
        lines += [
            "",
            f"Diversity {of['weight']:g}: mean score of the top {top} {of['mean_score']:.3f} instead of "
            f"{of['plain_score']:.3f}, mean similarity {of['likeness']:.2f} instead of {of['plain_likeness']:.2f}",
        ]
    return "\n".join(lines)
