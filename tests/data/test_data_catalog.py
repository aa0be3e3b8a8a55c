"""What is known by name."""

import re

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.catalog import KNOWN
from bert4rec_tui.settings import sample_archive


def test_names_are_valid_and_checksums_are_whole():
    assert list(KNOWN) == [
        *("sample", "ml-100k", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m", "ml-latest-small", "ml-latest")
    ]
    for name, dataset in KNOWN.items():
        assert DatasetConfig(name=name).id == dataset.name == name
        assert re.fullmatch(r"[0-9a-f]{32}|", dataset.md5)
        # Only what changes, and what is bundled, has no checksum of its own.
        assert bool(dataset.md5) != ("latest" in dataset.file)
        assert dataset.address == f"https://files.grouplens.org/datasets/movielens/{dataset.file}"
        assert dataset.licence.endswith(".")


def test_the_sample_is_the_bundled_archive():
    assert sample_archive().stat().st_size == KNOWN["sample"].bytes
