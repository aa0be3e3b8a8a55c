"""Which protocols a command about tests was asked for."""

from collections.abc import Sequence

from bert4rec_tui.config import PROTOCOL
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.store import Run


def wanted_protocols(run: Run, protocols: Sequence[str]) -> tuple[str, ...]:
    """The protocols that were asked for, each once, or those of the run. Raises UserError for what is none."""
    return protocols_named(protocols) or run.config().evaluation.protocols


def protocols_named(protocols: Sequence[str]) -> tuple[str, ...]:
    """The protocols that were asked for, each once. Raises UserError for what is none."""
    for protocol in protocols:
        if not PROTOCOL.match(protocol):
            raise UserError(f"--protocol {protocol}: is no protocol; write full, uniform-100 or popular-100")
    return tuple(dict.fromkeys(protocols))
