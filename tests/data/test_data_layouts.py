"""The layouts that this field publishes are recognised by their shape, and no other table is taken for one."""

from dataclasses import replace
from pathlib import Path

import pytest
from layout_samples import SAMPLES, Sample, table

from bert4rec_tui.data.columns import ROLES
from bert4rec_tui.data.dates import time_reader
from bert4rec_tui.data.format_detection import head_of
from bert4rec_tui.data.layouts.recognise import LAYOUTS, items_file, recognise


def name_of(sample: Sample) -> str:
    return f"{sample.layout}-{sample.file}"


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_a_published_layout_is_recognised_with_its_columns_and_titles(sample):
    layout = recognise(sample.file, sample.names, sample.rows, sample.siblings)
    assert layout is not None
    assert (layout.name, dict(layout.columns), layout.noun) == (sample.layout, sample.columns, sample.noun)
    assert items_file(layout, sample.file, sample.siblings) == sample.items


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_the_times_of_a_layout_are_read_without_a_doubt(sample):
    layout = recognise(sample.file, sample.names, sample.rows, sample.siblings)
    column = layout.columns.get("timestamp")
    if column is None or layout.form:
        return
    place = int(column) if sample.names is None else sample.names.index(column)
    cells = [row[place] for row in sample.rows]
    reader = time_reader(layout.time_format, cells, layout.time_unit)
    assert reader.doubt == ""
    years = [reader.parse(cell) / 86_400e6 / 365.25 + 1970 for cell in cells]
    assert all(1990 < year < 2030 for year in years) or layout.time_unit == "5s"


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if sample.names], ids=name_of)
def test_the_order_and_the_case_of_a_header_are_no_matter(sample):
    names = [name.upper() if ":" not in name else name for name in reversed(sample.names)]
    rows = [list(reversed(row)) for row in sample.rows]
    layout = recognise(sample.file, names, rows, sample.siblings)
    assert layout is not None
    assert layout.name == sample.layout
    tops = {column.partition(".")[0].lower() for column in layout.columns.values()}
    assert tops <= {name.lower() for name in names}


@pytest.mark.parametrize(
    ("file", "header", "lines"),
    [
        ("ratings.csv", "user,item,rating,timestamp", "1,2,3,978300760\n1,3,4,978300761"),
        ("ratings.csv", "userId,movieId,rating,timestamp", "1,2,3,978300760\n1,3,4,978300761"),
        ("mine.csv", "user_id,item_id,rating,timestamp", "1,2,3,978300760\n1,3,4,978300761"),
        ("orders.csv", "customer_id,product_id,ordered_at", "1,2,2020-01-02"),
        ("mine.csv", "", "1,2,3,978300760\n1,3,4,978300761\n2,3,4,978300761"),
        ("mine.csv", "", "1,2014-04-07T10:51:09.277Z,214536502,0\n2,2014-04-07T10:51:09.277Z,214536502,0\n3,x,1,0"),
        ("mine.csv", "", "1,2"),
        ("mine.csv", "user,item", ""),
        ("mine.csv", "", ""),
        ("yoochoose-clicks.dat", "", "ann,7,8,9\nbob,7,8,9\neve,7,8,9"),
        ("combined_data_1.txt", "", "1,2,3\n1,2,4\n1,2,5"),
        ("anime.csv", "user_id,anime_id,rating,timestamp", "1,2,3,978300760\n1,3,4,978300761"),
        ("x.inter", "user_id:token\titem_id_list:token_seq\titem_id:token_seq", "1\t2 3\t4"),
    ],
)
def test_no_other_table_is_taken_for_a_known_layout(file, header, lines):
    names, rows = table(header, lines, "\t" if "\t" in header else ",")
    assert recognise(file, names, rows, ["movies.csv", "meta_Books.json.gz"]) is None


def test_the_two_years_of_amazon_are_told_by_their_values():
    """Read one as the other, and products have histories of customers."""
    by_name = {sample.layout: sample for sample in SAMPLES}
    for name in ("amazon-2018-ratings", "amazon-2014-ratings"):
        layout = recognise("ratings_Video_Games.csv", None, by_name[name].rows)
        assert layout is not None
        assert layout.name == name


def test_another_export_of_a_layout_has_its_own_times():
    (sample,) = (sample for sample in SAMPLES if sample.file == "All_Beauty.train.csv.gz")
    seconds = [[*row[:3], row[3][:10], row[4]] for row in sample.rows]
    assert recognise(sample.file, sample.names, sample.rows).time_unit == "ms"
    assert recognise(sample.file, sample.names, seconds).time_unit == ""
    (sample,) = (sample for sample in SAMPLES if sample.layout == "online-retail")
    dashes = [[*row[:4], "2010-12-01 08:26:00", *row[5:]] for row in sample.rows]
    assert recognise(sample.file, sample.names, sample.rows).time_format == "%m/%d/%Y %H:%M"
    assert recognise(sample.file, sample.names, dashes).time_format == ""


def test_a_broken_row_in_a_hundred_hides_no_layout():
    (sample,) = (sample for sample in SAMPLES if sample.file.startswith("loc-gowalla"))
    many = [list(row) for _ in range(40) for row in sample.rows]
    assert recognise("x.txt", None, [*many, ["cut", "off"]]).name == "gowalla"
    assert recognise("x.txt", None, [*sample.rows, ["cut", "off"]]) is None


def test_of_several_files_with_titles_the_one_of_the_same_name_is_taken_or_none():
    (sample,) = (sample for sample in SAMPLES if sample.file == "Beauty_5.json.gz")
    layout = recognise(sample.file, sample.names, sample.rows)
    assert items_file(layout, "Books_5.json.gz", ["meta_Books.json", "meta_Beauty.json.gz"]) == "meta_Books.json"
    assert items_file(layout, "Books_5.json.gz", ["meta_Games.json", "meta_Beauty.json.gz"]) is None
    assert items_file(layout, "Books_5.json.gz", ["meta_Games.json.gz"]) == "meta_Games.json.gz"
    assert items_file(replace(layout, items=None), "Books_5.json.gz", ["meta_Books.json"]) is None


def test_the_columns_of_a_file_with_titles_are_those_that_it_has():
    (sample,) = (sample for sample in SAMPLES if sample.layout == "recbole")
    items = recognise(sample.file, sample.names, sample.rows).items
    names = ["item_id:token", "movie_title:token_seq", "release_year:token", "class:token_seq"]
    assert items.columns_among(names) == {
        "item": "item_id:token",
        "title": "movie_title:token_seq",
        "genres": "class:token_seq",
    }
    (sample,) = (sample for sample in SAMPLES if sample.layout == "mind")
    assert recognise(sample.file, None, sample.rows).items.columns_among(None) == {
        "item": "0",
        "title": "3",
        "genres": "1",
    }


def test_every_layout_of_the_table_is_whole():
    names = [layout.name for layout in LAYOUTS]
    assert len(names) == len(set(names)) >= 40
    for layout in LAYOUTS:
        assert {"user", "item"} <= layout.columns.keys() <= set(ROLES), layout.name
        assert all(head == head.lower() for head in layout.head), layout.name
        assert bool(layout.head) != bool(layout.cells or layout.form == "blocks"), layout.name
        assert not layout.cells or len(layout.cells) == len(layout.names), layout.name
        assert not (layout.time_format and layout.time_unit), layout.name


@pytest.mark.parametrize(
    "sample", [sample for sample in SAMPLES if len(sample.rows) > 1 and len(sample.rows[0]) > 1], ids=name_of
)
def test_a_file_as_it_stands_on_disk_is_recognised(sample):
    """From bytes: the separator, the header and the quotes are found before the layout is."""
    head = head_of(sample.text.encode(), sample.file)
    assert (head.shape.separator, head.shape.names) == (sample.separator, sample.names)
    layout = recognise(sample.file, head.shape.names, head.rows, sample.siblings)
    assert layout is not None
    assert (layout.name, dict(layout.columns)) == (sample.layout, sample.columns)


@pytest.mark.parametrize("first", [["1:"], ["17:"]])
def test_netflix_first_line_is_no_header(first):
    rows = [["1488844", "3", "2005-09-06"], ["822109", "5", "2005-05-13"]]
    assert recognise("mv_0000001.txt", first, rows).name == "netflix-blocks"


def test_a_user_a_row_has_lists_in_the_columns_of_the_flat_file():
    names = ["uid", "timestamp", "item_id", "is_organic"]
    layout = recognise("likes.parquet", names, [["100", "[5, 6]", "[8326270, 1]", "[0, 1]"]])
    assert (layout.name, layout.form, layout.time_unit) == ("yambda", "lists", "5s")
    assert recognise("likes.parquet", names, [["100", "5", "8326270", "0"]]).form == ""


def test_every_layout_has_its_line_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs" / "layouts.md").read_text(encoding="utf-8")
    titles = ["RecBole atomic files (.inter, .item)", *(layout.title for layout in LAYOUTS)]
    assert [title for title in titles if f"\n| {title} | " not in page] == []


def test_every_layout_has_a_sample():
    few = {"online-retail-2", "rees46-purchases", "ta-feng", "echo-nest", "book-crossing-2", "foursquare-2015"}
    few |= {"foursquare-2014-csv", "steam-australian-items", "steam-recommendations"}
    assert {layout.name for layout in LAYOUTS} - {sample.layout for sample in SAMPLES} <= few
