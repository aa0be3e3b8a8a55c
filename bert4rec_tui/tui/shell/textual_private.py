"""Private parts of Textual that the interface needs, each with its reason, so that one file says what may break.

Tried with Textual 8.2.8. `tests/tui/shell/test_textual_private.py` has a test for each, which fails when it changes.
"""

from collections.abc import Iterator
from typing import Any, TypeVar, cast

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.keys import _character_to_key, key_to_character  # pyright: ignore[reportPrivateUsage]
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets._toast import ToastHolder

__all__ = [
    "ToastHolder",
    "active_keys",
    "all_bindings",
    "keys_of_panes_everywhere",
    "name_of_key",
    "no_errors_after_exit",
    "paint_now",
    "paints_only_when_active",
    "relayout_now",
    "write_to_terminal",
]

AnyApp = TypeVar("AnyApp", bound=type[App[Any]])
AnyScreen = TypeVar("AnyScreen", bound=type[Screen[Any]])
BindingChain = list[tuple[DOMNode, BindingsMap]]


def name_of_key(character: str) -> str:
    """The name of the key with a character: `question_mark` of `?`. Textual has no public function for it."""
    return _character_to_key(character)


def all_bindings(kind: type[DOMNode]) -> list[Binding]:
    """Every binding of a class, inherited ones too. Only a live widget offers them publicly, and only its own."""
    merged: BindingsMap = kind._merge_bindings()  # pyright: ignore[reportPrivateUsage]
    return [binding for _, binding in merged]


def active_keys(screen: Screen[Any]) -> Iterator[tuple[DOMNode, str, Binding]]:
    """Every binding that works now, from what has the focus outwards, with its key and the part that it acts on.

    `Screen.active_bindings` is public, but keeps one binding a key and so cannot say what clashes.
    """
    for node, bindings in screen._modal_binding_chain:  # pyright: ignore[reportPrivateUsage]
        for key, binding in bindings:
            if screen.app._check_action_state(binding.action, node) is True:  # pyright: ignore[reportPrivateUsage]
                yield node, key, binding


def write_to_terminal(app: App[Any], text: str) -> None:
    """Send an escape sequence to the terminal past the drawing; nothing happens before there is one.

    Textual offers its driver's `write` to nobody, and a notification (OSC 9) must not be drawn over.
    """
    if app._driver is not None:  # pyright: ignore[reportPrivateUsage]
        app._driver.write(text)  # pyright: ignore[reportPrivateUsage]


def relayout_now(screen: Screen[Any]) -> None:
    """Lay a screen out at once, not at its next idle moment: what is painted below a dialog must have its layout."""
    screen._refresh_layout()  # pyright: ignore[reportPrivateUsage]


def no_errors_after_exit(kind: AnyApp) -> AnyApp:
    """An application class that ends cleanly once it was told to exit, whatever still happens to its widgets.

    After `exit` Textual mounts no more widgets, but a screen that was about to open still gets its `Mount`, its timers'
    last ticks and the messages of its threads, and looks for widgets that will never be there. What fails then is no
    defect that anybody could see: it would only turn a clean end into a traceback and exit code 1.
    """
    application = cast(type[App[Any]], kind)
    handle = application._handle_exception  # pyright: ignore[reportPrivateUsage]

    def _handle_exception(self: App[Any], error: Exception) -> None:
        if self._exit:  # pyright: ignore[reportPrivateUsage]
            self.log.warning("after exit:", repr(error))
        else:
            handle(self, error)

    application._handle_exception = _handle_exception  # pyright: ignore[reportPrivateUsage]
    return kind


def paint_now(screen: Screen[Any]) -> None:
    """Paint what has changed on a screen at once.

    Textual paints at its next frame, and where it has just painted one that may be two frames away (`Timer._run` counts
    one too many), so that what a key causes in a second step comes up to 33 ms later. A change of the layout is left to
    the next frame.
    """
    if not screen.is_current or screen.app._batch_count:  # pyright: ignore[reportPrivateUsage]
        return
    shown = screen._compositor.visible_widgets  # pyright: ignore[reportPrivateUsage]
    changed = [widget for widget in shown if widget._repaint_regions]  # pyright: ignore[reportPrivateUsage]
    if changed and not any(widget._layout_required for widget in shown):  # pyright: ignore[reportPrivateUsage]
        screen._dirty_widgets.update(changed)  # pyright: ignore[reportPrivateUsage]
        screen._on_timer_update()  # pyright: ignore[reportPrivateUsage]


def paints_only_when_active(kind: AnyScreen) -> AnyScreen:
    """A screen class that paints nothing while another is over it, nor during a batch of updates.

    Behind a dialog Textual paints each change of the screen below, which over SSH sends the whole screen each time.
    During a batch, such as the opening of a screen, it draws every widget and then throws the picture away; what has
    changed stays marked, and is painted once the batch has ended.
    """
    painting = cast(type[Screen[Any]], kind)
    paint = painting._compositor_refresh  # pyright: ignore[reportPrivateUsage]

    def _compositor_refresh(self: Screen[Any]) -> None:
        if self.is_active and not self.app._batch_count:  # pyright: ignore[reportPrivateUsage]
            paint(self)

    painting._compositor_refresh = _compositor_refresh  # pyright: ignore[reportPrivateUsage]
    return kind


def keys_of_panes_everywhere(pane: type[Widget], kind: AnyScreen) -> AnyScreen:
    """A screen class on which the keys of every `pane` work wherever the focus is; a nearer part's key comes first.

    Textual asks only the focused widget and what it stands in, so that a pane's keys would be dead in the pane next to
    it, and whoever wants `x` to work everywhere must put it, and what it does, into the screen.
    """

    def _binding_chain(self: Screen[Any]) -> BindingChain:
        focused = self.focused if self.focused is not None and not self.focused.loading else None
        path: list[DOMNode] = [self, self.app] if focused is None else focused.ancestors_with_self
        others = [found for found in self.query(pane) if found not in path]
        at = path.index(self)
        chain = [(node, node._bindings.copy()) for node in [*path[:at], *others, *path[at:]]]  # pyright: ignore[reportPrivateUsage]
        # As Textual's own: a line that is edited takes its characters from all that is around it.
        for place, (_, bindings) in enumerate(chain):
            inner = [node for node, _ in chain[:place] if node in path]
            for key in list(bindings.key_to_bindings):
                if any(node.check_consume_key(key, key_to_character(key)) for node in inner):
                    del bindings.key_to_bindings[key]
        keymap = cast(dict[str, str], self.app._keymap)  # pyright: ignore[reportPrivateUsage]
        for node, bindings in chain:
            if keymap and (clashed := bindings.apply_keymap(keymap).clashed_bindings):
                self.app.handle_bindings_clash(clashed, node)
        return chain

    kind._binding_chain = property(_binding_chain)  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    return kind
