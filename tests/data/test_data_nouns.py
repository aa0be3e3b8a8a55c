"""What a dataset calls its items and their categories."""

from pathlib import Path

import pytest

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.data.nouns import category_word, item_word, noun_of
from bert4rec_tui.data.prepare import prepare

SHOP = {"user": "customer", "item": "sku"}


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("product", "products"),
        ("story", "stories"),
        ("toy", "toys"),
        ("dish", "dishes"),
        ("box", "boxes"),
        ("glass", "glasses"),
        ("TV series", "TV series"),
        ("person", "people"),
        ("Süßware", "Süßwares"),
    ],
)
def test_a_noun_knows_its_plural_and_goes_with_a_number(one, several):
    noun = noun_of(one)
    assert noun.several == several
    assert (noun.counted(1), noun.counted(0), noun.counted(3416)) == (f"1 {one}", f"0 {several}", f"3,416 {several}")
    assert (noun.of(1), noun.of(2)) == (one, several)


@pytest.mark.parametrize(
    ("column", "word"),
    [
        ("genres", "genre"),
        ("genre", "genre"),
        ("categories", "category"),
        ("main_category", "main category"),
        ("Main_Category", "main category"),
        ("mainCategory", "main category"),
        ("genre:token_seq", "genre"),
        ("tags", "tag"),
        ("class", "class"),
        ("classes", "class"),
        ("series", "series"),
        ("status", "status"),
        ("4", "category"),
        ("", "category"),
    ],
)
def test_a_category_is_called_what_its_column_is(column, word):
    columns = SHOP | ({"genres": column} if column else {})
    assert category_word(DatasetConfig(name="shop", columns=columns)) == word


def test_movielens_has_movies_and_genres_and_other_tables_items_and_categories():
    movielens, shop = DatasetConfig(name="ml-1m"), DatasetConfig(name="shop", columns=SHOP)
    assert (item_word(movielens), category_word(movielens)) == ("movie", "genre")
    assert (item_word(shop), category_word(shop)) == ("item", "category")
    assert item_word(DatasetConfig(name="shop", columns=SHOP, item_noun="product")) == "product"
    assert category_word(DatasetConfig(name="ml-1m", item_noun="film")) == "genre"


def prepared(tmp_path: Path, source: Path, **settings: object) -> PreparedDataset:
    dataset = prepare(
        DatasetConfig(name="tiny", source=str(source), min_user_interactions=3, **settings),
        tmp_path / "datasets",
        tmp_path / "raw",
    )
    return PreparedDataset(dataset.path)  # as whoever opens it later finds it


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rows = [f"c{user},p{(user + place) % 7},{1_000_000 + place},tea|mugs" for user in range(6) for place in range(5)]
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(["customer_id,product_id,timestamp,main_category", *rows]))
    return file


@pytest.mark.parametrize("layout", ["u.data", "dat", "csv"])
def test_movielens_files_are_prepared_as_movies_and_genres(tmp_path, movielens, layout):
    dataset = prepared(tmp_path, movielens(layout))
    assert dataset.manifest.settings.item_noun == "movie"
    assert (dataset.noun.several, dataset.category.several) == ("movies", "genres")


def test_movielens_files_with_columns_given_are_movies_all_the_same(tmp_path, movielens):
    columns = {"user": "userId", "item": "movieId", "timestamp": "timestamp"}
    dataset = prepared(tmp_path, movielens("csv"), columns=columns)
    assert dataset.manifest.settings.columns == columns
    assert (dataset.noun.one, dataset.category.one) == ("movie", "genre")


def test_a_table_is_prepared_as_items_and_the_category_of_its_column(tmp_path, shop):
    columns = {"user": "customer_id", "item": "product_id", "timestamp": "timestamp", "genres": "main_category"}
    dataset = prepared(tmp_path, shop, columns=columns)
    assert dataset.manifest.settings.item_noun == "item"
    assert (dataset.noun.several, dataset.category.one) == ("items", "main category")


def test_the_noun_of_the_person_is_kept_in_the_manifest(tmp_path, shop):
    dataset = prepared(tmp_path, shop, columns={"user": "customer_id", "item": "product_id"}, item_noun="product")
    assert dataset.noun.counted(dataset.items) == "7 products"


@pytest.mark.parametrize(
    ("one", "a"), [("movie", "a movie"), ("item", "an item"), ("user", "a user"), ("Album", "an Album")]
)
def test_a_noun_has_its_article(one, a):
    assert noun_of(one).a == a
