"""The trainer: epochs, minibatches, shards, clipping, averaging, early stopping. It knows nothing about taggers."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from elman.config import TrainingConfig
from elman.errors import ConfigError
from elman.nn.layers import Array
from elman.training import optimizers
from elman.training.checkpoint import Section
from elman.training.optimizers import Gradients
from elman.training.progress import Progress, Reporter
from elman.training.run_state import GradientNorms, Record, RunState
from elman.training.task import LossTotals, ObservableTask, StepKey, Task
from elman.utils import seeding
from elman.utils.parallel import Pool, inner_threads

ONLINE_CHUNK = 256  # sentences in one call of a fused kernel; signals are handled between calls


class Updates:
    """The updates of a run, one by one or, with a fused kernel, several at a time."""

    def __init__(
        self, task: Task, config: TrainingConfig, seed: int, threads: int, optimizer: optimizers.Optimizer | None = None
    ) -> None:
        self.task, self.config, self.seed = task, config, seed
        self.pool, self.threads = Pool(threads), threads
        self.optimizer = optimizers.make(config) if optimizer is None else optimizer
        fused = config.optimizer == "sgd" and config.loss == ("sum" if config.batch == 1 else "mean")
        self.together = max(2, ONLINE_CHUNK // config.batch) if fused else 1  # updates in one call
        self.norms = GradientNorms()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()

    def __call__(
        self, batches: Sequence[NDArray[np.int64]], rates: Sequence[float], epoch: int, step: int
    ) -> LossTotals:
        """Make an update for each minibatch; the first is number ``step`` of the epoch."""
        if self.together > 1:
            found = self.task.online(batches, np.array(rates), StepKey(self.seed, epoch, step))
            if found is not None:
                return found
            self.together = 1
        tally = LossTotals()
        for i, (items, rate) in enumerate(zip(batches, rates, strict=True)):
            tally += self._one(items, rate, epoch, step + i)
        return tally

    def _one(self, items: NDArray[np.int64], rate: float, epoch: int, step: int) -> LossTotals:
        config, task = self.config, self.task
        words = task.words(items)
        # split independently of the number of threads, and summed in order
        shards = [items[i :: config.shards] for i in range(min(config.shards, len(items)))]
        places = [StepKey(self.seed, epoch, step, part) for part in range(len(shards))]
        parts = self.pool.map(self._gradients, shards, [words] * len(shards), places)
        # in this thread: another one would have to fetch every array from this core, which takes longer
        gradients = optimizers.total([gradient for _, gradient in parts])
        self.norms.see(optimizers.clip(gradients, config.grad_clip), config.grad_clip)
        self.optimizer.update(task.parameters, gradients, rate)
        return sum((found for found, _ in parts), start=LossTotals())

    def _gradients(self, items: NDArray[np.int64], words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        with inner_threads(max(1, self.threads // self.config.shards)):
            return self.task.gradients(items, words, place)


def fit(
    task: Task,
    config: TrainingConfig,
    *,
    seed: int,
    threads: int,
    on_progress: Callable[[Progress], None] | None = None,
    replan: Callable[[int, int], int] | None = None,
    stop: threading.Event | None = None,
    section: Section | None = None,
) -> Record:
    """Train ``task.parameters`` in place; in the end they are those of the best epoch (without dev: of the last).

    The bits depend on the seed, the settings and the instruction set, not on ``threads``. Ctrl-C ends the run with the
    best epoch's parameters and ``Record.interrupted``; in the first epoch, with the parameters as they are.
    ``replan`` is called after every epoch but the last with its number and the epochs planned, and returns the epochs
    to plan from then on. ``stop`` ends the run as Ctrl-C does, which only the main thread receives. ``section`` of a
    checkpoint keeps the state of the run, and has that to go on from.

    Raises ConfigError for a rate with which loss and parameters do not stay finite.
    """
    run = _Run(task, config, seed, threads, on_progress, stop, section)
    state = run.state
    if run.is_done:
        return state.record
    try:
        with run.updates:
            while _goes_on(state, config, replan):
                run.epoch()
                run.end_epoch()
    except KeyboardInterrupt:
        run.keep_stopped()
        state.record.interrupted = True
    if state.best is None:
        state.optimizer.flush(task.parameters)
    else:
        _put(task, state.best[1])
    if section is not None and not state.record.interrupted:
        section.end(*state.result())
    return state.record


def _goes_on(state: RunState, config: TrainingConfig, replan: Callable[[int, int], int] | None) -> bool:
    """Begin the next epoch, if there is one and none has begun; return whether there is."""
    record, epoch = state.record, state.epoch
    if epoch > record.epochs:  # begun before the run was stopped
        return True
    if record.dev_accuracies and 0 < config.patience <= epoch - record.best_epoch:
        return False
    planned = state.schedule.epochs(epoch + 1)
    if replan is not None and 0 < epoch < planned and (epochs := replan(epoch, planned)) != planned:
        state.schedule.replan(epoch + 1, epochs)
        record.replanned.append([epoch + 1, epochs])
    if epoch >= state.schedule.epochs(epoch + 1):
        return False
    state.epoch, state.step, state.totals = epoch + 1, 0, LossTotals()
    state.norms = GradientNorms()
    return True


class _Run:
    """One run of ``fit``: its state, its updates and its reports."""

    def __init__(
        self,
        task: Task,
        config: TrainingConfig,
        seed: int,
        threads: int,
        on_progress: Callable[[Progress], None] | None,
        stop: threading.Event | None,
        section: Section | None,
    ) -> None:
        self.task, self.stop, self.section = task, stop, section
        self.state = RunState(task, config)
        self.updates = Updates(task, config, seed, threads, self.state.optimizer)
        self.state.together = self.updates.together
        self.is_done = section is not None and section.saved is not None and self.state.restore(section.saved)
        self.updates.together = self.state.together
        self.reporter = Reporter(self.state, task.lengths, on_progress)

    def epoch(self) -> None:
        """Make the updates of the epoch that are left."""
        state, updates, schedule, epoch = self.state, self.updates, self.state.schedule, self.state.epoch
        batches = self.task.batches(
            updates.config.batch, seeding.stream(updates.seed, seeding.ORDER, epoch=epoch), epoch
        )
        state.carry_on()
        steps = self.reporter.steps = len(batches)
        updates.norms = state.norms
        while state.step < steps:
            if self.stop is not None and self.stop.is_set():
                raise KeyboardInterrupt
            some = batches[state.step : state.step + updates.together]
            rates = [schedule.rate(schedule.done(epoch, (state.step + i) / steps)) for i in range(len(some))]
            state.is_settled = False
            state.totals += updates(some, rates, epoch, state.step)
            state.step += len(some)
            state.together = updates.together
            state.average.see(schedule.done(epoch, state.step / steps), self.task, state.optimizer)
            self._settle()
            self.reporter.report(rates[-1])

    def end_epoch(self) -> None:
        """Evaluate the epoch, and keep the best one."""
        task, state, record, totals = self.task, self.state, self.state.record, self.state.totals
        state.is_settled = False
        state.optimizer.flush(task.parameters)
        check_finite(task, totals, state.epoch)
        weights = {name: w.copy() for name, w in task.parameters.items()}
        _put(task, state.average.mean)
        score = task.score()
        record.epochs = state.epoch
        record.losses.append(totals.loss / max(totals.words, 1))
        record.train_accuracies.append(totals.correct / max(totals.words, 1))
        if score is not None:
            record.dev_accuracies.append(score)
        if state.best is None or score is None or score > state.best[0]:
            state.best = (score or 0.0, {name: w.copy() for name, w in task.parameters.items()})
            record.best_epoch = state.epoch
        _put(task, weights)
        observed = self.reporter.on_progress is not None and isinstance(task, ObservableTask)
        units = task.units() if observed and isinstance(task, ObservableTask) else None
        self._settle()
        end_rate = state.schedule.rate(state.schedule.done(state.epoch, 1.0))
        self.reporter.report(end_rate, end=True, dev=score, units=units)

    def keep_stopped(self) -> None:
        """Save the state of a run that was stopped, unless within a step: then an earlier state stands."""
        if self.section is not None and self.state.is_settled:
            self.state.seconds = self.reporter.seconds()
            self.section.end(*self.state.saved())

    def _settle(self) -> None:
        """A step is done: save the state, if that is due."""
        self.state.is_settled = True
        if self.section is not None and self.section.due():
            self.state.seconds = self.reporter.seconds()
            self.section.save(*self.state.saved())


def check_finite(task: Task, totals: LossTotals, epoch: int) -> None:
    """Raise ConfigError if the loss or the parameters, which a model file has to hold, are not finite."""
    if not math.isfinite(totals.loss) or not all(np.isfinite(w).all() for w in task.parameters.values()):
        raise ConfigError(f"learning_rate: the loss diverged in epoch {epoch}; try a smaller learning_rate")


def _put(task: Task, weights: dict[str, Array]) -> None:
    for name, w in weights.items():
        task.parameters[name][...] = w
