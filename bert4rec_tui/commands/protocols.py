"""The protocols that a command was given."""

from collections.abc import Sequence

from bert4rec_tui.config import PROTOCOL
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import Run


def wanted_protocols(run: Run, protocols: Sequence[str]) -> tuple[str, ...]:
    """The given protocols, each once, or those of the run. Raises UserError for an unknown one."""
    return protocols_named(protocols) or run.config().evaluation.protocols


def protocols_named(protocols: Sequence[str]) -> tuple[str, ...]:
    """The given protocols, each once. Raises UserError for an unknown one."""
    for protocol in protocols:
        if not PROTOCOL.match(protocol):
            raise UserError(f"--protocol {protocol}: is not a protocol; use full, uniform-100 or popular-100")
    return tuple(dict.fromkeys(protocols))
