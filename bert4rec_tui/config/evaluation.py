"""Every setting of an evaluation: protocols, cut-offs, the metric that selects a checkpoint."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bert4rec_tui.config.dataset import Seed

PROTOCOL = re.compile(r"^(full|uniform-[1-9][0-9]{0,5}|popular-[1-9][0-9]{0,5})\Z")
METRIC = re.compile(r"^(?:(Recall|NDCG)@([1-9][0-9]*)|MRR)\Z")


class EvaluationConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How held-out items are ranked, and by which metrics."""

    protocols: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            title="Protocols",
            description="Candidates to rank: all items (full), or sampled negatives (uniform-100, popular-100).",
        ),
    ] = ("full", "uniform-100", "popular-100")
    ks: Annotated[tuple[int, ...], Meta(min_length=1, title="k", description="Cut-offs of Recall@k and NDCG@k.")] = (
        1,
        5,
        10,
        20,
        50,
        100,
    )
    best_metric: Annotated[
        str,
        Meta(
            title="Checkpoint metric",
            description="Validation metric, as protocol:metric, that selects the best checkpoint.",
        ),
    ] = "uniform-100:NDCG@10"
    batch_size: Annotated[
        int, Meta(ge=1, le=65_536, title="Evaluation batch size", description="Users per evaluation batch.")
    ] = 128
    negatives_seed: Annotated[
        Seed,
        Meta(
            title="Negative sampling seed", description="Random seed for sampling the negatives of uniform and popular."
        ),
    ] = 42
    bootstrap: Annotated[
        int,
        Meta(
            ge=100,
            le=100_000,
            title="Bootstrap resamples",
            description="Bootstrap resamples for each 95% confidence interval.",
        ),
    ] = 1000
    test_precision: Annotated[
        Literal["fp32", "bf16"], Meta(title="Test precision", description="Floating-point precision of a test.")
    ] = "fp32"

    def __post_init__(self) -> None:
        """Check what one field alone cannot say."""
        for protocol in self.protocols:
            if not PROTOCOL.match(protocol):
                raise ValueError(
                    f'evaluation.protocols = "{protocol}" is not a protocol; write full, uniform-100 or popular-100'
                )
        for k in self.ks:
            if k < 1:
                raise ValueError(f"evaluation.ks = {k} is not a cut-off; write whole numbers from 1")
        protocol, _, metric = self.best_metric.partition(":")
        match = METRIC.match(metric)
        if not match:
            raise ValueError(
                f'evaluation.best_metric = "{self.best_metric}" is not a metric; write it like full:NDCG@10'
            )
        if protocol not in self.protocols:
            raise ValueError(
                f'evaluation.best_metric = "{self.best_metric}" needs the protocol {protocol}, '
                f"but evaluation.protocols has {', '.join(self.protocols)}"
            )
        k = int(match.group(2) or 0)
        if k and k not in self.ks:
            raise ValueError(
                f'evaluation.best_metric = "{self.best_metric}" needs k = {k}, '
                f"but evaluation.ks has {', '.join(map(str, self.ks))}"
            )
        number = int(protocol.partition("-")[2] or 0)
        if number and k > number:
            raise ValueError(
                f'evaluation.best_metric = "{self.best_metric}" is uninformative, since {protocol} ranks only '
                f"{number + 1} candidates; choose a k of at most {number}"
            )
