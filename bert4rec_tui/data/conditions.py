"""Conditions on the columns of a source, such as `event = 'purchase' and price > 10`, for the rows to keep.

A language of its own and not SQL, so that a configuration from somebody else can do nothing but compare.
"""

import re
from dataclasses import dataclass

from bert4rec_tui.errors import UserError, printable

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")*"|[^\W\d][\w.:]*)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<sign><=|>=|!=|<>|==|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_SIGNS = {"=": "=", "==": "=", "!=": "<>", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
MOST_TOKENS = 200


@dataclass(frozen=True)
class Condition:
    """A condition. columns: the names in it, each once. sql: with {0}, {1}, … for columns and $1, $2, … for values."""

    columns: tuple[str, ...]
    sql: str
    values: tuple[str | float, ...]


def parse_condition(text: str) -> Condition:
    """The condition in a text. Raises UserError that says what is expected and where."""
    return _Parser(text).condition()


class _Parser:
    """Reads: comparison {and comparison} {or …}, with `not` and parentheses."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._split()
        self.place = 0
        self.columns: list[str] = []
        self.values: list[str | float] = []

    def condition(self) -> Condition:
        sql = self._any()
        if self.place < len(self.tokens):
            raise self._expected("and, or, or the end")
        return Condition(tuple(self.columns), sql, tuple(self.values))

    def _split(self) -> list[tuple[str, str]]:
        tokens: list[tuple[str, str]] = []
        place = 0
        while self.text[place:].strip():
            found = _TOKEN.match(self.text, place)
            if found is None or len(tokens) >= MOST_TOKENS:
                raise UserError(
                    f'condition "{printable(self.text, 60)}": cannot be read from "{printable(self.text[place:], 20)}" '
                    "on; use one such as event = 'purchase' and price > 10"
                )
            tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
            place = found.end()
        return tokens

    def _expected(self, what: str) -> UserError:
        here = f'"{self.tokens[self.place][1]}"' if self.place < len(self.tokens) else "the end"
        return UserError(f'condition "{printable(self.text, 60)}": expected {what}, found {printable(here, 40)}')

    def _word(self, *words: str) -> str:
        """Take one of these words or signs, if it comes next."""
        if self.place < len(self.tokens):
            kind, token = self.tokens[self.place]
            if kind in ("name", "sign") and token.lower() in words:
                self.place += 1
                return token.lower()
        return ""

    def _any(self) -> str:
        parts = [self._all()]
        while self._word("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"

    def _all(self) -> str:
        parts = [self._one()]
        while self._word("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"

    def _one(self) -> str:
        if self._word("not"):
            return f"(NOT {self._one()})"
        if self._word("("):
            inner = self._any()
            if not self._word(")"):
                raise self._expected(")")
            return inner
        column = self._column()
        if self._word("is"):
            no = " NOT" if self._word("not") else ""
            if not self._word("null"):
                raise self._expected("null")
            return f"({column} IS{no} NULL)"
        no = "NOT " if self._word("not") else ""
        if self._word("in"):
            return f"({no}{self._list(column)})"
        sign = self._word(*_SIGNS)
        if not sign or no:
            raise self._expected("=, !=, <, <=, >, >=, in, or is null")
        return self._comparison(column, _SIGNS[sign])

    def _list(self, column: str) -> str:
        if not self._word("("):
            raise self._expected("(")
        parts = [self._comparison(column, "=")]
        while self._word(","):
            parts.append(self._comparison(column, "="))
        if not self._word(")"):
            raise self._expected(")")
        return f"({' OR '.join(parts)})"

    def _column(self) -> str:
        if self.place >= len(self.tokens) or self.tokens[self.place][0] != "name":
            raise self._expected("the name of a column")
        name = self.tokens[self.place][1]
        name = name[1:-1].replace('""', '"') if name.startswith('"') else name
        self.place += 1
        if name not in self.columns:
            self.columns.append(name)
        return f"{{{self.columns.index(name)}}}"

    def _comparison(self, column: str, sign: str) -> str:
        """A column against a value: with a number as numbers, else as text."""
        if self.place >= len(self.tokens):
            raise self._expected("a value")
        kind, token = self.tokens[self.place]
        self.place += 1
        if kind == "number":
            self.values.append(float(token))
            return f"(TRY_CAST({column} AS DOUBLE) {sign} ${len(self.values)})"
        if kind == "text":
            self.values.append(token[1:-1].replace("''", "'"))
            return f"({column} {sign} ${len(self.values)})"
        if kind == "name" and token.lower() in ("true", "false"):
            truth = "('true', 't', '1', 'yes', '1.0')"
            no = "NOT " if (token.lower() == "false") != (sign == "<>") else ""
            return f"({no}lower({column}) IN {truth})"
        self.place -= 1
        raise self._expected("a number, or a text such as 'purchase'")
