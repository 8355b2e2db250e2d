"""The schedule of a run: number of epochs, fraction done at a step, and the learning rate there.

The plan may change between epochs (``--budget`` does that where the machine turns out slower or faster than expected);
the training record keeps the changes.
"""

from __future__ import annotations

import math

from elman.config import TrainingConfig


class Schedule:
    """Maps epochs, counted from 1, to the fraction of the run that is done, 0 to 1."""

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config
        self.plans = [(1, config.epochs, 0.0)]  # (from this epoch, epochs in all, done when it begins)

    def epochs(self, epoch: int) -> int:
        """Return the number of epochs of the run, as planned in this epoch."""
        return self._plan(epoch)[1]

    def replan(self, epoch: int, epochs: int) -> None:
        """Plan ``epochs`` epochs in all from this one on; the rest of the run is divided evenly among them."""
        self.plans.append((epoch, epochs, self.done(epoch, 0.0)))

    def done(self, epoch: int, share: float) -> float:
        """Return the fraction of the run done after the fraction ``share`` of an epoch."""
        begin, epochs, done = self._plan(epoch)
        return done + (1 - done) * ((epoch - begin + share) / (epochs - begin + 1))

    def rate(self, done: float) -> float:
        """Return the learning rate: linear warm-up, then the decay of the setting ``decay``."""
        config = self.config
        if done < config.warmup:
            return config.learning_rate * done / config.warmup
        left = (1 - done) / (1 - config.warmup)
        if config.decay == "linear":
            return config.learning_rate * left
        return (
            config.learning_rate * (0.5 - 0.5 * math.cos(math.pi * left))
            if config.decay == "cosine"
            else config.learning_rate
        )

    def _plan(self, epoch: int) -> tuple[int, int, float]:
        return next(plan for plan in reversed(self.plans) if plan[0] <= epoch)
