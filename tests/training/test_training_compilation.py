"""A compiled step: the loss and the gradient of the plain one, few shapes, and a plain step where compilers fail."""

import msgspec
import pytest
import torch
from histories import walks
from torch.testing import assert_close

from bert4rec_tui.config import Config, with_assignments
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.inputs import next_of_few
from bert4rec_tui.runs.store import LocalRuns
from bert4rec_tui.training.batches import LENGTHS, TrainingBatches
from bert4rec_tui.training.compilation import Compilation, wants_compilation
from bert4rec_tui.training.step import TrainingStep
from bert4rec_tui.training.trainer import Trainer

CPU = torch.device("cpu")
SMALL = ["model.hidden=16", "model.heads=2", "model.blocks=1", "model.max_len=12", "training.batch_size=8"]


def config_of(dataset, *assignments: str) -> Config:
    config = msgspec.structs.replace(Config(), dataset=dataset.manifest.settings)
    return with_assignments(config, [*SMALL, "model.dropout=0.0", *assignments])


def taken(dataset, config: Config, steps: int = 3) -> tuple[torch.Tensor, TrainingStep]:
    """The loss and the norm of the gradient of each of the first steps: (steps, 2)."""
    step = TrainingStep(Bert4Rec(dataset.items, config.model), config, CPU, "fp32")
    batches = TrainingBatches(dataset, config, CPU, step.fixed_shapes).batches(0)
    numbered = zip(range(steps), batches, strict=False)
    return torch.tensor([step(windows, 1e-3, 0, number) for number, windows in numbered]), step


@pytest.mark.long  # a compiler of C++ is at work for most of a minute
@pytest.mark.parametrize("objective", ["cloze", "causal"])
def test_compiled_a_step_has_the_loss_and_the_gradient_of_the_plain_one(make_dataset, objective):
    dataset = make_dataset(walks(35, 20, 14))
    plain, _ = taken(dataset, config_of(dataset, f"model.objective={objective}"))
    compiled, step = taken(dataset, config_of(dataset, f"model.objective={objective}", "training.compile=on"))
    assert step.compilation.works, step.compilation.reason
    assert_close(compiled, plain, rtol=1e-5, atol=1e-6)


def fail_to_compile(function, **options):
    """A compiler that finds out when it is first called."""

    def compiled(*given):
        raise RuntimeError("no compiler here\nat all")

    return compiled


def test_where_compilation_fails_training_goes_on_and_says_why(make_dataset, tmp_path, monkeypatch):
    """The first step too is what it would have been: the failed trial leaves no gradient and draws no dropout."""
    monkeypatch.setattr(torch, "compile", fail_to_compile)
    dataset = make_dataset(walks(35, 20, 14))
    config = config_of(dataset, "training.compile=on", "model.dropout=0.2", "training.epochs=1")
    config = with_assignments(config, ['evaluation.protocols=["full"]', "evaluation.best_metric=full:NDCG@5"])
    run = LocalRuns(tmp_path).create(config, dataset.id)
    trainer = Trainer(config, dataset, run.path, CPU, "fp32")
    trainer.recorder.open(trainer.position, False, trainer.batches.steps_per_epoch, "cpu", "fp32")
    assert trainer.train() == "finished"
    trainer.recorder.close()
    alerts = [event.message for event in run.events.read()[0] if getattr(event, "kind", "") == "compile"]
    assert alerts == ["compilation failed, training continues uncompiled: RuntimeError: no compiler here"]
    failed, _ = taken(dataset, config_of(dataset, "training.compile=on", "model.dropout=0.2"))
    monkeypatch.setattr(torch, "compile", lambda function, **options: function)
    worked, _ = taken(dataset, config_of(dataset, "training.compile=on", "model.dropout=0.2"))
    assert torch.equal(failed, worked)


def test_a_compiler_whose_gradient_is_wrong_is_not_used(make_dataset, monkeypatch):
    """One that returns the right loss and zeros for its gradient is worse than one that fails."""

    def without_gradient(function, **options):
        return lambda *given: function(*given).detach() + 0 * function(*given)

    dataset = make_dataset(walks(35, 20, 14))
    plain, _ = taken(dataset, config_of(dataset, "model.tied_head=false"))
    monkeypatch.setattr(torch, "compile", without_gradient)
    compiled, step = taken(dataset, config_of(dataset, "model.tied_head=false", "training.compile=on"))
    assert not step.compilation.works
    assert "weights have no gradient when compiled" in step.compilation.reason
    assert_close(compiled, plain, rtol=1e-5, atol=1e-6)


def test_a_compiler_that_fails_at_a_later_shape_ends_compilation_and_not_the_run(make_dataset, monkeypatch):
    """Each shape is compiled when it is first met: what worked for one may fail for the next."""

    def fail_at_a_second_shape(function, **options):
        shapes = set()

        def compiled(tokens, *given):
            shapes.add(tokens.shape)
            if len(shapes) > 1:
                raise RuntimeError("no room for another graph")
            return function(tokens, *given)

        return compiled

    dataset = make_dataset(walks(35, 20, 14))  # 35 windows in batches of 8: the last is of another shape
    config = config_of(dataset, "training.compile=on")
    monkeypatch.setattr(torch, "compile", lambda function, **options: function)
    right, _ = taken(dataset, config, steps=5)
    monkeypatch.setattr(torch, "compile", fail_at_a_second_shape)
    _, step = taken(dataset, config, steps=1)
    assert step.compilation.works
    assert step.compilation.report().startswith("the network is compiled; the first input shape took")
    compiled, step = taken(dataset, config, steps=5)
    assert not step.compilation.works
    failed = "compilation failed for another input shape, training continues uncompiled: RuntimeError: no room"
    assert step.compilation.report().startswith(failed)
    assert step.compilation.report() is None
    assert torch.equal(compiled, right)


def test_a_lack_of_memory_is_not_taken_for_a_failure_of_compilation(make_dataset, monkeypatch):
    def out_of_memory(*given):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(torch, "compile", lambda function, **options: out_of_memory)
    dataset = make_dataset(walks(35, 20, 14))
    with pytest.raises(torch.OutOfMemoryError):
        taken(dataset, config_of(dataset, "training.compile=on"))


def test_a_graph_is_judged_by_what_it_gives_when_it_is_used_again(monkeypatch):
    """The first step runs without a graph and the second records it: only the third shows what training would get."""
    used = []

    def with_graphs(function, **options):
        def compiled(given):
            used.append(given)
            return function(given) * (0 if len(used) > 2 else 1)

        return compiled

    monkeypatch.setattr(torch, "compile", with_graphs)
    compilation = Compilation(lambda given: given, wanted=True, graphs=True)
    compilation.attempt(((1,), (1,)), lambda: compilation(torch.ones(1)))
    assert "have no gradient when compiled" in compilation.reason
    assert not compilation.works


def test_by_itself_only_a_gpu_is_compiled_for(make_dataset):
    training = Config().training
    assert training.compile == "auto"
    assert not wants_compilation(training, CPU)
    assert wants_compilation(training, torch.device("cuda"))
    assert not wants_compilation(msgspec.structs.replace(training, compile="off"), torch.device("cuda"))


def test_with_few_shapes_batches_have_the_same_windows_in_few_lengths(make_dataset):
    dataset = make_dataset(walks(35, 90, 60))
    config = config_of(dataset, "model.max_len=50")
    free, few = (list(TrainingBatches(dataset, config, CPU, wanted).batches(1)) for wanted in (False, True))
    edges = {min(50, next_of_few(quarter * 50 // LENGTHS)) for quarter in range(LENGTHS + 1)}
    for one, other in zip(free, few, strict=True):
        spare = other.size(1) - one.size(1)
        assert other.size(1) in edges
        assert spare >= 0
        assert torch.equal(other[:, spare:], one)
        assert not other[:, :spare].any()
