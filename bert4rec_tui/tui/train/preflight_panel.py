"""Before you launch: what the run will be and what the machine has for it."""

from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.tui.shell.text import MUTED, count, cut, duration, quantity, share, size
from bert4rec_tui.tui.train.devices import Device
from bert4rec_tui.tui.train.estimate import Outlook
from bert4rec_tui.tui.train.preflight import Preflight

GIB = 2**30


class PreflightPanel(Widget, can_focus=True):
    """The figures of the run, and the devices."""

    DEFAULT_CSS = """
    PreflightPanel { height: 1fr; width: 1fr; }
    """

    def __init__(self, id: str | None = None, ascii: bool = False) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.outlook: Outlook | None = None
        self.trying = ""  # how far a trial is
        self._lines = 0

    def show(self, outlook: Outlook) -> None:
        """Draw other figures."""
        self.outlook = outlook
        self._draw_again()

    def show_trial(self, words: str) -> None:
        """Say how far a trial is; empty when there is none."""
        self.trying = words
        self._draw_again()

    def _draw_again(self) -> None:
        """Draw, and ask for another height where the lines are more or fewer than they were."""
        lines = len(self.render().plain.splitlines())
        self.refresh(layout=lines != self._lines)
        self._lines = lines

    def render(self) -> Content:
        """Figures right-aligned, then a line for each device."""
        outlook = self.outlook
        if outlook is None:
            return Content.styled("reckoning…", MUTED)
        lines: list[Content] = []
        if outlook.figures is None:
            lines += [Content.styled(outlook.problem, MUTED), Content("")]
        else:
            lines += [*self._figures(outlook.figures, outlook), Content("")]
        lines.append(Content.styled("Devices", "bold"))
        used = _used(outlook)
        lines += [self._device(device, device in used) for device in outlook.devices]
        return Content("\n").join(lines)

    def _line(self, name: str, value: str, style: str = "") -> Content:
        room = max(0, min(self.size.width, 44) - len(name))
        return Content.styled(name, MUTED) + Content.styled(f"{value:>{room}}", style)

    def _figures(self, figures: Preflight, outlook: Outlook) -> list[Content]:
        lines = [
            self._line("parameters", quantity(figures.parameters)),
            self._line("windows", count(figures.windows)),
            self._line("steps per epoch", count(figures.steps)),
            self._line("history seen", share(figures.seen)),
            *self._memory(figures, outlook),
        ]
        if outlook.epoch_seconds is not None and not self.trying:
            whole = outlook.epoch_seconds * figures.epochs
            lines += [
                self._line("epoch", f"~{duration(outlook.epoch_seconds)}"),
                self._line(f"all {count(figures.epochs)}", f"~{duration(whole)}"),
                self._line("", f"going by {outlook.epoch_like}", MUTED),
            ]
        elif self.trying:
            lines.append(self._line("epoch", self.trying, MUTED))
        else:
            lines.append(self._line("epoch", "not known; c tries", MUTED))
        enough = figures.disk < outlook.disk_free
        lines.append(self._line("disk", f"{size(figures.disk)} of {size(outlook.disk_free)}"))
        if not enough:
            lines.append(self._line("", f"{'x' if self.ascii else '✗'} too little space", "$text-error"))
        return lines

    def _memory(self, figures: Preflight, outlook: Outlook) -> list[Content]:
        device, needed = outlook.device, outlook.memory_needed
        sign = "" if outlook.tried is not None else "~"
        if device is None:
            return [self._line("memory", f"{sign}{needed / GIB:.1f} GiB")]
        each = figures.processes > 1 and device.name != "cpu"  # on a CPU they share what there is
        good, bad = ("+", "x") if self.ascii else ("✓", "✗")
        words, style = {
            "fits": (f"{good} fits {device.name}", "$text-success"),
            "tight": (f"! tight on {device.name}", "$text-warning"),
        }.get(outlook.fit, (f"{bad} may not fit {device.name}: smaller batch", "$text-error"))
        return [
            self._line(
                "memory, each" if each else "memory", f"{sign}{needed / GIB:.1f} of {device.memory_free / GIB:.1f} GiB"
            ),
            self._line("", words, style),
        ]

    def _device(self, device: Device, chosen: bool) -> Content:
        mark = (">" if self.ascii else "›") if chosen else " "
        parts = [f"{device.load:.0f}%" if device.load is not None else "", f"{device.memory_free / GIB:.1f} GiB free"]
        if device.processes:
            parts.insert(1, f"{device.processes} at work")
        right = "  ".join(part for part in parts if part)
        width = min(self.size.width, 44)
        label = f"{mark} {device.name}  {device.label}"
        room = width - len(right) - 2
        if room < len(label):
            return Content(cut(label, width, self.ascii) + "\n") + Content.styled(f"{right:>{width}}", MUTED)
        return Content(cut(label, room) + "  ") + Content.styled(right, MUTED)


def _used(outlook: Outlook) -> list[Device]:
    """The devices that the run will be on: one, or a GPU for each of several processes."""
    chosen, count = outlook.device, outlook.figures.processes if outlook.figures else 1
    if chosen is None or not chosen.name.startswith("cuda") or count == 1:
        return [chosen] if chosen else []
    return [device for device in outlook.devices if device.name.startswith("cuda")][:count]
