"""Choose several protocols at once."""

from collections.abc import Sequence

from bert4rec_tui.tui.shell.multiple_choice import MultipleChoice


def meaning(protocol: str) -> str:
    """What the candidates of a protocol are, in words."""
    if protocol == "full":
        return "all items not seen by the user"
    kind, _, number = protocol.partition("-")
    drawn = "drawn evenly" if kind == "uniform" else "by popularity"
    return f"{number} unseen items, {drawn}"


class ProtocolsDialog(MultipleChoice):
    """A list in which each protocol is taken or not."""

    def __init__(self, known: Sequence[str], taken: Sequence[str]) -> None:
        super().__init__("Test under which protocols?", {protocol: meaning(protocol) for protocol in known}, taken)
