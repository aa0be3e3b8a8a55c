"""The pane with the events of the selected run, newest first; those the user has not seen yet are marked."""

from collections.abc import Sequence
from datetime import datetime

from textual import work
from textual.app import ComposeResult
from textual.content import Content

from bert4rec_tui.runs.events import Alert, Note, StateChange, Validation
from bert4rec_tui.runs.summary import Remark
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.runs.seen_events import SeenEvents
from bert4rec_tui.tui.runs.session import RunsSession
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.shell.text import MUTED, SIGNS, clean, count, metric


class EventList(ArrayList):
    """The events of the selected run."""

    def __init__(self, *, id: str) -> None:
        super().__init__(self.line, empty="No events yet: validations, alerts and changes of state.", id=id)
        self.events: Sequence[Remark] = ()
        self._run, self._seen_until = "", float("inf")

    def show_events(self, run: str, events: Sequence[Remark], seen_until: float) -> None:
        """Show the events of a run, the newest at the top; who reads further down keeps their place.

        seen_until: the time after which an event is new to the user. What was new stays marked while the run is shown.
        """
        if run != self._run:
            self._run, self._seen_until = run, seen_until
        more = len(events) - len(self.events)
        if self.cursor > 0 and more > 0:
            self.set_reactive(EventList.cursor, self.cursor + more)
        self.events = events
        self.show_rows(len(events))

    def line(self, row: int, width: int) -> Content:
        """The line of an event."""
        del width
        ascii, event = bool(getattr(self.app, "ascii", False)), self.events[row]
        new = event.at > self._seen_until
        mark = Content.styled("+ " if ascii else "▸ ", "bold $accent") if new else Content("")
        return mark + describe_event(event, ascii)


class EventsPane(Pane):
    """What happened to the selected run."""

    def __init__(self, session: RunsSession, *, id: str) -> None:
        super().__init__(id=id)
        self.border_title = "Events"
        self.session = session
        self.seen = SeenEvents()
        self.list = EventList(id="events")

    def compose(self) -> ComposeResult:
        """The list."""
        yield self.list

    def show(self) -> None:
        """Show the events; those on a screen that is looked at count as seen."""
        run, events = self.session.selected, self.session.selected_curves.events
        seen_until = self.seen.until(run)
        self.list.show_events(run, events, float("inf") if seen_until is None else seen_until)
        looked_at = self.is_attached and self.screen.is_current and self.app.app_focus
        if events and looked_at and self.seen.mark_seen(run, events[0].at):
            self.save_seen()

    @work(thread=True, exclusive=True, group="seen", exit_on_error=False)
    def save_seen(self) -> None:
        """Write down what was seen, in a thread."""
        self.seen.save()


def describe_event(event: Remark, ascii: bool) -> Content:
    """One event in one line: when, a sign, what."""
    when = Content.styled(f"{datetime.fromtimestamp(event.at):%H:%M:%S} ", MUTED)
    match event:
        case Validation():
            first = next(iter(event.metrics.items()), ("", {}))
            names = [n for n in ("NDCG@10", "Recall@10") if n in first[1]] or list(first[1])[:2]
            figures = "  ".join(f"{name} {metric(first[1][name])}" for name in names)
            best = Content.styled(" best", "$text-success") if event.best else Content("")
            mark = Content.styled("* " if ascii else "◆ ", MUTED)
            return when + mark + Content(f"epoch {event.epoch}") + best + Content(f"  {figures} {clean(first[0])}")
        case Alert():
            return when + Content.styled(f"! {clean(event.message)}", "$text-warning")
        case Note():
            return when + Content.styled(f"  {clean(event.text)}", MUTED)
        case StateChange():
            known = SIGNS.get("training" if event.state == "resumed" else event.state)
            sign = (known.ascii if ascii else known.character) if known else " "
            words = event.state + (f" at step {count(event.step)}" if event.step else "")
            more = f": {clean(event.message)}" if event.message else ""
            return when + Content.styled(f"{sign} {words}{more}", known.colour if known else "")
