"""Some rows of a table of embeddings as a small table of their own.

A step uses a few thousand items of a catalogue that may have a million. A gradient for the whole table would be as
large as the table, and nearly all zeros. So the rows used are copied out, the network works with the copy, and the copy
gets the gradient: dense, small and exact. Then those rows alone are updated.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

_UNUSED = torch.iinfo(torch.int64).max


class Rows:
    """The rows of a table that belong to some ids.

    places: (L,) int64, the row of each copy. small: (L, D), the copies, with a gradient. On a CPU L is the number of
    different ids. `fixed` keeps L at the number of ids, since a GPU would have to be waited for to count them: unused
    copies repeat the first row.
    """

    def __init__(self, table: Tensor, ids: Tensor, offset: int = 0, fixed: bool = False) -> None:
        """table: (N, D). ids: (L,) int64, at least one; id i has the row i - offset."""
        ordered = ids.sort().values
        self.source: Tensor | None = None
        if not fixed:
            self.keys = places = ordered.unique_consecutive()
        else:
            fresh = F.pad(ordered[1:] != ordered[:-1], (1, 0), value=True)
            self.keys = torch.full_like(ordered, _UNUSED).scatter_(0, fresh.cumsum(0) - 1, ordered)
            used = self.keys != _UNUSED
            self.source = torch.arange(len(ids), device=ids.device).where(used, 0)
            places = self.keys.where(used, ordered[0])
        self.places = places - offset
        self.small = table.detach()[self.places].requires_grad_()

    def __call__(self, ids: Tensor, padding: bool = False) -> Tensor:
        """The copies that belong to ids, all of them among those used.

        ids: (…) int64. padding: whether the first id stands for padding, which gets no gradient. Returns (…, D).
        """
        copies = torch.searchsorted(self.keys, ids.contiguous())
        return F.embedding(copies, self.small, padding_idx=0 if padding else None)

    def gradient(self) -> Tensor:
        """(L, D) the gradient of each copy; an unused one has that of the first, so that both are updated alike."""
        gradient = self.small.grad if self.small.grad is not None else torch.zeros_like(self.small)
        return gradient if self.source is None else gradient[self.source]
