"""What `datasets` prints."""

import json

import pytest

from bert4rec_tui.commands.datasets import run_datasets
from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.prepare import prepare
from bert4rec_tui.errors import WorkFailedError
from bert4rec_tui.settings import datasets_folder, raw_folder


def test_known_and_prepared_datasets_are_listed(home, capsys):
    run_datasets(as_json=False)
    out = capsys.readouterr().out
    assert "no dataset is prepared; start with `bert4rec-tui prepare sample`" in out
    assert [line.split()[0] for line in out.splitlines()[1:10]][-1] == "ml-latest"

    prepare(DatasetConfig(name="sample"), datasets_folder(), raw_folder())
    prepare(DatasetConfig(name="sample", min_item_interactions=5), datasets_folder(), raw_folder())
    (home / "raw").mkdir(exist_ok=True)
    (home / "raw" / "ml-1m.zip").write_bytes(b"here")
    run_datasets(as_json=True)
    values = json.loads(capsys.readouterr().out)
    known = {dataset["name"]: dataset for dataset in values["known"]}
    assert known["sample"]["prepared"] == ["sample", "sample+items5"]
    assert [name for name, dataset in known.items() if dataset["here"]] == ["sample", "ml-1m"]
    assert known["ml-1m"]["ratings"] == 1_000_209
    assert [(d["dataset"], d["items"]) for d in values["prepared"]] == [("sample", 9724), ("sample+items5", 3650)]
    run_datasets(as_json=False)
    assert "sample+items5" in capsys.readouterr().out

    (datasets_folder() / "sample" / "manifest.json").unlink()
    run_datasets(as_json=True)
    values = json.loads(capsys.readouterr().out)
    assert [d["dataset"] for d in values["prepared"]] == ["sample+items5"]
    assert [(d["id"], "no manifest.json" in d["why"]) for d in values["damaged"]] == [("sample", True)]
    run_datasets(as_json=False)
    assert "no manifest.json" in capsys.readouterr().out


def test_verify_reads_every_file_and_fails_where_one_is_damaged(home, capsys):
    for items in (0, 5):
        prepare(DatasetConfig(name="sample", min_item_interactions=items), datasets_folder(), raw_folder())
    run_datasets(verify=True, as_json=True)
    values = json.loads(capsys.readouterr().out)
    assert ([d["dataset"] for d in values["prepared"]], values["damaged"]) == (["sample", "sample+items5"], [])

    file = datasets_folder() / "sample+items5" / "ratings.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(WorkFailedError, match=r"damaged: sample\+items5; prepare what is damaged again"):
        run_datasets(verify=True, as_json=True)
    values = json.loads(capsys.readouterr().out)
    assert [d["dataset"] for d in values["prepared"]] == ["sample"]
    assert [(d["id"], d["why"].startswith(f"{file}: cannot be read")) for d in values["damaged"]] == [
        ("sample+items5", True)
    ]
