"""Time budget of training: choose the size and the epochs that fill it by trying sizes on the data.

The settings and the training record hold the choice only, never a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.config import Config, TrainingConfig
from elman.errors import ConfigError
from elman.training.checkpoint import Section
from elman.training.task import Task
from elman.training.trainer import Updates
from elman.utils import seeding
from elman.utils.durations import seconds_of

LADDER = ((1 / 4, 0.0), (1 / 2, 1 / 4), (1.0, 1 / 2), (2.0, 3 / 2))
"""Candidate sizes: factor of the hidden units, and minimum epochs of such a size as a factor of the settings'."""
MOST_EPOCHS = 8
"""Maximum number of epochs, as a multiple of the settings'."""
PROBED = 24
"""Number of updates timed to estimate the time of an epoch."""
GOAL = 0.95
"""Maximum fraction of the budget that a plan fills; with whole epochs, 0.92 on average."""
MOST_TRIED = 0.1
"""Maximum fraction of the budget for the trial of one size."""
LEAST, MOST = 0.85, 1.05
"""The epochs are replanned if the expected end is outside these fractions of the budget."""
_FORM = {
    "plan": ({"hidden": int, "epochs": int}, None),
    "most": int,
    "used": float,
    "first": float,
    "looked": float,
}


class _Size(NamedTuple):
    hidden: int
    seconds: float  # per epoch


class Budget:
    """The time budget of one training run; the clock starts at construction."""

    def __init__(
        self,
        budget: str | float,
        settings: Mapping[str, Any],
        on_note: Callable[[str], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``settings`` are the user's and are kept; ``on_note`` receives a note on the choice.

        Raises ConfigError if the budget is invalid or 0, or if the settings contain epochs.
        """
        self.seconds = seconds_of(budget)
        if "epochs" in settings:
            raise ConfigError("budget: it chooses the epochs; leave out either the budget or epochs=")
        self.ladder: Sequence[tuple[float, float]] = ((1.0, 0.0),) if "hidden" in settings else LADDER
        self.on_note, self.clock = on_note, clock
        self.started = self.first = self.looked = clock()
        self.most = 0  # epochs

    def plan(
        self,
        config: Config,
        task_of: Callable[[Config], Task],
        seed: int,
        threads: int,
        section: Section | None = None,
    ) -> Config:
        """Return the settings that ``choose`` does, or those of the checkpoint that the run goes on from."""
        saved = None if section is None or section.saved is None else section.saved.facts(_FORM)
        if saved is not None:
            now = self.clock()
            self.started, self.first, self.looked = (now - saved[name] for name in ("used", "first", "looked"))
            self.most = saved["most"]
        plan = None if saved is None else saved["plan"]
        self._watched(section, plan)
        if plan is None:
            config = self.choose(config, task_of, seed, threads)
            plan = {"hidden": config.network.hidden, "epochs": config.training.epochs}
            self._watched(section, plan)
        return replace(_with_hidden(config, plan["hidden"]), training=replace(config.training, epochs=plan["epochs"]))

    def _watched(self, section: Section | None, plan: dict[str, int] | None) -> None:
        """Let checkpoints hold the plan, and the seconds used so far."""

        def state() -> dict[str, Any]:
            now = self.clock()
            seconds = {"used": now - self.started, "first": now - self.first, "looked": now - self.looked}
            return {"plan": plan, "most": self.most, **seconds}

        if section is not None:
            section.watch(state)

    def choose(self, config: Config, task_of: Callable[[Config], Task], seed: int, threads: int) -> Config:
        """Return settings that fill the budget. Sizes are tried from small to large until one is too large.

        ``task_of`` makes the task with a new network. Raises ConfigError if there is no time for one epoch.
        """
        usual = config.training.epochs
        self.most = MOST_EPOCHS * usual
        tried: list[_Size] = []
        too_large = False
        for size, least in self.ladder:
            trial = _with_hidden(config, _scaled(config.network.hidden, size))
            began = self._used()
            tried.append(_Size(trial.network.hidden, self._epoch(task_of(trial), trial.training, seed, threads)))
            too_large = self._left() < max(1.0, least * usual) * tried[-1].seconds
            if too_large or 2 * (self._used() - began) > MOST_TRIED * self.seconds:  # the next size takes twice as long
                break
        chosen = tried[-2] if too_large and len(tried) > 1 else tried[-1]
        epochs = min(self.most, int(max(self._left(), 0.0) / chosen.seconds))
        if not epochs and self._used() + chosen.seconds <= self.seconds:
            epochs = 1  # more than the goal, but within the budget
        if not epochs:
            least_time = (self._used() + chosen.seconds) / GOAL
            raise ConfigError(
                f"budget: one epoch takes {_shown(chosen.seconds)} here, and {_shown(self._used())} passed before it; "
                f"{_shown(self.seconds)} are too short, {_shown(1.1 * least_time)} may suffice"
            )
        if too_large and epochs < self.most:
            chosen = _between(chosen, tried[-1], self._left() / epochs)
        expected = self._used() + epochs * chosen.seconds
        self.on_note(
            f"budget {_shown(self.seconds)}: hidden={chosen.hidden} and epochs={epochs}, which take about "
            f"{_shown(expected)}"
        )
        self.first = self.looked = self.clock()
        return replace(_with_hidden(config, chosen.hidden), training=replace(config.training, epochs=epochs))

    def replan(self, epoch: int, epochs: int) -> int:
        """Return the new number of epochs at the end of ``epoch``, when ``epochs`` were planned."""
        now = self.clock()
        pace = ((now - self.first) / epoch + now - self.looked) / 2  # the last epoch has more weight
        self.looked = now
        used = now - self.started
        if LEAST <= (used + (epochs - epoch) * pace) / self.seconds <= MOST:
            return epochs
        left = round((GOAL * self.seconds - used) / max(pace, 1e-9))
        return min(epoch + max(1, left), max(self.most, epochs))

    def finish(self) -> None:
        """Report the time used, if it is not as planned."""
        used = self._used()
        if not LEAST <= used / self.seconds <= 1.1:
            self.on_note(f"budget {_shown(self.seconds)}: it took {_shown(used)}")

    def _used(self) -> float:
        return self.clock() - self.started

    def _left(self) -> float:
        return GOAL * self.seconds - self._used()

    def _epoch(self, task: Task, config: TrainingConfig, seed: int, threads: int) -> float:
        """Return the seconds of an epoch and its score on dev, estimated by a few updates (which change the task)."""
        batches = task.batches(config.batch, seeding.stream(seed, seeding.ORDER, epoch=1), 1)
        order = np.argsort([task.words(items) for items in batches], kind="stable")

        with Updates(task, config, seed, threads) as updates:

            def update(some: list[NDArray[np.int64]]) -> None:
                for i in range(0, len(some), updates.together):
                    part = some[i : i + updates.together]
                    updates(part, [config.learning_rate] * len(part), 1, i)

            update([batches[i] for i in order[:3]])  # the first are slower
            n = min(len(batches), max(PROBED, 2 * updates.together))
            # lengths distributed as in an epoch
            some = [batches[order[(2 * i + 1) * len(batches) // (2 * n)]] for i in range(n)]
            began = self.clock()
            update(some)
            seconds = (self.clock() - began) * len(batches) / n
        began = self.clock()
        task.score()
        return max(seconds + self.clock() - began, 1e-9)


def _with_hidden(config: Config, hidden: int) -> Config:
    return replace(config, network=replace(config.network, hidden=hidden))


def _scaled(hidden: int, size: float) -> int:
    return hidden if size == 1 else min(4096, max(8, 8 * round(size * hidden / 8)))


def _between(small: _Size, large: _Size, seconds: float) -> _Size:
    """Interpolate a size between two, in steps of 8, whose epoch takes ``seconds``.

    Time grows faster than size, so linear interpolation overestimates the time, if anything.
    """
    way = (seconds - small.seconds) / max(large.seconds - small.seconds, 1e-9)
    more = int(min(max(way, 0.0), 1.0) * (large.hidden - small.hidden)) // 8 * 8
    share = more / max(large.hidden - small.hidden, 1)
    return _Size(small.hidden + more, small.seconds + share * (large.seconds - small.seconds))


def _shown(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
