"""Everything needed to reproduce a training: the settings of all groups."""

from typing import Annotated

from msgspec import Meta, Struct

from bert4rec_tui.config.dataset import DatasetConfig
from bert4rec_tui.config.evaluation import EvaluationConfig
from bert4rec_tui.config.model import ModelConfig
from bert4rec_tui.config.training import TrainingConfig


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything needed to reproduce a training."""

    preset: Annotated[str, Meta(title="Preset", description="Preset that this configuration started from.")] = (
        "notebook"
    )
    name: Annotated[str, Meta(max_length=64, title="Run name", description="Name of the run, chosen freely.")] = ""
    description: Annotated[
        str, Meta(max_length=10_000, title="Description", description="Notes on the purpose of the run.")
    ] = ""
    init_from: Annotated[
        str,
        Meta(
            title="Initialise from",
            description="Safetensors file to initialise the weights from; empty: random initialisation.",
        ),
    ] = ""
    dataset: DatasetConfig = DatasetConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    def __post_init__(self) -> None:
        """Check what one group alone cannot say."""
        if self.training.start == "transitions" and self.model.tied_head:
            raise ValueError(
                'training.start = "transitions" needs untied output weights, since transitions have a direction; '
                "set model.tied_head = false"
            )
