"""Local steps: every sentence is read once, and the parameters are the mean of those of the workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from cloze import task_of
from elman.errors import ConfigError
from elman.training import local_steps
from elman.training.run_options import RunOptions
from elman.training.task import StepKey

SETTINGS = {"epochs": 1, "batch": 8, "averaging": 0.0, "learning_rate": 0.01, "shards": 1}


def test_parts_are_the_sentences_in_memory() -> None:
    task = task_of({})
    task.parts = 3
    parts = [task.part(epoch) for epoch in (1, 2, 3, 4)]
    assert sum(len(part.lengths) for part in parts[:3]) == len(task.lengths)
    every = np.arange(len(task.lengths))
    for number, part in enumerate(parts):
        own = every[number % 3 :: 3]
        assert part.lengths.tolist() == task.lengths[own].tolist() and part.parts == 1
        # one minibatch has the same gradients as in the whole text
        place = StepKey(1, 1, 0)
        items = np.arange(len(own))
        totals, gradients = part.gradients(items, part.words(items), place)
        expected, same = task.gradients(own, task.words(own), place)
        assert totals == expected
        np.testing.assert_array_equal(gradients["output.b_o"], same["output.b_o"])


def test_the_mean_of_the_workers() -> None:
    seen: list[tuple[Any, Any]] = []

    def spread(work: Callable[[Any], Any], shares: Iterable[Any]) -> list[Any]:
        found = [(share.key, work(share)) for share in shares]
        seen.extend(found)
        return [result for _, result in found]

    task = task_of(SETTINGS)
    before = {name: w.copy() for name, w in task.parameters.items()}
    record = local_steps.fit(task, task.networks.config.training, RunOptions(seed=3, map=spread), 2)
    assert [key for key, _ in seen] == [1, 2]
    (first, of_first), (second, of_second) = (result for _, result in seen)
    for name, w in task.parameters.items():
        np.testing.assert_array_equal(w, (first[name] + second[name]) / np.float32(2))
    assert any((first[name] != before[name]).any() and (first[name] != second[name]).any() for name in before)
    assert of_first.words + of_second.words == int(task.lengths.sum())
    assert record.losses == [(of_first.loss + of_second.loss) / (of_first.words + of_second.words)]
    assert record.epochs == record.best_epoch == 1 and not record.interrupted


def test_averaging_of_the_last_epochs() -> None:
    last = task_of(SETTINGS | {"epochs": 4})
    local_steps.fit(last, last.networks.config.training, RunOptions(), 2)
    mean = task_of(SETTINGS | {"epochs": 4, "averaging": 0.5})
    local_steps.fit(mean, mean.networks.config.training, RunOptions(), 2)
    assert any((mean.parameters[name] != w).any() for name, w in last.parameters.items())


def test_parameters_that_are_not_finite() -> None:
    def diverged(work: Callable[[Any], Any], shares: Iterable[Any]) -> list[Any]:
        found = [work(share) for share in shares]
        found[1][0]["output.b_o"][0] = np.inf
        return found

    task = task_of(SETTINGS)
    with pytest.raises(ConfigError, match="learning_rate: the loss diverged in epoch 1"):
        local_steps.fit(task, task.networks.config.training, RunOptions(map=diverged), 2)
