"""`train --try`: what an epoch costs, and no run."""

from terminal import tiny


def test_a_trial_says_what_an_epoch_costs_and_leaves_no_run(terminal, here):
    before = sorted((terminal.home / "runs").iterdir())
    said = here("train", "--try", "--dataset", "toy", "--preset", "fast", *tiny(), "--json").json()
    assert said["steps"] >= 1
    assert min(said["step_seconds"], said["epoch_seconds"], said["memory"]) > 0
    assert said["ranks"] == 1
    two = ["--set", "training.processes=2", "--set", "training.device=cpu"]
    said = here("train", "--try", "--dataset", "toy", "--preset", "fast", *tiny(), *two)
    assert "one of 2 processes, without communication" in said.out
    assert sorted((terminal.home / "runs").iterdir()) == before


def test_what_training_refuses_a_trial_refuses(here):
    said = here("train", "--try", "--dataset", "toy", "--set", "evaluation.ks=[10,9999]", code=2)
    assert "evaluation.ks = 9999" in said.err
    for words in (["--detach"], ["--name", "mine"], ["--print-launch", "sbatch"], ["--rendezvous", "a:29500"]):
        assert "--try: creates no run" in here("train", "--try", *words, "--dataset", "toy", code=2).err
