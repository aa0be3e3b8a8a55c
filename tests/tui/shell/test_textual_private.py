"""The private parts of Textual that we use do what we use them for; with another version this fails first."""

import asyncio
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.css.query import NoMatches
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from bert4rec_tui.tui.shell.textual_private import (
    ToastHolder,
    active_keys,
    all_bindings,
    keys_of_panes_everywhere,
    name_of_key,
    no_errors_after_exit,
    paint_now,
    paints_only_when_active,
    relayout_now,
    write_to_terminal,
)


class Part(Vertical):
    """A part with a key."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.pressed = 0
        self._bindings.bind(key, "press", "Press")

    def action_press(self) -> None:
        """Count."""
        self.pressed += 1


class TwoParts(Screen[None]):
    """Two parts and a line to write in."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "nothing", "Screen", id="two.screen")]

    def compose(self) -> ComposeResult:
        """The two parts, an input in the first."""
        with Part("x"):
            yield Input(id="line")
            yield Static("still", id="still")
        yield Part("y")


everywhere = keys_of_panes_everywhere(Part, TwoParts)


class Small(App[None]):
    """An application with that screen."""

    def on_mount(self) -> None:
        """Show it."""
        self.push_screen(everywhere())


def test_keys_have_their_names() -> None:
    assert [name_of_key(key) for key in "?a["] == ["question_mark", "a", "left_square_bracket"]


def test_inherited_bindings_are_among_those_of_a_class() -> None:
    class Further(TwoParts):
        BINDINGS: ClassVar[list[BindingType]] = [Binding("f", "nothing", "Further", id="further")]

    assert {"two.screen", "further"} <= {binding.id for binding in all_bindings(Further)}


async def test_the_keys_of_a_pane_work_wherever_the_focus_is_but_not_in_a_line_that_is_edited() -> None:
    async with Small().run_test() as pilot:
        first, second = pilot.app.screen.query(Part)
        line = pilot.app.screen.query_one(Input)
        pilot.app.screen.set_focus(None)
        await pilot.press("x", "y")
        assert (first.pressed, second.pressed) == (1, 1)
        line.focus()
        await pilot.press("x", "y")
        assert (first.pressed, second.pressed, line.value) == (1, 1, "xy")
        pilot.app.screen.set_focus(None)
        assert {"x", "y", "s"} <= {key for _, key, _ in active_keys(pilot.app.screen)}


async def test_a_users_key_takes_the_place_of_a_panes_own() -> None:
    class Named(Part):
        BINDINGS: ClassVar[list[BindingType]] = [Binding("z", "press", "Press", id="named.press")]

    class OneMore(Screen[None]):
        def compose(self) -> ComposeResult:
            yield Named("x")

    class Remapped(App[None]):
        def on_mount(self) -> None:
            self.set_keymap({"named.press": "f8"})
            self.push_screen(keys_of_panes_everywhere(Part, OneMore)())

    async with Remapped().run_test() as pilot:
        await pilot.press("z", "f8")
        assert pilot.app.screen.query_one(Named).pressed == 1


async def test_what_has_changed_is_painted_at_once_and_not_a_second_time() -> None:
    """Without it the second change of a moment waits for the next frame."""
    async with Small().run_test() as pilot:
        await pilot.pause()
        screen, still = pilot.app.screen, pilot.app.screen.query_one("#still", Static)
        painted: list[str] = []
        display = pilot.app._display

        def noted(shown: Screen[object], renderable: object) -> None:
            painted.append(str(renderable is not None))
            display(shown, renderable)  # pyright: ignore[reportArgumentType]

        pilot.app._display = noted  # pyright: ignore[reportAttributeAccessIssue]
        still.update("gone", layout=False)
        paint_now(screen)
        assert painted == ["True"]
        assert "gone" in "".join(strip.text for strip in screen._compositor.render_strips())
        await pilot.pause(0.1)
        assert painted.count("True") == 1
        still.styles.height = 2  # a layout is left to the next frame
        paint_now(screen)
        assert painted.count("True") == 1
        await pilot.pause(0.1)
        painted.clear()
        with pilot.app.batch_update():
            still.update("held", layout=False)
            paint_now(screen)
            assert painted == []


async def test_a_screen_below_a_dialog_is_not_painted() -> None:
    painted: list[str] = []

    class Below(Screen[None]):
        def _compositor_refresh(self) -> None:
            painted.append(type(self.app.screen).__name__)
            super()._compositor_refresh()

    class Paints(App[None]):
        def on_mount(self) -> None:
            self.push_screen(below)

    below = paints_only_when_active(Below)()
    quiet: list[bool] = []
    async with Paints().run_test() as pilot:
        await pilot.pause()
        assert painted, "it is painted while it is shown"
        await pilot.app.push_screen(ModalScreen())
        await pilot.pause()
        painted.clear()
        below.refresh()
        below._compositor_refresh()
        await pilot.pause()
        quiet.append(not painted)
    assert quiet == [True]


async def test_a_screen_can_be_laid_out_at_once() -> None:
    async with Small().run_test() as pilot:
        still = pilot.app.screen.query_one("#still", Static)
        assert still.region.y == 3
        await pilot.app.screen.query_one(Input).remove()
        relayout_now(pilot.app.screen)
        assert still.region.y == 0


async def test_notifications_stand_in_what_we_take_away() -> None:
    async with Small().run_test(notifications=True) as pilot:
        pilot.app.notify("something")
        await pilot.pause()
        assert len(pilot.app.screen.query(ToastHolder)) == 1


async def test_a_sequence_goes_to_the_driver_and_before_there_is_one_nowhere(monkeypatch) -> None:
    app = Small()
    write_to_terminal(app, "nothing is there yet")
    async with app.run_test():
        sent: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", sent.append)
        write_to_terminal(app, "\x1b]9;done\x07")
        assert "\x1b]9;done\x07" in sent


class Breaks(Screen[None]):
    """A screen that looks for its widgets, as every screen of ours does."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.looked_for = name

    def compose(self) -> ComposeResult:
        """A widget."""
        yield Static(id="there")

    def on_mount(self) -> None:
        """Look for one."""
        self.query_one(f"#{self.looked_for}")


class Plain(App[str]):
    """An application."""


@no_errors_after_exit
class Guarded(App[str]):
    """An application of ours."""


async def open_screen(app: App[str], name: str, leave: bool) -> None:
    async with app.run_test():
        if leave:
            app.exit("done")
        app.push_screen(Breaks(name))
        for _ in range(500):
            if not app.is_running or (not leave and isinstance(app.screen, Breaks) and app.screen.is_mounted):
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError("it goes on")


async def test_a_screen_that_was_about_to_open_breaks_nothing_once_the_application_was_told_to_exit() -> None:
    with pytest.raises(NoMatches, match="#there"):
        await open_screen(Plain(), "there", leave=True)
    app = Guarded()
    await open_screen(app, "there", leave=True)
    assert (app.return_value, app.return_code) == ("done", 0)


async def test_what_breaks_before_that_is_still_told() -> None:
    with pytest.raises(NoMatches, match="#nowhere"):
        await open_screen(Guarded(), "nowhere", leave=False)
