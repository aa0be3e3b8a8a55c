"""Everything needed to do a training again: the settings of all groups together."""

from typing import Annotated

from msgspec import Meta, Struct

from bert4rec_tui.config.dataset import DatasetConfig
from bert4rec_tui.config.evaluation import EvaluationConfig
from bert4rec_tui.config.model import ModelConfig
from bert4rec_tui.config.training import TrainingConfig


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything needed to do a training again."""

    preset: Annotated[str, Meta(description="The preset that this configuration started from.")] = "notebook"
    name: Annotated[str, Meta(max_length=64, description="A name of your own for the run.")] = ""
    description: Annotated[str, Meta(max_length=10_000, description="What the run is for.")] = ""
    init_from: Annotated[str, Meta(description="A safetensors file whose weights the network starts with.")] = ""
    dataset: DatasetConfig = DatasetConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    def __post_init__(self) -> None:
        """Check what one group alone cannot say."""
        if self.training.start == "transitions" and self.model.tied_head:
            raise ValueError(
                'training.start = "transitions" needs a head of its own: what follows an item is not what it follows; '
                "set model.tied_head = false"
            )
