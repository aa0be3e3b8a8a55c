"""What the Explore screen asks the recommender: predictions, why one of them, and what is near an item."""

import asyncio

from bert4rec_tui.recommend.transitions import followers, predecessors
from bert4rec_tui.tui.explore.client import Recommended, RecommenderClient
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.explore.ranked_items import RankedItems
from bert4rec_tui.tui.explore.session import Explanation, Neighbours, Question

LIST_LENGTH = 100  # items that are asked for


async def predict(client: RecommenderClient, question: Question, second: bool = False) -> Recommended | None:
    """The answer to a question. None when a newer one has replaced it. Raises RecommendError, UserError."""
    return await client.recommend(
        question.run,
        question.history,
        LIST_LENGTH,
        question.target,
        question.checkpoint,
        before=question.baseline,
        item_filter=question.item_filter,
        diversity=question.diversity,
        second=second,
    )


async def explain(client: RecommenderClient, loaded: LoadedRun, question: Question, item: int) -> Explanation | None:
    """Which items of a history caused a prediction. None when a newer request has replaced it.

    Raises RecommendError, UserError.
    """
    explained = await client.explain(question.run, question.history, item, question.checkpoint)
    preceded = await asyncio.to_thread(predecessors, loaded.dataset, item)
    return None if explained is None else Explanation(item, question.history, explained, preceded)


async def neighbours(client: RecommenderClient, loaded: LoadedRun, item: int) -> Neighbours | None:
    """The nearest items, and how often they followed and preceded the item in training.

    None when a newer request has replaced it. Raises RecommendError, UserError.
    """
    near = await client.similar(loaded.run.path, item, LIST_LENGTH, loaded.checkpoint)
    after = await asyncio.to_thread(followers, loaded.dataset, item)
    before = await asyncio.to_thread(predecessors, loaded.dataset, item)
    if near is None:
        return None
    counts = [(int(after[other]), int(before[other])) for other in near.items]
    return Neighbours(item, RankedItems(loaded, near.items, near.similarities, follow_counts=counts))
