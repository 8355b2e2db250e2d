"""The state of a run of the trainer: all that decides how it goes on, as a checkpoint holds it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from elman.config import TrainingConfig
from elman.nn.layers import Array
from elman.training import optimizers
from elman.training.checkpoint import Arrays, Facts, Saved, state_of
from elman.training.schedule import Schedule
from elman.training.task import LossTotals, Task

AVERAGED = 32  # snapshots of the weights that are averaged; more change nothing and cost time


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


class WeightAverage:
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


_NUMBER = (int, float)
_RECORD = {
    "epochs": int,
    "best_epoch": int,
    "losses": [float],
    "train_accuracies": [float],
    "dev_accuracies": [float],
    "interrupted": bool,
    "replanned": [[int]],
}
_RESULT = {"done": bool, "record": _RECORD, "seconds": float}
_FORM = _RESULT | {
    "epoch": int,
    "step": int,
    "together": int,
    "totals": [_NUMBER],
    "norms": {"last": (float, None), "updates": int, "total": float, "largest": float, "clipped": int},
    "plans": [[_NUMBER]],
    "average": {"next": (float, None), "snapshots": int},
    "best": (float, None),
    "steps": int,
}


class RunState:
    """The state of one run of ``fit``.

    ``epoch``, ``step``  the epoch that has begun, from 1, and the updates made in it; ``record`` counts whole epochs
    ``together``         updates in one call
    ``is_settled``       whether it is between two steps, where a run can go on from; not within one
    ``seconds``          from the begin of the run, without the time between being stopped and resumed
    """

    def __init__(self, task: Task, config: TrainingConfig) -> None:
        self.task = task
        self.record = Record()
        self.epoch = self.step = 0
        self.together = 1
        self.totals, self.norms = LossTotals(), GradientNorms()
        self.schedule, self.average = Schedule(config), WeightAverage(config.averaging)
        self.optimizer = optimizers.make(config)
        self.best: tuple[float, dict[str, Array]] | None = None
        self.seconds = 0.0
        self.is_settled = True
        self._carried: Saved | None = None

    def result(self) -> tuple[Facts, Arrays]:
        """Return the result of a finished run."""
        facts = {"done": True, "record": asdict(self.record), "seconds": self.seconds}
        return facts, state_of({"parameters": self.task.parameters})

    def saved(self) -> tuple[Facts, Arrays]:
        """Return the state between two steps."""
        average = self.average
        facts = {
            "done": False,
            "record": asdict(self.record),
            "seconds": self.seconds,
            "epoch": self.epoch,
            "step": self.step,
            "together": self.together,
            "totals": [self.totals.loss, self.totals.words, self.totals.correct],
            "norms": vars(self.norms).copy(),
            "plans": [list(plan) for plan in self.schedule.plans],
            "average": {"next": average.next if math.isfinite(average.next) else None, "snapshots": average.snapshots},
            "best": None if self.best is None else self.best[0],
            "steps": self.optimizer.steps,
        }
        groups = {"parameters": self.task.parameters, "mean": average.mean, "carried": self.task.carried()}
        best = {} if self.best is None else {"best": self.best[1]}
        return facts, state_of(groups | best | self.optimizer.state())

    def restore(self, saved: Saved) -> bool:
        """Take a saved state, parameters included; return whether it is that of a finished run.

        Raises ModelFileError for the state of another run.
        """
        done = saved.get("done") is True
        facts = saved.facts(_RESULT if done else _FORM)
        self.record, self.seconds = Record(**facts["record"]), facts["seconds"]
        parameters = self.task.parameters
        for name, w in saved.group("parameters/", parameters, whole=True).items():
            parameters[name][...] = w
        if done:
            return True
        self.epoch, self.step, self.together = facts["epoch"], facts["step"], facts["together"]
        self.totals = LossTotals(*facts["totals"])
        vars(self.norms).update(facts["norms"])
        self.schedule.plans = [(begin, epochs, done) for begin, epochs, done in facts["plans"]]
        average = facts["average"]
        self.average.next = math.inf if average["next"] is None else average["next"]
        self.average.snapshots, self.average.mean = average["snapshots"], saved.group("mean/", parameters)
        if facts["best"] is not None:
            self.best = facts["best"], saved.group("best/", parameters, whole=True)
        self.optimizer.restore(saved, facts["steps"], parameters)
        self._carried = saved
        return False

    def carry_on(self) -> None:
        """Put what a resumed epoch carries from step to step into the task, which has begun the epoch again."""
        if self._carried is not None:
            for name, x in self.task.carried().items():
                x[...] = self._carried.array(f"carried/{name}", x.dtype.name, x.shape)
        self._carried = None
