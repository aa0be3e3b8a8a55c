"""The columns that JSON rows have: types that keep every value as it was written, and their values as Arrow arrays."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from typing import Any

import msgspec

from bert4rec_tui.data.forms.table import Limits
from bert4rec_tui.errors import UserError, printable

EXACT = 2**53  # from which floating point leaves out whole numbers
DEPTH = 6  # of objects and lists; deeper ones are kept as JSON text
_encoder = msgspec.json.Encoder(decimal_format="number")


class Column:
    """What has been seen in one field of the rows; objects have a column for each of their fields, lists for elements.

    Whole numbers are int64, numbers float64 where that loses no digit, anything mixed is text as it was written.
    """

    def __init__(self, limits: Limits, depth: int = 0) -> None:
        self.limits, self.depth = limits, depth
        self.kinds: set[type] = set()
        self.fields: dict[str, Column] = {}
        self.element: Column | None = None
        self.low = self.high = 0
        self.inexact = False
        self.as_text = depth > DEPTH

    def observe(self, values: list[Any]) -> None:
        """Take note of the values of a batch."""
        kinds = set(map(type, values))
        self.kinds |= kinds
        if int in kinds:
            whole = [value for value in values if type(value) is int] if len(kinds) > 1 else values
            self.low, self.high = min(self.low, min(whole)), max(self.high, max(whole))
        if Decimal in kinds and not self.inexact:
            self.inexact = any(abs(float(value)) >= EXACT for value in values if type(value) is Decimal)
        if list in kinds and not self.as_text:
            self.element = self.element or Column(self.limits, self.depth + 1)
            self.element.observe(list(chain.from_iterable(value for value in values if type(value) is list)))
        if dict in kinds and not self.as_text:
            self._observe_objects([value for value in values if type(value) is dict])

    def _observe_objects(self, objects: list[dict[str, Any]]) -> None:
        names = dict.fromkeys(chain.from_iterable(objects))
        new = [name for name in names if name not in self.fields]
        most = self.limits.keys if self.depth else self.limits.columns
        if len(self.fields) + len(new) > most:
            self.as_text = True
            self.fields = {}
            return
        for name in new:
            self.fields[name] = Column(self.limits, self.depth + 1)
        for name in names:
            self.fields[name].observe([value[name] for value in objects if name in value])

    @property
    def is_object(self) -> bool:
        """Whether all values are objects with few fields, or missing."""
        return not self.as_text and bool(self.fields) and self.kinds <= {dict, type(None)}

    def type(self) -> Any:
        """The Arrow type that keeps all values seen."""
        import pyarrow as pa

        kinds = self.kinds - {type(None)}
        if kinds == {bool}:
            return pa.bool_()
        if kinds == {int} and self.low >= -(2**63) and self.high < 2**63:
            return pa.int64()
        if Decimal in kinds and kinds <= {int, Decimal} and not self.inexact and max(-self.low, self.high) < EXACT:
            return pa.float64()
        if kinds == {list} and not self.as_text and self.element is not None:
            return pa.list_(self.element.type())
        if self.is_object:
            return pa.struct([(name, field.type()) for name, field in self.fields.items()])
        return pa.string()

    def array(self, values: list[Any]) -> Any:
        """Values as an Arrow array of the type."""
        import pyarrow as pa

        kind = self.type()
        if pa.types.is_string(kind):
            return pa.array([value if value is None or type(value) is str else _text(value) for value in values], kind)
        if pa.types.is_float64(kind):
            return pa.array([None if value is None else float(value) for value in values], kind)
        if pa.types.is_list(kind):
            return self._lists(values)
        if pa.types.is_struct(kind):
            children = [
                field.array([None if value is None else value.get(name) for value in values])
                for name, field in self.fields.items()
            ]
            absent = pa.array([value is None for value in values], pa.bool_())
            return pa.StructArray.from_arrays(children, fields=list(kind), mask=absent)
        return pa.array(values, kind)

    def _lists(self, values: list[Any]) -> Any:
        import pyarrow as pa

        assert self.element is not None
        offsets: list[int | None] = []
        place = 0
        for value in values:
            offsets.append(None if value is None else place)
            place += 0 if value is None else len(value)
        offsets.append(place)
        child = self.element.array(list(chain.from_iterable(value for value in values if value is not None)))
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), child)


def _text(value: Any) -> str:
    """A value in a column of text: a number as it was written, anything nested as JSON."""
    if type(value) is int or type(value) is Decimal:
        return str(value)
    return _encoder.encode(value).decode()


class Columns:
    """The columns of JSON rows, with the fields of nested objects as columns of their own, named by dots."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.name, self.limits = name, limits
        self.root = Column(limits)

    def observe(self, rows: list[dict[str, Any]]) -> None:
        """Take note of a batch. Raises UserError where there are too many different fields to be columns."""
        self.root.observe(rows)
        if self.root.as_text:
            raise UserError(
                f"{self.name}: has more than {self.limits.columns:,} different fields; expected objects with the same "
                'fields, such as {"user": 1, "item": 2}'
            )

    def schema(self) -> Any:
        """The Arrow schema of all rows seen. Raises UserError for two fields of the same dotted name."""
        import pyarrow as pa

        try:
            fields = [pa.field(name, column.type()) for name, column, _ in _flat(self.root, "", None)]
        except UnicodeError:
            raise self._no_text() from None
        names = [field.name for field in fields]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UserError(f'{self.name}: two fields are called "{printable(twice, 60)}"; rename one')
        if len(fields) > self.limits.columns:
            raise UserError(f"{self.name}: has more than {self.limits.columns:,} different fields")
        return pa.schema(fields)

    def _no_text(self) -> UserError:
        return UserError(f"{self.name}: has half a surrogate pair (\\ud800), which is no text; repair it")

    def batch(self, rows: list[dict[str, Any]], schema: Any) -> Any:
        """Rows as a record batch of the schema. Raises UserError for text that no encoding takes."""
        import pyarrow as pa

        try:
            arrays = [column.array(values or []) for _, column, values in _flat(self.root, "", rows)]
        except UnicodeError:
            raise self._no_text() from None
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _flat(
    column: Column, prefix: str, rows: list[dict[str, Any] | None] | list[dict[str, Any]] | None
) -> Iterator[tuple[str, Column, list[Any] | None]]:
    """Every column below an object, its dotted name, and its values in `rows`."""
    for name, field in column.fields.items():
        values = None if rows is None else [None if row is None else row.get(name) for row in rows]
        if field.is_object:
            yield from _flat(field, f"{prefix}{name}.", values)
        else:
            yield f"{prefix}{name}", field, values
