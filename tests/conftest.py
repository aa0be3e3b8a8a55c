"""What tests in every folder share."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

# A machine that is busy with something else must fail no test, so no example has a deadline.
hypothesis_settings.register_profile(
    "ours",
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.load_profile("ours")

# One thread each: tests run side by side with others, and results must not depend on how many cores there are.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Commands that tests start take as many threads as there are cores; a thread that waits leaves its core to others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Whoever starts the tests in the background, or by nohup, hands down signals that are ignored; what tests start would
# ignore them too.
for _number, _action in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _action)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder once for all processes that test side by side; whoever asks for it changes nothing in it."""
    root = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        root = root.parent

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder = root / f"once-{name}"
        with FileLock(root / f"{name}.lock"):
            if not (folder / "done").exists():
                folder.mkdir(exist_ok=True)
                make(folder)
                (folder / "done").touch()
        return folder

    return made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder that holds all data of the program."""
    folder = tmp_path / "home"
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(folder))
    return folder


@pytest.fixture
def make_dataset(home: Path, tmp_path: Path) -> Callable:
    """Prepare a dataset from histories: raw item ids of each user, in order of time."""
    from bert4rec_tui.config import DatasetConfig, from_dict
    from bert4rec_tui.data.prepare import prepare

    def make(histories: Sequence[Sequence[int]], name: str = "toy", **settings):
        file = tmp_path / f"{name}.csv"
        lines = ["user,item,time"]
        for user, items in enumerate(histories, start=1):
            lines += [f"{user},{item},{moment}" for moment, item in enumerate(items)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        columns = {"user": "user", "item": "item", "timestamp": "time"}
        values = {"name": name, "source": str(file), "columns": columns, "min_user_interactions": 3} | settings
        return prepare(from_dict(values, DatasetConfig), home / "datasets", home / "raw")

    return make


@pytest.fixture
def busy_core() -> Iterator[None]:
    """A process that keeps a core busy until the test is over."""
    process = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield
    process.kill()
    process.communicate()
