"""Quotes enclose cells where the file's writer meant them so, and are text elsewhere: ids stay byte for byte."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bert4rec_tui.data.format_detection import head_of
from bert4rec_tui.data.quoting import Quoting, quoting_of

ON, OFF = Quoting(True), Quoting(False)


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


@pytest.mark.parametrize("separator", ["\t", ",", ";", "|"])
def test_a_text_that_goes_on_after_its_quotes_is_no_quoted_cell(separator):
    """`"weird al" yankovic` and `weird al yankovic` became one item, and all ids lost their quotes."""
    text = 'user,artist,time\nu1,"weird al" yankovic,5\nu1,weird al yankovic,6\nu2,"heroes",7\n'.replace(",", separator)
    assert quoting_of(lines(text), separator) == OFF
    head = head_of(text.encode(), "x.txt")
    assert [row[1] for row in head.rows] == ['"weird al" yankovic', "weird al yankovic", '"heroes"']
    assert (head.shape.separator, head.shape.quoted) == (separator, False)


@pytest.mark.parametrize(
    ("text", "quoting"),
    [
        ("user,item\n1,2\n", ON),  # a later line may have one
        ('user,item\n1,"a, b"\n2,c\n', ON),
        ('user,item\n1,"say ""no"""\n2,c\n', ON),
        ('user,item\n1,"a\nb"\n2,c\n', ON),
        ('"User-ID","ISBN"\n"276725","034545104X"\n', ON),
        ('"user","item"\n1,2\n', ON),  # R and pandas quote the texts of a header
        ('1,"The Elder Scrolls",play\n1,"Fallout",play\n', ON),
        ('1,"one",NA\n2,NA,x\n3,"two",\n', ON),
        ('user,item\n1,"Alien"\n2,Up\n', ON),  # a comma: whoever writes it knows quotes
        ('user,item\n1,5" disk\n2,c\n', OFF),
        ('user,item\n1,the "best" of\n2,"c"\n3,d\n', OFF),
        ('user,item\n1,"open\n2,c\n', ON),  # a fault, which is reported
        ('user,item\n1,"a, b" c\n2,c\n', ON),  # neither fits: the fault is shown
    ],
)
def test_which_quotes_are_the_files(text, quoting):
    assert quoting_of(lines(text), ",") == quoting


def test_tabs_are_written_without_quotes():
    assert quoting_of(lines('1\t"Heroes"\n2\tUp\n'), "\t") == OFF
    assert quoting_of(lines('1\t"Heroes"\n2\t"Up"\n'), "\t") == ON
    assert quoting_of(lines('1\t"Heroes\n2\tUp\n'), "\t") == OFF
    assert quoting_of(lines('1::"Heroes"\n2::"Up"\n'), "::") == OFF


def test_a_backslash_before_a_quote_is_known():
    text = '"ISBN";"Title"\n"1";"Classical \\"Myth\\"; a book"\n"2";"Up"\n'
    assert quoting_of(lines(text), ";") == Quoting(True, "\\")
    head = head_of(text.encode(), "BX-Books.csv", header=True)
    assert head.rows[0] == ["1", 'Classical "Myth"; a book']
    assert (head.shape.quoted, head.shape.escape) == (True, "\\")


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs", "Cc"]), max_size=8)
TABLES = st.lists(st.lists(CELLS | st.sampled_from(['"', 'a "b" c', "x,y", "a\nb", '"q"']), min_size=3, max_size=3))


@given(TABLES, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from([",", "\t", ";"]))
def test_what_a_writer_has_quoted_is_read_as_it_was(rows, style, separator):
    table = [["user", "item", "title"], *rows]
    file = io.StringIO()
    csv.writer(file, delimiter=separator, quoting=style, lineterminator="\n").writerows(table)
    found = quoting_of(lines_of(file.getvalue()), separator)
    if '"' in file.getvalue():
        assert found == ON
    reader = csv.reader(io.StringIO(file.getvalue()), delimiter=separator)
    assert list(reader) == table


def lines_of(text: str) -> list[str]:
    """As files are read: only a line feed ends a line."""
    return [line + "\n" for line in text.removesuffix("\n").split("\n")]


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=2))
def test_without_quotes_a_text_stays_as_it_is(rows):
    """In a file with a cell that no quoting explains, every other one is read byte for byte."""
    clean = [[cell.replace("\t", " ").replace("\n", " ") for cell in row] for row in rows]
    text = "".join("\t".join(row) + "\n" for row in [["u", "i"], *clean, ["u", '"a" b']])
    assert quoting_of(lines_of(text), "\t") == OFF


@given(st.text('"\\,\n a', max_size=60))
def test_no_text_ends_in_a_traceback(text):
    quoting_of(lines_of(text), ",")
