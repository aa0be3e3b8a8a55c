"""Every kind of file in the home, damaged in every way; and every command that reads it.

A damaged file costs what it belongs to and nothing else: the other run and the other dataset stay listed. Where a
command still answers, it gives the clean answer or says a word on stderr. That is asked of arrays and weights; a text
that can still be read after a change, such as a configuration, may have been edited.
"""

# ruff: noqa: ARG001 - every damage is asked in the same way
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from chaos_process import Fault, about, run
from chaos_world import World, without_times

BINARY = (".npy", ".npz", ".safetensors", ".state", ".zip", ".parquet")
DEEP = 5_000
HUGE = [b"1e999", b"-1e400", b"9" * 400, b"NaN", b"-1", b"Infinity", b"18446744073709551616"]
Damage = Callable[[bytes, random.Random, list[Path]], bytes]


def _truncated(content: bytes, chance: random.Random, others: list[Path]) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _emptied(content: bytes, chance: random.Random, others: list[Path]) -> bytes:
    return b""


def _flipped(content: bytes, chance: random.Random, others: list[Path]) -> bytes:
    found = bytearray(content)
    # Half of them in the head, where the shapes are.
    end = len(found) if chance.random() < 0.5 else min(len(found), 160)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        if end:
            found[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(found)


def _swapped(content: bytes, chance: random.Random, others: list[Path]) -> bytes:
    alike = [path for path in others if path.suffix in BINARY] if chance.random() < 0.7 else others
    return chance.choice(alike or others).read_bytes()


def _nested(content: bytes, chance: random.Random, others: list[Path]) -> bytes:
    depth = chance.choice((50, 450, DEEP))
    bracket = chance.choice((b"[]", b"{}"))
    opened = b"[" if bracket == b"[]" else b'{"a":'
    value = opened * depth + b"1" + bracket[1:] * depth
    if content.lstrip().startswith(b"{"):
        return content.rstrip().rstrip(b"}") + b', "nested": ' + value + b"}"
    return chance.choice((value, content + b"\nnested = " + value + b"\n"))


def _huge(content: bytes, chance: random.Random, others: list[Path]) -> bytes:
    numbers = list(re.finditer(rb"\d+(?:\.\d+)?", content[:4096]))
    if not numbers:
        return content + chance.choice(HUGE)
    number = chance.choice(numbers)
    return content[: number.start()] + chance.choice(HUGE) + content[number.end() :]


def _noise(content: bytes, chance: random.Random, others: list[Path]) -> bytes:
    return chance.randbytes(chance.choice((1, 64, len(content))))


def _repeated(content: bytes, chance: random.Random, others: list[Path]) -> bytes:
    return content * 2


DAMAGES: dict[str, Damage] = {
    "truncated": _truncated,
    "emptied": _emptied,
    "flipped": _flipped,
    "swapped": _swapped,
    "nested": _nested,
    "huge numbers": _huge,
    "noise": _noise,
    "repeated": _repeated,
}


def _readers(path: str, world: World) -> list[list[str]]:
    """The commands that read a file, besides those that list."""
    a = world.run_id
    recommend = ["recommend", a, "--user", "3", "--json"]
    test, compare = ["test", a, "--protocol", "full", "--json"], ["compare", f"{a}:best", f"{a}:last", "--json"]
    if path.startswith("datasets/"):
        return [recommend, test, ["test", a, "--groups", "--json"]]
    if path.startswith("histories/"):
        return [["recommend", a, "--own", "mine", "--json"]]
    if "/test/" in path:
        return [compare, ["test", a, "--groups", "--json"], ["export", a, "--format", "test-json", "--out", "out.json"]]
    if "/checkpoints/" in path:
        return [recommend, test]
    return [["watch", a, "--json"], recommend, compare, ["label", a, "--json"]]


def corrupted(world: World, seed: int) -> str:
    """One file damaged in one way."""
    chance = random.Random(seed)
    a, _ = world.runs()
    files = [path for path in sorted(world.home.rglob("*")) if path.is_file()]
    named = [path for path in files if _belongs(str(path.relative_to(world.home)), a)]
    # A kind of file first, so that the many of one kind are not all that is tried.
    kinds = sorted({path.name for path in named})
    kind = chance.choice(kinds)
    path = chance.choice([path for path in named if path.name == kind])
    damage = chance.choice(list(DAMAGES))
    content = path.read_bytes()
    damaged = DAMAGES[damage](content, chance, [other for other in files if other != path])
    name = str(path.relative_to(world.home))
    said = f"{damage}: {name}"
    if damaged == content:
        return said
    home = world.copy()
    (home / name).write_bytes(damaged)
    with about(said):
        _others_are_listed(world, home)
        for words in _readers(name, world):
            _answers_as_before_or_says_why(world, home, words, strict=path.suffix in BINARY)
    world.gone(home)
    return said


def _belongs(path: str, run_id: str) -> bool:
    parts = path.split("/")
    if parts[0] == "runs":
        return parts[1] == run_id and "tensorboard" not in parts and parts[-1] not in ("lock", "console.log")
    return (parts[0] == "datasets" and parts[1].startswith("toy") and len(parts) > 2) or parts[0] == "histories"


def _others_are_listed(world: World, home: Path) -> None:
    """The run and the dataset beside the damaged one are still there."""
    _, b = world.runs()
    for words, expected in ((["runs", "--json"], b), (["datasets", "--json"], "other")):
        ended = run(words, home).checked((0,))
        clean = world.clean(words).json()
        found = ended.json()
        if _entry(found, expected) != _entry(clean, expected):
            raise Fault(f"`{' '.join(words)}` lists {expected} otherwise than before, or not at all")


def _entry(value: object, name: str) -> object:
    """What a listing says of one run or dataset, whatever the listing looks like."""
    if isinstance(value, dict):
        if name in (value.get("run"), value.get("name"), value.get("id")) and "ratings" not in value:
            return _timeless(value)
        parts = list(value.values())
    else:
        parts = value if isinstance(value, list) else []
    return next((found for part in parts if (found := _entry(part, name)) is not None), None)


def _timeless(value: object) -> str:
    return re.sub(r"/[^\"]*/home/", "", json.dumps(without_times(value), sort_keys=True))


def _answers_as_before_or_says_why(world: World, home: Path, words: list[str], strict: bool) -> None:
    ended = run(words, home).checked((0, 1, 2))
    if ended.code or not strict or "--json" not in words:
        return
    if _timeless(ended.json()) != _timeless(world.clean(words).json()) and not _remark(ended.err):
        raise Fault(f"`{' '.join(words)}` gives another answer without a word")


def _remark(err: str) -> bool:
    """Whether stderr says anything but progress."""
    return any(line.strip() and not line.startswith('{"progress"') for line in err.splitlines())
