"""The best tree by the probabilities of labels."""

from __future__ import annotations

import random

import numpy as np
import pytest

from elman.tasks import mst as arborescence
from elman.tasks.dependency_labels import decode, encode, repaired
from elman.tasks.mst import HeadLabels

LABELS = ["0,ROOT", "+1,N", "-1,N", "+1,V", "-1,V", "+2,N", "-2,N"]


def test_the_best_tree_of_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both nouns want to hang on each other; the best tree breaks the circle where it costs least."""
    tags = ["N", "V", "N"]
    probabilities = np.full((3, 7), 1e-6)
    probabilities[0, [LABELS.index("+1,N"), LABELS.index("+1,V")]] = 0.6, 0.3
    probabilities[1, LABELS.index("0,ROOT")] = 0.9
    probabilities[2, [LABELS.index("-1,N"), LABELS.index("-1,V")]] = 0.8, 0.1
    labels = HeadLabels(LABELS)
    assert labels.heads(np.log(probabilities), [tags]).tolist() == [2, 0, 1]
    with np.errstate(divide="ignore"):
        assert labels.heads(np.log(np.where(probabilities < 0.01, 0.0, probabilities)), [tags]).tolist() == [2, 0, 1]

    monkeypatch.setattr(arborescence, "MAX_WORDS", 2)
    assert (
        labels.heads(np.log(probabilities), [tags]).tolist()
        == [2, 0, 1]
        == decode(["+1,N", "0,ROOT", "-1,N"], tags, "relative")
    )
    assert HeadLabels(LABELS[1:]).heads(np.log(probabilities[:, 1:]), [tags]).tolist() == [0, 3, 1]


def test_certain_labels_give_their_tree_back() -> None:
    draw = random.Random(4)
    for _ in range(50):
        n = draw.randint(1, 12)
        heads = repaired([draw.randint(0, n) for _ in range(n)])
        tags = [draw.choice("AB") for _ in range(n)]
        gold = encode(heads, tags, "relative")
        labels = sorted({*gold, *(draw.choice(LABELS) for _ in range(3))})
        probabilities = np.full((n, len(labels)), 1e-9)
        probabilities[range(n), [labels.index(label) for label in gold]] = 1.0
        assert HeadLabels(labels).heads(np.log(probabilities), [tags]).tolist() == heads
