"""What the trainer trains: parameters, items with their lengths, gradients and a score. Tasks derive from ``Items``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from elman.nn.activations import Units
from elman.nn.batch import minibatches
from elman.nn.layers import Array
from elman.training.optimizers import Gradients
from elman.utils import seeding


@dataclass(frozen=True, slots=True)
class LossTotals:
    """Totals of a pass over words: summed loss, number of words, and number of correct ones."""

    loss: float = 0.0
    words: int = 0
    correct: float = 0

    def __add__(self, other: LossTotals) -> LossTotals:
        return LossTotals(self.loss + other.loss, self.words + other.words, self.correct + other.correct)


@dataclass(frozen=True, slots=True)
class StepKey:
    """A step of a run (and part of a minibatch); it determines every random draw."""

    seed: int
    epoch: int
    step: int
    part: int = 0

    def stream(self, purpose: int) -> np.random.Generator:
        return seeding.stream(self.seed, purpose, epoch=self.epoch, step=self.step, part=self.part)

    def draws(self, purpose: int) -> seeding.Draws:
        """Return the same draws for kernels."""
        return seeding.Draws(self.seed, purpose, epoch=self.epoch, step=self.step, part=self.part)


class Items:
    """Training items with their lengths in words, and random minibatches of similar length."""

    lengths: NDArray[np.int64]  # words of each training item

    def batches(self, size: int, generator: np.random.Generator, epoch: int) -> Sequence[NDArray[np.int64]]:
        """Return the minibatches of an epoch, ``size`` items each, as indices; epochs are counted from 1."""
        return minibatches(self.lengths, size, generator)

    def words(self, items: NDArray[np.int64]) -> int:
        """Return the number of words of these items."""
        return int(self.lengths[items].sum())

    def online(
        self, batches: Sequence[NDArray[np.int64]], rates: NDArray[np.float64], place: StepKey
    ) -> LossTotals | None:
        """Return None: there is no fused kernel."""
        return None

    def carried(self) -> dict[str, Array]:
        """Return no states that steps of an epoch hand on."""
        return {}


class Task(Protocol):
    """What is trained: parameters, items with their lengths, gradients and a score on dev."""

    parameters: dict[str, Array]
    lengths: NDArray[np.int64]  # words of each sentence

    def batches(self, size: int, generator: np.random.Generator, epoch: int) -> Sequence[NDArray[np.int64]]:
        """Return the minibatches of an epoch, ``size`` items each, as indices. See ``Items``."""
        ...

    def words(self, items: NDArray[np.int64]) -> int:
        """Return the number of words of these items."""
        ...

    def gradients(self, items: NDArray[np.int64], words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        """Return the gradients of items from a minibatch of ``words`` words. Called by several threads."""
        ...

    def online(
        self, batches: Sequence[NDArray[np.int64]], rates: NDArray[np.float64], place: StepKey
    ) -> LossTotals | None:
        """Make one update for each minibatch by a fused kernel; return None if the network has no such kernel."""
        ...

    def carried(self) -> dict[str, Array]:
        """Return the states that steps of an epoch hand on, besides the parameters; a resumed run writes into them."""
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
