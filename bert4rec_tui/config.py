"""Every setting of a dataset, a network, a training and an evaluation: one typed field, one sentence each.

The form of the train screen, `--set`, the TOML file and the documentation all read the descriptions here.
"""

import math
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec
import tomli
import tomli_w
from msgspec import Meta, Struct

from bert4rec_tui.dataset_config import DatasetConfig, Seed
from bert4rec_tui.errors import UserError
from bert4rec_tui.explain import explain, refuse_not_finite
from bert4rec_tui.fields import fields_of, value_at
from bert4rec_tui.files import replace_file

PROTOCOL = re.compile(r"^(full|uniform-[1-9][0-9]{0,5}|popular-[1-9][0-9]{0,5})\Z")
DEVICE = re.compile(r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)\Z")
DEVICE_WORDS = "auto, cpu, cuda, cuda:1 or mps"
METRIC = re.compile(r"^(?:(Recall|NDCG)@([1-9][0-9]*)|MRR)\Z")


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


class EvaluationConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the ranks of held-out items are computed and summed up."""

    protocols: Annotated[
        tuple[str, ...],
        Meta(min_length=1, description="Candidate sets: full, uniform-100, popular-100 or other numbers."),
    ] = ("full", "uniform-100", "popular-100")
    ks: Annotated[tuple[int, ...], Meta(min_length=1, description="The cut-offs of Recall and NDCG.")] = (
        1,
        5,
        10,
        20,
        50,
        100,
    )
    best_metric: Annotated[
        str, Meta(description="The validation metric, with its protocol, that chooses the best checkpoint.")
    ] = "uniform-100:NDCG@10"
    batch_size: Annotated[int, Meta(ge=1, le=65_536, description="Users ranked at once.")] = 128
    negatives_seed: Annotated[Seed, Meta(description="Seed of the negatives of uniform and popular.")] = 42
    bootstrap: Annotated[int, Meta(ge=100, le=100_000, description="Resamples behind each 95% interval.")] = 1000
    test_precision: Annotated[Literal["fp32", "bf16"], Meta(description="Arithmetic of a test.")] = "fp32"

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
                f'evaluation.best_metric = "{self.best_metric}" tells nothing, since {protocol} ranks only '
                f"{number + 1} candidates; choose a k of at most {number}"
            )


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


SomeConfig = TypeVar("SomeConfig", bound=Struct)


def to_dict(config: Struct) -> dict[str, Any]:
    """The configuration as plain dicts, lists, strings and numbers."""
    return cast(dict[str, Any], msgspec.to_builtins(config))


def from_dict(values: dict[str, Any], kind: type[SomeConfig]) -> SomeConfig:
    """Read a configuration from plain values.

    Raises UserError that names the field, its value and what is allowed.
    """
    try:
        refuse_not_finite(values)
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise UserError(explain(str(error), values, kind)) from None


def with_value(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `values` in which the dotted `path` holds `value`."""
    first, _, rest = path.partition(".")
    inner = cast(dict[str, Any], values[first]) if isinstance(values.get(first), dict) else {}
    return {**values, first: with_value(inner, rest, value) if rest else value}


def parse_assignment(text: str) -> tuple[str, Any]:
    """Split `key.path=value` of the command line; the value is TOML, or a plain word taken as text."""
    path, sign, value = text.partition("=")
    if not sign or not path.strip():
        raise UserError(f'--set {text}: write it as key.path=value, such as "training.epochs=20"')
    try:
        read = tomli.loads(f"value = {value}")
    except ValueError:  # not TOML, or a number of thousands of digits
        read = {}
    # A value with line breaks may read as several keys; then it is text.
    return path.strip(), read["value"] if list(read) == ["value"] else value.strip()


_PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_LONGEST_NUMBER = 300  # digits; beyond, neither Python nor a float takes it


def _as_meant(value: Any, kind: str) -> Any:
    """What a person means where TOML knew it not: a number such as `.99`, `5.` or `010`, a list such as `1,5,10`."""
    if kind.startswith("list of ") and isinstance(value, int | str):
        words = re.split(r"[,\s]+", str(value).strip(" ,"))
        return [_as_meant(word, kind.removeprefix("list of ")) for word in words]
    if kind == "float" and isinstance(value, int) and abs(value) > 10**_LONGEST_NUMBER:
        return math.inf
    if kind not in ("int", "float") or not isinstance(value, str) or not _PLAIN_NUMBER.fullmatch(value):
        return value
    if len(value) > _LONGEST_NUMBER:
        return value
    return int(value) if value.lstrip("+-").isdigit() else float(value)


def with_assignments(config: Config, assignments: list[str]) -> Config:
    """The configuration with every `key.path=value` applied. Raises UserError for an unknown key or a bad value."""
    values = to_dict(config)
    kinds = {field.path: field.kind for field in fields_of(Config)} if assignments else {}
    for assignment in assignments:
        path, value = parse_assignment(assignment)
        written = assignment.partition("=")[2].strip()
        outer = path.rpartition(".")[0]
        if outer and not isinstance(value_at(values, outer) or {}, dict):
            raise UserError(f"{path} is not a setting; did you mean {outer}?")
        kind = kinds.get(path, "")
        # A name may be 2024 or true: only a text in quotes was meant to be read as TOML.
        meant = written if kind == "str" and not isinstance(value, str) else _as_meant(value, kind)
        group = value_at(values, path)
        if isinstance(meant, dict) and isinstance(group, dict) and not path.endswith("columns"):
            meant = _merged(cast(dict[str, Any], group), cast(dict[str, Any], meant))
        values = with_value(values, path, meant)
    return from_dict(values, Config)


def load_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file. Raises UserError where it cannot be read or is not TOML."""
    try:
        return tomli.loads(path.read_text(encoding="utf-8-sig"))  # Windows' editors put a mark before the first word
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    except ValueError as error:
        raise UserError(f"{path}: is not TOML: {error}") from None


def load_config(path: Path, base: Config | None = None) -> Config:
    """Read a configuration; what the file leaves out comes from `base`. Raises UserError that names file and field."""
    return _config_of(path, load_toml(path), base or Config())


def load_whole_config(path: Path) -> Config:
    """Read a configuration that `save_config` wrote, which leaves no group out.

    Raises UserError where one is missing: the file was cut short, and defaults in its place would be another training.
    """
    values = load_toml(path)
    missing = [group for group in ("dataset", "model", "training", "evaluation") if group not in values]
    if missing:
        raise UserError(f"{path}: has no [{missing[0]}]; the file was cut short, and the run's settings are not known")
    return _config_of(path, values, Config())


def _config_of(path: Path, values: dict[str, Any], base: Config) -> Config:
    try:
        return from_dict(_merged(to_dict(base), values), Config)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def save_config(config: Config, path: Path) -> None:
    """Write the configuration as TOML, whole or not at all."""
    replace_file(path, tomli_w.dumps(to_dict(config)).encode())


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`base` with the values of `over`, table by table; unknown keys stay, so that validation can name them."""
    result = dict(base)
    for key, value in over.items():
        inner = result.get(key)
        # A mapping of columns is one value; it is replaced, not merged.
        merge = isinstance(inner, dict) and isinstance(value, dict) and key != "columns"
        result[key] = _merged(cast(dict[str, Any], inner), cast(dict[str, Any], value)) if merge else value
    return result
