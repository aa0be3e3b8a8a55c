"""What the five screens share: the lines at the top and the foot, the panes, and the way to the application."""

from functools import partial
from typing import Any, ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.css.query import NoMatches
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from bert4rec_tui.tui.shell.dialogs import Question
from bert4rec_tui.tui.shell.footer import FooterLine
from bert4rec_tui.tui.shell.interface import Application, application_of
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.textual_private import (
    ToastHolder,
    keys_of_panes_everywhere,
    paints_only_when_active,
    relayout_now,
)
from bert4rec_tui.tui.shell.top_line import TopLine

WIDEST = 200  # columns


@partial(keys_of_panes_everywhere, Pane)
@paints_only_when_active
class MainScreen(Screen[None], inherit_bindings=False):
    """One of the five screens.

    A screen names its panes in `panes`, left to right; `[` and `]` go from one to the next, and below 100 columns (the
    class `-compact`) only the chosen one is shown. `keys_first` are ids of the bindings that the foot line shows first.
    """

    panes: ClassVar[list[str]] = []
    keys_first: ClassVar[tuple[str, ...]] = ()

    HORIZONTAL_BREAKPOINTS = [(0, "-compact"), (100, "-wide")]  # noqa: RUF012  Textual's own declaration is not a tuple
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "turn_pane(1)", "Next pane", id="screen.next_pane", show=False,
                tooltip="Go to the next pane; in a narrow terminal, show it"),
        Binding("left_square_bracket", "turn_pane(-1)", "Previous pane", id="screen.previous_pane", show=False,
                tooltip="Go to the previous pane; in a narrow terminal, show it"),
        Binding("apostrophe", "jump", "Jump", id="screen.jump", show=False,
                tooltip="Jump to a pane: ' and then its number"),
        Binding("tab", "app.focus_next", "Next widget", id="screen.focus_next", show=False,
                tooltip="Move the focus to the next widget"),
        Binding("shift+tab", "app.focus_previous", "Previous widget", id="screen.focus_previous", show=False,
                tooltip="Move the focus to the previous widget"),
    ]  # fmt: skip

    # What looks different with the focus repaints itself; of its own accord Textual would send the whole screen.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    _entering: Widget | None = None  # the pane that gets the focus once it is drawn

    @property
    def application(self) -> Application:
        """What the application offers: other screens, our commands, the runs."""
        return application_of(self)

    @property
    def compact(self) -> bool:
        """Whether the terminal is so narrow that one pane is shown at a time."""
        return self.has_class("-compact")

    def compose(self) -> ComposeResult:
        """The top line, the body of the screen, the foot line."""
        yield TopLine()
        yield from self.compose_body()
        yield FooterLine()

    def compose_body(self) -> ComposeResult:
        """What stands between the two lines; every screen says it."""
        yield from ()

    def on_resize(self, event: events.Resize) -> None:
        """In a very wide terminal (the class `-widest`) a third pane is next to two."""
        self.set_class(event.size.width >= WIDEST, "-widest")

    async def on_screen_suspend(self) -> None:
        """Take notifications away: behind a dialog they would stand until it is left, and cover it where it is tall."""
        toasts = self.query(ToastHolder)
        if toasts and isinstance(self.app.screen, ModalScreen):
            self.app.clear_notifications()
            await toasts.remove()
            relayout_now(self)  # painted below is what the dialog lies on, with it
            self.app.screen.refresh()

    def key_of(self, binding_id: str, default: str) -> str:
        """The key of a binding as it is bound now, to be named in a sentence."""
        for key, active in self.active_bindings.items():
            if active.binding.id == binding_id:
                return self.app.get_key_display(active.binding.with_key(key))
        return default

    def turn_hint(self, panes: str) -> str:
        """What a narrow terminal does not show next to a pane, with the key that shows it; nothing in a wider one."""
        return f"{self.key_of('screen.next_pane', ']')} {panes}" if self.compact else ""

    def on_arrive(self, **what: Any) -> None:
        """Called after a switch to this screen for something, such as `run="…"`."""

    def on_mount(self) -> None:
        """Make the first pane the chosen one."""
        for selector in self.panes:
            self.query(selector).add_class("pane")
        if panes := self._panes():
            self.choose_pane(panes[0], focus=False)

    def _panes(self) -> list[Widget]:
        found: list[Widget] = []
        for selector in self.panes:
            try:
                found.append(self.query_one(selector))
            except NoMatches:
                continue
        return [pane for pane in found if not pane.has_class("-absent")]

    def choose_pane(self, chosen: Widget, focus: bool = True) -> None:
        """Make a pane the chosen one, which a narrow terminal shows alone, and go into it."""
        for pane in self._panes():
            pane.set_class(pane is chosen, "-chosen")
        if not focus:
            return
        self._entering = chosen
        if self.compact or not chosen.display:  # where the pane has yet to be shown
            self.call_after_refresh(self._enter, chosen)
        else:
            self._enter(chosen)

    def _enter(self, pane: Widget) -> None:
        if self._entering is not pane:  # another was chosen since
            return
        focused = self.focused.ancestors_with_self if self.focused else []
        target = pane if pane.focusable else next((w for w in pane.query("*") if w.focusable), None)
        if target is not None and pane not in focused:
            target.focus()
        self.app.call_later(self._entered, pane)  # after the focus has moved, which Textual puts off in the same way

    def _entered(self, pane: Widget) -> None:
        if self._entering is pane:
            self._entering = None

    @work(exclusive=True, group="jump", exit_on_error=False)
    async def action_jump(self) -> None:
        """Name the panes with their numbers, and go to the one that is pressed."""
        panes = {str(number): pane for number, pane in enumerate(self._panes(), start=1)}
        choices = {number: f"{number}  {_pane_name(pane)}" for number, pane in panes.items()}
        chosen = await self.app.push_screen_wait(Question("Go to which pane?", choices, keys={n: n for n in panes}))
        if chosen is not None:
            self.choose_pane(panes[chosen])

    def action_turn_pane(self, direction: int) -> None:
        """Go to the next pane, or the one before, and from the last to the first."""
        panes = self._panes()
        if not panes:
            return
        at = next((i for i, pane in enumerate(panes) if pane.has_class("-chosen")), 0)
        self.choose_pane(panes[(at + direction) % len(panes)])

    def is_late(self, event: events.DescendantFocus) -> bool:
        """Whether the focus has gone on since, or is about to."""
        return self._entering is not None or event.widget is not self.focused

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane that the focus enters by whatever way is the chosen one."""
        if self.is_late(event):
            return
        ancestors = event.widget.ancestors_with_self
        for pane in self._panes():
            if pane in ancestors and not pane.has_class("-chosen"):
                self.choose_pane(pane, focus=False)


def _pane_name(pane: Widget) -> str:
    """What a pane is called: its title, else by the word of its id."""
    title = pane.border_title or (pane.id or "").removesuffix("-pane").replace("-", " ")
    return Content.from_markup(title).plain
