"""Every setting of a training: loss, windows, optimizer, schedule, devices."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bert4rec_tui.config.dataset import Seed

DEVICE = re.compile(r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)\Z")
DEVICE_WORDS = "auto, cpu, cuda, cuda:1 or mps"


class TrainingConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the network is trained, and on what."""

    start: Annotated[
        Literal["random", "transitions"],
        Meta(
            title="Item embedding init",
            description="Item embeddings at random, or from item transitions in training (untied output only).",
        ),
    ] = "random"
    epochs: Annotated[
        int, Meta(ge=1, le=100_000, title="Epochs", description="Number of passes over the training windows.")
    ] = 10
    batch_size: Annotated[
        int, Meta(ge=1, le=65_536, title="Batch size", description="Windows per training step, over all processes.")
    ] = 128
    mask_rate: Annotated[
        float, Meta(gt=0, le=1, title="Mask probability", description="Probability that an item is masked (cloze).")
    ] = 0.15
    last_item_rate: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            title="Share masking only the last item",
            description="Share of windows in which only the last item is masked (cloze).",
        ),
    ] = 0.0
    loss: Annotated[
        Literal["full", "sampled", "gbce"],
        Meta(
            title="Loss",
            description="Softmax over all items (full); for large catalogues over sampled negatives (sampled, gbce).",
        ),
    ] = "full"
    negatives: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            title="Negatives per step",
            description="Sampled negatives per training step, shared by all targets (sampled, gbce).",
        ),
    ] = 1024
    gbce_t: Annotated[
        float,
        Meta(
            ge=0, le=1, title="gBCE t", description="Calibration of gBCE against overconfidence: 0 none, 1 full (gbce)."
        ),
    ] = 0.75
    windows: Annotated[
        Literal["last", "sliding", "random"],
        Meta(
            title="Windows",
            description="Train on each user's latest items, on sliding windows, or on a random window each epoch.",
        ),
    ] = "last"
    window_stride: Annotated[
        int, Meta(ge=0, title="Window stride", description="Stride of sliding windows; 0: half the history length.")
    ] = 0
    optimizer: Annotated[
        Literal["adamw", "adam", "sgd"], Meta(title="Optimiser", description="Optimisation algorithm.")
    ] = "adam"
    learning_rate: Annotated[float, Meta(gt=0, le=100, title="Learning rate", description="Peak learning rate.")] = (
        0.001
    )
    weight_decay: Annotated[
        float,
        Meta(ge=0, le=10, title="Weight decay", description="Weight decay, applied to weight matrices and embeddings."),
    ] = 0.0
    momentum: Annotated[float, Meta(ge=0, lt=1, title="Momentum", description="Momentum of SGD.")] = 0.9
    schedule: Annotated[
        Literal["constant", "step", "cosine"],
        Meta(title="LR schedule", description="Learning rate schedule after the warm-up."),
    ] = "step"
    step_epochs: Annotated[
        int, Meta(ge=1, title="LR step (epochs)", description="Epochs between two drops of the step schedule.")
    ] = 25
    step_factor: Annotated[
        float, Meta(gt=0, le=1, title="LR step factor", description="Factor of each drop of the step schedule.")
    ] = 1.0
    warmup_epochs: Annotated[
        float, Meta(ge=0, title="Warm-up epochs", description="Epochs of linear learning rate warm-up.")
    ] = 0.0
    gradient_clip: Annotated[
        float, Meta(ge=0, title="Gradient clipping", description="Maximum gradient norm; 0: no clipping.")
    ] = 0.0
    patience: Annotated[
        int,
        Meta(
            ge=0,
            title="Patience",
            description="Early stopping: validations without improvement before training stops; 0: off.",
        ),
    ] = 0
    checkpoint_minutes: Annotated[
        float,
        Meta(
            ge=0,
            title="Checkpoint minutes",
            description="Minutes between checkpoints within an epoch; 0: only after each epoch.",
        ),
    ] = 10.0
    log_samples: Annotated[
        int,
        Meta(
            ge=1,
            title="TensorBoard interval",
            description="Training windows between two TensorBoard points of the loss.",
        ),
    ] = 12_800
    test_at_end: Annotated[
        bool, Meta(title="Test at end", description="Test the best checkpoint when training ends.")
    ] = False
    device: Annotated[
        str,
        Meta(
            pattern=DEVICE.pattern,
            title="Device",
            description="Device to train on; auto: a GPU if available.",
            extra={"allowed": DEVICE_WORDS},
        ),
    ] = "auto"
    precision: Annotated[
        Literal["auto", "fp32", "bf16"],
        Meta(
            title="Precision",
            description="Floating-point precision of the layers; auto: bf16 where the hardware is fast at it.",
        ),
    ] = "auto"
    compile: Annotated[
        Literal["auto", "on", "off"],
        Meta(
            title="Compile",
            description="Compile the training step, on a GPU with CUDA graphs; auto: on a GPU where supported.",
        ),
    ] = "auto"
    threads: Annotated[
        int, Meta(ge=0, le=1024, title="CPU threads", description="CPU threads per machine; 0: all available cores.")
    ] = 0
    processes: Annotated[
        int, Meta(ge=1, le=64, title="Processes", description="Data-parallel processes per machine: one per GPU.")
    ] = 1
    machines: Annotated[
        int,
        Meta(
            ge=1,
            le=1024,
            title="Machines",
            description="Machines for data-parallel training; train --print-launch writes the launch command.",
        ),
    ] = 1
    deterministic: Annotated[
        bool,
        Meta(title="Deterministic", description="Bitwise reproducible training on a GPU too, at some cost in speed."),
    ] = False
    seed: Annotated[
        Seed, Meta(title="Training seed", description="Random seed of data order, masking and dropout.")
    ] = 0

    def __post_init__(self) -> None:
        """Check what one field alone cannot say."""
        if self.processes > 1 and self.device not in ("auto", "cpu", "cuda"):
            raise ValueError(
                f'training.device = "{self.device}" is one device, but training.processes = {self.processes} need '
                'one each; write "cuda", or "cpu" to share the cores'
            )
