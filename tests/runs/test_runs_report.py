"""The words of a table of tests."""

import pytest

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.runs.report import split_words


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ((0.125, 0.125), "time, validation 12.5% and test 12.5% of the interactions"),
        ((0.07, 0.1), "time, validation 7% and test 10% of the interactions"),
        ((0.005, 0.2), "time, validation 0.5% and test 20% of the interactions"),
    ],
)
def test_the_shares_of_a_split_by_time_are_said_as_they_are(shares, words):
    validation, test = shares
    settings = DatasetConfig(name="mine", split="time", validation_share=validation, test_share=test)
    assert split_words(settings) == words
