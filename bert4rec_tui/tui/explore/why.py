"""Why a movie is predicted, and what is near to it: by the model, and by what followed what in training."""

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.transitions import followers, predecessors
from bert4rec_tui.tui.explore.asking import MOST, ExploreAsking
from bert4rec_tui.tui.explore.loaded_run import World
from bert4rec_tui.tui.explore.recommendations import Explained, RecommendError
from bert4rec_tui.tui.explore.rows import MovieRows, signed
from bert4rec_tui.tui.lists.array_list import ArrayList, cells
from bert4rec_tui.tui.shell.text import MUTED, clean, count, cut

SHOWN_CAUSES = 3


class ExploreWhy(ExploreAsking):
    """Explains a prediction by the history, and shows the neighbours of a movie."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "why", "Why", id="explore.why", tooltip="Which movies of the history caused this prediction"),
        Binding("n", "nearest", "Nearest", id="explore.nearest",
                tooltip="The movies that the model holds nearest, and how often they follow this one in training"),
    ]  # fmt: skip

    def action_why(self) -> None:
        """Explain the prediction under the cursor."""
        movies = self.query_one("#next", ArrayList)
        if self.near_to:
            self.notify("These are neighbours; esc goes back to the predictions, y then says why.")
            return
        if not self.movies or movies.row < 0:
            return
        if not self.taste.watched:
            self.notify("The history is empty; there is nothing that could be the cause.")
            return
        self.explain(self.movies.items[movies.row])

    def action_nearest(self) -> None:
        """Show the nearest movies of the one under the cursor."""
        if (item := self.movie_under_cursor()) > 0:
            self.find_near(item)

    def movie_under_cursor(self) -> int:
        """The item under the cursor of the predictions, or of the history when that has the focus; 0 for none."""
        history, movies = self.query_one("#history", ArrayList), self.query_one("#next", ArrayList)
        if history.has_focus and history.row >= 0:
            return self.taste.items[len(self.taste.watched) - 1 - history.row]
        return self.movies.items[movies.row] if self.movies and movies.row >= 0 else 0

    def say_why(self, write: Callable[[int], Sequence[Content]]) -> None:
        """Show what a prediction is due to, in the width that there is; the screen says how."""

    @work(exclusive=True, group="why", exit_on_error=False)
    async def explain(self, item: int) -> None:
        """Ask which movies of the history caused a prediction."""
        world, server, taste = self.world, self._server, self.taste
        if world is None or server is None:
            return
        items = taste.items
        try:
            why = await server.explain(world.run.path, items, item, world.checkpoint)
            before = await asyncio.to_thread(predecessors, world.dataset, item)
        except (RecommendError, UserError) as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if why is None or self.taste is not taste or taste.items != items:
            return
        self.shares = why.shares
        self.show(keep_why=True)
        ascii, counts = self.application.ascii, before.tolist()
        self.say_why(lambda width: why_lines(world, items, item, why, counts, max(20, width), ascii))

    @work(exclusive=True, group="near", exit_on_error=False)
    async def find_near(self, item: int) -> None:
        """Ask for the nearest movies."""
        world, server = self.world, self._server
        if world is None or server is None:
            return
        try:
            near = await server.similar(world.run.path, item, MOST, world.checkpoint)
            after = await asyncio.to_thread(followers, world.dataset, item)
            before = await asyncio.to_thread(predecessors, world.dataset, item)
        except (RecommendError, UserError) as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if near is not None and self.world is world:
            self.near_to = item
            followed = [(int(after[other]), int(before[other])) for other in near.items]
            self.movies = MovieRows(world, near.items, near.similarities, followed=followed)
            self.query_one("#next", ArrayList).cursor = 0
            self.show()


def why_lines(
    world: World, items: Sequence[int], item: int, why: Explained, before: Sequence[int], width: int, ascii: bool
) -> list[Content]:
    """The strongest causes with their shares, and how often the movie came right after each in training.

    before: by item, how often it stood right before the explained one.
    """
    order = sorted(range(len(items)), key=lambda place: -abs(why.shares[place]))[:SHOWN_CAUSES]
    lines = [Content.styled(cut(f"why {clean(world.title(item))}?", width, ascii).rstrip(), "bold")]
    for place in (place for place in order if why.shares[place]):
        times = before[items[place]]
        note = f"next {count(times)}×" if times else ""
        title = width - 7 - (len(note) + 1 if note else 0)
        parts = (signed(why.shares[place]), -5), ("", 0), (cut(world.title(items[place]), title, ascii), title)
        lines.append(cells(*parts, *([(Content.styled(note, MUTED), len(note))] if note else [])))
    if len(lines) == 1:
        lines.append(Content("no single movie of the history"))
    total = f"log p {why.score:.2f}, without history {why.score_without:.2f}"
    return [*lines, Content.styled(cut(total, width, ascii).rstrip(), MUTED)]
