"""Which users are listed by how the model did on them, and the list of movies taken elsewhere: copied, or as a file."""

import asyncio
import csv
import io
from pathlib import Path
from typing import ClassVar

import numpy as np
from textual import work
from textual.binding import Binding, BindingType

from bert4rec_tui.settings import home
from bert4rec_tui.tui.explore.lists import ExploreLists
from bert4rec_tui.tui.explore.rows import HIT, MovieRows
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.dialogs import Choice, Chooser
from bert4rec_tui.tui.shell.export import write_export
from bert4rec_tui.tui.shell.text import count

NEAR_MISS = 100  # the last rank that is a near miss


class ExploreTaking(ExploreLists):
    """Chooses users by the last test, and takes the list of movies elsewhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "users_by_rank", "Which users", id="explore.users", show=False,
                tooltip="List those whom the model hit, nearly missed or missed in the last test; or one at random"),
        Binding("c", "copy", "Copy", id="explore.copy", show=False,
                tooltip="Copy the list of movies, where the terminal allows it; e writes it to a file"),
        Binding("e", "export", "Export", id="explore.export", show=False,
                tooltip="Write the list of movies to a CSV file in the current folder"),
    ]  # fmt: skip

    @work(exclusive=True, group="question")
    async def action_users_by_rank(self) -> None:
        """Ask which users to list."""
        world = self.world
        if world is None:
            return
        groups = users_by_rank(world.ranks)
        notes = {name: f"{count(len(rows))} users" for name, rows in groups.items()}
        choices = [Choice(name, name, notes[name]) for name in groups if len(groups[name])]
        choices.append(Choice("random", "one at random"))
        title = f"Which users? {world.protocol}" if world.protocol else "Which users? (4 tests the model)"
        chosen = await self.app.push_screen_wait(Chooser(title, choices))
        if chosen is None or self.world is not world:
            return
        users = self.query_one("#users", ArrayList)
        if chosen == "random":
            user = int(np.random.default_rng().integers(world.dataset.users))
            self.show_all_users(user)
        elif chosen == "all":
            self.show_all_users(user := 0)
        else:
            self.found_by = chosen
            user = int(groups[chosen][0])
            users.show_rows(groups[chosen], keep=user)
        self.open_user(user)

    def action_copy(self) -> None:
        """Copy the titles; a terminal that refuses says nothing, so the file is named too."""
        if self.movies:
            self.app.copy_to_clipboard("\n".join(map(self.movies.world.title, self.movies.items)) + "\n")
            said = f"Sent {count(len(self.movies.items))} titles to the terminal's clipboard; e writes a file instead."
            self.notify(said)

    @work(exclusive=True, group="export")
    async def action_export(self) -> None:
        """Write the list to a file."""
        if self.movies and self.world is not None:
            what = "nearest" if self.near_to else "next"
            name = f"{self.world.run.id}-{what}.csv"
            content = movies_as_csv(self.movies).encode()
            said, failed = await asyncio.to_thread(write_export, content, name, [Path.cwd(), home()])
            self.notify(said, severity="error" if failed else "information", markup=False)


def users_by_rank(ranks: np.ndarray) -> dict[str, np.ndarray]:
    """Rows of users by their rank in the last test: the best first, among misses the worst first."""
    order = np.argsort(ranks, kind="stable")
    ranked = ranks[order]
    return {
        "all": np.arange(len(ranks)),
        f"hits, up to {HIT}": order[(ranked > 0) & (ranked <= HIT)],
        f"near misses, up to {NEAR_MISS}": order[(ranked > HIT) & (ranked <= NEAR_MISS)],
        "misses, the worst first": order[ranked > NEAR_MISS][::-1],
    }


def movies_as_csv(movies: MovieRows) -> str:
    """The list as a table: place, id in the source, title, genres, score."""
    dataset, file = movies.world.dataset, io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["rank", "item", "title", "genres", "score"])
    for rank, (item, score) in enumerate(zip(movies.items, movies.scores, strict=True), start=1):
        raw, genres = dataset.item_ids[item - 1], dataset.genres[item - 1]
        writer.writerow([rank, raw, dataset.title(item), genres, f"{score:.6f}"])
    return file.getvalue()
