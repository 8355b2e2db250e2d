"""Naive Bayes: the same weights as counting text by text gives, and regression begins with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from elman.config import LINEAR
from elman.data.targets import CLASSIFY
from elman.nn.bags import Bags
from elman.training import naive_bayes
from elman.training.ensemble import begin
from texts import texts

LABELS, GRAMS = 3, 5
TEXTS = st.lists(st.tuples(st.sets(st.integers(0, GRAMS - 1)), st.integers(0, LABELS - 1)), max_size=8)


def counted(scale: np.ndarray[Any, Any], sets: list[set[int]], gold: list[int]) -> np.ndarray[Any, Any]:
    counts = np.zeros((GRAMS, LABELS))
    for ids, label in zip(sets, gold, strict=True):
        length = np.sqrt(sum(float(scale[i]) ** 2 for i in ids))
        for i in ids:
            counts[i, label] += scale[i] / length
    others = counts.sum(axis=1, keepdims=True) - counts + naive_bayes.SMOOTHING * LABELS * max(counts.mean(), 1e-38)
    found = -np.log(others / others.sum(axis=0))
    return np.asarray(found - found.mean(axis=1, keepdims=True))


@settings(max_examples=40, deadline=None)
@given(texts=TEXTS, chunk=st.integers(1, 3))
def test_as_counted_text_by_text(texts: list[tuple[set[int], int]], chunk: int) -> None:
    scale = np.linspace(1, 3, GRAMS, dtype=np.float32)
    sets, gold = [ids for ids, _ in texts], [label for _, label in texts]
    bags = Bags.of([sorted(ids) for ids in sets])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(naive_bayes, "CHUNK", chunk)
        found = naive_bayes.weights(scale, bags, np.array(gold, np.int32), LABELS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, counted(scale, sets, gold), atol=1e-4)


def test_an_ngram_speaks_for_the_label_whose_texts_have_it() -> None:
    bags = Bags.of([[0, 2], [0, 2], [1, 2], [1, 2]])
    first, second, both = naive_bayes.weights(np.ones(3, np.float32), bags, np.array([0, 0, 1, 1], np.int32), 2)
    assert first[0] > 1 and first[1] == pytest.approx(-first[0])
    np.testing.assert_allclose(second, -first, atol=1e-6)
    np.testing.assert_allclose(both, 0, atol=1e-6)


@pytest.mark.parametrize(("times", "labels"), [(0.0, 2), (1.0, 2), (0.5, 2), (1.0, 3)])
def test_regression_of_two_labels_begins_with_them(times: float, labels: int) -> None:
    train = [(tuple(text.split()), (label,)) for text, label in texts(60, 1, labels)]
    task = begin(train, None, LINEAR.with_settings({"naive_bayes": times}), seed=1, tasks=[CLASSIFY])
    grams, w = task.networks.heads.grams, task.parameters["text.grams"]
    assert grams is not None and grams.scale is not None and task.grams is not None
    expected = np.float32(times) * naive_bayes.weights(grams.scale, task.grams, task.gold[0], labels)
    np.testing.assert_array_equal(w, expected if labels == 2 else 0)
    np.testing.assert_array_equal(task.again(task.networks.config, 2).parameters["text.grams"], w)


def test_a_network_begins_without_them() -> None:
    train = [((word, "x"), (label,)) for word, label in (("a", "p"), ("b", "n")) for _ in range(4)]
    config = LINEAR.with_settings({"pooling": "max", "hidden": 4, "embedding": 4})
    assert not begin(train, None, config, seed=1, tasks=[CLASSIFY]).parameters["text.grams"].any()
