"""What the shell offers for a word that is half typed."""

import pytest

from bert4rec_tui.commands.completion import complete_datasets, complete_known, complete_presets, complete_runs


def test_what_begins_like_the_word_is_offered(terminal, monkeypatch):
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(terminal.home))
    assert complete_datasets("to") == ["toy+users3"]
    assert complete_runs("toy") == [terminal.last_run().id, "latest"]
    assert "ml-1m" in complete_known("ml")
    assert complete_presets("rec") == ["recommended"]


@pytest.mark.parametrize("word", ["/", "*", "[", "..", "~"])
def test_a_word_that_begins_nothing_is_offered_nothing(terminal, monkeypatch, word):
    monkeypatch.setenv("BERT4REC_TUI_HOME", str(terminal.home))
    assert complete_datasets(word) == []
