"""Text from data stays text: nothing of it steers the terminal or turns what stands beside it."""

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from textual.content import Content
from waiting import screen_text, until, until_shown
from worlds import make_dataset

from bert4rec_tui.tui.app import Bert4RecApp
from bert4rec_tui.tui.shell.text import clean, cut

DIRECTIONS = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)]
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF)]


@pytest.mark.parametrize("character", DIRECTIONS + CONTROLS, ids=lambda character: f"U+{ord(character):04X}")
def test_a_control_character_becomes_a_space(character: str) -> None:
    assert clean(f"a{character}b") == "a b"
    assert cut(f"a{character}b", 5) == "a b  "


@given(text=st.text(max_size=40), width=st.integers(0, 30))
def test_whatever_the_text_what_is_drawn_is_printable_and_as_wide_as_asked(text: str, width: int) -> None:
    assert not set(clean(text)) & set(DIRECTIONS + CONTROLS)
    assert Content(cut(text, width)).cell_length == width


def test_what_joins_the_parts_of_one_sign_stays() -> None:
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
    assert clean(f"{family} Amélie 千と千尋") == f"{family} Amélie 千と千尋"


async def test_no_control_character_is_drawn_also_where_it_was_typed_or_notified(home: Path) -> None:
    make_dataset(home)
    steering = "".join(DIRECTIONS)
    async with Bert4RecApp().run_test(size=(120, 40), notifications=True) as pilot:
        await until_shown(pilot, "✓ prepared")
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.focused is not None and pilot.app.focused.id != "rows")
        pilot.app.focused.value = f"ab{steering}cd"  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
        pilot.app.notify(f"movie{steering}.csv: is empty", markup=False)
        await until_shown(pilot, "abcd")
        await until_shown(pilot, "movie.csv: is empty")
        assert not set(screen_text(pilot)) & set(DIRECTIONS)
