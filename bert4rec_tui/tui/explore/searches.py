"""What is found in a run as one types, as rows to choose from: items by title, users by id or by an item."""

from bert4rec_tui.errors import UserError
from bert4rec_tui.tui.explore.loaded_run import LoadedRun
from bert4rec_tui.tui.shell.dialogs import Choice
from bert4rec_tui.tui.shell.text import count


def find_items(loaded: LoadedRun, text: str) -> list[Choice]:
    """The items that match; the key is the item."""
    counts = loaded.dataset.counts
    return [
        Choice(str(item), loaded.title(item), f"{count(int(counts[item - 1]))} interactions")
        for item in loaded.find_items(text)
    ]


def find_users(loaded: LoadedRun, text: str) -> list[Choice]:
    """The user with this id, key `user NUMBER`, and the items with this title, key `item NUMBER`, for their users."""
    found: list[Choice] = []
    raw = text.strip()
    try:
        user = loaded.dataset.user_index(raw)
    except UserError:
        pass
    else:
        found.append(Choice(f"user {user}", f"user {raw}", loaded.noun.counted(int(loaded.lengths[user]))))
    return found + [Choice(f"item {c.key}", f"users with {c.text}", c.note) for c in find_items(loaded, text)]
