"""The figures of a run before it is launched, and the devices of the machine."""

from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.tui.shell.text import MUTED, count, cut, duration, quantity, share, size
from bert4rec_tui.tui.train.devices import Device
from bert4rec_tui.tui.train.estimate import Estimate
from bert4rec_tui.tui.train.preflight import Preflight

GIB = 2**30


class PreflightFigures(Widget, can_focus=True):
    """Draws an estimate, with the progress of a benchmark in place of its time."""

    DEFAULT_CSS = """
    PreflightFigures { height: 1fr; width: 1fr; }
    """

    def __init__(self, id: str | None = None, ascii: bool = False) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.estimate: Estimate | None = None
        self.progress = ""  # of a benchmark
        self._lines = 0

    def show(self, estimate: Estimate | None) -> None:
        """Draw another estimate."""
        self.estimate = estimate
        self._draw_again()

    def show_progress(self, words: str) -> None:
        """Draw the progress of a benchmark; empty when there is none."""
        self.progress = words
        self._draw_again()

    def _draw_again(self) -> None:
        """Draw, and ask for another height where the lines are more or fewer than they were."""
        lines = len(self.render().plain.splitlines())
        self.refresh(layout=lines != self._lines)
        self._lines = lines

    def render(self) -> Content:
        """Figures right-aligned, then a line for each device."""
        estimate = self.estimate
        if estimate is None:
            return Content.styled("estimating…", MUTED)
        lines: list[Content] = []
        if estimate.figures is None:
            lines += [Content.styled(estimate.problem, MUTED), Content("")]
        else:
            lines += [*self._figures(estimate.figures, estimate), Content("")]
        lines.append(Content.styled("Devices", "bold"))
        used = estimate.devices_used
        lines += [self._device(device, device in used) for device in estimate.devices]
        return Content("\n").join(lines)

    def _line(self, name: str, value: str, style: str = "") -> Content:
        room = max(0, min(self.size.width, 44) - len(name))
        return Content.styled(name, MUTED) + Content.styled(f"{value:>{room}}", style)

    def _figures(self, figures: Preflight, estimate: Estimate) -> list[Content]:
        lines = [
            self._line("parameters", quantity(figures.parameters)),
            self._line("windows per epoch", count(figures.windows)),
            self._line("steps per epoch", count(figures.steps)),
            self._line("interactions covered", share(figures.covered)),
            *self._memory(figures, estimate),
        ]
        if self.progress:
            lines.append(self._line("time per epoch", self.progress, MUTED))
        elif estimate.epoch_seconds is not None:
            whole = estimate.epoch_seconds * figures.epochs
            lines += [
                self._line("time per epoch", f"~{duration(estimate.epoch_seconds)}"),
                self._line(f"{count(figures.epochs)} epoch{'' if figures.epochs == 1 else 's'}", f"~{duration(whole)}"),
                self._line("", estimate.epoch_source, MUTED),
            ]
        else:
            lines.append(self._line("time per epoch", "unknown", MUTED))
            lines.append(self._line("", "press c to benchmark a few steps", MUTED))
        lines.append(self._line("disk", f"{size(figures.disk)} of {size(estimate.disk_free)}"))
        if figures.disk >= estimate.disk_free:
            lines.append(self._line("", f"{'x' if self.ascii else '✗'} not enough disk space", "$text-error"))
        return lines

    def _memory(self, figures: Preflight, estimate: Estimate) -> list[Content]:
        device, needed = estimate.device, estimate.memory_needed
        sign = "" if estimate.benchmark is not None else "~"
        if device is None:
            return [self._line("memory", f"{sign}{needed / GIB:.1f} GiB")]
        each = figures.processes > 1 and device.name != "cpu"  # on a CPU they share what there is
        good, bad = ("+", "x") if self.ascii else ("✓", "✗")
        words, style = {
            "fits": (f"{good} fits on {device.name}", "$text-success"),
            "tight": (f"! tight on {device.name}", "$text-warning"),
        }.get(estimate.fit, (f"{bad} may not fit: reduce the batch size", "$text-error"))
        return [
            self._line(
                "memory per device" if each else "memory",
                f"{sign}{needed / GIB:.1f} of {device.memory_free / GIB:.1f} GiB",
            ),
            self._line("", words, style),
        ]

    def _device(self, device: Device, chosen: bool) -> Content:
        mark = (">" if self.ascii else "›") if chosen else " "
        parts = [f"{device.load:.0f}%" if device.load is not None else "", f"{device.memory_free / GIB:.1f} GiB free"]
        if device.processes:
            parts.insert(1, f"{device.processes} running")
        right = "  ".join(part for part in parts if part)
        width = min(self.size.width, 44)
        label = f"{mark} {device.name}  {device.label}"
        room = width - len(right) - 2
        if room < len(label):
            return Content(cut(label, width, self.ascii) + "\n") + Content.styled(f"{right:>{width}}", MUTED)
        return Content(cut(label, room) + "  ") + Content.styled(right, MUTED)
