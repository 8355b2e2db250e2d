"""Fused steps of logistic regression: the same model as update by update, and what they leave to the trainer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from elman.config import LINEAR
from elman.training import ensemble, trainer
from elman.training.tagging_task import TaggingTask

WORDS = ["red", "green", "blue", "cat", "dog", "eel", "!"]


def texts(n: int = 90) -> list[tuple[tuple[str, ...], ...]]:
    """Make texts whose label says whether they have more colours than animals."""
    generator = np.random.default_rng(3)
    rows = []
    for _ in range(n):
        words = tuple(generator.choice(WORDS, generator.integers(1, 6)).tolist())
        colours = sum(word in WORDS[:3] for word in words)
        rows.append((words, ("colour" if 2 * colours > len(words) else "animal",)))
    return rows


def fitted() -> tuple[TaggingTask, list[float]]:
    config = replace(LINEAR, training=replace(LINEAR.training, averaging=0.0))  # snapshots are taken between calls
    task = ensemble.begin(texts(), None, config, seed=1, tasks=["classify"])
    return task, trainer.fit(task, task.networks.config.training, seed=1, threads=1).losses


def test_fused_steps_train_the_model_of_single_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    fused, losses = fitted()
    calls = []
    monkeypatch.setattr(TaggingTask, "online", lambda *arguments: calls.append(arguments))  # returns None
    single, expected = fitted()
    assert len(calls) == 1  # asked once, and then never again
    for name, w in single.parameters.items():
        np.testing.assert_allclose(fused.parameters[name], w, rtol=2e-3, atol=2e-4, err_msg=name)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("changed", [{"grad_clip": 1.0}, {"smoothing": 0.1}, {"class_weight_power": 0.5}])
def test_what_the_kernel_does_not_do_is_left_to_the_trainer(changed: dict[str, float]) -> None:
    config = replace(LINEAR, training=replace(LINEAR.training, **changed))
    task = ensemble.begin(texts(), None, config, seed=1, tasks=["classify"])
    assert task.online([np.arange(4), np.arange(4, 8)], np.array([1.0, 1.0]), trainer.StepKey(1, 1, 0)) is None


def test_texts_with_several_labels_are_left_to_the_trainer() -> None:
    rows = [(words, labels) for words, labels in texts()]
    task = ensemble.begin(rows, None, LINEAR, seed=1, tasks=["several"])
    assert task.online([np.arange(4)], np.array([1.0]), trainer.StepKey(1, 1, 0)) is None
