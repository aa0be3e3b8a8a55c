"""A checkpoint and what its tests gave, as the test screen reads it from disk. Without a terminal."""

from dataclasses import dataclass

from bert4rec_tui.config import EvaluationConfig
from bert4rec_tui.data.nouns import Noun, category_word, item_word, noun_of
from bert4rec_tui.errors import UserError
from bert4rec_tui.runs.checkpoints import Results, epochs_tested, trained_to
from bert4rec_tui.runs.store import CheckpointName, Run

ITEM, CATEGORY = noun_of("item"), noun_of("category")  # where a configuration cannot be read


@dataclass(frozen=True)
class CheckpointResults:
    """A checkpoint of a run with the results of its tests.

    configured: the protocols of the run's configuration. trained_to: epoch and step of the weights on disk, None where
    they do not say. item, category: what the dataset calls its items and their categories.
    """

    run: Run
    checkpoint: CheckpointName
    results: Results
    configured: tuple[str, ...] = ()
    trained_to: tuple[int, int] | None = None
    item: Noun = ITEM
    category: Noun = CATEGORY

    @property
    def name(self) -> str:
        """What to call it in a sentence: `lamp best`."""
        return f"{self.run.short_id} {self.checkpoint}"

    @property
    def reference(self) -> str:
        """What our commands call it: `RUN:best`."""
        return f"{self.run.id}:{self.checkpoint}"

    @property
    def protocols(self) -> list[str]:
        """The protocols it was tested under, those of the configuration first."""
        return [name for name in dict.fromkeys([*self.configured, *self.results]) if name in self.results]

    @property
    def epochs(self) -> str:
        """The epoch of the tested weights, or one for each protocol where they differ; empty without results."""
        return epochs_tested(self.results, list(self.results)) if self.results else ""

    @property
    def users(self) -> int | None:
        """On how many users it was tested; None without results."""
        return next((int(result.get("users", 0)) for result in self.results.values()), None)

    def exists(self) -> bool:
        """Whether its weights are on disk."""
        return self.run.checkpoint(self.checkpoint).exists()

    def same_as(self, other: "CheckpointResults | None") -> bool:
        """Whether another reading found the same checkpoint with the same results."""
        return other is not None and self.reference == other.reference and self.results == other.results


def read_checkpoint(run: Run, checkpoint: CheckpointName) -> CheckpointResults:
    """Read the results of a checkpoint and what its run's configuration says of them. For a thread."""
    results, moment = run.test_results(checkpoint), trained_to(run.checkpoint(checkpoint))
    try:
        config = run.config()
    except UserError:
        return CheckpointResults(run, checkpoint, results, EvaluationConfig().protocols, moment)
    item, category = noun_of(item_word(config.dataset)), noun_of(category_word(config.dataset))
    return CheckpointResults(run, checkpoint, results, config.evaluation.protocols, moment, item, category)
