"""Several ranks train as one process does: the same losses, the same ranks, whatever share each of them has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from histories import walks
from ranks_at_work import KINDS, alone

from bert4rec_tui.errors import UserError
from bert4rec_tui.training.distributed import World, device_of

ROOT = Path(__file__).parent.parent.parent
SCRIPT = Path(__file__).with_name("ranks_at_work.py")


def ranks_at_work(number: int, dataset: Path, folder: Path) -> list[dict]:
    """What each of so many ranks found."""
    folder.mkdir()
    torchrun = [sys.executable, "-m", "bert4rec_tui.training.agent", "--nnodes=1"]
    words = [f"--nproc-per-node={number}", str(SCRIPT), str(dataset), str(folder)]
    answer = subprocess.run(
        [*torchrun, *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert answer.returncode == 0, answer.stderr
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(number)]


def test_two_ranks_have_the_losses_and_ranks_of_one_process(make_dataset, tmp_path):
    """Without dropout, for every loss, with batches of 10, 10 and 1 window: in the last of them one rank is idle."""
    dataset = make_dataset(walks(21, 30, 14))
    expected = alone(dataset)
    found = ranks_at_work(2, dataset.path, tmp_path / "found")
    assert sorted(expected["cloze"]["sizes"])[:4] == [1, 1, 1, 10]
    for kind in KINDS:
        for mine in found:
            assert mine[kind].keys() == expected[kind].keys()
            for name, values in expected[kind].items():
                if name in ("losses", "norms"):
                    assert mine[kind][name] == pytest.approx(values, rel=1e-5, abs=1e-5), (kind, name)
                else:
                    assert mine[kind][name] == values, (kind, name)
    # The clipped ones are: otherwise nothing would be seen of clipping.
    assert max(expected["cloze"]["norms"]) > 0.5
    assert max(expected["gbce, clipped"]["norms"]) > 0.1


@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("windows", [1, 2, 7, 8, 129])
def test_every_window_of_a_batch_is_the_share_of_one_rank(size, windows):
    worlds = [World(rank, size) for rank in range(size)]
    shares = {world: list(range(windows))[world.rows(windows)] for world in worlds}
    busy = [share for world, share in shares.items() if not world.is_idle(windows)]
    assert [row for share in busy for row in share] == list(range(windows))
    assert max(map(len, busy)) - min(map(len, busy)) <= 1
    assert all(shares.values()), "whoever idles has a row to go through the motions with"


def test_dropout_differs_between_ranks_and_the_first_draws_what_one_process_would():
    assert World(0, 2).purpose("dropout") == World().purpose("dropout") == "dropout"
    assert World(1, 2).purpose("dropout") != World(2, 3).purpose("dropout") != "dropout"


@pytest.mark.parametrize(
    ("wanted", "gpus", "words"),
    [
        ("cuda", 1, "training.processes = 2 needs 2 GPUs, and this machine has 1"),
        ("auto", 1, "training.processes = 2 needs 2 GPUs, and this machine has 1"),
    ],
)
def test_each_rank_needs_a_gpu_of_its_own(monkeypatch, wanted, gpus, words):
    monkeypatch.setattr("torch.cuda.is_available", lambda: gpus > 0)
    monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
    with pytest.raises(UserError, match=words):
        device_of(wanted, World(0, 2, 0, 2))


def test_ranks_take_a_gpu_each_and_share_a_cpu(monkeypatch):
    world = World(3, 4, local_rank=1, local_size=2)
    assert str(device_of("cpu", world)) == "cpu"
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert str(device_of("auto", world)) == "cuda:1"
    assert str(device_of("cuda", World())) == "cuda"
    assert str(device_of("auto", World(1, 2, 0, 1))) == "cuda:0", "the only rank of each of two machines"
