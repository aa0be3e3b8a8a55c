"""The five screens; each is imported when it is first shown, so that the first one is there at once."""

import importlib
from collections.abc import Callable
from typing import Any

from textual.screen import Screen

AREAS = ("datasets", "train", "runs", "evaluation", "explore")


def _datasets() -> Screen[Any]:
    from bert4rec_tui.tui.datasets.screen import DatasetsScreen

    return DatasetsScreen()


def _train() -> Screen[Any]:
    from bert4rec_tui.tui.train.screen import TrainScreen

    return TrainScreen()


def _runs() -> Screen[Any]:
    from bert4rec_tui.tui.runs.screen import RunsScreen

    return RunsScreen()


def _test() -> Screen[Any]:
    from bert4rec_tui.tui.evaluation.screen import EvaluationScreen

    return EvaluationScreen()


def _explore() -> Screen[Any]:
    from bert4rec_tui.tui.explore.screen import ExploreScreen

    return ExploreScreen()


SCREENS: dict[str, str | Callable[[], Screen[Any]]] = {
    "datasets": _datasets,
    "train": _train,
    "runs": _runs,
    "test": _test,
    "explore": _explore,
}


def import_screens() -> None:
    """Import every screen, with all the keys that there are."""
    for area in AREAS:
        importlib.import_module(f"bert4rec_tui.tui.{area}.screen")
