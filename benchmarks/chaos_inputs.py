"""Hostile inputs to every reader: sources of data, settings, TOML files, titles, the recommender's lines of JSON."""

import gzip
import io
import json
import os
import random
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chaos_hostile as hostile
from chaos_process import PATIENCE_SECONDS, Fault, fork, run
from chaos_world import CLEAN_SECONDS, World, nothing_left, ratings


def _table(chance: random.Random) -> bytes:
    """A table of interactions in which cells, rows or the whole are not what they should be."""
    lines = ratings(chance.randrange(9)).splitlines()
    separator = chance.choice((",", ",", "\t", "::", ";", "|"))
    for _ in range(chance.choice((1, 3, 50))):
        at = chance.randrange(len(lines))
        cells = lines[at].split(",")
        cells[chance.randrange(len(cells))] = chance.choice((hostile.word, lambda c: c.choice(hostile.NUMBERS)))(chance)
        lines[at] = ",".join(cells[: chance.choice((len(cells), len(cells), len(cells) - 1, 1))])
    if chance.random() < 0.2:
        lines = lines[1:]
    if chance.random() < 0.1:
        lines = lines[:1]
    text = chance.choice(("\n", "\n", "\r\n", "\r")).join(line.replace(",", separator) for line in lines)
    found = hostile.encoded(text, chance)
    return found if chance.random() < 0.9 else chance.randbytes(chance.choice((0, 1, 5000)))


def _packed(content: bytes, chance: random.Random) -> bytes:
    """The table in an archive, whose entries may point out of it, or that is cut."""
    names = ("ratings.csv", "ml-1m/ratings.csv", "../../out.csv", "/tmp/chaos-out.csv", "ratings.csv/")
    name = chance.choice(names)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        archive.writestr(name, content)
        if chance.random() < 0.3:
            archive.writestr("zeros.csv", bytes(20_000_000))
    found = file.getvalue()
    return found if chance.random() < 0.6 else found[: chance.randrange(len(found))]


def _tarred(content: bytes, chance: random.Random) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        entry = tarfile.TarInfo(chance.choice(("ratings.csv", "../out.csv")))
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def _special(place: Path, chance: random.Random) -> Path:
    """What is no file to be read: a pipe that nobody writes to, an endless device, a link that leads to itself."""
    kind = chance.choice(("fifo", "zero", "loop", "folder", "null"))
    path = place / f"source-{kind}.csv"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "folder":
        path.mkdir()
    else:
        return Path(f"/dev/{kind}")
    return path


def source(world: World, seed: int) -> str:
    """`prepare` and its preview, of a source that nobody checked."""
    chance, home = random.Random(seed), world.copy()
    content, kind = _table(chance), chance.randrange(8)
    ending, packed = (
        [(".csv", content)] * 4
        + [
            (".zip", _packed(content, chance)),
            (".csv.gz", gzip.compress(content)),
            (".tar.gz", _tarred(content, chance)),
            (chance.choice((".parquet", ".tsv", ".dat", ".json", "")), content),
        ],
        b"",
    )
    suffix, packed = ending[kind]
    path = home.parent / f"source{suffix}"
    path.write_bytes(packed)
    if chance.random() < 0.08:
        path = _special(home.parent, chance)
    columns = chance.choice(
        (
            world.settings_of_source,
            "user=0,item=1",
            "user=userId,item=movieId",
            "",
            "user=userId,item=userId",
            "user=99,item=1",
        )
    )
    words = ["prepare", "hostile", "--source", str(path), *(["--columns", columns] if columns else [])]
    preview = chance.random() < 0.5
    if preview:
        words.append("--preview")
    if chance.random() < 0.3:
        words.append("--json")
    run(words, home, 2 * PATIENCE_SECONDS).checked((0, 1, 2))
    nothing_left(home)
    if list(home.parent.parent.glob("out.csv")) or Path("/tmp/chaos-out.csv").exists():
        raise Fault("an archive has written outside of its folder")
    run(["datasets"], home).checked((0,))
    return f"{path.name}{' --preview' if preview else ''}"


def _settings() -> list[str]:
    from bert4rec_tui.config import Config
    from bert4rec_tui.config.fields import fields_of

    return [field.path for field in fields_of(Config)]


def assignment(world: World, seed: int) -> str:
    """`train --set` with a value that is none, or too large; whatever is taken is tried for a few steps."""
    chance, home = random.Random(seed), world.copy()
    key = chance.choice([*_settings(), hostile.word(chance), "model", "training.", ".", "dataset.columns.user"])
    text = f"{key}={hostile.value(chance)}"
    if "\x00" in text or len(text) > 120_000:  # the system itself would refuse such a word
        text = text.replace("\x00", "")[:120_000]
    words = ["train", "--preset", "notebook", "--set", text, "--print-launch", "torchrun"]
    run(words, home, 2 * PATIENCE_SECONDS).checked((0, 1, 2))
    run(["runs"], home).checked((0,))
    return text[:80]


def toml(world: World, seed: int) -> str:
    """`train --config` with a file that is no configuration, or hardly one."""
    chance, home = random.Random(seed), world.copy()
    whole = (world.home / "runs" / world.run_id / "config.toml").read_text(encoding="utf-8").splitlines()
    for _ in range(chance.choice((1, 2, 10))):
        at = chance.randrange(len(whole))
        key = whole[at].split("=")[0].strip()
        whole[at] = chance.choice(
            (f"{key} = {hostile.value(chance)}", hostile.word(chance), f"[{hostile.word(chance)}]", f"{key} =", "")
        )
    file = home.parent / "hostile.toml"
    file.write_bytes(hostile.encoded("\n".join(whole), chance))
    words = ["train", "--config", str(file), "--print-launch", chance.choice(("torchrun", "sbatch"))]
    run(words, home, 2 * PATIENCE_SECONDS).checked((0, 1, 2))
    run(["runs"], home).checked((0,))
    return "config"


def titles(world: World, seed: int) -> str:
    """`recommend` for a file of titles, a user or items that do not exist or are no text."""
    chance, home = random.Random(seed), world.copy()
    lines = [hostile.word(chance) if chance.random() < 0.5 else f"Film {chance.randrange(40)}" for _ in range(12)]
    if chance.random() < 0.3:
        lines.insert(0, chance.choice(("title,year", "name", "title")))
    file = home.parent / "titles.txt"
    file.write_bytes(hostile.encoded("\n".join(lines), chance))
    named = hostile.word(chance).replace("\x00", "").replace("\ud800", "")[:1000]
    ways = [["--titles", str(file)], ["--user", named], ["--items", f"1,{named}"], ["--own", named]]
    words = ["recommend", world.run_id, *chance.choice(ways)]
    run([*words, *chance.choice(([], ["--json"], ["--explain"]))], home).checked((0, 1, 2))
    return words[2]


def settings(world: World, seed: int) -> str:
    """`settings.toml` that holds what it should not; the commands say so or go on."""
    chance, home = random.Random(seed), world.copy()
    places = run(["paths", "--json"], home).checked((0,)).json()
    assert isinstance(places, dict)
    file = Path(places["settings"])
    if not file.is_relative_to(home.parent):
        raise Fault(f"settings.toml is outside of the home: {file}")
    keys = ["theme", "ascii", "remote", "notify", "notify_command", "keymap", hostile.word(chance)]
    lines = [f"{chance.choice(keys)} = {hostile.value(chance)}" for _ in range(chance.randint(1, 3))]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(hostile.encoded("\n".join(lines), chance))
    for words in (["paths"], ["runs"], ["recommend", world.run_id, "--user", "3"]):
        run(words, home).checked((0, 1, 2))
    return lines[0][:60]


def server(world: World, seed: int) -> str:
    """The recommender's lines: between hostile ones each honest request is answered, and as it is answered alone."""
    chance, home = random.Random(seed), world.copy()
    path = str(home / "runs" / world.run_id)
    honest = {"run": path, "history": [3, 1], "k": 5}
    reader, writer = os.pipe()

    def serve() -> None:
        import sys

        sys.argv = ["server"]
        from bert4rec_tui.recommend.server import main

        main()

    os.set_inheritable(reader, True)
    process = fork("recommend.server", serve, home, stdin=reader)
    os.close(reader)
    answers = _Answers(process.folder / "out")
    expected: Any = None
    try:
        for number in range(1, 31):
            for _ in range(chance.randint(1, 3)):
                os.write(writer, _hostile_line(chance, path))
            request = {"id": number, "method": "recommend", "params": honest}
            os.write(writer, json.dumps(request).encode() + b"\n")
            answer = answers.wait_for(number, process.alive)
            if "result" not in answer:
                raise Fault(f"an honest request got {json.dumps(answer)[:200]}")
            expected = expected or answer["result"]
            if answer["result"] != expected:
                raise Fault("the same request got another answer")
    except BrokenPipeError:
        raise Fault(f"the recommender ended: {process.ended(0).err[-300:]}") from None
    finally:
        os.close(writer)
        ended = process.ended(time.monotonic() - process.began + PATIENCE_SECONDS)
    ended.checked((0,))
    return "30 honest requests between hostile ones"


def _hostile_line(chance: random.Random, path: str) -> bytes:
    """One line that is no request, or one that asks what cannot be answered."""
    params = {"run": path, "history": [3], "k": 5, "item": 1}
    key = chance.choice(list(params))
    lines: list[Callable[[], str]] = [
        lambda: hostile.word(chance),
        lambda: hostile.value(chance),
        lambda: f'{{"id": {hostile.value(chance)}, "method": "similar", "params": {json.dumps(params)}}}',
        lambda: f'{{"id": 900, "method": "{hostile.word(chance)}", "params": {json.dumps(params)}}}',
        lambda: f'{{"id": 901, "method": "similar", "params": {{"run": "{path}", "{key}": {hostile.value(chance)}}}}}',
        lambda: json.dumps(
            {
                "id": 902,
                "method": chance.choice(("explain", "similar")),
                "params": params | {"item": chance.choice((-1, 0, 10**9, 2**63 - 1)), "run": path},
            }
        ),
        lambda: json.dumps(
            {"id": 903, "method": "similar", "params": params | {"run": chance.choice(("/", ".", "x"))}}
        ),
    ]
    text = chance.choice(lines)().replace("\n", " ").replace("\r", " ")
    return text.encode("utf-8", "surrogatepass") + b"\n"


class _Answers:
    """The answers that the recommender writes into a file, as they come."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0
        self._found: dict[int, Any] = {}

    def wait_for(self, number: int, alive: Callable[[], bool]) -> Any:
        """The answer to a request. Raises Fault where none comes."""
        end = time.monotonic() + CLEAN_SECONDS / 5
        while number not in self._found:
            if time.monotonic() > end or not alive():
                raise Fault("the recommender answers no more")
            content = self._file.read_bytes()
            whole = content.rfind(b"\n") + 1
            for line in content[self._read : whole].splitlines():
                answer = json.loads(line)
                self._found[answer["id"]] = answer
            self._read = max(whole, self._read)
            time.sleep(0.002)
        return self._found[number]
