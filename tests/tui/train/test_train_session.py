"""The configuration under edit, without a terminal: datasets, presets, runs, files, advice, estimates."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from train_steps import GIB, MACHINE
from worlds import make_dataset, small_config

from bert4rec_tui.config import Config, from_dict, load_config, to_dict, value_at, with_assignments
from bert4rec_tui.config.presets import PRESETS, preset
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import runs_folder
from bert4rec_tui.tui.train.estimate import Benchmark, Estimate, EstimateRequest, estimate
from bert4rec_tui.tui.train.session import TrainSession


def fitting(dataset: PreparedDataset) -> Config:
    """A configuration that the tiny dataset can be trained with."""
    values = {**to_dict(small_config()), "dataset": to_dict(dataset.manifest.settings)}
    values["evaluation"] = {**values["evaluation"], "protocols": ("full",)}
    return from_dict(values, Config)


def ready(dataset: PreparedDataset) -> TrainSession:
    """A session on a dataset, with nothing wrong in it."""
    session = TrainSession()
    session.scan([dataset], MACHINE)
    session.use_config(fitting(dataset))
    assert session.launchable == fitting(dataset)
    return session


def answer(request: EstimateRequest) -> Estimate:
    return Estimate(request, None, None, 0)


def test_before_anything_is_known_nothing_is_an_error() -> None:
    session = TrainSession()
    assert session.draft.validate() == {}
    assert session.config == preset("recommended")
    session.scan([], MACHINE)
    assert session.draft.validate() == {"dataset.name": "sample is not prepared; press 1 to prepare it"}
    assert session.launchable is None


def test_the_first_scan_takes_the_newest_dataset_and_a_later_one_only_what_was_requested(home: Path) -> None:
    dataset = make_dataset(home)
    session = TrainSession()
    session.scan([dataset], MACHINE)
    assert session.dataset is dataset
    assert not session.draft.can_undo, "nobody has changed anything yet"
    session.draft.set_value("dataset.name", "other")
    session.scan([dataset], MACHINE)
    assert value_at(session.values, "dataset.name") == "other"
    session.request_dataset(dataset.id)
    session.scan([dataset], MACHINE)
    assert session.dataset is dataset
    session.draft.undo()
    assert value_at(session.values, "dataset.name") == "other"
    session.scan([dataset], MACHINE)
    assert value_at(session.values, "dataset.name") == "other", "a request counts once"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_leaves_the_dataset_and_what_is_of_the_run(home: Path, name: str) -> None:
    session = ready(make_dataset(home))
    session.draft.set_value("name", "mine")
    session.draft.set_value("init_from", "weights.safetensors")
    dataset = session.values["dataset"]
    session.use_preset(name)
    assert session.config is not None
    assert (session.config.name, session.config.init_from) == ("mine", "weights.safetensors")
    assert (session.values["dataset"], session.values["model"]) == (dataset, to_dict(preset(name))["model"])
    assert session.differences == {}
    assert session.notes == {}


def test_what_differs_from_the_preset_is_noted_with_the_presets_value() -> None:
    session = TrainSession()
    epochs = preset("recommended").training.epochs
    session.draft.set_value("training.epochs", 7)
    assert session.differences == {"training.epochs": (epochs, 7)}
    assert session.notes == {"training.epochs": f"recommended: {epochs}"}
    session.draft.set_value("training.epochs", "many")
    assert (session.config, session.differences, session.notes, session.texts) == (None, {}, {}, {})


def test_the_dataset_is_shown_with_its_size_in_its_own_noun(home: Path) -> None:
    session = ready(make_dataset(home))
    assert session.texts["dataset.name"] == "tiny   40 users, 60 movies"


def test_the_configuration_of_a_run_is_taken_without_what_is_its_own(home: Path) -> None:
    session = ready(make_dataset(home))
    before = session.values
    run = with_assignments(fitting(session.prepared[0]), ["name=tuned", "description=why", "training.epochs=9"])
    session.use_config_of_run(run)
    assert session.config == with_assignments(run, ['name=""', 'description=""'])
    session.draft.undo()
    assert session.values == before


def test_the_advice_of_a_failure_is_one_change_with_both_values_reported(home: Path) -> None:
    session = ready(make_dataset(home))
    before = session.values
    batch = str(value_at(before, "training.batch_size"))
    assert session.apply_advice("training.batch_size", 4) == (batch, "4")
    assert value_at(session.values, "training.batch_size") == 4
    session.draft.undo()
    assert session.values == before


def test_what_is_saved_is_opened_again_as_it_was(home: Path, tmp_path: Path) -> None:
    session, file = ready(make_dataset(home)), tmp_path / "mine.toml"
    session.draft.set_value("training.epochs", 33)
    session.save(file)
    assert load_config(file) == session.config
    saved = session.values
    session.use_preset("fast")
    session.open(file)
    assert session.values == saved


def test_a_file_that_cannot_be_read_changes_nothing(home: Path, tmp_path: Path) -> None:
    session, file = ready(make_dataset(home)), tmp_path / "mine.toml"
    file.write_text("[model]\nhiden = 64\n", encoding="utf-8")
    before = session.values
    with pytest.raises(UserError, match=r"mine\.toml: model\.hiden is not a setting"):
        session.open(file)
    assert session.values is before


def test_an_error_on_the_machine_forbids_the_launch(home: Path) -> None:
    session = ready(make_dataset(home))
    session.draft.set_value("training.device", "cuda:3")
    assert session.config is not None, "it is valid in itself"
    assert session.launchable is None
    assert session.errors == {"training.device": "cuda:3 is not available; this machine has cuda:0, cpu"}


@hypothesis_settings(max_examples=50)
@given(steps=st.lists(st.sampled_from(["request", "change", "break", "undo", "arrive"]), max_size=20))
def test_an_estimate_is_accepted_only_for_the_newest_request_of_the_same_configuration(steps: list[str]) -> None:
    session, requests, epochs = TrainSession(), list[EstimateRequest](), 0
    for step in steps:
        match step:
            case "request":
                requests.append(session.request_estimate())
            case "change":
                epochs += 1
                session.draft.set_value("training.epochs", epochs)
            case "break":
                session.draft.set_value("training.epochs", 0)
            case "undo":
                session.draft.undo()
            case _:
                for request in requests:
                    newest = request is requests[-1] and request.config == session.config
                    assert session.accept(answer(request)) == newest
        current = session.current_estimate
        if current is not None:
            assert current.request is requests[-1]
            assert current.request.config == session.config


def test_a_benchmark_replaces_the_estimate_until_a_setting_that_costs_is_changed(home: Path) -> None:
    session = ready(make_dataset(home))
    runs = LocalRuns(runs_folder())
    assert session.config is not None
    first = estimate(session.request_estimate(), runs)
    assert (first.benchmark, first.epoch_seconds, first.epoch_source) == (None, None, "")
    assert first.fit == "fits"
    session.benchmark = Benchmark(session.config, 90.0, 200 * GIB, 8)
    measured = estimate(session.request_estimate(), runs)
    assert (measured.epoch_seconds, measured.epoch_source) == (90.0, "measured over 8 steps")
    assert (measured.memory_needed, measured.fit) == (200 * GIB, "too large")
    session.draft.set_value("training.learning_rate", 0.5)
    assert estimate(session.request_estimate(), runs).benchmark is not None
    session.draft.set_value("model.hidden", 64)
    assert estimate(session.request_estimate(), runs).benchmark is None


def test_without_a_valid_configuration_or_its_dataset_the_estimate_says_why(home: Path) -> None:
    runs, session = LocalRuns(runs_folder()), TrainSession()
    assert estimate(session.request_estimate(), runs).problem == "No estimate until the dataset is prepared."
    session.draft.set_value("training.epochs", 0)
    assert estimate(session.request_estimate(), runs).problem == "No estimate while a setting has an error."


def test_the_session_and_the_past_runs_need_no_textual() -> None:
    code = (
        "import sys; import bert4rec_tui.tui.train.session, bert4rec_tui.tui.train.past_runs; "
        "sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
