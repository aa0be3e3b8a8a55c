"""Invented histories for tests in every folder."""

import random


def walks(users: int, items: int, length: int, seed: int = 0) -> list[list[int]]:
    """Histories in which item i + 1 mostly follows item i: something that can be learnt."""
    chance = random.Random(seed)
    histories = []
    for _ in range(users):
        item = chance.randint(1, items)
        history = []
        for _ in range(chance.randint(max(4, length // 2), length)):
            history.append(item)
            item = item % items + 1 if chance.random() < 0.9 else chance.randint(1, items)
        histories.append(history)
    return histories
