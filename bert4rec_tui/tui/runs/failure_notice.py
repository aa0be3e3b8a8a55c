"""The notice above everything when a watched run has failed or was lost: why, its last lines, and what to press."""

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import Static

from bert4rec_tui.runs.failure_advice import advised_setting
from bert4rec_tui.runs.listing import RunRow
from bert4rec_tui.tui.runs.session import RunsSession
from bert4rec_tui.tui.shell.text import MUTED, SIGNS, clean


class FailureNotice(Static):
    """Shown until esc, or until something is done about the run."""

    DEFAULT_CSS = """
    FailureNotice {
        display: none; height: auto; max-height: 10; margin: 0; padding: 0 1;
        border: round $error; border-title-color: $text-error; border-title-style: bold;
        border-subtitle-color: $text;
    }
    FailureNotice.-shown { display: block; }
    """

    def __init__(self, session: RunsSession) -> None:
        super().__init__(markup=False)
        self.session = session

    def show(self, keys: Mapping[str, str]) -> None:
        """Say which run has ended, why and what helps; hidden where none has. `keys` are those of what can be done."""
        ended = self.session.ended
        self.set_class(ended is not None, "-shown")
        if ended is None:
            return
        row, width = ended.row, self.app.size.width
        sign = SIGNS[row.state]
        ascii = bool(getattr(self.app, "ascii", False))
        self.border_title = Content(f" {sign.ascii if ascii else sign.character} {row.run.short_id} {_ending(row)} ")
        advice = advised_setting(row.status.message, row.config) if row.config is not None else None
        edit = f"{keys['edit']} {'fix' if advice else 'edit'} and relaunch"
        self.border_subtitle = Content(
            f" {keys['resume']} resume   {edit}   {keys['console']} console   {keys['close_banner']} close "
        )
        lines = [Content.styled(clean(line)[: max(20, width - 6)], MUTED) for line in ended.lines]
        self.update(Content("\n").join([Content.styled(_reason(row), "bold"), *lines]))


def _ending(row: RunRow) -> str:
    at = f" in epoch {row.status.epoch + 1} of {row.status.epochs}" if row.status.epochs else ""
    return ("failed" if row.state == "failed" else "is lost: its worker ended without an error message") + at


def _reason(row: RunRow) -> str:
    if row.status.message:
        return clean(row.status.message)
    return "The worker was killed, or the machine restarted or ran out of memory. Its last checkpoint is safe."
