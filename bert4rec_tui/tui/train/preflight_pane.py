"""Before you launch: what the run will cost, estimated at every change and measured by a benchmark."""

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from bert4rec_tui.config import Config
from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.shell.child_command import CommandError
from bert4rec_tui.tui.shell.launching import try_config
from bert4rec_tui.tui.shell.pane import Pane
from bert4rec_tui.tui.train.estimate import Benchmark, Estimate, EstimateRequest, estimate
from bert4rec_tui.tui.train.preflight_figures import PreflightFigures
from bert4rec_tui.tui.train.session import TrainSession


class PreflightPane(Pane):
    """The estimate of the configuration under edit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "benchmark", "Benchmark", id="train.try",
                tooltip="Benchmark a few steps to measure epoch time and memory; no run is started"),
    ]  # fmt: skip

    @dataclass
    class Estimated(Message):
        """An estimate is ready."""

        estimate: Estimate

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, PreflightPane.Estimated)

    class Refused(Message):
        """A configuration with an error cannot be benchmarked."""

    def __init__(self, session: TrainSession, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.session = session
        self._figures = PreflightFigures(id="preflight", ascii=ascii)

    def compose(self) -> ComposeResult:
        """The figures."""
        yield self._figures

    def on_mount(self) -> None:
        """Name the pane."""
        self.border_title = "Before you launch"

    def update_estimate(self) -> None:
        """Estimate the configuration as it is now."""
        self._estimate(self.session.request_estimate())

    @work(thread=True, exclusive=True, group="estimate", exit_on_error=False)
    def _estimate(self, request: EstimateRequest) -> None:
        time.sleep(0.05)  # while somebody types, only the last value is worth the effort
        self.post_message(self.Estimated(estimate(request, self.application.runs)))

    @on(Estimated)
    def show_estimate(self, message: Estimated) -> None:
        """Show an estimate, unless the configuration has changed since it was requested."""
        message.stop()
        if self.session.accept(message.estimate):
            self._figures.show(message.estimate)

    async def current_estimate(self) -> Estimate:
        """The estimate of the configuration as it is now, waited for where it is still to come; in a worker."""
        if (known := self.session.current_estimate) is not None:
            return known
        found = await asyncio.to_thread(estimate, self.session.request_estimate(), self.application.runs)
        if self.session.accept(found):
            self._figures.show(found)
        return found

    def action_benchmark(self) -> None:
        """Benchmark a few steps of the configuration, or cancel the benchmark that is running."""
        if self._figures.progress:
            self.workers.cancel_group(self, "benchmark")
            return
        config = self.session.launchable
        if config is None:
            self.post_message(self.Refused())
        else:
            self.benchmark(config)

    @work(exclusive=True, group="benchmark", exit_on_error=False)
    async def benchmark(self, config: Config) -> None:
        """Benchmark a configuration by our own command, and show the epoch time and the memory."""
        self._figures.show_progress("starting…")
        try:
            result = await try_config(
                self.application, config, lambda p: self._figures.show_progress(f"step {p.done} of {p.total}")
            )
            seconds = result["epoch_seconds"] + result["validation_seconds"]
            self.session.benchmark = Benchmark(config, seconds, result["memory"], result["steps"])
        except (CommandError, UserError) as error:
            self.notify(str(error), title="Benchmark failed", severity="error", markup=False, timeout=12)
        finally:
            self._figures.show_progress("")
        self.update_estimate()
