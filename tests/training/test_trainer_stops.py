"""Ctrl-C, and errors in the middle of training: the best so far is left, or the cause is named."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from elman.config import TrainingConfig
from elman.errors import ConfigError
from elman.training.optimizers import Gradients
from elman.training.task import LossTotals, StepKey
from elman.training.trainer import fit
from scripted_task import Recorder, Task, same

Array = np.ndarray[Any, Any]
SMALL = TrainingConfig(epochs=3, batch=4, shards=3, learning_rate=0.1)
ONLINE = TrainingConfig(epochs=2, batch=1, optimizer="sgd", loss="sum", learning_rate=1.0)


class Stopped(Task):
    """Presses Ctrl-C when a step of an epoch begins."""

    def __init__(self, epoch: int, step: int, press: Callable[[], None], scores: Sequence[float] | None = None) -> None:
        super().__init__(scores)
        self.at, self.press = (epoch, step, 0), press

    def gradients(self, items: Array, words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        if (place.epoch, place.step, place.part) == self.at:
            self.press()
        return super().gradients(items, words, place)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("press", [interrupt, lambda: signal.raise_signal(signal.SIGINT)])
def test_ctrl_c_in_a_later_epoch_leaves_the_best(press: Callable[[], None]) -> None:
    task = Stopped(4, 2, press, scores=[0.5, 0.7, 0.6])
    record = fit(task, TrainingConfig(epochs=6, batch=4), seed=1, threads=2)
    assert (record.interrupted, record.epochs, record.best_epoch) == (True, 3, 2)
    assert len(record.losses) == 3
    assert same(task.parameters, task.seen[1])


def test_ctrl_c_without_dev_leaves_the_last_whole_epoch() -> None:
    task = Stopped(3, 2, interrupt)
    record = fit(task, TrainingConfig(epochs=6, batch=4), seed=1, threads=2)
    assert (record.interrupted, record.epochs, record.best_epoch) == (True, 2, 2)
    assert same(task.parameters, task.seen[1])


def test_ctrl_c_in_the_first_epoch_leaves_the_parameters_as_they_are(recorder: Recorder) -> None:
    task = Stopped(1, 3, interrupt, scores=[])
    record = fit(task, TrainingConfig(epochs=6, batch=4), seed=1, threads=2)
    assert (record.interrupted, record.epochs, record.best_epoch) == (True, 0, 0)
    assert task.parameters["w"].tolist() == [4, 4, 4]  # 1 and three updates
    assert recorder.settled == 1


def test_ctrl_c_in_the_score() -> None:
    class Scored(Task):
        def score(self) -> float | None:
            super().score()
            raise KeyboardInterrupt

    record = fit(Scored(scores=[0.5]), SMALL, seed=1, threads=1)
    assert (record.interrupted, record.epochs) == (True, 0)


def test_a_rate_that_is_too_large_is_said() -> None:
    class Diverging(Task):
        def gradients(self, items: Array, words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
            found, gradients = super().gradients(items, words, place)
            return replace(found, loss=float("nan") if place.epoch == 2 else 1.0), gradients

    with pytest.raises(ConfigError, match="^learning_rate: the loss diverged in epoch 2; try a smaller learning_rate$"):
        fit(Diverging(), SMALL, seed=1, threads=1)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_so_is_one_that_shows_after_the_last_update_only(number: float) -> None:
    class Diverging(Task):
        def gradients(self, items: Array, words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
            found, gradients = super().gradients(items, words, place)
            if place.epoch == SMALL.epochs and place.step == 5:
                gradients["w"] = np.full(3, number, np.float32)
            return found, gradients

    task = Diverging()
    with np.errstate(invalid="ignore"), pytest.raises(ConfigError, match="diverged in epoch 3; try a smaller"):
        fit(task, replace(SMALL, grad_clip=0.0), seed=1, threads=1)
    assert len({place.step for place, _, _ in task.calls}) == 6


def test_another_error_goes_through() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(Stopped(1, 1, fail), SMALL, seed=1, threads=2)
