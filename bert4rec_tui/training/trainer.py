"""The loop: epochs of steps, a validation after each, checkpoints, and an ear for requests between two steps."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

import numpy as np
import torch

from bert4rec_tui.config import Config
from bert4rec_tui.data.dataset import PreparedDataset
from bert4rec_tui.errors import WorkFailedError
from bert4rec_tui.evaluation.metrics import means
from bert4rec_tui.evaluation.ranking import ModelScorer, Ranks, held_out
from bert4rec_tui.model.bert4rec import Bert4Rec
from bert4rec_tui.model.weights import load_weights, weights_metadata
from bert4rec_tui.runs.events import Validation
from bert4rec_tui.training.batches import TrainingBatches
from bert4rec_tui.training.checkpoint import Position, has_last, load_last, save_best, save_last
from bert4rec_tui.training.compilation import has_fixed_shapes
from bert4rec_tui.training.distributed import ALONE, World, rank_together
from bert4rec_tui.training.initialisation import initialise_from_transitions
from bert4rec_tui.training.negative_sampling import bias_level
from bert4rec_tui.training.recorder import Recorder, SilentRecorder
from bert4rec_tui.training.schedule import learning_rate_at
from bert4rec_tui.training.step import TrainingStep


class Trainer:
    """Trains one network on one prepared dataset, from its `last` checkpoint if it has one.

    Where several ranks train together each has a trainer: all take the same steps and have the same metrics, and the
    one that leads writes.
    """

    def __init__(
        self,
        config: Config,
        dataset: PreparedDataset,
        folder: Path,
        device: torch.device,
        precision: str,
        world: World = ALONE,
    ) -> None:
        self.config, self.dataset, self.device, self.precision = config, dataset, device, precision
        self.world = world
        self.folder, self.checkpoints = folder, folder / "checkpoints"
        self.batches = TrainingBatches(dataset, config, device, has_fixed_shapes(config.training, device))
        self.model = Bert4Rec(dataset.items, config.model)
        self.resumed = has_last(self.checkpoints)
        level = bias_level(config.training, dataset.items)
        self.model.initialise_from_popularity(torch.from_numpy(np.array(dataset.train_counts)), level)
        if config.training.start == "transitions" and not self.resumed:
            initialise_from_transitions(self.model, dataset)
        if config.init_from and not self.resumed:
            load_weights(Path(config.init_from), self.model)
        self.model.to(device)
        self.step = TrainingStep(self.model, config, device, precision, world)
        self.optimizer = self.step.optimizer
        self.position = Position()
        if self.resumed:
            # Loading may finish what a kill left half done, so one goes first.
            self.position = world.leader_first(
                lambda: load_last(self.checkpoints, self.model, self.optimizer, self.dataset)
            )
        world.check_same(self.position.step, f"{self.checkpoints}: differs from the checkpoint that rank 0 sees")
        self.scorer = ModelScorer(self.model, precision)
        evaluation = config.evaluation
        # Negatives that are not sampled yet are written next to the dataset, by one rank.
        self.question = world.leader_first(
            lambda: held_out(
                dataset, "validation", evaluation.protocols, evaluation.negatives_seed, device, self.batches.items
            )
        )
        recorder = Recorder if world.is_leader else SilentRecorder
        self.recorder = recorder(folder, device, config.evaluation.best_metric, config.training.patience)
        self._step_seconds = self._between_seconds = 0.0  # of a step, and of everything between two epochs
        self._step_began = time.monotonic()
        self._last_checkpoint = time.monotonic()
        self._next_scalars = 0
        self._point: tuple[int, float] | None = None  # samples and loss of the latest steps, until they are drawn

    def train(self) -> str:
        """Train to the end, or until somebody wants it to stop. Returns `finished` or `stopped`."""
        training, position = self.config.training, self.position
        while True:
            if not position.validated:
                began = time.monotonic()
                validated = self.validate()
                self.save()
                if not validated:
                    return "stopped"
                self._between_seconds = time.monotonic() - began
                self._report_time_left()
            if position.epoch >= training.epochs:
                return "finished"
            if training.patience and position.waiting >= training.patience:
                metric = self.config.evaluation.best_metric
                self.recorder.note(f"early stopping: {metric} has not improved for {position.waiting} epochs")
                return "finished"
            if not self.train_epoch():
                return "stopped"

    def train_epoch(self) -> bool:
        """The rest of the epoch that the position is in. Returns False where somebody wanted it to stop."""
        position, training, recorder = self.position, self.config.training, self.recorder
        self.model.train()
        recorder.phase("training")
        recorder.restart_timer()
        rate = 0.0
        self._step_began = time.monotonic()
        for windows in self.batches.batches(position.epoch, position.step_in_epoch):
            if not self._go_on():
                return False
            rate = learning_rate_at(position.step, self.batches.steps_per_epoch, training)
            loss, norm = self.step(windows, rate, position.epoch, position.step_in_epoch)
            recorder.step(len(windows), loss, norm)
            self._report_compilation()
            position.step += 1
            position.step_in_epoch += 1
            position.samples += len(windows)
            if recorder.flush_due():
                self._flush(rate)
                self._report_time_left()
            now = time.monotonic()
            spent, self._step_began = now - self._step_began, now
            position.seconds += spent
            self._step_seconds = _smooth(self._step_seconds, spent)
            if training.checkpoint_minutes and (
                time.monotonic() - self._last_checkpoint > 60 * training.checkpoint_minutes
            ):
                self.save()
        self._flush(rate, epoch_ends=True)
        position.epoch_loss = position.loss_sum / max(1, position.loss_count)
        recorder.note(f"epoch {position.epoch + 1}  loss {position.epoch_loss:.4f}")
        overflow = int(self.world.sum_over_ranks(self.step.overflow))
        if overflow:
            recorder.alert(
                "overflow",
                f"{overflow:,} masked items of epoch {position.epoch + 1} exceeded the fixed number of slots",
            )
            self.step.overflow.zero_()
        position.epoch, position.step_in_epoch, position.validated = position.epoch + 1, 0, False
        position.loss_sum, position.loss_count = 0.0, 0
        return True

    def validate(self) -> bool:
        """Rank the validation items, and judge the weights by them. Returns False where somebody wanted it to stop."""
        recorder = self.recorder
        recorder.phase("validating")
        self.model.eval()
        began = time.monotonic()

        def stop_wanted() -> bool:
            recorder.advance()
            return recorder.request() == "stop"

        batch = self.config.evaluation.batch_size
        results = rank_together(self.world, self.scorer, self.question, batch, stop_wanted)
        if results is None:
            return False
        self._judge(results, time.monotonic() - began)
        return True

    def _judge(self, results: Mapping[str, Ranks], seconds: float) -> None:
        """Have the weights become `best`, with the next save, where none were better; tell what was found."""
        position, evaluation, recorder = self.position, self.config.evaluation, self.recorder
        position.seconds += seconds
        metrics = {
            protocol: means(result.ranks, evaluation.ks, int(result.candidates.max()))
            for protocol, result in results.items()
        }
        protocol, _, name = evaluation.best_metric.partition(":")
        value = metrics[protocol].get(name)
        if value is None:
            raise WorkFailedError(
                f"evaluation.best_metric = {evaluation.best_metric}: there are only "
                f"{int(results[protocol].candidates.max())} candidates; choose a smaller k"
            )
        better = position.best is None or value > position.best
        if better:
            position.best, position.best_epoch, position.waiting = value, position.epoch, 0
            if self.world.is_leader:
                save_best(self.checkpoints, self.model, self._metadata())
        else:
            position.waiting += 1
        position.validated = True
        not_finite = max(result.not_finite for result in results.values())
        if not_finite:
            sentence = f"{not_finite:,} of {len(self.question.users):,} scores are not finite"
            recorder.alert("not a number", sentence)
            recorder.notify("nan", sentence)
        event = Validation(
            at=time.time(),
            epoch=position.epoch,
            step=position.step,
            users=len(self.question.users),
            seconds=seconds,
            metrics=metrics,
            best=better,
            not_finite=not_finite,
            loss=position.epoch_loss,
        )
        recorder.validation(event, position.samples, evaluation.best_metric, value)
        best = " (best)" if better else ""
        recorder.print(f"validation after epoch {position.epoch}  {name} {value:.4f} {protocol}{best}")

    def save(self) -> None:
        """Write the `last` checkpoint, on the rank that leads."""
        if not self.world.is_leader:
            return
        self.recorder.check_owner()
        self._flush(self.optimizer.param_groups[0]["lr"])
        save_last(self.checkpoints, self.model, self.optimizer, self.position, self._metadata())
        self._last_checkpoint = time.monotonic()
        self.recorder.advance()

    def _metadata(self) -> dict[str, str]:
        return weights_metadata(self.model, self.dataset, self.position.epoch, self.position.step)

    def _go_on(self) -> bool:
        """Obey what people want between two steps. Returns False for a stop, after saving."""
        request = self.world.agree(self.recorder.request())
        if request == "pause":
            self.save()
            request = self.recorder.wait_while_paused(self.position.step, self.world.agree)
            self.recorder.phase("training")
            self._step_began = time.monotonic()  # standing still is no training
            if request == "stop":
                return False  # saved already, and nothing has moved since
        if request == "stop":
            self.save()
            return False
        return True

    def _flush(self, rate: float, *, epoch_ends: bool = False) -> None:
        position = self.position
        losses = self.recorder.flush(position.epoch + 1, position.samples, rate)
        if not all(map(math.isfinite, losses)):
            # Raised before anything is saved: the last checkpoint stays as it was when the numbers were sound.
            training = self.config.training
            raise WorkFailedError(
                f"the loss or its gradient became NaN (not a number) in epoch {position.epoch + 1}; train again with "
                f"--config {quote(str(self.folder / 'config.toml'))} and a lower rate, such as "
                f"--set training.learning_rate={training.learning_rate / 10:g}, or --set training.gradient_clip=1"
            )
        position.loss_sum += sum(losses)
        position.loss_count += len(losses)
        if losses:
            self._point = position.samples, sum(losses) / len(losses)
        # The last of every epoch is drawn too: where epochs have few steps it is the only one.
        if self._point and (epoch_ends or position.samples >= self._next_scalars):
            samples, mean = self._point
            self.recorder.training_scalars(samples, mean, rate, position.epoch + 1)
            self._next_scalars, self._point = samples + self.config.training.log_samples, None

    def _report_compilation(self) -> None:
        """Say whether the step could be compiled, as soon as that is known, and once."""
        compilation = self.step.compilation
        if found := compilation.report():
            if compilation.reason:
                self.recorder.alert("compile", found)
            else:
                self.recorder.note(found)

    def _report_time_left(self) -> None:
        position, epochs = self.position, self.config.training.epochs
        steps = (epochs - position.epoch) * self.batches.steps_per_epoch - position.step_in_epoch
        known = self._step_seconds > 0
        left = steps * self._step_seconds + (epochs - position.epoch) * self._between_seconds if known else None
        self.recorder.estimate(left, position.seconds)


def _smooth(old: float, new: float) -> float:
    return new if old == 0 else 0.95 * old + 0.05 * new
