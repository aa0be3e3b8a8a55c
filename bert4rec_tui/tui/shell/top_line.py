"""The first line of every screen: the five screens, and at the right the run in progress."""

from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.tui.shell.interface import application_of
from bert4rec_tui.tui.shell.live_runs import LiveRun
from bert4rec_tui.tui.shell.text import clean, duration, metric, sign

SCREENS = (("datasets", "Datasets"), ("train", "Train"), ("runs", "Runs"), ("test", "Test"), ("explore", "Explore"))


def describe_live(live: tuple[LiveRun, ...], width: int, ascii: bool = False) -> Content:
    """The newest live run in at most `width` cells, as much of it as fits; nothing where none is live."""
    if not live:
        return Content("")
    newest, status = live[0], live[0].status
    mark = sign(newest.state, ascii)
    dataset = clean(newest.run.id.rsplit("-", 3)[0])
    epochs = f"{status.epoch}/{status.epochs}"
    left = duration(status.seconds_left) if status.seconds_left is not None else ""
    others = f"  +{len(live) - 1}" if len(live) > 1 else ""
    best = ""
    if status.best is not None:
        protocol, _, name = status.best.metric.partition(":")
        best = f"  {name} {metric(status.best.value)} {protocol}"
    word = f"  {newest.state}" if newest.state != "training" else ""
    for parts in (
        (f" {dataset} {epochs}", word, best, f"  {left} left" if left else "", others),
        (f" {dataset} {epochs}", word, f"  {left} left" if left else "", others),
        (f" {epochs}", word, f" {left.partition(' ')[0]}" if left else "", others),
        (f" {epochs}", f" {left.partition(' ')[0]}" if left else ""),
        (f" {epochs}",),
    ):
        line = mark + "".join(parts)
        if line.cell_length <= width:
            return line
    return mark


class TopLine(Widget):
    """The current screen, and the newest live run."""

    DEFAULT_CSS = """
    TopLine {
        dock: top; height: 1; background: $panel; color: $text-muted;
        link-color: $text-muted; link-style: none; link-background: transparent;
    }
    """

    def on_mount(self) -> None:
        """Draw again when the live runs change."""
        self.watch(self.app, "live", self._draw_again, init=False)

    _drawn: Content | None = None

    def _draw_again(self) -> None:
        if self._line() != self._drawn:
            self.refresh()

    def render(self) -> Content:
        """The line for the width there is."""
        self._drawn = self._line()
        return self._drawn

    def _line(self) -> Content:
        app = application_of(self)
        parts: list[Content] = [Content.styled(" bert4rec ", "bold")]
        for number, (mode, title) in enumerate(SCREENS, start=1):
            shown = f"[{number} {title}]" if mode == app.current_mode else f" {number} {title} "
            here = "bold $accent" if mode == app.current_mode else ""
            parts.append(Content.styled(shown, f"{here} @click=app.show_screen('{mode}')".strip()))
        left = Content("").join(parts)
        room = self.size.width - left.cell_length - 2
        right = describe_live(app.live, room, app.ascii)
        gap = max(0, self.size.width - left.cell_length - right.cell_length - 1)
        return left + Content(" " * gap) + right
