"""Sizes of memory as people write them."""

import pytest

from bert4rec_tui.commands.sizes import parse_bytes
from bert4rec_tui.errors import UserError


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("512MiB", 512 * 2**20), ("1.5 g", 1_500_000_000), ("800M", 800 * 10**6), ("4gib", 4 * 2**30)],
)
def test_sizes(text, size):
    assert parse_bytes(text, "--memory", 1) == size


@pytest.mark.parametrize("text", ["", "much", "-2GB", "2 GB 3", "1e9", "2XB", "٣GB"])
def test_what_is_no_size_is_said(text):
    with pytest.raises(UserError, match="is not a size; use one such as 2GB"):
        parse_bytes(text, "--memory", 1)


def test_too_little_is_said():
    with pytest.raises(UserError, match="--memory 2MB: is too little; give at least 300 MB"):
        parse_bytes("2MB", "--memory", 300 * 10**6)
