"""The application: five screens as modes, and what they share."""

import asyncio
import gc
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.filter import LineFilter
from textual.keys import format_key
from textual.message import Message
from textual.messages import Update
from textual.reactive import reactive
from textual.screen import Screen

from bert4rec_tui.config import Config
from bert4rec_tui.progress import Progress
from bert4rec_tui.runs.store import LocalRuns, Run
from bert4rec_tui.settings import Settings, home, runs_folder
from bert4rec_tui.tui.screens import SCREENS, import_screens
from bert4rec_tui.tui.shell.ascii import AsciiOnly
from bert4rec_tui.tui.shell.child_command import OUR_COMMAND, ChildCommand
from bert4rec_tui.tui.shell.dialogs import Chooser, Question
from bert4rec_tui.tui.shell.export import screenshot_name, write_export
from bert4rec_tui.tui.shell.help import HelpScreen, keys_here
from bert4rec_tui.tui.shell.live_runs import LiveRun, LiveWatch
from bert4rec_tui.tui.shell.no_controls import NoControls
from bert4rec_tui.tui.shell.palette import THEME, palette_actions, theme_choices
from bert4rec_tui.tui.shell.quitting import ask_to_quit, farewell
from bert4rec_tui.tui.shell.run_endings import ending_of
from bert4rec_tui.tui.shell.running_commands import RunningCommands
from bert4rec_tui.tui.shell.screen import MainScreen
from bert4rec_tui.tui.shell.terminal_notification import notify_terminal
from bert4rec_tui.tui.shell.text_input import TextInput
from bert4rec_tui.tui.shell.textual_private import no_errors_after_exit
from bert4rec_tui.tui.shell.themes import HIGH_CONTRAST, remember_theme


@no_errors_after_exit
class Bert4RecApp(App[str | None], inherit_bindings=False):
    """From raw interactions to recommendations, in the terminal. Returns the line to print after it has closed."""

    TITLE = "bert4rec"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False  # the palette is ours, so that its keys have ids like all others
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = SCREENS
    DEFAULT_MODE = "datasets"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show_screen('datasets')", "Datasets", id="app.datasets", show=False,
                tooltip="Datasets to train on, and preparing them"),
        Binding("2", "show_screen('train')", "Train", id="app.train", show=False,
                tooltip="Configure and launch a run"),
        Binding("3", "show_screen('runs')", "Runs", id="app.runs", show=False,
                tooltip="All runs and their curves"),
        Binding("4", "show_screen('test')", "Test", id="app.test", show=False,
                tooltip="Metrics of a trained model"),
        Binding("5", "show_screen('explore')", "Explore", id="app.explore", show=False,
                tooltip="Users, their histories and recommendations"),
        Binding("question_mark", "help", "Help", id="app.help",
                tooltip="Help on what has the focus, and all keys that work here"),
        Binding("ctrl+p,colon", "palette", "All actions", id="app.palette", show=False,
                tooltip="Search all actions by name"),
        Binding("W", "picture", "Screenshot", id="app.picture", show=False,
                tooltip="Save a screenshot as an SVG file"),
        Binding("q,ctrl+c", "leave", "Quit", id="app.quit", show=False,
                tooltip="Quit; runs keep training unless you stop them"),
    ]  # fmt: skip

    @dataclass
    class LiveRunsFound(Message):
        """The live runs at this moment; a newer look replaces it in the queue."""

        live: tuple[LiveRun, ...]

        def can_replace(self, message: Message) -> bool:
            """Only the newest look counts."""
            return isinstance(message, Bert4RecApp.LiveRunsFound)

    # Without a repaint: whoever shows it watches it, and over SSH a whole screen every second is dear.
    live: reactive[tuple[LiveRun, ...]] = reactive((), always_update=True, repaint=False)

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        remote: bool = False,
        program: Sequence[str] = OUR_COMMAND,
        explore: str = "",
        greeting: str = "",
    ) -> None:
        super().__init__()
        self.program = program
        self.commands = RunningCommands(self._report, program)
        self._opening, self._greeting = explore, greeting
        self.settings = settings or Settings()
        for theme in HIGH_CONTRAST:
            self.register_theme(theme)
        self.set_keymap(self.settings.keymap)
        self.runs = LocalRuns(runs_folder())
        self.ascii = self.settings.ascii
        self._no_controls, self._ascii_only = NoControls(), AsciiOnly()
        self.remote = remote
        self._live_watch = LiveWatch(self.runs)
        self._looking = self._quitting = False

    def on_mount(self) -> None:
        """Begin to look for live runs."""
        if self.settings.theme in self.available_themes:
            self.theme = self.settings.theme
        # An exception from a signal may be swallowed by whatever runs at that moment; a call of the loop is not.
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) is signal.SIG_IGN:  # as under nohup
                continue
            with suppress(RuntimeError, ValueError):  # not in the main thread, or not on this system
                asyncio.get_running_loop().add_signal_handler(number, self.exit)
        if self._opening:
            self.explore(self._opening)
        if self._greeting:
            self.notify(self._greeting, title="Welcome", markup=False, timeout=25)
        self.look_again()
        self.set_interval(1.0, self.look_again)
        self.set_timer(0.2, self.import_ahead)

    @work(thread=True, group="import", exit_on_error=False)
    def import_ahead(self) -> None:
        """Import what the other screens need while the first one is being looked at."""
        import_screens()
        # What is imported stays: the collector need not go through all of it again, 60 ms in the middle of a key.
        gc.freeze()

    def look_again(self) -> None:
        """Look for live runs, unless a look is still under way on a slow disk."""
        if not self._looking:
            self._looking = True
            self.look_for_live_runs()

    @work(thread=True, group="live", exit_on_error=False)
    def look_for_live_runs(self) -> None:
        """Find out what is at work, off the event loop."""
        try:
            self.post_message(self.LiveRunsFound(self._live_watch.look()))
        finally:
            self._looking = False

    @on(LiveRunsFound)
    def show_live_runs(self, message: LiveRunsFound) -> None:
        """Show what was found, and notify of what has ended since."""
        now = {live.run.id for live in message.live}
        for ended in self.live:
            if ended.run.id not in now:
                self._notify_ending(ended.run)
        self.live = message.live

    def _notify_ending(self, run: Run) -> None:
        if (ending := ending_of(run)) is None:
            return
        notify_terminal(self, self.settings.notify, ending.brief)
        if not ending.bad:
            self.notify(ending.sentence, markup=False, timeout=15)
        elif self.current_mode != "runs" or len(self.screen_stack) > 1:  # the runs screen has a banner for it
            self.notify(ending.sentence, severity="error", markup=False, timeout=15)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A line that is edited keeps ctrl+c for itself: there it means copying."""
        del parameters
        return not (action == "leave" and isinstance(self.screen.focused, TextInput))

    @work(thread=True, group="screenshot", exit_on_error=False)
    def write_screenshot(self, svg: str) -> None:
        """Write a screenshot to the current folder, or to that of the data, and notify where it is."""
        sentence, failed = write_export(svg.encode(), screenshot_name(), [Path.cwd(), home()])
        self.call_from_thread(self.notify, sentence, severity="error" if failed else "information", markup=False)

    def action_picture(self) -> None:
        """Save a screenshot of the terminal."""
        self.write_screenshot(self.export_screenshot(title="bert4rec"))

    async def action_help(self) -> None:
        """Show what has the focus, and every key that works here."""
        with self.batch_update():  # painted once, with all that is in it
            await self.push_screen(page := HelpScreen(self.screen.focused, keys_here(self.screen)))
        page.post_message(Update(page))
        page.post_message(Resize(self.size, self.size))  # which paints now, not at the next frame

    @work(exclusive=True, group="palette", exit_on_error=False)
    async def action_palette(self) -> None:
        """Find any action by its name, and do it."""
        actions = palette_actions(self.screen)
        themes = theme_choices(list(self.available_themes), self.theme)
        choices = [*(choice for choice, _, _ in actions.values()), *themes]
        chosen = await self.push_screen_wait(Chooser("All actions", choices, search=True))
        if chosen is None:
            return
        if chosen.startswith(THEME):
            self.theme = chosen.removeprefix(THEME)
            remember_theme(self.theme)
        else:
            _, node, action = actions[chosen]
            await self.run_action(action, node)

    def action_leave(self) -> None:
        """Quit; ask first where something trains or is being prepared."""
        if not self._quitting:
            self._quitting = True
            self.quit_if_confirmed()
        elif self.live and not self.commands.busy:  # a second q, faster than the question: as it would answer
            self.exit(farewell(self.live, stopped=False))

    @work(group="quit", exit_on_error=False)
    async def quit_if_confirmed(self) -> None:
        """Ask what there is to ask, and close the program."""
        try:
            if (answer := await ask_to_quit(self, self.commands.busy)) is not None:
                self.exit(answer.farewell)
        finally:
            self._quitting = False

    def get_key_display(self, binding: Binding) -> str:
        """A key in letters that every terminal and every reader has: `enter`, `esc`, `ctrl+p`, `?`."""
        *modifiers, key = binding.key.split("+")
        words = {"escape": "esc", "pagedown": "pgdn", "pageup": "pgup", "delete": "del"}
        words |= {name: name for name in ("enter", "space", "up", "down", "left", "right", "backspace")}
        return "+".join([*modifiers, words.get(key) or format_key(key)])

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What changes each line last: nothing steers the terminal, and in ASCII mode all is drawn in ASCII."""
        filters = [*super().get_line_filters(), self._no_controls]
        return [*filters, self._ascii_only] if self.ascii else filters

    def action_show_screen(self, mode: str) -> None:
        """Go to one of the five screens."""
        self.go(mode)

    def go(self, mode: str, **what: Any) -> None:
        """Go to one of the five screens, there to something, such as `run="…"`."""
        self.call_later(self._go, mode, what)

    async def _go(self, mode: str, what: dict[str, Any]) -> None:
        while len(self.screen_stack) > 1:  # a dialog of the screen that is left, which has no answer then
            if self.screen.is_mounted:
                self.screen.dismiss(None)
            else:
                await asyncio.sleep(0.005)
        await self.switch_mode(mode)
        if what and isinstance(self.screen, MainScreen):
            self.screen.on_arrive(**what)

    def show_run(self, run_id: str) -> None:
        """Watch a run."""
        self.go("runs", run=run_id)

    def show_test(self, run_id: str) -> None:
        """See how well a run's model does."""
        self.go("test", run=run_id)

    def explore(self, run_id: str | None = None, user: int | None = None) -> None:
        """See what a run's model recommends, to a user if one is named."""
        self.go("explore", run=run_id, user=user)

    def train_on(self, dataset_id: str, config: Config | None = None) -> None:
        """Configure a run on a prepared dataset, starting from a configuration if one is given."""
        self.go("train", dataset=dataset_id, config=config)

    async def run_command(
        self, *arguments: str, progressed: Callable[[Progress], None] | None = None
    ) -> dict[str, Any]:
        """Run one of our commands to its end and return the object that it printed; to be awaited in a worker.

        Raises CommandError with the command's own sentence. Cancelling the worker ends the command.
        """
        return await self.commands.run(*arguments, progressed=progressed)

    def command(self, *arguments: str) -> ChildCommand:
        """One of our commands that the caller follows and may cancel; it ends with the program without a question."""
        return self.commands.command(*arguments)

    def _report(self, sentence: str) -> None:
        self.notify(sentence, markup=False, timeout=12)

    async def on_unmount(self) -> None:
        """Take down what works for this program alone; runs are nobody's child and continue."""
        await self.commands.end_all()

    async def ask(self, question: str, choices: Mapping[str, str], detail: str = "") -> str | None:
        """Ask in a dialog: key of the choice → its words, the safe answer first; None when it is left with esc.

        To be awaited in a worker (`@work`), since the answer takes as long as the person does.
        """
        return await self.push_screen_wait(Question(question, choices, detail))
