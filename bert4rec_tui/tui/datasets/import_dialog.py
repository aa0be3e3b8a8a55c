"""The dialog that imports a file: its first rows, the guessed columns, what is wrong, before anything is written."""

from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from bert4rec_tui.config import DatasetConfig
from bert4rec_tui.tui.datasets.form import IMPORT_NOTES, import_sections, role_word
from bert4rec_tui.tui.datasets.importing import NONE, Described, import_errors
from bert4rec_tui.tui.datasets.preview_table import PreviewTable
from bert4rec_tui.tui.forms.draft import Draft
from bert4rec_tui.tui.forms.form import Form
from bert4rec_tui.tui.shell.child_command import CommandError
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser, Dialog, Prompt
from bert4rec_tui.tui.shell.path_prompt import PathInput
from bert4rec_tui.tui.shell.text import MUTED, clean
from bert4rec_tui.tui.shell.text_input import TextInput


class ImportFile(Dialog[DatasetConfig]):
    """Import a file; the answer is the settings of its preparation."""

    DEFAULT_CSS = """
    ImportFile > Vertical { width: 100%; max-width: 116; height: 95%; max-height: 34; }
    ImportFile #path { margin-bottom: 1; background: $background; }
    ImportFile #found { display: none; height: 1fr; }
    ImportFile.-found #found { display: block; }
    ImportFile PreviewTable { height: 1fr; min-height: 4; max-height: 12; }
    ImportFile Form { height: auto; max-height: 55%; margin-top: 1; }
    ImportFile #state { dock: bottom; height: auto; max-height: 5; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "accept", "Prepare", id="import.prepare", tooltip="Prepare the file with these settings"),
        Binding("o", "other", "Other file", id="import.other", tooltip="Enter another path"),
    ]

    def __init__(self, described: Described | None = None) -> None:
        super().__init__()
        self.path = described.path if described else ""
        # How a file whose preparation failed was described, to begin with.
        self.described = described

    def compose(self) -> ComposeResult:
        """The path; below it, once there is one, the rows, the columns, the problems."""
        with Vertical() as box:
            box.border_title = Content("Import a file")
            yield PathInput(self.path, placeholder="path of a file, folder or zip with interactions", id="path")
            with Vertical(id="found"):
                yield PreviewTable(self.ascii)
                yield Form([], Draft({}, import_errors), ascii=self.ascii)
            yield Static(id="state", markup=False)

    @property
    def ascii(self) -> bool:
        """Whether only ASCII is drawn."""
        return self.application.ascii

    def on_mount(self) -> None:
        """Begin with the path."""
        self.query_one("#state", Static).update(
            Content.styled("CSV, TSV, JSON, Parquet or Arrow; compressed or not; a file, folder or zip", MUTED)
        )
        self.query_one("#path").focus()
        self._say_keys()
        if self.described is not None:
            self.take_up(self.described)

    @work(exclusive=True, group="preview", exit_on_error=False)
    async def take_up(self, described: Described) -> None:
        """Go on with the description of a file, and preview it again."""
        await self._begin(described)
        self.preview()

    def _say_keys(self) -> None:
        found = self.described is not None
        keys = "p prepare  enter edit  o other file  esc cancel" if found else "enter preview  tab complete  esc cancel"
        self.query_one(Vertical).border_subtitle = Content(keys)
        self.set_class(found, "-found")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to accept before a file has been looked at, and an edited field has esc for itself."""
        del parameters
        editing = isinstance(self.focused, TextInput)
        if action in ("accept", "other"):
            return self.described is not None and not editing
        return not editing or self.focused is self.query_one("#path") if action == "leave" else True

    @on(TextInput.Submitted, "#path")
    def look(self, event: TextInput.Submitted) -> None:
        """Look at the file."""
        event.stop()
        if event.value.strip():
            if event.value.strip() != self.path:
                self.path, self.described = event.value.strip(), None
            self.preview()

    @work(exclusive=True, group="preview", exit_on_error=False)
    async def preview(self, description: Described | None = None) -> None:
        """Let our own command look at the first rows, as the person describes them.

        description: that of a file of which nothing has been seen yet.
        """
        state = self.query_one("#state", Static)
        state.update(Content.styled("reading…", MUTED))
        described = description or self.described or Described(self.path)
        try:
            seen = await self.application.run_command(*described.preview_arguments())
        except CommandError as error:
            problem, _, option = str(error).partition("; use --")
            state.update(Content.styled(clean(problem), "$text-error"))
            if option == "separator":
                await self._ask_separator(described)
            return
        if self.described is None or seen["columns"] != self.described.columns:
            await self._begin(described.previewed(seen))
            if self.described is not None and self.described.guessed:
                self._show(seen)
                self.preview()  # with the guess given as columns: can the rows be read so?
                return
        else:
            self.described = self.described.previewed_again(seen)
        self._show(seen)

    async def _ask_separator(self, described: Described) -> None:
        """Ask for the column separator where it is none of the usual ones, and preview again."""
        prompt = Prompt("Column separator", placeholder="a character, or tab")
        separator = await self.app.push_screen_wait(prompt)
        if separator:
            self.preview(described.described_by({"separator": separator}))

    async def _begin(self, described: Described) -> None:
        """A form for the columns that were found."""
        self.described = described
        form = self.query_one(Form)
        new = Form(import_sections(), Draft(described.values, import_errors), ascii=self.ascii)
        await form.remove()
        await self.query_one("#found").mount(new, after=self.query_one(PreviewTable))
        self._say_keys()
        new.annotate(IMPORT_NOTES)
        new.select("name")

    def _show(self, seen: dict[str, Any]) -> None:
        if self.described is None:
            return
        roles = {role: column for role, column in self.described.values["columns"].items() if column != NONE}
        self.query_one(PreviewTable).show(seen["columns"], seen["rows"], roles)
        state = self.query_one("#state", Static)
        if self.described.problems:
            sign = "x" if self.ascii else "✗"
            lines = "\n".join(f"{sign} {clean(problem)}" for problem in self.described.problems[:4])
            state.update(Content.styled(lines, "$text-error"))
        else:
            sign = "+" if self.ascii else "✓"
            guessed = clean(self.described.guessed)
            caution = f"! {guessed}: check them\n" if guessed else ""
            notes = "".join(f"{clean(note)}\n" for note in self.described.notes[:2])
            state.update(
                Content.styled(notes, MUTED)
                + Content.styled(caution, "$text-warning")
                + Content.styled(f"{sign} preview OK, press p to prepare", "$text-success")
            )

    @on(Form.Changed)
    def preview_again(self, event: Form.Changed) -> None:
        """Another description is tried at once."""
        if self.described is not None and event.form.values != self.described.values:
            self.described = self.described.described_by(event.form.values)
            self.preview()

    @on(Form.PickRequested)
    def choose_column(self, event: Form.PickRequested) -> None:
        """Choose the column that has a role."""
        if self.described is None:
            return
        path, columns = event.item.path, [NONE, *self.described.columns]
        examples = [NONE, *(self.described.rows[0] if self.described.rows else [])]
        notes = dict(zip(columns, examples, strict=False))

        def take(chosen: str | None) -> None:
            if chosen is not None:
                event.form.set_value(path, chosen)

        role = path.rpartition(".")[2]
        chosen = str(event.form.values["columns"][role])
        choices = [Choice(column, clean(column), clean(notes.get(column, ""))[:30]) for column in columns]
        self.app.push_screen(Chooser(f"Column with the {role_word(role)}", choices, chosen), take)

    def action_other(self) -> None:
        """Enter another path."""
        self.query_one("#path").focus()

    def action_accept(self) -> None:
        """Prepare the file with these settings, unless something is wrong with them."""
        form = self.query_one(Form)
        if self.described is None:
            return
        if form.errors:
            form.select(next(iter(form.errors)))
        elif self.described.problems:
            self.notify(self.described.problems[0], title="Cannot be prepared", severity="error", markup=False)
        else:
            self.dismiss(self.described.settings())
