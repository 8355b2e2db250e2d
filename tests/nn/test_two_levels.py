"""Labels of two levels, coarse:fine, learned together: by central differences and by definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman.models.heads import coarse_groups
from elman.nn.batch import Batch, pack
from elman.nn.decoders import Softmax, TwoLevels
from numerical import slope

Array = np.ndarray[Any, Any]


def batch_of(*lengths: int) -> Batch:
    return pack(np.array(lengths, np.int64))


def numbers(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("soft", [False, True])
def test_two_levels_by_central_differences_and_by_definition(soft: bool) -> None:
    """The loss is that of the labels and that of their coarse labels, whose p are sums."""
    groups, scores, batch = np.array([1, 0, 1, 1, 0], np.int32), 2 * numbers(1, 4, 5), batch_of(1, 1, 1, 1)
    gold, weights = np.array([0, 4, 3, 1], np.int32), np.array([1.0, 0.5, 2.0, 0.0])
    q = np.exp(numbers(2, 4, 5)) if soft else np.eye(5)[gold]
    q /= q.sum(axis=1, keepdims=True)
    decoder, targets = TwoLevels(groups, 0.7), q if soft else None
    loss = decoder.loss({}, scores, gold, batch, targets)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    coarse = np.log(np.stack([p[:, [1, 4]].sum(axis=1), p[:, [0, 2, 3]].sum(axis=1)], axis=1))
    q_coarse = np.stack([q[:, [1, 4]].sum(axis=1), q[:, [0, 2, 3]].sum(axis=1)], axis=1)
    np.testing.assert_allclose(loss.losses, -(q * np.log(p)).sum(axis=1) - 0.7 * (q_coarse * coarse).sum(axis=1))
    right = slope(lambda: decoder.loss({}, scores, gold, batch, targets)[0], scores, weights)
    np.testing.assert_allclose(loss.backprop(weights)[0], right, atol=1e-8)
    assert loss.best.tolist() == Softmax(5).best({}, scores, batch).tolist()
    plain, none = Softmax(5).loss({}, scores, gold, batch, targets), TwoLevels(groups, 0.0)
    np.testing.assert_allclose(none.loss({}, scores, gold, batch, targets).losses, plain.losses)
    narrow = decoder.loss({}, scores.astype(np.float32), gold, batch, q.astype(np.float32) if soft else None)
    assert narrow.losses.dtype == narrow.backprop(weights.astype(np.float32))[0].dtype == np.float32


def test_a_coarse_label_that_has_no_probability_left() -> None:
    scores = np.array([[1000.0, 0, 0, 0]])
    loss = TwoLevels(np.array([0, 0, 1, 1]), 1.0).loss({}, scores, np.array([2], np.int32), batch_of(1))
    assert np.isfinite(loss.losses).all() and np.isfinite(loss.backprop(np.ones(1))[0]).all()


@pytest.mark.parametrize(
    ("labels", "groups"),
    [
        (["a:x", "b:x", "b:y:z"], [0, 1, 1]),
        (["b:x", "a:x", "b:y"], [1, 0, 1]),
        (["a:x", "a:y"], None),  # one coarse label
        (["a:x", "b:y"], None),  # each has its own
        (["a:x", "b:x", "b:y", "c"], None),
        (["a:x", "a:y", "b:x", ":x"], None),
        (["a:x", "a:y", "b:"], None),
        ([], None),
    ],
)
def test_labels_of_two_levels(labels: list[str], groups: list[int] | None) -> None:
    found = coarse_groups(labels)
    assert (None if found is None else found.tolist()) == groups
