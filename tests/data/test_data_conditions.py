"""Conditions on rows: what they keep, and that they can do nothing but compare."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.data.conditions import parse_condition
from bert4rec_tui.errors import UserError

ROWS = [("purchase", "12.5", "1"), ("view", "3", "0"), ("it's", "", "true"), (None, "x", "False")]


def kept(text: str) -> list[int]:
    condition = parse_condition(text)
    names = {"event": 0, "price": 1, "paid": 2}
    sql = condition.sql.format(*(f"c{names[column]}" for column in condition.columns))
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t (n INT, c0 VARCHAR, c1 VARCHAR, c2 VARCHAR)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", [(n, *row) for n, row in enumerate(ROWS)])
    found = connection.execute(f"SELECT n FROM t WHERE {sql} ORDER BY n", list(condition.values)).fetchall()
    return [number for (number,) in found]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("event = 'purchase'", [0]),
        ("event == 'it''s'", [2]),
        ("event != 'view'", [0, 2]),
        ("price > 3", [0]),
        ("price >= 3 and paid = false", [1]),
        ("event in ('view', 'purchase')", [0, 1]),
        ("event not in ('view')", [0, 2]),
        ("event is null or price = 12.5", [0, 3]),
        ("event is not null", [0, 1, 2]),
        ("paid = true", [0, 2]),
        ("not (event = 'view' or event = 'purchase')", [2]),
        ("\"event\" = 'view'", [1]),
    ],
)
def test_what_a_condition_keeps(text, rows):
    assert kept(text) == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("event", "expected =, !=, <, <=, >, >=, in, or is null, found the end"),
        ("event = purchase", "expected a number, or a text such as 'purchase', found \"purchase\""),
        ("= 3", 'expected the name of a column, found "="'),
        ("a = 1; drop table interactions", 'cannot be read from "; drop table intera…" on'),
        ("a = 1 b", 'expected and, or, or the end, found "b"'),
        ("(a = 1", "expected ), found the end"),
        ("", "expected the name of a column, found the end"),
    ],
)
def test_what_cannot_be_read_is_said(text, said):
    with pytest.raises(UserError) as error:
        parse_condition(text)
    assert said in str(error.value)


@given(st.text(max_size=40))
def test_any_text_is_a_condition_or_one_sentence(text):
    said = ""
    try:
        parse_condition(text)
    except UserError as error:
        said = str(error)
    assert "\n" not in said
