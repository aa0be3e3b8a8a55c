"""Every setting of a network: its size, its shape, and the task it learns."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from bert4rec_tui.config.dataset import Seed


class ModelConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The size and shape of the network, and the task it learns."""

    objective: Annotated[
        Literal["cloze", "causal"],
        Meta(description="Fill in masked items (BERT4Rec), or predict the next item at each position (SASRec)."),
    ] = "cloze"
    max_len: Annotated[int, Meta(ge=2, le=4096, description="The number of latest items that the model sees.")] = 100
    hidden: Annotated[int, Meta(ge=8, le=4096, description="Width of embeddings and blocks.")] = 256
    blocks: Annotated[int, Meta(ge=1, le=64, description="Transformer blocks.")] = 2
    heads: Annotated[int, Meta(ge=1, le=64, description="Attention heads; must divide the hidden size.")] = 4
    feed_forward: Annotated[int, Meta(ge=1, le=16, description="Width of the feed-forward, in hidden sizes.")] = 4
    dropout: Annotated[
        float,
        Meta(ge=0, lt=1, description="Dropout rate after embedding, attention, feed-forward, and where switched on."),
    ] = 0.1
    attention_dropout: Annotated[bool, Meta(description="Drop attention weights too.")] = True
    feed_forward_dropout: Annotated[bool, Meta(description="Drop inside the feed-forward too.")] = True
    block_dropout: Annotated[bool, Meta(description="Drop at the end of each block too.")] = True
    tied_head: Annotated[bool, Meta(description="Score items with the item embedding itself.")] = False
    output_bias: Annotated[
        bool, Meta(description="A bias for each item in the head, which starts at its log popularity.")
    ] = True
    seed: Annotated[Seed, Meta(description="Seed of the initial weights.")] = 0

    def __post_init__(self) -> None:
        """Check what one field alone cannot say."""
        if self.hidden % self.heads:
            raise ValueError(f"model.hidden = {self.hidden} is not divisible by model.heads = {self.heads}")
