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
        Meta(description="Start the items at random, or from which follows which in training (needs an untied head)."),
    ] = "random"
    epochs: Annotated[int, Meta(ge=1, le=100_000, description="Passes over the training windows.")] = 10
    batch_size: Annotated[int, Meta(ge=1, le=65_536, description="Windows in a training step.")] = 128
    mask_rate: Annotated[float, Meta(gt=0, le=1, description="Share of items masked in an epoch (cloze).")] = 0.15
    last_item_rate: Annotated[
        float, Meta(ge=0, le=1, description="Share of windows in which the last item alone is masked (cloze).")
    ] = 0.0
    loss: Annotated[
        Literal["full", "sampled", "gbce"],
        Meta(description="Against all items, or against drawn ones for large catalogues: sampled softmax, or gBCE."),
    ] = "full"
    negatives: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Drawn items that every target of a step meets (sampled, gbce).")
    ] = 1024
    gbce_t: Annotated[
        float, Meta(ge=0, le=1, description="Correction of overconfidence in gBCE: 0 none, 1 full (gbce).")
    ] = 0.75
    windows: Annotated[
        Literal["last", "sliding", "random"],
        Meta(description="Train on each user's last items, on sliding windows, or on a random end each epoch."),
    ] = "last"
    window_stride: Annotated[int, Meta(ge=0, description="Step of sliding windows; 0: half the history length.")] = 0
    optimizer: Annotated[Literal["adamw", "adam", "sgd"], Meta(description="The optimizer.")] = "adam"
    learning_rate: Annotated[float, Meta(gt=0, le=100, description="The highest learning rate.")] = 0.001
    weight_decay: Annotated[float, Meta(ge=0, le=10, description="Weight decay of matrices and embeddings.")] = 0.0
    momentum: Annotated[float, Meta(ge=0, lt=1, description="Momentum of SGD.")] = 0.9
    schedule: Annotated[
        Literal["constant", "step", "cosine"], Meta(description="How the learning rate falls after the warm-up.")
    ] = "step"
    step_epochs: Annotated[int, Meta(ge=1, description="Epochs between two falls of the step schedule.")] = 25
    step_factor: Annotated[float, Meta(gt=0, le=1, description="The factor of each fall of the step schedule.")] = 1.0
    warmup_epochs: Annotated[float, Meta(ge=0, description="Epochs in which the learning rate rises from zero.")] = 0.0
    gradient_clip: Annotated[float, Meta(ge=0, description="Largest norm of the gradient; 0: no limit.")] = 0.0
    patience: Annotated[int, Meta(ge=0, description="Stop after so many validations without a better one; 0: no.")] = 0
    checkpoint_minutes: Annotated[
        float, Meta(ge=0, description="Minutes between checkpoints within an epoch; 0: after epochs only.")
    ] = 10.0
    log_samples: Annotated[
        int, Meta(ge=1, description="Windows between two TensorBoard points of the training loss.")
    ] = 12_800
    test_at_end: Annotated[bool, Meta(description="Test the best checkpoint when training ends.")] = False
    device: Annotated[
        str,
        Meta(
            pattern=DEVICE.pattern,
            description="Where to train; auto: a GPU where there is one.",
            extra={"allowed": DEVICE_WORDS},
        ),
    ] = "auto"
    precision: Annotated[
        Literal["auto", "fp32", "bf16"], Meta(description="Arithmetic of the blocks; auto: bf16 where it is fast.")
    ] = "auto"
    compile: Annotated[
        Literal["auto", "on", "off"],
        Meta(description="Compile the step, on a GPU into CUDA graphs; auto: on a GPU where that can be done."),
    ] = "auto"
    threads: Annotated[
        int, Meta(ge=0, le=1024, description="CPU threads of a machine; 0: all cores that a process may use.")
    ] = 0
    processes: Annotated[
        int, Meta(ge=1, le=64, description="Processes on a machine that share each batch: one for each GPU.")
    ] = 1
    machines: Annotated[
        int, Meta(ge=1, le=1024, description="Machines that share each batch; train --print-launch starts several.")
    ] = 1
    deterministic: Annotated[bool, Meta(description="The same bits each time on a GPU too, at some cost.")] = False
    seed: Annotated[Seed, Meta(description="Seed of order, masks and dropout.")] = 0

    def __post_init__(self) -> None:
        """Check what one field alone cannot say."""
        if self.processes > 1 and self.device not in ("auto", "cpu", "cuda"):
            raise ValueError(
                f'training.device = "{self.device}" is one device, but training.processes = {self.processes} take one '
                'each; write "cuda", or "cpu", which they share'
            )
