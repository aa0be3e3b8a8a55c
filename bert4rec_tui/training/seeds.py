"""Random numbers that depend on where the training is, not on what was sampled before.

Order, masks and dropout are seeded by (seed, epoch, step, purpose): a resumed run samples what a run never killed does.
"""

from hashlib import blake2b

import torch


def seed_at(seed: int, epoch: int, step: int, purpose: str) -> int:
    """A 63-bit seed for one purpose at one step of one epoch."""
    digest = blake2b(f"{seed}/{epoch}/{step}/{purpose}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def generator_at(device: torch.device, seed: int, epoch: int, step: int, purpose: str) -> torch.Generator:
    """A generator on a device, seeded for one purpose at one step of one epoch."""
    return torch.Generator(device).manual_seed(seed_at(seed, epoch, step, purpose))
