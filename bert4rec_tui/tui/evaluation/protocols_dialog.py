"""Choose several protocols at once."""

from collections.abc import Sequence

from bert4rec_tui.data.nouns import Noun
from bert4rec_tui.tui.shell.multiple_choice import MultipleChoice


def meaning(protocol: str, item: Noun) -> str:
    """What the candidates of a protocol are, in words."""
    if protocol == "full":
        return f"all {item.several} not seen by the user"
    kind, _, number = protocol.partition("-")
    sampled = "sampled uniformly" if kind == "uniform" else "sampled by popularity"
    return f"{number} unseen {item.several}, {sampled}"


def protocols_dialog(known: Sequence[str], selected: Sequence[str], item: Noun) -> MultipleChoice:
    """The dialog for the protocols to test under, those in `selected` checked."""
    meanings = {protocol: meaning(protocol, item) for protocol in known}
    return MultipleChoice("Test under which protocols?", meanings, selected)
