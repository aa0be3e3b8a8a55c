"""Every setting of a network: its size, its shape, and its objective."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from bert4rec_tui.config.dataset import Seed


class ModelConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The size and shape of the network, and its objective."""

    objective: Annotated[
        Literal["cloze", "causal"],
        Meta(
            title="Objective",
            description="Predict masked items (cloze, BERT4Rec) or the next item at each position (causal, SASRec).",
        ),
    ] = "cloze"
    max_len: Annotated[
        int,
        Meta(ge=2, le=4096, title="History length", description="Maximum sequence length: the latest items of a user."),
    ] = 100
    hidden: Annotated[
        int, Meta(ge=8, le=4096, title="Hidden size", description="Width of the embeddings and of each layer.")
    ] = 256
    blocks: Annotated[
        int, Meta(ge=1, le=64, title="Layers (blocks)", description="Number of Transformer layers (blocks).")
    ] = 2
    heads: Annotated[
        int,
        Meta(
            ge=1, le=64, title="Attention heads", description="Attention heads per layer; must divide the hidden size."
        ),
    ] = 4
    feed_forward: Annotated[
        int,
        Meta(
            ge=1,
            le=16,
            title="Feed-forward size",
            description="Width of the feed-forward network, as a multiple of the hidden size.",
        ),
    ] = 4
    dropout: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            title="Dropout",
            description="Dropout rate of embeddings and sublayer outputs, and of the optional sites that are on.",
        ),
    ] = 0.1
    attention_dropout: Annotated[
        bool, Meta(title="Attention dropout", description="Apply dropout to the attention weights.")
    ] = True
    feed_forward_dropout: Annotated[
        bool, Meta(title="Feed-forward dropout", description="Apply dropout inside the feed-forward network.")
    ] = True
    block_dropout: Annotated[
        bool, Meta(title="Residual dropout", description="Apply dropout to the output of each layer (block).")
    ] = True
    tied_head: Annotated[
        bool,
        Meta(title="Tie output weights", description="Share the item embedding with the output layer (weight tying)."),
    ] = False
    output_bias: Annotated[
        bool,
        Meta(
            title="Output bias",
            description="Add a bias per item to the output layer, initialised to its log popularity.",
        ),
    ] = True
    seed: Annotated[Seed, Meta(title="Weight init seed", description="Random seed of the initial weights.")] = 0

    def __post_init__(self) -> None:
        """Check what one field alone cannot say."""
        if self.hidden % self.heads:
            raise ValueError(f"model.hidden = {self.hidden} is not divisible by model.heads = {self.heads}")
