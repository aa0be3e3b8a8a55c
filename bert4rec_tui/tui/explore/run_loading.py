"""Reads a run for the Explore screen, or a second one to compare with; for a thread."""

import numpy as np

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import dataset_of
from bert4rec_tui.errors import UserError
from bert4rec_tui.evaluation.saved_ranks import load_ranks
from bert4rec_tui.recommend.saved_histories import saved_histories
from bert4rec_tui.runs.store import CheckpointName, Run, RunSource
from bert4rec_tui.settings import datasets_folder
from bert4rec_tui.tui.explore.edited_history import EditedHistory, history_of_user
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.second_run import SecondRun, item_map
from bert4rec_tui.tui.shell.run_choice import checkpoint_of, run_with_model


def load_run(source: RunSource, reference: str, checkpoint: CheckpointName) -> LoadedRun | str:
    """Read a run, or the newest with a checkpoint; a sentence where that cannot be."""
    run = run_with_model(source, reference)
    if run is None:
        return "No run has a checkpoint yet;\npress 2 to configure and launch one."
    if not run.has_checkpoint():
        return f"{run.short_id} has no checkpoint yet; the first validation writes it.\nPress b to choose another run."
    try:
        dataset = dataset_of(run.config().dataset, datasets_folder())
        # Opened here, in the thread, so that nothing waits for a disk later.
        _ = dataset.titles, dataset.genres, dataset.timestamps, dataset.ratings, dataset.split, dataset.user_ids
        loaded = LoadedRun(run, checkpoint_of(run, checkpoint), dataset)
        _ = loaded.lengths, loaded.long_ids
        loaded.saved = saved_histories(dataset)
    except UserError as error:
        return str(error)
    loaded.protocol, loaded.ranks = read_ranks(run, loaded.checkpoint, dataset.users)
    return loaded


def load_run_and_history(
    source: RunSource, reference: str, checkpoint: CheckpointName, explored: PreparedDataset | None, user: int | None
) -> tuple[LoadedRun, EditedHistory | None] | str:
    """Read a run, with the history of a user where one is asked for or another dataset than `explored` is loaded.

    Without a user it is the first one's. Returns a sentence where the run or the history cannot be read.
    """
    loaded = load_run(source, reference, checkpoint)
    if isinstance(loaded, str):
        return loaded
    if user is None and explored is not None and explored.path == loaded.dataset.path:
        return loaded, None
    try:
        return loaded, history_of_user(loaded.dataset, user or 0)
    except UserError as error:
        return str(error)


def load_second_run(
    source: RunSource, run_id: str, first: LoadedRun, checkpoint: CheckpointName = "best"
) -> SecondRun | str:
    """Read the run to compare with; a sentence where it cannot be read or has no item in common."""
    loaded = load_run(source, run_id, checkpoint)
    if isinstance(loaded, str):
        return loaded
    to_second = item_map(first.dataset, loaded.dataset)
    if not to_second.any():
        shared = f"which shares no {first.noun.one} with {first.dataset.id}"
        return f"{loaded.run.short_id} was trained on {loaded.dataset.id}, {shared}."
    return SecondRun(loaded, to_second, item_map(loaded.dataset, first.dataset))


def read_ranks(run: Run, checkpoint: str, users: int) -> tuple[str, np.ndarray]:
    """The protocol of the last test and each user's rank in it, 0 for users without one; `full` is preferred."""
    folders = sorted((run.path / "test").glob(f"{checkpoint}-*/ranks.npz"), key=lambda file: file.stat().st_mtime)
    folders.sort(key=lambda file: file.parent.name == f"{checkpoint}-full")
    for file in reversed(folders):
        ranks = np.zeros(users, np.int64)
        protocol = file.parent.name.removeprefix(f"{checkpoint}-")
        try:
            stored = load_ranks(run, checkpoint, protocol)
            ranks[stored.users] = stored.ranks
        except (UserError, IndexError):
            continue
        return protocol, ranks
    return "", np.zeros(users, np.int64)
