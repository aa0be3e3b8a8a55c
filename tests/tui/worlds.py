"""Small worlds for the screens: a prepared dataset and runs in every state, written without training anything."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from world_events import STEPS, history_of_events, value_at

from bert4rec_tui.config import Config, DatasetConfig, EvaluationConfig, ModelConfig, TrainingConfig, save_config
from bert4rec_tui.data.dataset import SCHEMA, Counts, Manifest, PreparedDataset, manifest_bytes
from bert4rec_tui.data.texts import Texts, pack_texts
from bert4rec_tui.files import replace_file
from bert4rec_tui.runs import machine
from bert4rec_tui.runs.events import StateChange
from bert4rec_tui.runs.lock import Lock, worker_lock
from bert4rec_tui.runs.status import Best, Status, write_status
from bert4rec_tui.runs.store import Run

TITLES = [
    "[REC] (2007)",
    "Matrix, The (1999)",
    "Toy Story (1995)",
    "千と千尋の神隠し (2001)",
    "Amélie (Le fabuleux destin d'Amélie Poulain) (2001)",
    "American Beauty (1999)",
    "Star Wars: Episode IV - A New Hope (1977)",
    "올드보이 (2003)",
    "Lion King, The (1994)",
    "Pocahontas (1995)",
    "Mulan (1998)",
    "Tarzan (1999)",
    "Aladdin (1992)",
    "Hercules (1997)",
    "[bold red]Not markup[/] (2010)",
    "Escape \x1b[31mfrom New York (1981)",
]
GENRES = ["Horror|Thriller", "Action|Sci-Fi", "Animation|Children", "Drama", "Comedy|Romance", ""]


def make_dataset(home: Path, *, users: int = 40, items: int = 60, longest: int = 24, seed: int = 0) -> PreparedDataset:
    """Write a prepared dataset `tiny`, split by leave-one-out, below a data folder."""
    rng = np.random.default_rng(seed)
    settings = DatasetConfig(name="tiny")
    path = home / "datasets" / settings.id
    path.mkdir(parents=True)
    lengths = rng.integers(5, longest + 1, users)
    histories = [rng.permutation(items)[:length] + 1 for length in np.minimum(lengths, items)]
    history = np.concatenate(histories).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(h) for h in histories])]).astype(np.int64)
    lengths = np.diff(offsets)
    split = np.stack([lengths - 2, lengths - 2, lengths - 1]).astype(np.int32)
    train = np.concatenate([h[:-2] for h in histories])
    titles = TITLES + [f"Movie number {n} ({1960 + n % 60})" for n in range(len(TITLES), items)]
    arrays = {
        "history": history,
        "offsets": offsets,
        "timestamps": 978_300_000 + np.arange(len(history)) * 86_400,
        "ratings": rng.integers(1, 11, len(history)).astype(np.float32) / 2,
        "split": split,
    }
    for name, array in arrays.items():
        np.save(path / f"{name}.npy", array, allow_pickle=False)
    np.savez(path / "users.npz", ids=np.arange(1, users + 1))
    np.savez(
        path / "items.npz",
        ids=np.arange(101, 101 + items),
        **_packed("title", pack_texts(titles[:items])),
        **_packed("genre", pack_texts([GENRES[n % len(GENRES)] for n in range(items)])),
        counts=np.bincount(history, minlength=items + 1)[1:],
        train_counts=np.bincount(train, minlength=items + 1)[1:],
    )
    counts = Counts(
        users=users,
        items=items,
        interactions=len(history),
        density=len(history) / users / items,
        raw_interactions=len(history),
        train_interactions=len(train),
        validation_users=users,
        test_users=users,
        shortest_history=int(lengths.min()),
        median_history=float(np.median(lengths)),
        longest_history=int(lengths.max()),
        untrained_validation_targets=0,
        untrained_test_targets=0,
    )
    manifest = Manifest(
        schema=SCHEMA,
        id=settings.id,
        settings=settings,
        counts=counts,
        has_timestamps=True,
        has_ratings=True,
        has_titles=True,
        split_hash="0" * 16,
    )
    replace_file(path / "manifest.json", manifest_bytes(manifest))
    return PreparedDataset(path)


def _packed(name: str, texts: Texts) -> dict[str, np.ndarray]:
    return {f"{name}_characters": texts.characters, f"{name}_offsets": texts.offsets}


def small_config(**training: Any) -> Config:
    """A configuration on the dataset `tiny`."""
    return Config(
        preset="fast",
        dataset=DatasetConfig(name="tiny"),
        model=ModelConfig(objective="causal", hidden=32, heads=2, max_len=20),
        training=TrainingConfig(**{"epochs": 20, **training}),
        evaluation=EvaluationConfig(ks=(1, 5, 10), protocols=("full", "uniform-100"), best_metric="full:NDCG@10"),
    )


def make_run(
    home: Path,
    state: str,
    letters: str,
    *,
    epoch: int = 12,
    age: float = 3600.0,
    not_finite: bool = False,
    gpu: bool = False,
    message: str = "",
    config: Config | None = None,
    checkpoint: bool = True,
) -> Run:
    """Write a run folder whose worker, if the state needs one, must be played by `hold`.

    `state` is a written state, or `stalled` or `lost`: training, the one silent for long, the other without a worker.
    """
    config = config or small_config()
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now - age))
    path = home / "runs" / f"tiny-{stamp}-{letters}"
    (path / "checkpoints").mkdir(parents=True)
    save_config(config, path / "config.toml")
    run = Run(path)
    begun = now - age
    events = history_of_events(epoch, begun, not_finite=not_finite, gpu=gpu) if state != "queued" else []
    if state in ("paused", "finished", "stopped", "failed"):
        events.append(StateChange(at=now - 5, state=state, step=epoch * STEPS, message=message))
    replace_file(path / "events.jsonl", b"")
    for event in events:
        run.events.append(event)
    if checkpoint and state != "queued":
        run.checkpoint("best").write_bytes(b"")
        run.checkpoint("last").write_bytes(b"")
    console = [f"epoch {n}  loss {4.2 - n / 20:.3f}" for n in range(1, epoch + 1)]
    if state == "failed":
        console += ["Traceback (most recent call last):", '  File "trainer.py", line 88, in step', message]
    (path / "console.log").write_text("\n".join(console) + "\n", encoding="utf-8")
    write_status(path, status_of(state, epoch, config, begun=begun, message=message))
    return run


DEAD_PID = 2**22 + 5  # beyond all that Linux gives out


def status_of(state: str, epoch: int, config: Config, *, begun: float, message: str = "") -> Status:
    """What the worker of such a run last wrote."""
    now = time.time()
    silent = now - 600 if state == "stalled" else now
    ended = state in ("finished", "stopped", "failed")
    started = state != "queued"
    return Status(
        state="training" if state in ("stalled", "lost") else state,  # pyright: ignore[reportArgumentType]
        phase="train" if state == "training" else "",
        host=machine.host(),
        boot_id=machine.boot_id(),
        pid=DEAD_PID if started else 0,  # so that the lock alone tells whether a worker lives
        pid_started=0.0,
        heartbeat=now,
        progress=epoch * STEPS,
        progressed_at=silent,
        interval=0.25,
        epoch=epoch if started else 0,
        epochs=config.training.epochs,
        step=epoch * STEPS if started else 0,
        steps_per_epoch=STEPS if started else 0,
        loss=4.2 - epoch / 20 if started else None,
        speed=61_000.0 if started else None,
        seconds_left=250.0 if state == "training" else None,
        seconds=now - begun,
        best=Best(metric="full:NDCG@10", value=value_at(epoch, 0.16), epoch=epoch) if started and epoch else None,
        created=begun,
        ended=now - 5 if ended else None,
        device="cpu" if started else "",
        precision="fp32" if started else "",
        message=message,
    )


def hold(run: Run) -> Lock:
    """Play the worker of a run: hold its lock until `release` is called on what is returned."""
    lock = worker_lock(run.path)
    lock.acquire()
    return lock


def make_test(
    run: Run, dataset: PreparedDataset, protocol: str, *, checkpoint: str = "best", top: float = 0.3, seed: int = 3
) -> None:
    """Write the result of a test: metrics.json and ranks.npz, user 0 a hit and user 1 at rank 7."""
    rng = np.random.default_rng(seed)
    candidates = dataset.items - 4 if protocol == "full" else min(int(protocol.partition("-")[2]) + 1, dataset.items)
    ranks = np.minimum(rng.geometric(0.08, dataset.users), candidates)
    ranks[:2] = 1, 7
    folder = run.test_folder(checkpoint, protocol)
    folder.mkdir(parents=True)

    def metrics(level: float) -> dict[str, dict[str, float]]:
        found = {
            f"{name}@{k}": interval(level * scale * share)
            for name, share in (("Recall", 1.0), ("NDCG", 0.6))
            for k, scale in ((1, 0.2), (5, 0.7), (10, 1.0))
        }
        return found | {"MRR": interval(level * 0.5)}

    extra = {"coverage@10": interval(0.612), "popularity@10": interval(412.0)} if protocol == "full" else {}
    result = {
        "run": run.id,
        "checkpoint": checkpoint,
        "epoch": 12,
        "part": "test",
        "protocol": protocol,
        "users": dataset.users,
        "seconds": 1.2,
        "precision": "fp32",
        "device": "cpu",
        "short_users": 0,
        "metrics": metrics(top) | extra,
        "baselines": {"popularity": metrics(top / 4), "transitions": metrics(top / 2), "ease": metrics(top / 3)},
    }
    replace_file(folder / "metrics.json", json.dumps(result).encode())
    np.savez(
        folder / "ranks.npz",
        users=np.arange(dataset.users),
        ranks=ranks.astype(np.int32),
        candidates=np.full(dataset.users, candidates, dtype=np.int32),
    )


def interval(value: float) -> dict[str, float]:
    """A metric with its 95% interval."""
    return {"value": value, "low": value * 0.95, "high": value * 1.05}


def fill(home: Path) -> dict[str, Run]:
    """A data folder with a dataset, a run in each state (none of them live yet) and tests of the finished one."""
    dataset = make_dataset(home, users=610, items=300, longest=60)
    day = 86_400.0
    runs = {
        "training": make_run(home, "training", "quad", epoch=3, age=60, config=small_config(epochs=40)),
        "paused": make_run(home, "paused", "band", epoch=8, age=7200),
        "finished": make_run(home, "finished", "lamp", epoch=20, age=day, gpu=True),
        "stopped": make_run(home, "stopped", "moss", epoch=5, age=2 * day, not_finite=True),
        "failed": make_run(
            home,
            "failed",
            "rose",
            epoch=3,
            age=3 * day,
            message="out of memory on cpu; set training.batch_size = 64 (it is 128) and relaunch",
        ),
        "stalled": make_run(home, "stalled", "fern", epoch=6, age=4 * day),
        "lost": make_run(home, "lost", "pine", epoch=7, age=5 * day),
        "queued": make_run(home, "queued", "dusk", age=30),
    }
    for protocol in ("full", "uniform-100"):
        make_test(runs["finished"], dataset, protocol)
    return runs
