"""Progress of a training run, and the reports on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elman.nn.activations import Units
from elman.training.run_state import RunState
from elman.utils.summary import Row, Summary, percent


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


class Reporter:
    """Reports the progress of a run at most ten times a second, and at the end of every epoch."""

    def __init__(
        self, state: RunState, lengths: NDArray[np.int64], on_progress: Callable[[Progress], None] | None
    ) -> None:
        self.state, self.on_progress = state, on_progress
        self.words = int(lengths.sum())
        self.steps = 0  # of the epoch
        self.reported = time.perf_counter()
        self._started = self.reported - state.seconds

    def seconds(self) -> float:
        """Return the seconds since the run began, without the time between being stopped and resumed."""
        return time.perf_counter() - self._started

    def report(self, rate: float, *, end: bool = False, dev: float | None = None, units: Units | None = None) -> None:
        """Report the step that is done, or the end of its epoch."""
        now = time.perf_counter()
        if self.on_progress is None or not (end or now - self.reported > 0.1):
            return
        self.reported = now
        state, seconds = self.state, now - self._started
        epoch, totals = state.epoch, state.totals
        epochs = state.schedule.epochs(epoch)
        done = self.words * (epoch - 1) + totals.words
        speed = done / seconds if seconds > 0 else 0.0
        left = (self.words * epochs - done) / speed if speed else 0.0
        words = max(totals.words, 1)
        self.on_progress(
            Progress(
                epoch=epoch,
                epochs=epochs,
                step=state.step,
                steps=self.steps,
                loss=totals.loss / words,
                train_accuracy=totals.correct / words,
                dev_accuracy=dev,
                rate=rate,
                words_per_second=speed,
                seconds=seconds,
                seconds_left=left,
                **state.norms.facts(),
                saturated=None if units is None else units.saturated,
                dead=None if units is None else units.dead,
                is_epoch_end=end,
            )
        )
