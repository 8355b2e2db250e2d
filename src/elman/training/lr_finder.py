"""Learning rate range test: suggest a learning rate from a short trial in which it rises (Smith 2017, section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
from numpy.typing import NDArray

from elman.config import TrainingConfig
from elman.errors import ConfigError
from elman.training.task import Task
from elman.training.trainer import Updates
from elman.utils import seeding
from elman.utils.summary import Row, Summary

STEPS = 300
LOWEST, HIGHEST = 1e-5, 10.0
SMOOTHING = 0.95
LOST = 2.0
"""The trial ends when the loss exceeds the smallest by this factor."""
NEAR = 10
"""The slope of the loss is measured over this many steps to both sides."""
SETTLED = 30
"""Steps after which the slope counts: the mean of fewer losses moves by chance."""


@dataclass(frozen=True, slots=True, repr=False)
class RateTrial(Summary):
    """Result of a trial. The same data, settings and seed give the same result."""

    rates: tuple[float, ...]
    """Learning rate of each step, growing by a constant factor."""
    losses: tuple[float, ...]
    """Loss per word up to each step, exponentially averaged."""
    rate: float
    """Suggested learning rate, where the loss falls fastest; two digits."""

    def _summary(self) -> str:
        return f"rate {self.rate:g}, from {len(self.rates):,} steps of {self.rates[0]:g} to {self.rates[-1]:g}"

    def _table(self) -> Iterator[Row]:
        yield "learning rate", "loss"
        yield from self.table()

    def table(self, rows: int = 12) -> list[tuple[float, float]]:
        """Return (rate, loss) of steps evenly spaced over the trial."""
        places = np.linspace(0, len(self.rates) - 1, rows).round().astype(int)
        return [(self.rates[i], self.losses[i]) for i in places.tolist()]


def find(task: Task, config: TrainingConfig, *, seed: int, threads: int) -> RateTrial:
    """Train at a rising learning rate until the loss diverges; this spoils ``task.parameters``.

    Raises ConfigError if the loss falls at no rate.
    """
    rates: list[float] = []
    losses: list[float] = []
    mean = 0.0
    with Updates(task, config, seed, threads) as updates:
        for step, items in enumerate(islice(_batches(task, config, seed), STEPS)):
            rates.append(LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1)))
            found = updates([items], rates[-1:], 1, step)
            mean = SMOOTHING * mean + (1 - SMOOTHING) * found.loss / max(found.words, 1)
            losses.append(mean / (1 - SMOOTHING ** (step + 1)))  # bias correction as in Adam
            if not losses[-1] <= LOST * min(losses):  # also if NaN
                break
    middles = range(SETTLED + NEAR, len(losses) - NEAR)
    falls = [losses[i - NEAR] - losses[i + NEAR] for i in middles]
    if not falls or not max(falls) > 0:
        raise ConfigError(f"the loss falls at no learning rate from {LOWEST:g} to {HIGHEST:g}")
    best = rates[middles[falls.index(max(falls))]]
    return RateTrial(tuple(rates), tuple(losses), float(f"{best:.2g}"))


def _batches(task: Task, config: TrainingConfig, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield minibatches without end."""
    for epoch in count(1):
        yield from task.batches(config.batch, seeding.stream(seed, seeding.ORDER, epoch=epoch), epoch)
