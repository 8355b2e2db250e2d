"""The trainer: epochs, minibatches, shards, clipping, averaging, early stopping. It knows nothing about taggers."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from elman.config import TrainingConfig
from elman.errors import ConfigError
from elman.nn.activations import Units
from elman.nn.batch import minibatches
from elman.nn.layers import Array
from elman.training import optimizers
from elman.training.optimizers import Gradients
from elman.training.schedule import Schedule
from elman.utils import seeding
from elman.utils.summary import Row, Summary, percent

ONLINE_CHUNK = 256  # sentences in one call of an online kernel; signals are handled between calls
AVERAGED = 32  # snapshots of the weights that are averaged; more change nothing and cost time


@dataclass(frozen=True, slots=True)
class LossTotals:
    """Totals of a pass over words: summed loss, number of words, and number of correct ones."""

    loss: float = 0.0
    words: int = 0
    correct: float = 0

    def __add__(self, other: LossTotals) -> LossTotals:
        return LossTotals(self.loss + other.loss, self.words + other.words, self.correct + other.correct)


@dataclass(frozen=True, slots=True, repr=False)
class Progress(Summary):
    """Progress of a training run. Loss, training accuracy and norms are of the epoch so far; times in seconds.

    Of several networks the time left is that of all of them.

    In the online kernel there are no norms. ``saturated`` and ``dead`` are shares of the units at the end of an epoch
    (``elman.nn.activations.Units``); None elsewhere, and of tasks that have none.
    """

    epoch: int  # from 1
    epochs: int
    step: int  # updates in this epoch so far
    steps: int
    loss: float  # a word
    train_accuracy: float
    dev_accuracy: float | None  # at the end of an epoch, with a dev set
    rate: float
    words_per_second: float
    seconds: float
    seconds_left: float
    gradient_norm: float | None  # of the last update
    mean_gradient_norm: float | None
    largest_gradient_norm: float | None
    clipped: float | None  # fraction of the updates whose gradient was clipped
    saturated: float | None
    dead: float | None
    is_epoch_end: bool
    member: int = 1  # of the ``members`` networks of a model
    members: int = 1
    part: str = ""  # name of a part trained besides the networks; "": a network

    def _summary(self) -> str:
        dev = "" if self.dev_accuracy is None else f", accuracy on dev {percent(self.dev_accuracy)}"
        return f"epoch {self.epoch} of {self.epochs}, step {self.step:,} of {self.steps:,}, loss {self.loss:.4f}{dev}"

    def _table(self) -> Iterator[Row]:
        yield "property", "value"
        yield from ((name, getattr(self, name)) for name in self.__slots__ if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class StepKey:
    """A step of a run (and part of a minibatch); it determines every random draw."""

    seed: int
    epoch: int
    step: int
    part: int = 0

    def stream(self, purpose: int) -> np.random.Generator:
        return seeding.stream(self.seed, purpose, epoch=self.epoch, step=self.step, part=self.part)


class Items:
    """Training items with their lengths in words, and random minibatches of similar length."""

    lengths: NDArray[np.int64]  # words of each training item

    def batches(self, size: int, generator: np.random.Generator) -> Sequence[NDArray[np.int64]]:
        """Return the minibatches of one epoch, ``size`` items each, as indices."""
        return minibatches(self.lengths, size, generator)

    def words(self, items: NDArray[np.int64]) -> int:
        """Return the number of words of these items."""
        return int(self.lengths[items].sum())

    def online(self, items: NDArray[np.int64], rates: NDArray[np.float64], place: StepKey) -> LossTotals | None:
        """Return None: there is no fused kernel."""
        return None


class Task(Protocol):
    """What is trained: parameters, items with their lengths, gradients and a score on dev."""

    parameters: dict[str, Array]
    lengths: NDArray[np.int64]  # words of each sentence

    def batches(self, size: int, generator: np.random.Generator) -> Sequence[NDArray[np.int64]]:
        """Return the minibatches of one epoch, ``size`` items each, as indices. See ``Items``."""
        ...

    def words(self, items: NDArray[np.int64]) -> int:
        """Return the number of words of these items."""
        ...

    def gradients(self, items: NDArray[np.int64], words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        """Return the gradients of items from a minibatch of ``words`` words. Called by several threads."""
        ...

    def online(self, items: NDArray[np.int64], rates: NDArray[np.float64], place: StepKey) -> LossTotals | None:
        """Make one update for each item by a fused kernel; return None if the network has no such kernel."""
        ...

    def score(self) -> float | None:
        """Return the current accuracy on dev; None without a dev set."""
        ...


@runtime_checkable
class ObservableTask(Protocol):
    """A task whose units can be observed."""

    def units(self) -> Units | None:
        """Return saturated and dead units on a few words; None if there are no units."""
        ...


class GradientNorms:
    """Statistics of the gradient norms of an epoch."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.updates, self.total, self.largest, self.clipped = 0, 0.0, 0.0, 0

    def see(self, norm: float, most: float) -> None:
        """Add a norm; gradients with a norm above ``most`` are clipped (0: never)."""
        self.last = norm
        self.updates += 1
        self.total += norm
        self.largest = max(self.largest, norm)
        self.clipped += 0 < most < norm

    def facts(self) -> dict[str, Any]:
        """Return the fields of ``Progress``."""
        names = ("gradient_norm", "mean_gradient_norm", "largest_gradient_norm", "clipped")
        if not self.updates:
            return dict.fromkeys(names)
        rows = (self.last, self.total / self.updates, self.largest, self.clipped / self.updates)
        return dict(zip(names, rows, strict=True))


@dataclass
class Record:
    """Record of a run. It is stored in the model file, so it has no times."""

    epochs: int = 0  # complete
    best_epoch: int = 0
    losses: list[float] = field(default_factory=list)  # a word, by epoch
    train_accuracies: list[float] = field(default_factory=list)
    dev_accuracies: list[float] = field(default_factory=list)
    interrupted: bool = False
    replanned: list[list[int]] = field(default_factory=list)  # changes of plan: first epoch, epochs in all


class Updates:
    """The updates of a run, one by one or, with a fused kernel, several at a time."""

    def __init__(
        self, task: Task, config: TrainingConfig, seed: int, threads: int, stop: threading.Event | None = None
    ) -> None:
        self.task, self.config, self.seed, self.stop = task, config, seed, stop
        self.pool = ThreadPoolExecutor(threads)
        self.optimizer = optimizers.make(config)
        online = config.batch == 1 and config.optimizer == "sgd" and config.loss == "sum"
        self.together = ONLINE_CHUNK if online else 1  # updates in one call
        self.norms = GradientNorms()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()

    def __call__(
        self, batches: Sequence[NDArray[np.int64]], rates: Sequence[float], epoch: int, step: int
    ) -> LossTotals:
        """Make an update for each minibatch; the first is number ``step`` of the epoch."""
        if self.stop is not None and self.stop.is_set():
            raise KeyboardInterrupt
        if self.together > 1:
            items = np.concatenate(batches)
            found = self.task.online(items, np.array(rates), StepKey(self.seed, epoch, step))
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
        parts = list(self.pool.map(task.gradients, shards, [words] * len(shards), places))
        gradients = optimizers.total([gradient for _, gradient in parts])
        self.norms.see(optimizers.clip(gradients, config.grad_clip), config.grad_clip)
        self.optimizer.update(task.parameters, gradients, rate)
        return sum((found for found, _ in parts), start=LossTotals())


class _WeightAverage:
    """Mean of the weights over the last share of a run, of evenly spaced snapshots."""

    def __init__(self, share: float) -> None:
        self.interval = share / AVERAGED
        self.next = 1 - share + self.interval if share else math.inf  # when the next snapshot is due
        self.snapshots = 0
        self.mean: dict[str, Array] = {}

    def see(self, done: float, task: Task, optimizer: optimizers.Optimizer) -> None:
        """Add the weights to the mean, if a snapshot is due."""
        if done < self.next:
            return
        self.next = done + self.interval
        self.snapshots += 1
        optimizer.flush(task.parameters)
        for name, w in task.parameters.items():
            mean = self.mean.setdefault(name, np.zeros_like(w))
            mean += (w - mean) / np.float32(self.snapshots)


class _Run:
    """Clock and progress reports of one run of ``fit``."""

    def __init__(
        self, config: TrainingConfig, lengths: NDArray[np.int64], on_progress: Callable[[Progress], None] | None
    ) -> None:
        self.schedule, self.on_progress = Schedule(config), on_progress
        self.words = int(lengths.sum())
        self.steps = 0  # of the epoch
        self.norms = GradientNorms()
        self.started = self.reported = time.perf_counter()

    def report(
        self,
        epoch: int,
        step: int,
        tally: LossTotals,
        rate: float,
        *,
        end: bool = False,
        dev: float | None = None,
        units: Units | None = None,
    ) -> None:
        now = time.perf_counter()
        if self.on_progress is None or not (end or now - self.reported > 0.1):
            return
        self.reported = now
        seconds = now - self.started
        epochs = self.schedule.epochs(epoch)
        done = self.words * (epoch - 1) + tally.words
        speed = done / seconds if seconds > 0 else 0.0
        left = (self.words * epochs - done) / speed if speed else 0.0
        words = max(tally.words, 1)
        self.on_progress(
            Progress(
                epoch=epoch,
                epochs=epochs,
                step=step,
                steps=self.steps,
                loss=tally.loss / words,
                train_accuracy=tally.correct / words,
                dev_accuracy=dev,
                rate=rate,
                words_per_second=speed,
                seconds=seconds,
                seconds_left=left,
                **self.norms.facts(),
                saturated=None if units is None else units.saturated,
                dead=None if units is None else units.dead,
                is_epoch_end=end,
            )
        )


def fit(
    task: Task,
    config: TrainingConfig,
    *,
    seed: int,
    threads: int,
    on_progress: Callable[[Progress], None] | None = None,
    replan: Callable[[int, int], int] | None = None,
    stop: threading.Event | None = None,
) -> Record:
    """Train ``task.parameters`` in place; in the end they are those of the best epoch (without dev: of the last).

    The bits depend on the seed, the settings and the instruction set, not on ``threads``. Ctrl-C ends the run with the
    best epoch's parameters and ``Record.interrupted``; in the first epoch, with the parameters as they are.
    ``replan`` is called after every epoch but the last with its number and the epochs planned, and returns the epochs
    to plan from then on. ``stop`` ends the run as Ctrl-C does, which only the main thread receives.

    Raises ConfigError for a rate with which loss and parameters do not stay finite.
    """
    record = Record()
    best: tuple[float, dict[str, Array]] | None = None
    run = _Run(config, task.lengths, on_progress)
    schedule, average = run.schedule, _WeightAverage(config.averaging)
    epoch = 0
    updates = Updates(task, config, seed, threads, stop)
    try:
        with updates:
            while epoch < schedule.epochs(epoch + 1):
                epoch += 1
                tally = _epoch(run, updates, average, epoch)
                updates.optimizer.flush(task.parameters)
                _check_finite(task, tally, epoch)
                weights = {name: w.copy() for name, w in task.parameters.items()}
                _put(task, average.mean)
                score = task.score()
                record.epochs = epoch
                record.losses.append(tally.loss / max(tally.words, 1))
                record.train_accuracies.append(tally.correct / max(tally.words, 1))
                if score is not None:
                    record.dev_accuracies.append(score)
                if best is None or score is None or score > best[0]:
                    best = (score or 0.0, {name: w.copy() for name, w in task.parameters.items()})
                    record.best_epoch = epoch
                _put(task, weights)
                units = task.units() if on_progress is not None and isinstance(task, ObservableTask) else None
                end_rate = schedule.rate(schedule.done(epoch, 1.0))
                run.report(epoch, run.steps, tally, end_rate, end=True, dev=score, units=units)
                if score is not None and 0 < config.patience <= epoch - record.best_epoch:
                    break
                planned = schedule.epochs(epoch + 1)
                if replan is not None and epoch < planned and (epochs := replan(epoch, planned)) != planned:
                    schedule.replan(epoch + 1, epochs)
                    record.replanned.append([epoch + 1, epochs])
    except KeyboardInterrupt:
        record.interrupted = True
    if best is None:
        updates.optimizer.flush(task.parameters)
    else:
        _put(task, best[1])
    return record


def _check_finite(task: Task, totals: LossTotals, epoch: int) -> None:
    """Raise ConfigError if the loss or the parameters, which a model file has to hold, are not finite."""
    if not math.isfinite(totals.loss) or not all(np.isfinite(w).all() for w in task.parameters.values()):
        raise ConfigError(f"learning_rate: the loss diverged in epoch {epoch}; try a smaller learning_rate")


def _put(task: Task, weights: dict[str, Array]) -> None:
    for name, w in weights.items():
        task.parameters[name][...] = w


def _epoch(run: _Run, updates: Updates, average: _WeightAverage, epoch: int) -> LossTotals:
    config, schedule = updates.config, run.schedule
    batches = updates.task.batches(config.batch, seeding.stream(updates.seed, seeding.ORDER, epoch=epoch))
    steps = run.steps = len(batches)
    tally, step = LossTotals(), 0
    run.norms = updates.norms = GradientNorms()
    while step < steps:
        some = batches[step : step + updates.together]
        rates = [schedule.rate(schedule.done(epoch, (step + i) / steps)) for i in range(len(some))]
        tally += updates(some, rates, epoch, step)
        step += len(some)
        average.see(schedule.done(epoch, step / steps), updates.task, updates.optimizer)
        run.report(epoch, step, tally, rates[-1])
    return tally
