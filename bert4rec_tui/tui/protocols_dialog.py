"""Choose several protocols at once."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from bert4rec_tui.tui.dialogs import Dialog
from bert4rec_tui.tui.widgets.choice_list import ChoiceList
from bert4rec_tui.tui.widgets.signs import MUTED


def meaning(protocol: str) -> str:
    """What the candidates of a protocol are, in words."""
    if protocol == "full":
        return "all items not seen by the user"
    kind, _, number = protocol.partition("-")
    drawn = "drawn evenly" if kind == "uniform" else "by popularity"
    return f"{number} unseen items, {drawn}"


class ProtocolsDialog(Dialog[list[str]]):
    """A list in which each protocol is taken or not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "take", "Take", id="protocols.take", tooltip="Take the protocol, or leave it"),
    ]
    DEFAULT_CSS = """
    ProtocolsDialog ChoiceList { height: auto; max-height: 12; }
    """

    def __init__(self, known: Sequence[str], taken: Sequence[str]) -> None:
        super().__init__()
        self.known, self.taken = list(known), set(taken)

    def compose(self) -> ComposeResult:
        """The list and what it asks."""
        with Vertical() as box:
            box.border_title = Content(" Test under which protocols? ")
            box.border_subtitle = Content(" space take  enter accept  esc cancel ")
            yield ChoiceList(markup=False)
            yield Static("Take at least one.", classes="detail -empty", markup=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill(0)
        self.query_one(ChoiceList).focus()

    def _fill(self, at: int) -> None:
        rows = self.query_one(ChoiceList)
        rows.clear_options()
        for protocol in self.known:
            box = "[x] " if protocol in self.taken else "[ ] "
            text = Content(f"{box}{protocol:<14}") + Content.styled(meaning(protocol), MUTED)
            rows.add_option(Option(text, id=protocol))
        rows.highlighted = at
        self.query_one(Static).set_class(bool(self.taken), "-empty")

    def action_take(self) -> None:
        """Take the protocol under the cursor, or leave it."""
        at = self.query_one(ChoiceList).highlighted or 0
        self.taken ^= {self.known[at]}
        self._fill(at)

    def on_option_list_option_selected(self, event: ChoiceList.OptionSelected) -> None:
        """Accept what is taken."""
        event.stop()
        if self.taken:
            self.dismiss([protocol for protocol in self.known if protocol in self.taken])
