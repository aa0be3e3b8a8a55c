"""BERT4Rec (Sun et al., CIKM 2019): the whole network on one page.

Tokens are item ids 1…N; 0 is padding, N + 1 the mask. A batch is padded on the left, and positions count from the end:
the newest token always has the last position embedding, however short the batch is cut. Only what is read of the
last block is computed: with `queries`, its attention is asked from those positions alone.

Letters in shapes: B histories, T tokens, D hidden size, H heads, Q queries a history, M read positions, N items.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bert4rec_tui.config import ModelConfig
from bert4rec_tui.model.dropout import Dropout, attend


@dataclass(frozen=True)
class Queries:
    """The positions that are read of the last block.

    columns: (B, Q) int64, where in its row each query is; a row with fewer fills up; None for every one.
    chosen: (M,) int64, which of the B × Q are meant, in order; None for all of them.
    """

    columns: Tensor | None
    chosen: Tensor | None = None

    def pick(self, read: Tensor) -> Tensor:
        """What was asked for of what is at the queries. read: (B, Q, D). Returns (M, D)."""
        flat = read.flatten(0, 1)                                                     # (B × Q, D)
        return flat if self.chosen is None else flat[self.chosen]


def take(x: Tensor, columns: Tensor) -> Tensor:
    """The rows of x at `columns`. x: (B, T, D). columns: (B, Q) int64. Returns (B, Q, D)."""
    return x.gather(1, columns[:, :, None].expand(-1, -1, x.size(-1)))


class Attention(nn.Module):
    """Multi-head self-attention with one product for queries, keys and values."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.rate = config.dropout if config.attention_dropout else 0.0
        self.qkv = nn.Linear(config.hidden, 3 * config.hidden)
        self.out = nn.Linear(config.hidden, config.hidden)

    def forward(self, x: Tensor, bias: Tensor | None, queries: Queries | None = None) -> Tensor:
        """Attend from every position, or from `queries` alone.

        x: (B, T, D). bias: broadcasts to (B, H, T, T), -inf where a key may not be seen; its rows are already those of
        the queries. Returns (B, T, D), or (M, D) with `queries`.
        """
        B, _, D = x.shape
        rate = self.rate if self.training else 0.0
        if queries is None or queries.columns is None:
            q, k, v = self.split_heads(self.qkv(x), 3)                                # 3 × (B, H, T, D/H)
            read = attend(q, k, v, bias, rate).transpose(1, 2).reshape(B, -1, D)      # (B, T, D)
            return self.out(read if queries is None else queries.pick(read))          # (M, D) with queries
        weight, offset = self.qkv.weight, self.qkv.bias
        k, v = self.split_heads(F.linear(x, weight[D:], offset[D:]), 2)               # 2 × (B, H, T, D/H)
        asked = take(x, queries.columns)                                              # (B, Q, D)
        (q,) = self.split_heads(F.linear(asked, weight[:D], offset[:D]), 1)           # (B, H, Q, D/H)
        read = attend(q, k, v, bias, rate).transpose(1, 2).reshape(B, -1, D)          # (B, Q, D)
        return self.out(queries.pick(read))                                           # (M, D)

    def split_heads(self, x: Tensor, parts: int) -> tuple[Tensor, ...]:
        """x: (B, T, parts × D). Returns `parts` tensors of (B, H, T, D/H)."""
        B, T, _ = x.shape
        return x.view(B, T, parts, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)


class FeedForward(nn.Module):
    """Two linear maps with a GELU between them."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.feed_forward * config.hidden
        self.expand = nn.Linear(config.hidden, width)
        self.contract = nn.Linear(width, config.hidden)
        self.dropout = Dropout(config.dropout if config.feed_forward_dropout else 0.0)

    def forward(self, x: Tensor) -> Tensor:
        """x: (…, D). Returns (…, D)."""
        return self.contract(self.dropout(F.gelu(self.expand(x))))


class Block(nn.Module):
    """Attention, then feed-forward; each after a LayerNorm, each added to what came in."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.hidden)
        self.attention = Attention(config)
        self.feed_forward_norm = nn.LayerNorm(config.hidden)
        self.feed_forward = FeedForward(config)
        self.dropout = Dropout(config.dropout)
        self.end_dropout = Dropout(config.dropout if config.block_dropout else 0.0)

    def forward(self, x: Tensor, bias: Tensor | None, queries: Queries | None = None) -> Tensor:
        """x: (B, T, D). Returns (B, T, D), or (M, D) with `queries`."""
        attended = self.attention(self.attention_norm(x), bias, queries)
        if queries is not None:
            x = queries.pick(x if queries.columns is None else take(x, queries.columns))   # (M, D)
        x = x + self.dropout(attended)
        x = x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        return self.end_dropout(x)


class Bert4Rec(nn.Module):
    """Embedding, encoder and head over a catalogue of `items` items."""

    def __init__(self, items: int, config: ModelConfig) -> None:
        super().__init__()
        self.items, self.config = items, config
        # Not by the constructor, which would draw a table that may be of a gigabyte only to have it drawn again below.
        self.token = nn.Embedding.from_pretrained(torch.empty(items + 2, config.hidden), freeze=False, padding_idx=0)
        self.position = nn.Embedding(config.max_len, config.hidden)
        self.embedding_norm = nn.LayerNorm(config.hidden)
        self.dropout = Dropout(config.dropout)
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.blocks)])
        self.final_norm = nn.LayerNorm(config.hidden)
        self.head_weight = None if config.tied_head else nn.Parameter(torch.empty(items, config.hidden))
        self.head_bias = nn.Parameter(torch.zeros(items)) if config.output_bias else None
        self.initialise(config.seed)

    @property
    def mask(self) -> int:
        """The token that stands for an item to be guessed."""
        return self.items + 1

    def initialise(self, seed: int) -> None:
        """Draw all weights from a normal of standard deviation 0.02 (BERT), biases 0, norms 1; padding stays 0.

        Training then sets the output bias by `initialise_from_popularity`.
        """
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.dim() > 1:
                    parameter.normal_(0, 0.02, generator=generator)
                else:
                    parameter.fill_(1.0 if name.endswith("norm.weight") else 0.0)
            self.token.weight[0] = 0

    def initialise_from_popularity(self, counts: Tensor, level: float | None = None) -> None:
        """Set the output bias so that the untrained network already knows how often each item occurs.

        It would spend its first epochs on nothing else: the cross-entropy of the frequencies alone is where training
        then begins. Without an output bias nothing happens.

        counts: (N,) interactions in training. level: what the logarithms of the frequencies are raised by, where a loss
        asks for more than their differences; else their mean is 0.
        """
        if self.head_bias is None:
            return
        with torch.no_grad():
            logs = (counts.double() + 1).log()
            self.head_bias.copy_(logs - logs.mean() if level is None else logs - logs.logsumexp(0) + level)

    def encode(self, tokens: Tensor, queries: Queries | None = None, embedded: Tensor | None = None) -> Tensor:
        """The last block's output, normalised.

        tokens: (B, T) int64 with T ≤ max_len, padded on the left. embedded: (B, T, D), their embeddings where they were
        looked up elsewhere. Returns (B, T, D), or (M, D) with `queries`.
        """
        _, T = tokens.shape
        x = self.token(tokens) if embedded is None else embedded                      # (B, T, D)
        x = x + self.position.weight[-T:]
        x = self.dropout(self.embedding_norm(x))
        bias = self.attention_bias(tokens, x.dtype)
        for block in self.blocks[:-1]:
            x = block(x, bias)
        if queries is not None and queries.columns is not None and bias is not None and bias.size(2) > 1:
            rows = queries.columns[:, None, :, None].expand(-1, 1, -1, T)
            bias = bias.expand(tokens.size(0), 1, T, T).gather(2, rows)               # (B, 1, Q, T)
        return self.final_norm(self.blocks[-1](x, bias, queries))

    def attention_bias(self, tokens: Tensor, dtype: torch.dtype) -> Tensor | None:
        """What is added to attention before its softmax: -inf where a key may not be seen.

        Padding is never a key, and with the causal objective no later token is; but every position sees itself, so that
        no query, not even a padded one, is without a key. Returns (B, 1, 1, T) or (B, 1, T, T), or None where
        nothing is hidden.
        """
        causal, T = self.config.objective == "causal", tokens.size(1)
        padded = tokens == 0                                                          # (B, T)
        # On a CPU looking is cheap, and a batch without padding needs no bias; on a GPU a look would wait for it.
        if tokens.device.type == "cpu" and not bool(padded.any()):
            if not causal:
                return None
            padded = padded[:1]
        hidden = padded[:, None, None, :]                                             # (B, 1, 1, T)
        if causal:
            place = torch.arange(T, device=tokens.device)
            hidden = (hidden | (place > place[:, None])) & (place != place[:, None])  # (B, 1, T, T)
        return torch.zeros(hidden.shape, dtype=dtype, device=tokens.device).masked_fill_(hidden, float("-inf"))

    @property
    def head(self) -> tuple[Tensor, Tensor | None]:
        """What scores items 1…N: (N, D) weights, the item embeddings where they are tied, and an (N,) bias or none."""
        return self.token.weight[1:-1] if self.head_weight is None else self.head_weight, self.head_bias

    def score(self, encoded: Tensor, low: int = 0, high: int | None = None) -> Tensor:
        """The score of every item 1…N, at index 0…N-1, or of those at low…high-1; padding and mask are never scored.

        encoded: (…, D). Returns (…, N), or (…, high - low).
        """
        weight, bias = self.head
        return F.linear(encoded, weight[low:high], None if bias is None else bias[low:high])

    def encode_last(self, tokens: Tensor) -> Tensor:
        """What the scores after each history are computed from: the last position alone is read.

        tokens: (B, T) int64, padded on the left. Returns (B, D) float32.
        """
        last = torch.full((tokens.size(0), 1), tokens.size(1) - 1, device=tokens.device)
        return self.encode(tokens, Queries(last)).float()                             # (B, D)

    def score_last(self, tokens: Tensor) -> Tensor:
        """The scores that follow each history, their product taken in fp32.

        tokens: (B, T) int64, padded on the left. Returns (B, N) float32.
        """
        encoded = self.encode_last(tokens)
        with torch.autocast(encoded.device.type, enabled=False):
            return self.score(encoded)
