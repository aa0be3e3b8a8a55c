"""Words, numbers, rows and whole documents that nobody meant well."""

import random

WORDS = [
    "",
    " ",
    "\x00",
    "\x1b[2J\x1b[31mred",
    "\u202eevil",
    "a" * 100_000,
    "😀" * 50,
    "e\u0301\u0301\u0301",
    "[bold]markup[/bold]",
    "$HOME `id` %s {0} %n",
    "../../../etc/passwd",
    "-1",
    "0",
    "1e999",
    "NaN",
    "-inf",
    "9" * 500,
    "0x10",
    "1_000",
    "١٢٣",
    "true",
    "null",
    "[1,2",
    "{}",
    "[[[[",
    '"',
    "'",
    '"""',
    "#",
    "=",
    "\r",
    "\ufeff",
    "\ud800",
]
NUMBERS = ["0", "-1", "1e999", "-1e999", "NaN", "9" * 400, "1.5", "1e18", "253402300800", "978300760", "978300760000"]


def word(chance: random.Random) -> str:
    """A word: one of the known bad ones, or noise."""
    if chance.random() < 0.7:
        return chance.choice(WORDS)
    return "".join(chr(chance.choice((chance.randrange(32, 127), chance.randrange(1, 0x3000)))) for _ in range(9))


def document(chance: random.Random, opened: str, closed: str) -> str:
    """A value nested deep, in brackets of some kind."""
    depth = chance.choice((10, 450, 5_000, 100_000))
    return opened * depth + chance.choice(("", "1", '"a"')) + closed * depth


def value(chance: random.Random) -> str:
    """Something that stands where a value of JSON or TOML is expected."""
    kind = chance.randrange(5)
    if kind == 0:
        return chance.choice(NUMBERS)
    if kind == 1:
        return '"' + word(chance).replace("\ud800", "") + '"'
    if kind == 2:
        return document(chance, "[", "]")
    if kind == 3:
        return document(chance, '{"a":', "}")
    return word(chance)


def encoded(text: str, chance: random.Random) -> bytes:
    """The text in an encoding, mostly UTF-8."""
    name = chance.choice(("utf-8", "utf-8", "utf-8", "utf-16", "latin-1", "utf-8-sig"))
    return text.encode(name, "surrogatepass" if name.startswith("utf") else "replace")
