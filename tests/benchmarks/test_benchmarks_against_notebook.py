"""The two benchmarks that run the notebook's code, on a notebook that does the least that they ask of one."""

import zipfile
from pathlib import Path

import pytest
from histories import walks
from small import tiny

pytestmark = pytest.mark.long

NOTEBOOK = """
# A notebook

```python id="one"
!pip install wget
```

```python id="two"
import json
import os
import random
import wget
from types import SimpleNamespace as Values

device = 'cuda'
args = Values(num_epochs=10, root='/content/ml-1m')


def fix_random_seed_as(seed):
    random.seed(seed)


class Loader:
    def __init__(self, answers):
        self.dataset = Values(u2seq={1: [1, 2], 2: [3]}, u2answer=answers)

    def __iter__(self):
        return iter([([7], 0.25), ([7, 7, 7], 0.75)])


def dataset_factory(args):
    assert os.path.exists(os.path.join(args.root, 'ml-1m', 'ratings.dat'))
    return Values(load_dataset=lambda: None)


def dataloader_factory(args):
    return Loader({}), Loader({1: [4], 2: [5]}), Loader({1: [6], 2: [7]})


def model_factory(args):
    return Values(eval=lambda: None)


def create_experiment_export_folder(args):
    os.makedirs('experiment/logs')
    return 'experiment'


class Trainer:
    def __init__(self, model, loaders, root):
        self.model, self.loaders, self.root = model, loaders, root
        self.logger_service = Values(log_val=lambda values: None)

    def train_one_epoch(self, epoch, samples):
        sum(range(10_000))
        return samples + 4

    def calculate_metrics(self, batch):
        assert self.loaders[2].dataset.u2seq == {1: [1, 2, 4], 2: [3, 5]}
        return {'NDCG@10': batch[1]}

    def validate(self, epoch, samples):
        self.logger_service.log_val({'NDCG@10': 0.25, 'epoch': epoch})

    def test(self):
        with open(os.path.join(self.root, 'logs', 'test_metrics.json'), 'w') as file:
            json.dump({'NDCG@10': 0.125}, file)


def trainer_factory(args, model, train_loader, val_loader, test_loader, root):
    return Trainer(model, (train_loader, val_loader, test_loader), root)


if __name__ == '__main__':
    raise SystemExit('the notebook trains when it is run; the benchmark must not')
```
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A notebook, and ratings in GroupLens' layout: 120 users, 150 items of which i + 1 mostly follows i."""
    notebook, source = tmp_path / "notebook.md", tmp_path / "ml-1m.zip"
    notebook.write_text(NOTEBOOK)
    ratings = [
        f"{user}::{item}::5::{moment}"
        for user, items in enumerate(walks(120, 150, 40), start=1)
        for moment, item in enumerate(items)
    ]
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("ml-1m/ratings.dat", "\n".join(ratings) + "\n")
        archive.writestr("ml-1m/movies.dat", "".join(f"{item}::Film {item}::Drama\n" for item in range(1, 151)))
    return ["--notebook", str(notebook), "--source", str(source)]


def ours(**changes: str) -> list[str]:
    evaluation = {
        "evaluation__ks": "[1,10]",
        "evaluation__protocols": '["full","uniform-100"]',
        "evaluation__best_metric": "full:NDCG@10",
    }
    return ["--preset", "fast", *tiny(**evaluation, **changes)]


def test_both_sides_climb_in_turn_and_the_ratio_is_of_training_alone(files, benchmark):
    """What follows what is known from the start here, so that both goals are reached in the first epoch."""
    easy = ours(training__start="transitions", model__tied_head="false", model__hidden="64")
    said = benchmark("time_to_accuracy", *files, *easy, "--most-epochs", "20", "--notebook-epochs", "1")
    uniform, full = said.values["goals"]["uniform"], said.values["goals"]["full"]
    for goal, name in ((uniform, "uniform"), (full, "full")):
        side = said.values["ours"][name]
        assert side["reached"]
        assert side["curve"][-1]["NDCG@10"] >= {"uniform": 0.5, "full": 0.1516}[name]
        assert goal["ours_s"] == side["training_s"] == side["curve"][-1]["seconds"]
        assert side["training_s"] > side["start_s"] > 0
        assert side["validation_s"] > 0
    # Its score is the mean over users, of a batch of one and a batch of three.
    assert said.values["notebook"]["curve"][0]["NDCG@10"] == 0.625
    assert not uniform["at_least"]
    assert not full["at_least"]
    assert "until the goal" in said.table
    assert "one epoch" in said.table


def test_a_goal_that_is_not_reached_is_said(files, benchmark):
    words = [*ours(training__learning_rate="1e-9", training__start="random"), "--goal", "full", "--most-epochs", "1"]
    said = benchmark("time_to_accuracy", *files, *words)
    assert said.values["goals"]["full"]["ours_s"] is None
    assert said.values["goals"]["full"]["ratio"] is None
    assert "not reached" in said.table
    assert len(said.values["notebook"]["curve"]) == 1


def test_phases_are_timed_side_by_side(files, benchmark):
    said = benchmark("against_notebook", *files, "--precision", "fp32")
    assert set(said.values["ratio"]) == {"epoch", "validation", "preparation", "peak_memory"}
    assert said.values["notebook"]["validation_uniform-100_NDCG@10"] == 0.25
    assert said.values["notebook"]["test_NDCG@10"] == 0.125
    assert said.values["ours"]["test_NDCG@10"]["full"] > 0
    assert said.values["ours"]["precision"] == "fp32"
