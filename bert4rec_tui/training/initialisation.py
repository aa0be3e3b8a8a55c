"""Where the embeddings of items start: at what follows what in training, instead of at random.

The untrained network then scores the next item about as well as the transitions do, and the first epochs are spent on
what transitions do not know. A start of this kind is a factorised Markov chain (Rendle et al., WWW 2010) in the
coordinates of the shifted mutual information that word embeddings factorise (Levy & Goldberg, NeurIPS 2014).
"""

import math

import numpy as np
import torch
from torch import Tensor

from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.evaluation.baselines import training_pairs
from bert4rec_tui.model.bert4rec import Bert4Rec

PRIOR = 20.0  # as many imagined transitions, spread by popularity, are added to those of each item
SPREAD = 0.02  # the standard deviation of an element, as in a random start
QUIET_POSITIONS = 0.1  # random positions as loud as the items would drown what the items say


def initialise_from_transitions(model: Bert4Rec, dataset: PreparedDataset) -> None:
    """Set token embedding and head so that their products follow the transitions of training.

    With n_ij how often j came right after i and p_j the share of j, log(1 + n_ij / (PRIOR p_j)) is by how much the
    smoothed chance of j after i exceeds p_j, up to a constant for each i; the output bias holds log p_j. Its best
    approximation of rank D is split into the direction of i's embedding and the head's row of j. A tied head is left
    alone. The numbers drawn by the randomised decomposition depend on the seed of the model alone.
    """
    if model.head_weight is None:
        return
    items, hidden = model.items, model.config.hidden
    lift = _lift(dataset)
    rank = min(hidden, items)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(model.config.seed)
        left, strength, right = torch.svd_lowrank(lift, q=min(rank + 10, items), niter=3)
        # Turned at random, so that every coordinate, and every head of the attention, has its share of each direction.
        turn = torch.linalg.qr(torch.randn(hidden, hidden)).Q[:rank]  # (rank, D)
        root = strength[:rank].sqrt()
        before, after = (left[:, :rank] * root) @ turn, (right[:, :rank] * root) @ turn  # 2 × (N, D)
        length = before.norm(dim=1, keepdim=True)  # (N, 1)
        known = length.squeeze(1) > 1e-6  # an item that nothing follows stays
        direction = before / length.clamp_min(1e-6) * math.sqrt(hidden)  # as a LayerNorm makes it
        model.token.weight[1:-1][known] = direction[known] * SPREAD
        model.head_weight.copy_(after * (length.mean() / math.sqrt(hidden)))
        model.position.weight.mul_(QUIET_POSITIONS)


def _lift(dataset: PreparedDataset) -> Tensor:
    """log(1 + n_ij / (PRIOR p_j)) for every two items in a row, as a sparse (N, N) float32."""
    before, after = training_pairs(dataset)
    pairs, counts = np.unique((before.astype(np.int64) - 1) * dataset.items + after - 1, return_counts=True)
    rows, columns = np.divmod(pairs, dataset.items)
    share = np.asarray(dataset.train_counts, dtype=np.float64) + 1
    share /= share.sum()
    values = np.log1p(counts / (PRIOR * share[columns]))
    places = torch.from_numpy(np.stack([rows, columns]))
    size = (dataset.items, dataset.items)
    return torch.sparse_coo_tensor(places, torch.from_numpy(values.astype(np.float32)), size, check_invariants=False)
