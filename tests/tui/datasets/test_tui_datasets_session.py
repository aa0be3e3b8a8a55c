"""The state of the datasets screen, without a terminal: what is chosen, what its settings lead to, what runs."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from worlds import make_dataset

from bert4rec_tui.config import DatasetConfig, to_dict
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.store import Damaged
from bert4rec_tui.tui.datasets.form import effects_of
from bert4rec_tui.tui.datasets.importing import NONE, Described, import_errors
from bert4rec_tui.tui.datasets.rows import DatasetRow, read_rows, summary_of
from bert4rec_tui.tui.datasets.session import DatasetsSession
from bert4rec_tui.tui.datasets.stats import stats_of


@pytest.fixture
def dataset(home: Path) -> PreparedDataset:
    return make_dataset(home)


@pytest.fixture
def session(dataset: PreparedDataset) -> DatasetsSession:
    """With the known datasets and the prepared `tiny`, which is chosen."""
    session = DatasetsSession()
    session.take_rows(read_rows(), any_run=False)
    assert session.choose("prepared:tiny")
    take_over(session)
    return session


def take_over(session: DatasetsSession, **settings: object) -> None:
    """Edit as the form does: the settings of the chosen row, and others."""
    assert session.row is not None
    session.edit(to_dict(session.row.settings) | settings, {})


def test_the_session_needs_no_terminal() -> None:
    code = "import sys, bert4rec_tui.tui.datasets.session; print('textual' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_at_first_the_first_row_is_chosen_and_a_home_without_anything_is_new(home: Path) -> None:
    session = DatasetsSession()
    assert session.take_rows(read_rows(), any_run=False)
    assert session.row is not None
    assert (session.row.key, session.is_new) == ("known:sample", True)
    session.take_rows(session.rows, any_run=True)
    assert not session.is_new


def test_what_is_chosen_stays_chosen_when_the_rows_are_read_again(session: DatasetsSession) -> None:
    assert not session.take_rows(read_rows(), any_run=True)
    assert session.row is not None
    assert session.row.key == "prepared:tiny"


def test_what_was_just_prepared_is_chosen_once(session: DatasetsSession) -> None:
    session.choose("known:ml-1m")
    session.prepared("tiny")
    assert session.take_rows(read_rows(), any_run=False)
    assert session.row is not None
    assert session.row.key == "prepared:tiny"
    session.choose("known:ml-1m")
    assert not session.take_rows(read_rows(), any_run=False), "it is chosen once, and not again"


def test_the_filter_keeps_the_chosen_row_while_it_matches_and_chooses_none_where_nothing_does(
    session: DatasetsSession,
) -> None:
    assert not session.narrow("TIN")
    assert [row.key for row in session.shown] == ["prepared:tiny"]
    assert session.narrow("ml-3")
    assert session.row is not None
    assert session.row.name == "ml-32m"
    assert session.narrow("nobody")
    assert (session.row, session.shown, session.hint.text) == (None, [], "")
    assert session.figures.text == "Select a dataset to see its statistics."
    assert session.narrow("")
    assert session.row is not None


def test_the_settings_under_edit_find_what_is_prepared_with_them(
    session: DatasetsSession, dataset: PreparedDataset
) -> None:
    assert session.match is not None
    assert (session.match.id, session.hint.text) == ("tiny", "prepared as tiny; press t to train")
    take_over(session, min_item_interactions=5)
    assert session.match is None
    assert session.hint.text == "press p to prepare tiny+items5"
    take_over(session, min_user_interactions=1)
    assert session.settings is None


def test_a_setting_in_error_is_named_before_all_else(session: DatasetsSession) -> None:
    session.edit(session.values | {"seed": -1}, {"seed": "expected a whole number"})
    assert (session.hint.path, session.hint.text, session.hint.error) == ("seed", "expected a whole number", True)


def test_a_dataset_to_download_says_how_much(session: DatasetsSession) -> None:
    session.choose("known:ml-1m")
    take_over(session)
    assert session.hint.text == "press p to prepare ml-1m (5.9 MB download)"


def test_figures_are_counted_once_and_forgotten_when_it_is_prepared_again(
    session: DatasetsSession, dataset: PreparedDataset
) -> None:
    assert session.uncounted is not None
    assert session.counted(dataset, stats_of(dataset))
    assert session.uncounted is None
    assert session.figures.stats is not None
    session.choose("known:ml-1m")
    take_over(session)
    assert not session.counted(dataset, stats_of(dataset)), "they came when another was looked at"
    session.prepared("tiny")
    session.choose("prepared:tiny")
    take_over(session)
    assert session.uncounted is not None


@pytest.mark.parametrize("depth", [0, 1, 7, 40])
def test_a_reason_stands_before_the_folder_however_long_that_is(session: DatasetsSession, depth: int) -> None:
    folder = Path("/", *["a-folder"] * depth, "tiny")
    row = DatasetRow("tiny", damaged=Damaged("tiny", folder, f"{folder}: is no dataset (manifest.json is missing)"))
    session.take_rows([row], any_run=False)
    take_over(session)
    reason, where = session.figures.text.splitlines()
    assert (reason, where) == ("is no dataset (manifest.json is missing)", str(folder))
    assert session.hint.text == "press p to prepare tiny, x to remove what is left"
    session.take_rows([replace(row, damaged=Damaged("tiny", folder, f"{folder}/manifest.json: is empty"))], False)
    assert session.figures.text.splitlines()[0] == "manifest.json: is empty"


def test_why_figures_cannot_be_read_stands_in_their_place(session: DatasetsSession, dataset: PreparedDataset) -> None:
    session.counted(dataset, None, f"{dataset.path}/history.npy: cannot be read; prepare the dataset again")
    assert session.figures.text == "history.npy: cannot be read; prepare the dataset again"
    assert session.figures.error
    assert session.hint.text == "tiny is damaged; press p to prepare it again"


def test_why_a_preparation_failed_is_shown_with_its_settings_until_one_succeeds(session: DatasetsSession) -> None:
    session.choose("known:ml-1m")
    take_over(session)
    session.failed("ml-1m", "the disk is full")
    assert (session.figures.text, session.figures.error) == ("the disk is full", True)
    take_over(session, seed=7)
    assert not session.figures.error
    session.prepared("ml-1m")
    take_over(session)
    assert not session.figures.error


@pytest.mark.parametrize(("noun", "words"), [("", "60 movies"), ("product", "60 products"), ("story", "60 stories")])
def test_the_items_are_called_by_the_datasets_noun(dataset: PreparedDataset, noun: str, words: str) -> None:
    settings = msgspec.structs.replace(dataset.manifest.settings, item_noun=noun)
    manifest = msgspec.structs.replace(dataset.manifest, settings=settings)
    (dataset.path / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    named = PreparedDataset(dataset.path)
    assert effects_of(named)["min_item_interactions"] == words
    assert summary_of({"dataset": "tiny", "users": 40, "items": 60}) == f"tiny: 40 users, {words}; press t to train"


def test_what_was_filtered_out_is_said_beside_the_least_rating(dataset: PreparedDataset) -> None:
    assert effects_of(dataset)["min_rating"] == f"all {dataset.manifest.counts.interactions:,} kept"
    counts = msgspec.structs.replace(dataset.manifest.counts, interactions=998_539, raw_interactions=1_000_209)
    (dataset.path / "manifest.json").write_bytes(
        msgspec.json.encode(msgspec.structs.replace(dataset.manifest, counts=counts))
    )
    assert effects_of(PreparedDataset(dataset.path))["min_rating"] == "998,539 of 1,000,209"


SEEN = {
    "columns": ["who", "film", "when"],
    "rows": [["1", "m2", "1000"]],
    "problems": [],
    "guess": {"user": "who", "item": "film"},
    "separator": ",",
}


def test_the_description_of_a_file_becomes_the_settings_of_its_preparation() -> None:
    described = Described("my films.csv").previewed(SEEN)
    assert described.values["columns"]["timestamp"] == NONE
    named = described.described_by(described.values | {"item_noun": " film ", "name": "mine"})
    settings = named.settings()
    assert (settings.name, settings.item_noun, settings.columns) == ("mine", "film", {})
    again = named.previewed(SEEN | {"separator": ";"})
    assert again.values["item_noun"] == " film ", "what was set before stays"


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"name": "my films"}, "name", "up to 64 letters, digits"),
        ({"item_noun": "7"}, "item_noun", "one noun in the singular"),
        ({"split": "time"}, "split", "needs a timestamp column"),
        ({"columns": {"user": NONE, "item": "film", "timestamp": NONE}}, "columns.user", "choose the user column"),
        ({"columns": {"user": "film", "item": "film", "timestamp": NONE}}, "columns.item", "column already used"),
    ],
)
def test_what_is_wrong_with_a_description_stands_beside_its_field(
    change: dict[str, object], path: str, words: str
) -> None:
    values = Described("my films.csv").previewed(SEEN).values
    assert import_errors(values, "") == {}
    assert words in import_errors(values | change, "")[path]


def test_a_noun_alone_makes_no_other_dataset() -> None:
    assert DatasetConfig(name="shop", item_noun="product").id == "shop"
