"""The schedule of a run: how many epochs it has, how much of it is done at a step, and the learning rate there.

The plan may change between epochs (``--budget`` does that where the machine turns out slower or faster than expected);
the training record keeps the changes.
"""

from __future__ import annotations

import math

from elman.config import TrainingConfig


class Schedule:
    """How the epochs of a run, counted from 1, share out the way from 0 to 1."""

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config
        self._plans = [(1, config.epochs, 0.0)]  # (from this epoch, epochs in all, done when it begins)

    def epochs(self, epoch: int) -> int:
        """How many epochs the run is to have, as planned in this one."""
        return self._plan(epoch)[1]

    def replan(self, epoch: int, epochs: int) -> None:
        """From this epoch on the run has ``epochs`` epochs; what is left of it is shared out evenly among them."""
        self._plans.append((epoch, epochs, self.done(epoch, 0.0)))

    def done(self, epoch: int, share: float) -> float:
        """The share of the run that is behind us after the share ``share`` of an epoch."""
        begin, epochs, done = self._plan(epoch)
        return done + (1 - done) * ((epoch - begin + share) / (epochs - begin + 1))

    def rate(self, done: float) -> float:
        """The learning rate: up in a straight line in the warm-up, then down as ``decay`` says."""
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
        return next(plan for plan in reversed(self._plans) if plan[0] <= epoch)
