"""The trainer: epochs, minibatches, shards, clipping, the rate's decay, early stopping. It knows nothing of taggers."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from elman import optimizers, randomness
from elman.batching import minibatches
from elman.config import TrainingConfig
from elman.layers import Array
from elman.optimizers import Gradients

ONLINE_CHUNK = 256  # sentences in one call of an online kernel; a signal is heard between calls


@dataclass(frozen=True, slots=True)
class Tally:
    """What a pass over some words found: the summed loss, the words, and how many of them came out right."""

    loss: float = 0.0
    words: int = 0
    correct: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.loss + other.loss, self.words + other.words, self.correct + other.correct)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is. Loss and training accuracy are of the epoch so far; times in seconds."""

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
    gradient_norm: float | None  # of the last update; None in the online kernel
    is_epoch_end: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the run, which every random draw is a function of."""

    seed: int
    epoch: int
    step: int
    part: int = 0

    def stream(self, purpose: int) -> np.random.Generator:
        return randomness.stream(self.seed, purpose, epoch=self.epoch, step=self.step, part=self.part)


class Task(Protocol):
    """What is trained: parameters, items with their lengths, a gradient and a measure on dev."""

    parameters: dict[str, Array]
    lengths: NDArray[np.int64]  # words of each training item

    def gradients(self, items: NDArray[np.int64], words: int, place: Place) -> tuple[Tally, Gradients]:
        """The gradient of some items that are part of a minibatch of ``words`` words. Called by several threads."""
        ...

    def online(self, items: NDArray[np.int64], rates: NDArray[np.float64], place: Place) -> Tally | None:
        """One update for each item by a fused kernel; None where the network has none."""
        ...

    def score(self) -> float | None:
        """Accuracy on dev now; None without a dev set."""
        ...


@dataclass
class Record:
    """What came of a run; stands in the model file, so no clock and no speed."""

    epochs: int = 0  # complete
    best_epoch: int = 0
    losses: list[float] = field(default_factory=list)  # a word, by epoch
    train_accuracies: list[float] = field(default_factory=list)
    dev_accuracies: list[float] = field(default_factory=list)
    interrupted: bool = False


class _Run:
    """One run of ``fit``: its clock and its report."""

    def __init__(
        self, config: TrainingConfig, lengths: NDArray[np.int64], on_progress: Callable[[Progress], None] | None
    ) -> None:
        self.config, self.on_progress = config, on_progress
        self.words = int(lengths.sum())
        self.steps = -(-len(lengths) // config.batch)  # of an epoch
        self.norm: float | None = None
        self.started = self.reported = time.perf_counter()

    def report(
        self, epoch: int, step: int, tally: Tally, rate: float, *, end: bool = False, dev: float | None = None
    ) -> None:
        now = time.perf_counter()
        if self.on_progress is None or not (end or now - self.reported > 0.1):
            return
        self.reported = now
        seconds = now - self.started
        done = self.words * (epoch - 1) + tally.words
        speed = done / seconds if seconds > 0 else 0.0
        left = (self.words * self.config.epochs - done) / speed if speed else 0.0
        words = max(tally.words, 1)
        self.on_progress(
            Progress(
                epoch=epoch,
                epochs=self.config.epochs,
                step=step,
                steps=self.steps,
                loss=tally.loss / words,
                train_accuracy=tally.correct / words,
                dev_accuracy=dev,
                rate=rate,
                words_per_second=speed,
                seconds=seconds,
                seconds_left=left,
                gradient_norm=self.norm,
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
) -> Record:
    """Trains ``task.parameters`` in place and leaves those of the best epoch there (without dev: of the last).

    The bits depend on the seed, the settings and the instruction set, not on ``threads``. Ctrl-C ends the run with the
    best epoch's parameters and ``Record.interrupted``; in the first epoch, with the parameters as they are.
    """
    record = Record()
    best: tuple[float, dict[str, Array]] | None = None
    run = _Run(config, task.lengths, on_progress)
    optimizer = optimizers.make(config.optimizer)
    try:
        with ThreadPoolExecutor(threads) as pool:
            for epoch in range(1, config.epochs + 1):
                tally = _epoch(task, run, seed, epoch, optimizer, pool)
                optimizer.settle(task.parameters)
                score = task.score()
                record.epochs = epoch
                record.losses.append(tally.loss / max(tally.words, 1))
                record.train_accuracies.append(tally.correct / max(tally.words, 1))
                if score is not None:
                    record.dev_accuracies.append(score)
                if best is None or score is None or score > best[0]:
                    best = (score or 0.0, {name: w.copy() for name, w in task.parameters.items()})
                    record.best_epoch = epoch
                rate = optimizers.rate_at(config.rate, config.decay, epoch / config.epochs)
                run.report(epoch, run.steps, tally, rate, end=True, dev=score)
                if score is not None and 0 < config.patience <= epoch - record.best_epoch:
                    break
    except KeyboardInterrupt:
        record.interrupted = True
    if best is None:
        optimizer.settle(task.parameters)
    else:
        for name, w in best[1].items():
            task.parameters[name][...] = w
    return record


def _epoch(
    task: Task, run: _Run, seed: int, epoch: int, optimizer: optimizers.Optimizer, pool: ThreadPoolExecutor
) -> Tally:
    config = run.config
    batches = minibatches(task.lengths, config.batch, randomness.stream(seed, randomness.ORDER, epoch=epoch))
    steps, total = run.steps, run.steps * config.epochs
    tally = Tally()
    if config.batch == 1 and config.optimizer == "sgd" and config.loss == "sum":
        order = np.concatenate(batches)
        for start in range(0, steps, ONLINE_CHUNK):
            items = order[start : start + ONLINE_CHUNK]
            done = ((epoch - 1) * steps + start + np.arange(len(items))) / total
            rates = np.array([optimizers.rate_at(config.rate, config.decay, d) for d in done.tolist()])
            found = task.online(items, rates, Place(seed, epoch, start))
            if found is None:
                break
            tally += found
            run.report(epoch, start + len(items), tally, float(rates[-1]))
        else:
            return tally
    for step, items in enumerate(batches):
        rate = optimizers.rate_at(config.rate, config.decay, ((epoch - 1) * steps + step) / total)
        words = int(task.lengths[items].sum())
        # Cut by a rule that does not know how many threads there are; summed in the order of the cut.
        shards = [items[i :: config.shards] for i in range(min(config.shards, len(items)))]
        places = [Place(seed, epoch, step, part) for part in range(len(shards))]
        parts = list(pool.map(task.gradients, shards, [words] * len(shards), places))
        gradients = optimizers.total([gradient for _, gradient in parts])
        run.norm = optimizers.clip(gradients, config.clip)
        optimizer.update(task.parameters, gradients, rate)
        for found, _ in parts:
            tally += found
        run.report(epoch, step + 1, tally, rate)
    return tally
