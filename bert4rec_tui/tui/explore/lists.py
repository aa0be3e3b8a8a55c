"""Which list is shown: filtered, diversified, and that of another run beside it."""

import asyncio
import dataclasses
from typing import ClassVar

from textual import events, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.filters import ItemFilter, filter_text
from bert4rec_tui.runs.store import CheckpointName, RunSource
from bert4rec_tui.tui.explore.asking import MOST
from bert4rec_tui.tui.explore.changing import ExploreChanging
from bert4rec_tui.tui.explore.filter import FilterDialog
from bert4rec_tui.tui.explore.loaded_run import World, read_world
from bert4rec_tui.tui.explore.recommendations import Diverse, RecommendError
from bert4rec_tui.tui.explore.rows import MovieRows
from bert4rec_tui.tui.explore.second_run import Beside, item_map
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.lines import Lines
from bert4rec_tui.tui.shell.run_choice import choose_other
from bert4rec_tui.tui.shell.text import MUTED, clean, count, cut

STEP = 0.1  # of the weight of diversity
ROOM_FOR_HISTORY = 120  # columns from which the history stays where two lists stand side by side


class ExploreLists(ExploreChanging):
    """Filters and diversifies the predictions, and sets those of another run beside them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "filter", "Filter", id="explore.filter", show=False,
                tooltip="Show movies of some genres, years or popularity only, or those that are in the history"),
        Binding("d", "diversify(1)", "More diverse", id="explore.more_diverse", show=False,
                tooltip="Choose movies that are less like each other; what it costs in score is said"),
        Binding("D", "diversify(-1)", "Less diverse", id="explore.less_diverse", show=False,
                tooltip="Let the score count for more again; at 0 the list is the plain one"),
        Binding("B", "beside", "Run beside", id="explore.beside", show=False,
                tooltip="Set the list of another run beside this one, with what differs marked; again takes it away"),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.beside: Beside | None = None
        self.beside_rows: MovieRows | None = None
        self.wanted_beside: tuple[str, CheckpointName] | None = None  # to be set beside once the world is there

    @work(exclusive=True, group="question")
    async def action_filter(self) -> None:
        """Ask for a filter."""
        world = self.world
        if world is None:
            return
        wanted = await self.app.push_screen_wait(FilterDialog(world, self.wanted_movies, self.taste.items))
        if wanted is not None and self.world is world:
            self.wanted_movies = wanted
            self.query_one("#next", ArrayList).cursor = 0
            self.ask()

    def action_diversify(self, steps: int) -> None:
        """Weigh diversity more, or less."""
        weight = round(min(1.0, max(0.0, self.weight + steps * STEP)), 2)
        if self.world is not None and weight != self.weight:
            self.weight = weight
            self.ask()
        elif self.world is not None:
            self.notify("The list is the plain one." if steps < 0 else "1 is the maximum.")

    @work(exclusive=True, group="question")
    async def action_beside(self) -> None:
        """Choose the run whose list stands beside this one, or take it away."""
        world = self.world
        if self.beside is not None:
            self.beside = None
            self.ask()
            return
        if world is None:
            return
        chosen = await choose_other(self, "Whose list beside this one?", world.run, world.checkpoint)
        if chosen is None or self.world is not world:
            return
        await self._set_beside(world, *chosen)

    async def _set_beside(self, world: World, run_id: str, checkpoint: CheckpointName) -> None:
        found = await asyncio.to_thread(read_beside, self.application.runs, run_id, world, checkpoint)
        if isinstance(found, str):
            self.notify(found, severity="warning", markup=False)
        elif self.world is world:
            self.beside = found
            self.ask()

    @work(exclusive=True, group="set-beside", exit_on_error=False)
    async def set_wanted_beside(self, world: World, run_id: str, checkpoint: CheckpointName) -> None:
        """Set the list of the checkpoint beside that another screen asked for."""
        await self._set_beside(world, run_id, checkpoint)

    @work(group="beside", exit_on_error=False)
    async def ask_beside(self) -> None:
        """Ask the other run about the same history, with the same filter."""
        beside, server, taste = self.beside, self._server, self.taste
        if beside is None or server is None:
            return
        other = beside.world
        history, target = beside.history(taste.items), beside.target(taste.target)
        try:
            answer = await server.recommend(
                other.run.path, history, MOST, target, other.checkpoint,
                wanted=self.wanted_movies, weight=self.weight, beside=True,
            )  # fmt: skip
        except (RecommendError, UserError) as error:
            beside.answer, beside.problem = None, str(error)
        else:
            if answer is None:
                return
            beside.answer, beside.problem = answer, ""
        if self.beside is beside:
            self.show(keep_why=True)

    def on_resize(self, event: events.Resize) -> None:
        """Fit what stands beside to the width."""
        self.fit_beside(event.size.width)

    def fit_beside(self, width: int) -> None:
        """The users give way to a second list, in a narrow terminal the history too."""
        two = self.beside is not None and not self.near_to
        self.set_class(two, "-beside")
        self.query_one("#beside-pane").set_class(not two, "-absent")
        self.query_one("#users-pane").set_class(two, "-absent")
        self.query_one("#history-pane").set_class(two and width < ROOM_FOR_HISTORY, "-absent")
        focused = self.focused.ancestors_with_self if self.focused else []
        if any(pane.has_class("-absent") for pane in focused if isinstance(pane, Widget)):
            self.choose_pane(self.query_one("#next-pane"))

    def show_beside(self) -> None:
        """Draw the list of the other run, and mark in the first one what the other has not."""
        self.fit_beside(self.size.width)
        beside, pane = self.beside, self.query_one("#beside-pane")
        self.beside_rows = None
        if beside is None or self.near_to:
            return
        self.beside_rows = beside.rows(self.movies, self.taste.target)
        if self.movies and (not self.taste.changed or not self.movies.marks):
            self.movies = dataclasses.replace(self.movies, marks=beside.marks_for(self.movies.items))
        epoch = f" (epoch {beside.answer.epoch})" if beside.answer else ""
        pane.border_title = Content(f"Beside, by {beside.world.run.short_id}, {beside.world.checkpoint}{epoch}")
        pane.border_subtitle = Content(f"{beside.left_out} movies it does not know" if beside.left_out else "")
        rows = self.query_one("#beside", ArrayList)
        rows.empty = beside.problem or ("the model is being loaded…" if beside.answer is None else "nothing passes")
        rows.show_rows(len(self.beside_rows.items) if self.beside_rows else 0)

    def show_told(self) -> None:
        """Say above the list what was filtered and what diversity costs, or what the columns of neighbours are."""
        line, ascii = self.query_one("#told", Lines), self.application.ascii
        texts: list[str] = []
        if self.near_to and self.movies is not None:
            texts = ["cosine, times after it, times before"]
        elif self.world is not None:
            if self.wanted_movies.excludes:
                texts.append(f"filter: {filter_text(self.wanted_movies)}")
            if self.weight:
                texts.append(diverse_words(self.weight, self.answer.diversified if self.answer else None))
        line.display = bool(texts)
        line.styles.height = len(texts)
        line.show(lambda width: [Content.styled(cut(clean(text), width, ascii).rstrip(), MUTED) for text in texts])

    def show_about_movie(self) -> None:
        """Say below the list how well known the movie under its cursor is, and its genres."""
        line, row, world = self.query_one("#about-movie", Lines), self.query_one("#next", ArrayList).row, self.world
        line.display = world is not None and self.movies is not None and 0 <= row < len(self.movies.items)
        if world is None or self.movies is None or not line.display:
            return
        item = self.movies.items[row]
        times = "×" if not self.application.ascii else "x"
        known = f"watched {count(int(world.dataset.train_counts[item - 1]))}{times} in training"
        text = f"{known}  {clean(world.genres(item))}"
        line.show(lambda width: [Content.styled(cut(text, width, self.application.ascii).rstrip(), MUTED)])

    def forget_lists(self) -> None:
        """No filter holds for another dataset, whose genres may be others; what was asked for comes to stand beside."""
        self.wanted_movies = ItemFilter()
        self.beside = None
        if self.wanted_beside is not None and self.world is not None:
            self.set_wanted_beside(self.world, *self.wanted_beside)
        self.wanted_beside = None


def diverse_words(weight: float, diverse: Diverse | None) -> str:
    """What diversity costs the first ten: `diverse 0.3: score 8.31 (-0.42), alike 0.41 > 0.22 in the top 10`."""
    if diverse is None:
        return f"diverse {weight:.1f}"
    cost = diverse.mean_score - diverse.plain_score
    likeness = f"alike {diverse.plain_likeness:.2f} > {diverse.likeness:.2f}"
    return f"diverse {weight:.1f}: score {diverse.mean_score:.2f} ({cost:+.2f}), {likeness} in the top 10"


def read_beside(source: RunSource, run_id: str, world: World, checkpoint: CheckpointName = "best") -> Beside | str:
    """Read the other run; a sentence where it cannot be, or has no movie in common. For a thread."""
    other = read_world(source, run_id, checkpoint)
    if isinstance(other, str):
        return other
    theirs = item_map(world.dataset, other.dataset)
    if not theirs.any():
        return f"{other.run.short_id} was trained on {other.dataset.id}, which shares no movie with {world.dataset.id}."
    return Beside(other, theirs, item_map(other.dataset, world.dataset))
