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


def protocols_dialog(known: Sequence[str], selected: Sequence[str]) -> MultipleChoice:
    """The dialog for the protocols to test under, those in `selected` checked."""
    return MultipleChoice("Test under which protocols?", {protocol: meaning(protocol) for protocol in known}, selected)
