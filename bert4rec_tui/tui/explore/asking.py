"""What the explore screen reads and asks: a run with its dataset, a history, the recommender's answers."""

import asyncio
from collections.abc import Sequence

from textual import work

from bert4rec_tui.errors import UserError
from bert4rec_tui.recommend.filters import ItemFilter
from bert4rec_tui.runs.store import CheckpointName
from bert4rec_tui.settings import logs_folder
from bert4rec_tui.tui.explore.edited_history import Taste, taste_of
from bert4rec_tui.tui.explore.loaded_run import World, read_ranks, read_world
from bert4rec_tui.tui.explore.recommendations import OUR_SERVER, Recommendations, Recommended, RecommendError
from bert4rec_tui.tui.explore.rows import MovieRows, change_mark
from bert4rec_tui.tui.lists.array_list import ArrayList
from bert4rec_tui.tui.shell.screen import MainScreen

MOST = 100  # predictions that are asked for


class ExploreAsking(MainScreen):
    """Holds the state of the explore screen in one place and asks the recommender about it."""

    program: Sequence[str] = OUR_SERVER

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.problem = "reading…"
        self.wanted = ""  # the run to show; empty for the newest with a model
        self.checkpoint: CheckpointName = "best"
        self.taste = Taste()
        self.answer: Recommended | None = None
        self.shares: list[float] = []
        self.near_to = 0
        self.wanted_movies = ItemFilter()
        self.weight = 0.0  # by how much the list is diversified
        self.movies: MovieRows | None = None
        self.found_by = ""
        self._server: Recommendations | None = None

    def start_server(self) -> None:
        """Be ready to ask; the process itself starts with the first question."""
        self._server = Recommendations(
            logs_folder() / "recommend.log",
            program=self.program,
            say=lambda sentence: self.notify(sentence, severity="warning"),
        )

    async def on_unmount(self) -> None:
        """End the recommender."""
        if self._server is not None:
            await self._server.close()

    def show(self, keep_why: bool = False) -> None:
        """Draw everything as it stands; the screen says how."""

    @work(exclusive=True, group="load", exit_on_error=False)
    async def load(self, user: int | None = None) -> None:
        """Read a run and its dataset, in a thread; keep the user where the dataset stays."""
        found = await asyncio.to_thread(read_world, self.application.runs, self.wanted, self.checkpoint)
        before = self.world
        if isinstance(found, str):
            self.show_problem(found)
            return
        self.world, self.problem, self.checkpoint = found, "", found.checkpoint
        self.answer = self.movies = None  # they are another model's, and maybe another catalogue's
        self.wanted = found.run.id
        self.set_class(found.long_names, "-long-names")
        users = self.query_one("#users", ArrayList)
        if before is not None and before.dataset.path == found.dataset.path and user is None:
            users.refresh()
            self.ask()
        else:
            self.found_by = ""
            self.forget_lists()
            users.show_rows(found.rows, keep=user or 0)
            self.open_user(user or 0)
            if self.compact:
                self.choose_pane(self.query_one("#history-pane"))
        self.show()

    def show_problem(self, problem: str) -> None:
        """Say why there is nothing to explore, where the users would stand."""
        self.world, self.problem, self.answer, self.movies = None, problem, None, None
        self.taste = Taste()
        self.show()
        self.query_one("#users", ArrayList).show_rows(0)

    @work(exclusive=True, group="ranks", exit_on_error=False)
    async def read_ranks_again(self) -> None:
        """Read the ranks of the last test again."""
        world = self.world
        if world is not None:
            found = await asyncio.to_thread(read_ranks, world.run, world.checkpoint, world.dataset.users)
            world.protocol, world.ranks = found
            self.query_one("#users", ArrayList).refresh()

    @work(exclusive=True, group="user", exit_on_error=False)
    async def open_user(self, user: int, knows_target: bool = False) -> None:
        """Read the history of a user and ask for what comes next."""
        if self.world is None:
            return
        try:
            self.taste = await asyncio.to_thread(taste_of, self.world.dataset, user, knows_target)
        except UserError as error:
            self.show_problem(str(error))
            return
        self.query_one("#history", ArrayList).cursor = 0
        self.query_one("#next", ArrayList).cursor = 0
        self.ask()

    def ask(self) -> None:
        """Forget what was said of another history and ask about this one."""
        self.shares, self.near_to = [], 0
        self.show()
        self.recommend(self.taste)
        self.ask_beside()

    def show_all_users(self, row: int) -> None:
        """List every user, and the histories of one's own above them, with the cursor on a row if it is one."""
        if self.world is not None:
            self.found_by = ""
            users = self.query_one("#users", ArrayList)
            users.show_rows(self.world.rows, keep=row if row >= 0 else users.row)
            self.query_one("#users-pane").border_title = "Users"

    def ask_beside(self) -> object:
        """Ask the run beside about this history too, where there is one; the screen says how."""

    def forget_lists(self) -> None:
        """Another dataset is shown: what was chosen for the lists of the one before goes; the screen says what."""

    @work(group="recommend", exit_on_error=False)
    async def recommend(self, taste: Taste) -> None:
        """Ask for the next movies; of several questions in a row the last alone is answered."""
        world, server = self.world, self._server
        if world is None or server is None:
            return
        try:
            answer = await server.recommend(
                world.run.path,
                taste.items,
                MOST,
                taste.target,
                world.checkpoint,
                before=taste.before,
                wanted=self.wanted_movies,
                weight=self.weight,
            )
        except (RecommendError, UserError) as error:
            self.answer, self.movies, self.problem = None, None, str(error)
        else:
            if answer is None or self.world is not world:
                return
            self.answer, self.problem = answer, ""
            marks = list(map(change_mark, answer.ranks, answer.ranks_before))
            self.movies = MovieRows(world, answer.items, answer.scores, taste.target, marks)
        self.show()
