"""The small world in which things are broken: two datasets, two finished and tested runs, a history of one's own.

It is made once; every case works on a copy, and its answers there are compared with those of the world left alone.
"""

import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chaos_process import Ended, Fault, fork, run, worker

SETTINGS = [
    "model.hidden=16",
    "model.heads=2",
    "model.blocks=1",
    "model.max_len=12",
    "training.batch_size=16",
    "training.epochs=3",
    "training.threads=1",
    "training.device=cpu",
    "training.precision=fp32",
    "training.checkpoint_minutes=0.0005",
    "evaluation.ks=[1,5]",
    'evaluation.protocols=["full","uniform-10"]',
    "evaluation.best_metric=full:NDCG@5",
]
USERS, ITEMS = 40, 30
DATASETS = ("toy", "other")
CLEAN_SECONDS = 300.0  # for what is not disturbed, on any machine
UNFINISHED = (".tmp", ".removed", ".part")


def ratings(seed: int = 0) -> str:
    """A file of invented interactions, with titles, years and categories."""
    chance = random.Random(seed)
    lines = ["userId,movieId,rating,timestamp,title,genres"]
    for user in range(1, USERS + 1):
        for at, item in enumerate(chance.sample(range(1, ITEMS + 1), chance.randint(8, 20))):
            genre = "Comedy|Drama" if item % 2 else "Sci-Fi"
            lines.append(f"{user},{item},{chance.randint(1, 5)},{10**9 + 60 * at},Film {item} ({1980 + item}),{genre}")
    return "\n".join(lines) + "\n"


class World:
    """The world as it is when nothing is broken, and copies of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "whole" / "home"
        self.source = folder / "ratings.csv"
        self._answers: dict[str, Ended] = {}
        self._make()

    def _make(self) -> None:
        self.home.mkdir(parents=True)
        self.source.write_text(ratings(), encoding="utf-8")
        columns = "user=userId,item=movieId,rating=rating,timestamp=timestamp,title=title,genres=genres"
        for name in DATASETS:
            words = ["prepare", name, "--source", str(self.source), "--columns", columns]
            run(words, self.home, CLEAN_SECONDS).checked((0,))
        self.settings_of_source = columns
        for name in DATASETS:
            folder = self.new_run(self.home, name)
            fork("worker", worker(folder), self.home).ended(CLEAN_SECONDS).checked((0,))
            for checkpoint in ("best", "last"):
                words = ["test", folder.name, "--checkpoint", checkpoint]
                run(words, self.home, CLEAN_SECONDS).checked((0,))
        own = {"name": "mine", "dataset": "toy", "movies": [{"item": item, "title": f"Film {item}"} for item in (3, 5)]}
        (self.home / "histories").mkdir(exist_ok=True)
        (self.home / "histories" / "mine.json").write_text(json.dumps(own), encoding="utf-8")

    @property
    def run_id(self) -> str:
        """The run on the first dataset."""
        return self.runs()[0]

    def runs(self) -> list[str]:
        """The ids of both runs, that on the first dataset first."""
        names = [path.name for path in (self.home / "runs").iterdir() if not path.name.startswith(".")]
        return sorted(names, key=lambda name: not name.startswith(DATASETS[0]))

    def copy(self) -> Path:
        """A home that is a copy of the whole one; `gone` takes it away."""
        home = Path(tempfile.mkdtemp(prefix="case-", dir=self.folder)) / "home"
        shutil.copytree(self.home, home)
        return home

    def fresh(self) -> Path:
        """A home with nothing in it."""
        home = Path(tempfile.mkdtemp(prefix="case-", dir=self.folder)) / "home"
        home.mkdir()
        return home

    def gone(self, home: Path) -> None:
        """Take a copy away with all that was written beside it."""
        shutil.rmtree(home.parent, ignore_errors=True)

    def clean(self, words: Sequence[str]) -> Ended:
        """How a command ends where nothing is broken; asked once."""
        key = " ".join(words)
        if key not in self._answers:
            home = self.copy()
            self._answers[key] = run(words, home, CLEAN_SECONDS).checked((0,))
            self.gone(home)
        return self._answers[key]

    def new_run(
        self, home: Path, name: str = DATASETS[0], more: Sequence[str] = (), output: Path | None = None
    ) -> Path:
        """Make a run that no worker has yet. more: further settings. output: as for a fork."""

        def make() -> None:
            import msgspec

            from bert4rec_tui.config import with_assignments
            from bert4rec_tui.config.presets import preset
            from bert4rec_tui.data.store import datasets_and_damaged
            from bert4rec_tui.runs.store import LocalRuns
            from bert4rec_tui.settings import datasets_folder, runs_folder

            dataset = next(d for d in datasets_and_damaged(datasets_folder())[0] if d.manifest.settings.name == name)
            config = with_assignments(preset("notebook"), [*SETTINGS, *more])
            config = msgspec.structs.replace(config, dataset=dataset.manifest.settings)
            print(LocalRuns(runs_folder()).create(config, dataset.id).path)

        made = fork("new run", make, home, output=output).ended(CLEAN_SECONDS).checked((0,))
        return Path(made.out.strip())


def is_unfinished(name: str) -> bool:
    """Whether a file or folder of this name is something that was being made or removed."""
    return name.endswith(UNFINISHED) or ".next." in name


def unfinished(home: Path) -> list[str]:
    """What a process leaves that did not come to its end: paths below the home."""
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if is_unfinished(path.name))


def nothing_left(home: Path) -> None:
    """Raises Fault where something unfinished is left in a home."""
    if left := unfinished(home):
        raise Fault(f"left behind: {', '.join(left[:5])}")


def digest(folder: Path, ignore: Callable[[str], bool] | None = None) -> dict[str, str]:
    """What stands in the finished files of a folder, by their paths; archives of arrays by their content."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if any(is_unfinished(part) for part in path.relative_to(folder).parts):
            continue
        if path.is_file() and not (ignore and ignore(name)):
            found[name] = _digest(path)
    return found


def _digest(path: Path) -> str:
    if path.suffix == ".npz":
        import numpy as np

        with np.load(path, allow_pickle=False) as arrays:
            return _of_arrays(dict(arrays))
    if path.suffix == ".safetensors":
        from safetensors.numpy import load_file

        return _of_arrays(load_file(path))
    if path.suffix == ".json":
        return json.dumps(without_times(json.loads(path.read_bytes())), sort_keys=True)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _of_arrays(arrays: dict[str, Any]) -> str:
    return hashlib.sha256(b"".join(name.encode() + arrays[name].tobytes() for name in sorted(arrays))).hexdigest()


def without_times(value: Any) -> Any:
    """A value of JSON without what differs from one run of the same work to the next."""
    if isinstance(value, dict):
        return {key: without_times(part) for key, part in value.items() if key not in ("seconds", "prepared", "path")}
    return [without_times(part) for part in value] if isinstance(value, list) else value


def same(expected: object, found: object, what: str) -> None:
    """Raises Fault where two results differ."""
    if expected == found:
        return
    if isinstance(expected, dict) and isinstance(found, dict):
        names = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        raise Fault(f"{what}: differs from the clean one in {', '.join(map(str, names[:5]))}")
    raise Fault(f"{what}: differs from the clean one")
