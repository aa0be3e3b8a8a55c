"""The command `quickstart`: from the bundled MovieLens sample to recommendations for a user, in minutes on a laptop."""

import time
from typing import Any

import msgspec

from bert4rec_tui.commands.follow import Interrupts, follow, raise_for_ending
from bert4rec_tui.commands.output import Output, duration
from bert4rec_tui.commands.recommend import as_text as recommendations_text
from bert4rec_tui.commands.recommend import recommendation
from bert4rec_tui.commands.test import as_text as test_text
from bert4rec_tui.config.presets import SAMPLE, preset
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.runs.launcher import launch
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import datasets_folder, raw_folder, runs_folder

USER = "1"


def run_quickstart(*, as_json: bool) -> None:
    """Prepare the sample, train a small model, test it, and print recommendations for a user."""
    output = Output(as_json)
    began = time.monotonic()
    dataset = prepare(SAMPLE, datasets_folder(), raw_folder(), output.progress)
    counts = dataset.manifest.counts
    output.message(
        f"1/4 prepared MovieLens latest-small: {counts.users:,} users, {dataset.noun.counted(counts.items)} "
        f"with at least {dataset.manifest.settings.min_item_interactions} interactions, "
        f"{counts.interactions:,} interactions"
    )
    config = msgspec.structs.replace(preset("quickstart"), dataset=dataset.manifest.settings)
    with Interrupts() as interrupts:
        run = LocalRuns(runs_folder()).create(config, dataset.id)
        launch(run)
        output.message(f"2/4 training a small model with the {config.model.objective} objective as {run.id}")
        status = follow(run, output, interrupts)
    raise_for_ending(run, status, interrupts)
    output.message(f"3/4 testing the best checkpoint, epoch {status.best.epoch if status.best else 0}")
    # torch is imported late: the worker has its own.
    from bert4rec_tui.evaluation.testing import run_test
    from bert4rec_tui.model.hardware import choose_device, set_up_process
    from bert4rec_tui.recommend.recommender import Recommender

    device = choose_device("auto")
    set_up_process(0, False, device)
    evaluation = config.evaluation
    test = run_test(run, dataset, "best", evaluation.protocols, device, evaluation.test_precision, output.progress)
    output.message(f"4/4 next {dataset.noun.several} for user {USER}")
    recommender = Recommender(run, dataset, device=str(device))
    user = dataset.user_index(USER)
    history = [int(item) for item in dataset.history_of(user)]
    recommend = recommendation(recommender, USER, user, history, 10, explain=False)
    seconds = time.monotonic() - began
    values = {"run": run.id, "seconds": round(seconds, 3), "test": test, "recommend": recommend}
    text = (
        f"{test_text(test, dataset.noun)}\n\n{recommendations_text(recommend, recommender)}\n\n"
        f"{comparison(test)} Done in {duration(seconds)}.\n"
        "Next: open the app with `bert4rec-tui`, or try "
        f"`bert4rec-tui recommend {run.short_id} --user 2`, `bert4rec-tui prepare ml-1m`."
    )
    output.result(values, text)


def comparison(test: dict[str, Any]) -> str:
    """The model against the baselines, in a sentence."""
    metric, protocol = "NDCG@10", "full"
    own = test["protocols"][protocol][metric]["value"]
    others = {name: rows[protocol][metric]["value"] for name, rows in test["baselines"].items()}
    listed = ", ".join(f"{name} {value:.4f}" for name, value in others.items())
    return f"{metric} {protocol} {own:.4f} with the {test['objective']} objective ({listed})."
