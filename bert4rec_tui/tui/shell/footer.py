"""The last line of every screen: its most useful keys, six at most; `?` shows the rest."""

from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

MOST_KEYS = 6


def shown_bindings(screen: Screen[object]) -> list[tuple[str, Binding]]:
    """The bindings for the foot line with the first key of each, from what has the focus outwards, help last.

    A screen puts some first by its `keys_first`.
    """
    found: dict[str, tuple[str, Binding]] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if binding.show and active.enabled:
            found.setdefault(binding.id or binding.action, (key, binding))
    for name in reversed(getattr(screen, "keys_first", ())):
        if name in found:
            found = {name: found.pop(name), **found}
    helping = found.pop("app.help", None)
    most = MOST_KEYS - (1 if helping else 0)
    return [*list(found.values())[:most], *([helping] if helping else [])]


class FooterLine(Widget):
    """The keys that work now."""

    DEFAULT_CSS = """
    FooterLine { dock: bottom; height: 1; background: $panel; color: $text-muted; }
    """

    def on_mount(self) -> None:
        """Draw again when other keys are active."""
        self.screen.bindings_updated_signal.subscribe(self, self._draw_again)

    def _draw_again(self, screen: Screen[object]) -> None:
        del screen
        self.refresh()

    def render(self) -> Content:
        """As many keys as fit, help always among them."""
        parts = [
            Content.styled(f" {self.app.get_key_display(binding.with_key(key))}", "bold $text-accent")
            + Content(f" {binding.description} ")
            for key, binding in shown_bindings(self.screen)
        ]
        while len(parts) > 1 and sum(part.cell_length for part in parts) > self.size.width:
            parts.pop(-2)
        return Content("").join(parts)
