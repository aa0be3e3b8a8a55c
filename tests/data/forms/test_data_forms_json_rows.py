"""JSON of every kind becomes a table with every value as it was written, or one sentence with the line."""

import json
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from bert4rec_tui.data.forms.json_rows import is_python, json_to_parquet, python_to_json
from bert4rec_tui.data.forms.json_values import is_json
from bert4rec_tui.data.forms.table import LIMITS, Limits, Part
from bert4rec_tui.errors import UserError

SMALL = Limits(row=1000, block=64)


def part_of(folder: Path, content: bytes | str, name: str = "a.json", **more) -> Part:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Part(path, name, order=PurePosixPath(name), **more)


def read(folder: Path, content: bytes | str, limits: Limits = LIMITS) -> tuple[list[dict], dict[str, str]]:
    table = parquet.read_table(json_to_parquet([part_of(folder, content)], folder / "temporary", limits))
    return table.to_pylist(), {field.name: str(field.type) for field in table.schema}


def fault(folder: Path, content: bytes | str, limits: Limits = LIMITS) -> str:
    with pytest.raises(UserError) as error:
        read(folder, content, limits)
    return str(error.value)


LINES = '{"user": "007", "item": 9007199254740993, "rating": 5.0}\n{"item": 2, "user": "é", "new": true}\n'
ROWS = [
    {"user": "007", "item": 9007199254740993, "rating": 5.0, "new": None},
    {"user": "é", "item": 2, "rating": None, "new": True},
]


@pytest.mark.parametrize("limits", [LIMITS, SMALL])
def test_lines_arrays_and_values_over_several_lines_are_the_same_rows(tmp_path, limits):
    values = [json.loads(line) for line in LINES.splitlines()]
    forms = [LINES, LINES.replace("\n", "\r\n\n"), LINES.rstrip(), json.dumps(values), json.dumps(values, indent=2)]
    forms += ["\n".join(json.dumps(value, indent=1) for value in values), json.dumps(values, ensure_ascii=False)]
    for form in forms:
        found, types = read(tmp_path, form, limits)
        assert found == ROWS, form
        assert types == {"user": "string", "item": "int64", "rating": "double", "new": "bool"}


def test_whole_numbers_keep_every_digit(tmp_path):
    rows, types = read(tmp_path, f'{{"a": {2**63 - 1}, "b": {2**64}, "c": {10**17}.5}}\n{{"a": 1, "b": 1, "c": 2}}\n')
    assert types == {"a": "int64", "b": "string", "c": "string"}
    assert rows[0] == {"a": 2**63 - 1, "b": str(2**64), "c": f"{10**17}.5"}
    assert rows[1] == {"a": 1, "b": "1", "c": "2"}


def test_a_column_of_numbers_and_text_is_text_as_written(tmp_path):
    rows, types = read(tmp_path, '{"user": 1}\n{"user": "007"}\n{"user": 1.50}\n{"user": true}\n{"user": null}\n')
    assert types == {"user": "string"}
    assert [row["user"] for row in rows] == ["1", "007", "1.50", "true", None]


def test_whole_numbers_beside_fractions_do_not_lose_digits(tmp_path):
    assert read(tmp_path, '{"a": 1}\n{"a": 2.5}\n')[0] == [{"a": 1.0}, {"a": 2.5}]
    assert read(tmp_path, f'{{"a": {2**53 + 1}}}\n{{"a": 2.5}}\n')[0] == [{"a": str(2**53 + 1)}, {"a": "2.5"}]


def test_nested_fields_are_columns_by_dots_and_lists_stay_lists(tmp_path):
    rows, types = read(
        tmp_path,
        '{"user": {"id": 1, "at": {"city": "x"}}, "tags": ["a", null], "events": [{"aid": 1, "ts": 2.5}]}\n'
        '{"user": null, "tags": null, "events": []}\n',
    )
    assert rows == [
        {"user.id": 1, "user.at.city": "x", "tags": ["a", None], "events": [{"aid": 1, "ts": 2.5}]},
        {"user.id": None, "user.at.city": None, "tags": None, "events": []},
    ]
    assert list(types) == ["user.id", "user.at.city", "tags", "events"]


def test_half_a_character_is_one_sentence(tmp_path):
    for text in ('[{"\\ud800": 1}]', '[{"a": "\\ud800"}]'):
        assert "has half a surrogate pair" in fault(tmp_path, text)


def test_an_object_with_ever_new_keys_stays_json(tmp_path):
    lines = "".join(f'{{"item": {n}, "details": {{"key {n}": 1.50}}}}\n' for n in range(100))
    rows, types = read(tmp_path, lines, Limits(block=100))
    assert types == {"item": "int64", "details": "string"}
    assert rows[7] == {"item": 7, "details": '{"key 7":1.50}'}


def test_rows_with_ever_new_fields_are_one_sentence(tmp_path):
    lines = "".join(f'{{"key {n}": 1}}\n' for n in range(100))
    assert "has more than 50 different fields" in fault(tmp_path, lines, Limits(columns=50))


def test_a_field_that_only_the_last_row_has_is_a_column(tmp_path):
    rows, _ = read(tmp_path, '{"a": 1}\n' * 1000 + '{"a": 2, "b": "x"}\n', SMALL)
    assert rows[-1] == {"a": 2, "b": "x"}
    assert rows[0] == {"a": 1, "b": None}


def test_nan_as_python_writes_it_is_missing(tmp_path):
    assert read(tmp_path, '{"a": NaN, "b": 1}\n{"a": 1, "b": 2}\n')[0] == [{"a": None, "b": 1}, {"a": 1, "b": 2}]
    assert read(tmp_path, '[{"a": Infinity}, {"a": 1}]')[0] == [{"a": None}, {"a": 1}]


def test_lists_as_rows_are_columns_by_number(tmp_path):
    assert read(tmp_path, '[[1, "a"], [2, "b"]]')[0] == [{"0": 1, "1": "a"}, {"0": 2, "1": "b"}]


@pytest.mark.parametrize("bad", ['{"a": 1', '{"a": }', "{'a': 1}", '{"a": "\x01"}', '{"a": 1} x', "nonsense", "{}}"])
@pytest.mark.parametrize("limits", [LIMITS, SMALL])
def test_a_bad_line_is_named(tmp_path, bad, limits):
    good = '{"a": 1}\n' * 40
    message = fault(tmp_path, f"{good}{bad}\n{good}", limits)
    assert message.startswith("a.json, line 41: is not JSON (")
    assert "\n" not in message


def test_a_bad_value_of_an_array_is_named(tmp_path):
    assert "a.json, line 3: is not JSON" in fault(tmp_path, '[\n{"a": 1},\n{"a": }\n]')
    assert "a comma is missing" in fault(tmp_path, '[{"a": 1} {"a": 2}]')
    assert "the array ends early" in fault(tmp_path, '[{"a": 1}, {"a": 2}')
    assert "goes on after the end" in fault(tmp_path, '[{"a": 1}] [{"a": 2}]')
    assert "line 2: " in fault(tmp_path, '[{"a": 1},\n5]')


@pytest.mark.parametrize("content", ["", "\n\n", "[]", "{}", "{}\n{}\n"])
def test_json_without_rows_is_one_sentence(tmp_path, content):
    assert fault(tmp_path, content) == "a.json: contains no interactions; expected a row per interaction"


@pytest.mark.parametrize("start", ['{"a": ', '[{"a": ', '{"a": 1}\n{"a": '])
def test_lists_that_nest_without_end_are_one_sentence(tmp_path, start):
    message = fault(tmp_path, start + "[" * 200_000)
    assert "nested too deeply" in message or "is not JSON" in message
    assert len(message) < 300


@pytest.mark.parametrize("start", ['{"a": "', '[{"a": "', '{"a": 1}\n{"a": "', "[", '[{"a": [1,', "{\n"])
def test_a_value_without_end_is_one_sentence(tmp_path, start):
    filler = "1," if start.endswith(",") else "x" if start.endswith('"') else " "
    message = fault(tmp_path, start + filler * 100_000, SMALL)
    if filler != " ":
        assert "has a JSON value longer than 1.0 kB" in message


def test_a_hundred_nested_levels_stay_json(tmp_path):
    rows, types = read(tmp_path, '{"a": ' + '{"b": ' * 100 + "1" + "}" * 101)
    assert len(types) == 1
    assert str(next(iter(rows[0].values()))).endswith("1" + "}" * (100 - next(iter(types)).count(".")))


scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(st.characters(codec="utf-8"), max_size=5)


@given(rows=st.lists(st.fixed_dictionaries({"a": scalars, "b": st.integers() | st.text("x", max_size=3)}), min_size=1))
def test_no_value_changes_whatever_it_stands_beside(tmp_path_factory, rows):
    """Ids come back by value where a column is of one type, and as they were written where it is not."""
    folder = tmp_path_factory.mktemp("json")
    content = "".join(json.dumps(row) + "\n" for row in rows)
    found, _ = read(folder, content, Limits(block=30))

    def same(found, given) -> bool:
        return found == given or (isinstance(found, str) and found == (json.dumps(given)))

    assert all(same(f[key], g[key]) for f, g in zip(found, rows, strict=True) for key in g)
    assert read(folder, json.dumps(rows), Limits(block=30))[0] == found


def test_python_dictionaries_are_read_and_nothing_is_run(tmp_path):
    lines = "{u'user': u'\\xe9', 'item': 7, 'ok': True, 'n': None, 'list': [1, 2]}\n\n{'user': \"it's\", 'item': 8L}\n"
    part = part_of(tmp_path, lines.replace("8L", "8"))
    assert is_python(lines.encode())
    assert not is_json(lines.encode())
    path = json_to_parquet([python_to_json(part, tmp_path)], tmp_path)
    assert [(row["user"], row["item"], row["list"]) for row in parquet.read_table(path).to_pylist()] == [
        ("é", 7, [1, 2]),
        ("it's", 8, None),
    ]


@pytest.mark.parametrize("bad", ["{'a': __import__('os')}", "{'a': 1", "['a']", "{'a': {1, 2}}", "{'a': " + "(" * 5000])
def test_a_line_that_is_no_dictionary_is_named(tmp_path, bad):
    with pytest.raises(UserError) as error:
        python_to_json(part_of(tmp_path, "{'a': 1}\n" + bad + "\n"), tmp_path)
    assert str(error.value).startswith("a.json, line 2: ")


def test_a_long_python_line_is_refused(tmp_path):
    with pytest.raises(UserError, match="line 1: is longer than 125 B"):
        python_to_json(part_of(tmp_path, "{'a': '" + "x" * 1000 + "'}"), tmp_path, SMALL)


def test_folders_of_key_and_value_are_columns(tmp_path):
    part = part_of(tmp_path, '{"a": 1}\n', keys=(("day", "2020-01-01"),))
    assert parquet.read_table(json_to_parquet([part], tmp_path)).to_pylist() == [{"a": 1, "day": "2020-01-01"}]


def test_what_is_json_and_what_is_not():
    given = [b' {"a"', b"[{", b"[ [1", b"{'a'", b"[REC],1", b"a,b", b"{user}:1", b""]
    assert [is_json(start) for start in given] == [True, True, True, False, False, False, False, False]
