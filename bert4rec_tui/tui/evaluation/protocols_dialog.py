"""Choose several protocols at once."""

from collections.abc import Sequence

from bert4rec_tui.tui.shell.multiple_choice import MultipleChoice


def meaning(protocol: str) -> str:
    """What the candidates of a protocol are, in words."""
    if protocol == "full":
        return "all items not seen by the user"
    kind, _, number = protocol.partition("-")
    sampled = "sampled uniformly" if kind == "uniform" else "sampled by popularity"
    return f"{number} unseen items, {sampled}"


class ProtocolsDialog(MultipleChoice):
    """Choose the protocols to test under."""

    def __init__(self, known: Sequence[str], chosen: Sequence[str]) -> None:
        super().__init__("Test under which protocols?", {protocol: meaning(protocol) for protocol in known}, chosen)
