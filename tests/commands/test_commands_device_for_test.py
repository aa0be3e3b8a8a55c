"""Where a test goes while something trains, decided from readings of a machine that need not be there."""

import pytest
import torch
from terminal import Here, Terminal

from bert4rec_tui.commands.device_for_test import Training, needed_memory, place_test
from bert4rec_tui.config import with_assignments
from bert4rec_tui.data.store import find_dataset
from bert4rec_tui.runs import status as run_status
from bert4rec_tui.runs.lock import worker_lock
from bert4rec_tui.settings import datasets_folder

GIB = 2**30
GPU, SECOND, THIRD = (torch.device(name) for name in ("cuda", "cuda:1", "cuda:2"))
QUAD = Training("quad", "cuda")


@pytest.mark.parametrize(
    ("wanted", "training", "free", "goes_to", "sentence"),
    [
        (GPU, [], 40 * GIB, "cuda", ""),
        (GPU, [], None, "cuda", ""),
        (
            GPU,
            [QUAD],
            40 * GIB,
            "cuda",
            "quad trains on cuda: 40.0 GiB of cuda are free, enough for the test, which needs 1.0 GiB and",
        ),
        (GPU, [QUAD], GIB // 2, "cpu", "so it runs on the CPU; use --device cuda to run it there anyway"),
        (GPU, [QUAD], None, "cpu", "quad trains on cuda: the test runs on the CPU"),
        (GPU, [], GIB // 2, "cpu", "are free but the test needs 1.0 GiB, so it runs on the CPU"),
        (SECOND, [QUAD], 40 * GIB, "cuda:1", ""),
        (SECOND, [QUAD, Training("band", "2 × cuda")], None, "cpu", "band trains on cuda:1: the test runs on the CPU"),
        (torch.device("cpu"), [QUAD], None, "cpu", ""),
        (torch.device("cpu"), [QUAD, Training("rose", "cpu")], None, "cpu", "rose trains on cpu too"),
    ],
)
def test_a_test_goes_to_the_gpu_only_where_there_is_room(wanted, training, free, goes_to, sentence):
    device, said = place_test(wanted, training, GIB, free)
    assert str(device) == goes_to
    assert sentence in said
    assert bool(sentence) == bool(said)


@pytest.mark.parametrize(
    ("training", "others", "goes_to"),
    [
        ([QUAD], [(SECOND, 40 * GIB)], "cuda:1"),
        ([], [(SECOND, GIB // 4), (THIRD, 2 * GIB)], "cuda:2"),
        ([QUAD, Training("rose", "cuda:1")], [(SECOND, 40 * GIB), (THIRD, 2 * GIB)], "cuda:2"),
        ([QUAD, Training("rose", "cuda:1")], [(SECOND, 40 * GIB), (THIRD, None)], "cuda:1"),
        ([QUAD], [(SECOND, GIB // 4), (THIRD, None)], "cpu"),
    ],
)
def test_it_goes_to_another_gpu_with_room_and_rather_to_an_idle_one(training, others, goes_to):
    device, said = place_test(GPU, training, GIB, GIB // 2, others)
    assert str(device) == goes_to
    assert f"so it runs on {'the CPU' if goes_to == 'cpu' else goes_to}; use --device cuda to run it there" in said


def test_what_it_needs_grows_with_what_is_asked_and_a_live_run_is_spoken_of(
    terminal: Terminal, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = terminal.last_run()
    config, dataset = run.config(), find_dataset(run.config().dataset.id, datasets_folder())
    least = needed_memory(config, dataset, ["full"], 0, GPU)
    wide = with_assignments(config, ["model.hidden=1024"])
    assert least < needed_memory(config, dataset, ["full", "uniform-100"], 0, GPU)
    assert least < needed_memory(config, dataset, ["full"], 10**8, GPU)
    assert least < needed_memory(wide, dataset, ["full"], 0, GPU)
    assert least > 2**29
    status = run.status()
    status.state, status.device = "training", "cpu"
    run_status.write_status(run.path, status)
    lock = worker_lock(run.path)
    with lock:
        answer = here("test", run.id, "--protocol", "full")
        assert answer.err.startswith(f"{run.short_id} trains on cpu too: ")
        assert " too: " not in here("test", run.id, "--protocol", "full", "--device", "cpu").err
