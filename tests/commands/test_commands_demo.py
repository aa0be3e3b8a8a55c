"""The command `demo`: the run that comes with the program fits the program, and is laid out whole or not at all."""

import json
import zipfile

import pytest

from bert4rec_tui.commands import demo
from bert4rec_tui.config.presets import preset
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.settings import bundled_file


def test_the_demo_recommends_and_explains_at_once_and_its_test_can_be_done_again(home, here):
    """It cannot go stale: its weights, its split and its metrics are those of this program."""

    def command(*words: str) -> dict:
        return here(*words, "--json").json()

    laid_out = command("demo")
    run = LocalRuns(home / "runs").find(laid_out["run"])
    assert run.state() == "finished"
    told = command("recommend", laid_out["run"], "--user", "1", "-k", "3", "--explain")
    assert len(told["recommendations"]) == 3
    assert all(row["because"] for row in told["recommendations"])
    kept = run.test_results()["full"]["metrics"]["NDCG@10"]["value"]
    again = command("test", laid_out["run"], "--protocol", "full")
    assert again["protocols"]["full"]["NDCG@10"]["value"] == pytest.approx(kept, abs=1e-6)
    (run.path / "console.log").write_text("mine", encoding="utf-8")
    assert command("demo") == laid_out  # a second time nothing is overwritten
    assert (run.path / "console.log").read_text(encoding="utf-8") == "mine"


def test_the_demo_is_small_and_says_nothing_of_the_machine_that_made_it():
    archive = bundled_file(demo.ARCHIVE)
    assert archive.stat().st_size < 3_000_000
    with zipfile.ZipFile(archive) as packed:
        status = next(name for name in packed.namelist() if name.endswith("status.json"))
        values = json.loads(packed.read(status))
    assert not values["host"]
    assert not values["pid"]
    assert values["epochs"] == preset("quickstart").training.epochs


@pytest.mark.parametrize("content", ["no archive", "outside", "two runs"])
def test_a_broken_demo_is_one_sentence_and_leaves_nothing(home, tmp_path, monkeypatch, content):
    archive = tmp_path / demo.ARCHIVE
    if content == "no archive":
        archive.write_bytes(b"not a zip")
    else:
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("run/status.json", "{}")
            packed.writestr("run/../../out" if content == "outside" else "other/status.json", "{}")
    monkeypatch.setattr(demo, "bundled_file", lambda name: archive)
    with pytest.raises(UserError, match=r"demo-run\.zip: .*reinstall the program"):
        demo.install_demo_run()
    assert not (home / "runs").exists() or not list((home / "runs").iterdir())
    assert not (tmp_path / "out").exists()
