"""What the worker of a run in a small world has logged."""

import math

import numpy as np

from bert4rec_tui.runs.events import Alert, Event, Note, StateChange, Step, System, Validation

STEPS = 24  # steps in an epoch of every run here


def value_at(epoch: float, top: float) -> float:
    """A validation metric that rises and levels off."""
    return top * (1 - math.exp(-epoch / 6))


def history_of_events(epochs: int, begun: float, *, not_finite: bool = False, gpu: bool = False) -> list[Event]:
    """The events of a training of so many epochs; with `not_finite`, two stretches lose the number."""
    rng = np.random.default_rng(1)
    events: list[Event] = [
        StateChange(at=begun, state="starting"),
        Note(at=begun + 1, text="cpu, 2 threads, fp32 [not markup]"),
        StateChange(at=begun + 2, state="training"),
        validation(0, begun + 3, 0.16),
    ]
    for step in range(2, epochs * STEPS + 1, 2):
        at = begun + 3 + step / 4
        events.append(training_step(step, at, rng, lost=not_finite and (60 < step < 80 or step == 150)))
        if step % 12 == 0:
            events.append(system(at, step, gpu))
        if step % STEPS == 0:
            events.append(validation(step // STEPS, at, 0.16))
    if not_finite:
        events.append(
            Alert(at=begun + 30, kind="not-finite", message="the loss is not a number since step 62", step=62)
        )
    return events


def training_step(step: int, at: float, rng: np.random.Generator, *, lost: bool = False) -> Step:
    """One step event, or one whose loss is not a number."""
    loss = 1.8 + 2.6 * math.exp(-step / 90) + float(rng.normal(0, 0.06))
    return Step(
        at=at,
        epoch=(step - 1) // STEPS + 1,
        step=step,
        samples=step * 128,
        count=2,
        loss=None if lost else loss,
        loss_min=None if lost else loss - 0.1,
        loss_max=None if lost else loss + 0.1,
        learning_rate=0.001 * math.cos(step / 480 * math.pi / 2),
        gradient_norm=1.0 + math.exp(-step / 60),
        speed=61_000.0 + float(rng.normal(0, 1500)),
        not_finite=2 if lost else 0,
    )


def validation(epoch: int, at: float, top: float) -> Validation:
    """One validation under two protocols."""
    metrics = {
        protocol: {
            f"{name}@{k}": value_at(epoch, top * scale * share)
            for name, share in (("Recall", 1.0), ("NDCG", 0.6))
            for k, scale in ((1, 0.4), (5, 0.8), (10, 1.0))
        }
        | {"MRR": value_at(epoch, top * share0)}
        for protocol, top, share0 in (("full", top / 0.6, 0.5), ("uniform-100", 3.2 * top / 0.6, 0.5))
    }
    return Validation(at=at, epoch=epoch, step=epoch * STEPS, users=40, seconds=0.4, metrics=metrics, best=epoch > 0)


def system(at: float, step: int, gpu: bool) -> System:
    """One look at the machine."""
    return System(
        at=at,
        cpu=80 + 10 * math.sin(step / 30),
        process_memory=900_000_000,
        memory=6_000_000_000,
        memory_total=16_000_000_000,
        gpu=87.0 if gpu else None,
        gpu_memory=41 * 2**30 if gpu else None,
        gpu_memory_total=78 * 2**30 if gpu else None,
        gpu_temperature=61.0 if gpu else None,
        gpu_power=310.0 if gpu else None,
    )
