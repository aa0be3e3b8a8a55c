"""The list of items as text to take elsewhere: titles to copy, or a CSV table."""

import csv
import io

from bert4rec_tui.tui.explore.ranked_items import RankedItems


def as_titles(ranked: RankedItems) -> str:
    """The titles, one a line."""
    return "\n".join(map(ranked.loaded.title, ranked.items)) + "\n"


def as_csv(ranked: RankedItems) -> str:
    """A table: place, id in the source, title, categories, score."""
    dataset, file = ranked.loaded.dataset, io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["rank", "item", "title", "genres", "score"])
    for rank, (item, score) in enumerate(zip(ranked.items, ranked.scores, strict=True), start=1):
        raw, genres = dataset.item_ids[item - 1], dataset.genres[item - 1]
        writer.writerow([rank, raw, dataset.title(item), genres, f"{score:.6f}"])
    return file.getvalue()
