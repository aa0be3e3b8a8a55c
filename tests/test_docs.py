"""The documentation: every link leads somewhere, every command and script that it shows exists."""

import re
import unicodedata
from pathlib import Path

import pytest
from typer.main import get_command

from bert4rec_tui.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SOURCES = sorted(
    path for folder in ("bert4rec_tui", "benchmarks", "tests", "assets") for path in (ROOT / folder).rglob("*.py")
)

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
COMMAND = re.compile(r"(?:^|[\s`/])bert4rec-tui ([a-z][a-z-]*)", re.MULTILINE)
SCRIPT = re.compile(r"python (benchmarks/[\w/]+\.py)")
PAGE = re.compile(r"\bdocs/[\w/-]+\.md")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors GitHub gives the headings of a page: lower case, punctuation left out, spaces as hyphens."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        words = LINK.sub(lambda link: link.group(0)[1:].split("]")[0], heading).strip().lower()
        kept = [c for c in words if c in " -_" or unicodedata.category(c)[0] in "LN"]
        found.add("".join(kept).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_and_anchor_of_a_page_exists(page):
    """A link to a page that has moved, or to a heading that was renamed, helps nobody."""
    broken: list[str] = []
    for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_and_benchmark_that_a_page_shows_exists(page):
    text = page.read_text(encoding="utf-8")
    known = set(get_command(app).commands)  # pyright: ignore[reportAttributeAccessIssue]
    assert set(COMMAND.findall(text)) <= known
    assert [script for script in SCRIPT.findall(text) if not (ROOT / script).is_file()] == []


def test_every_page_that_the_code_names_exists():
    """A comment that points to a page is followed by the next reader."""
    missing = {
        f"{name(source)}: {page}"
        for source in SOURCES
        for page in PAGE.findall(source.read_text(encoding="utf-8"))
        if not (ROOT / page).is_file()
    }
    assert not missing


def test_all_results_are_reached_from_their_index():
    folder = ROOT / "docs" / "results"
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert {page.name for page in folder.glob("*.md")} - {"README.md"} <= set(LINK.findall(index))
