"""The lines around the list of predictions: what it leaves out, the item under the cursor, the held-out item, why."""

from collections.abc import Sequence

from textual.content import Content

from bert4rec_tui.recommend.filters import filter_text
from bert4rec_tui.tui.explore.client import Diverse, Recommended
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.ranked_items import change_mark
from bert4rec_tui.tui.explore.rows import drawn_mark, signed
from bert4rec_tui.tui.explore.session import Explanation, ExploreSession, HeldOut
from bert4rec_tui.tui.lists.array_list import cells
from bert4rec_tui.tui.shell.text import MUTED, clean, count, cut

SHOWN_CAUSES = 3


def list_notes(session: ExploreSession) -> list[str]:
    """What is above the list: the columns of neighbours, else the filter and what diversity costs."""
    if session.neighbours is not None:
        return ["similarity, followed by, preceded by"]
    if session.loaded is None:
        return []
    notes = [f"filter: {filter_text(session.item_filter)}"] if session.item_filter.excludes else []
    if session.diversity:
        answer, question = session.answer, session.answered
        current = question is not None and question.diversity == session.diversity
        notes += diversity_notes(session.diversity, answer.diversified if answer and current else None)
    return notes


def diversity_notes(diversity: float, cost: Diverse | None) -> list[str]:
    """What diversity costs: `diversity 0.3: top 10 score 8.31 (-0.42)`, `top 10 similarity 0.41 > 0.22`."""
    if cost is None:
        return [f"diversity {diversity:.1f}"]
    change = cost.mean_score - cost.plain_score
    return [
        f"diversity {diversity:.1f}: top 10 score {cost.mean_score:.2f} ({change:+.2f})",
        f"top 10 similarity {cost.plain_likeness:.2f} > {cost.likeness:.2f}",
    ]


def item_note(loaded: LoadedRun, item: int) -> str:
    """How often an item was interacted with in training, and its categories."""
    times = int(loaded.dataset.train_counts[item - 1])
    interactions = f"{count(times)} {'interaction' if times == 1 else 'interactions'} in training"
    return f"{interactions}  {clean(loaded.categories(item))}"


def held_out_line(loaded: LoadedRun, held_out: HeldOut, width: int, ascii: bool) -> Content:
    """The held-out item and its rank, with how that has changed."""
    mark = Content.styled("+ " if ascii else "✓ ", "$text-success bold")
    rank = f"  rank {count(held_out.rank)} of {count(held_out.candidates)}"
    change = Content("")
    if held_out.rank_before:
        change = drawn_mark(change_mark(held_out.rank, held_out.rank_before), ascii)
        change = Content(" ") + change if change else change
    title = f"held out: {clean(loaded.title(held_out.item))}"
    room = max(8, width - 2 - len(rank) - change.cell_length)
    return mark + Content(cut(title, room, ascii).rstrip()) + Content.styled(rank, "bold") + change


def explanation_lines(loaded: LoadedRun, explanation: Explanation, width: int, ascii: bool) -> list[Content]:
    """The strongest causes with their shares, and how often the item came right after each in training."""
    explained, history = explanation.explained, explanation.history
    order = sorted(range(len(history)), key=lambda place: -abs(explained.shares[place]))[:SHOWN_CAUSES]
    lines = [Content.styled(cut(f"why {clean(loaded.title(explanation.item))}?", width, ascii).rstrip(), "bold")]
    for place in (place for place in order if explained.shares[place]):
        times = int(explanation.preceded[history[place]])
        note = f"followed {count(times)}×" if times else ""
        title = width - 7 - (len(note) + 1 if note else 0)
        cause: Sequence[tuple[str | Content, int]] = [
            (signed(explained.shares[place]), -5),
            ("", 0),
            (cut(loaded.title(history[place]), title, ascii), title),
        ]
        lines.append(cells(*cause, *([(Content.styled(note, MUTED), len(note))] if note else [])))
    if len(lines) == 1:
        lines.append(Content(f"no single {loaded.noun.one} of the history"))
    total = f"log p {explained.score:.2f}, without history {explained.score_without:.2f}"
    return [*lines, Content.styled(cut(total, width, ascii).rstrip(), MUTED)]


def run_title(run: str, checkpoint: str, answer: Recommended | None, ascii: bool) -> str:
    """Whose predictions a list shows: `Next, by baji · best (epoch 12)`."""
    epoch = f" (epoch {answer.epoch})" if answer else ""
    return f"Next, by {run} {'-' if ascii else '·'} {checkpoint}{epoch}"
