"""What a model says of words whose states are known: the same as from one pass of the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman.config import Config
from elman.models.rnn import RecurrentModel
from elman.training.train_rnn import train_rnn

WORDS = [["the", "dog", "sees", "a", "cat"], ["it", "rains"]]
TRAIN = [(words, [word[0] for word in words], [word[-1] for word in words]) for words in WORDS] * 3
TEXT = [["the", "cat", "rains"], [], ["zebras", "see", "the", "Zebra", "in-house"], ["it"]]
ROWS = [slice(0, 3), slice(3, 3), slice(3, 8), slice(8, 9)]


def model(**settings: Any) -> RecurrentModel:
    config = Config().with_settings({"epochs": 2, "hidden": 12, "ensemble": 1, **settings})
    return train_rnn(TRAIN, None, config, seed=1, threads=1)


@pytest.mark.parametrize("precision", ["exact", "auto"])
@pytest.mark.parametrize("settings", [{}, {"decoder": "crf"}, {"ensemble": 2}, {"cell": "gru", "layers": 2}])
def test_best_labels_and_probabilities(settings: dict[str, Any], precision: str) -> None:
    one = model(**settings).at([1.0, 2.0])
    one.choose_precision(precision)
    answers = one.answers(TEXT)
    best = one.best_columns(TEXT)
    for column in (0, 1):
        p = one.probabilities(TEXT, column)
        ids, mine, scores = answers.best(column), answers.probabilities(column), answers.scores(column)
        assert ids.dtype == np.int32 and scores.dtype == np.float32
        softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        for i, rows in enumerate(ROWS):
            assert ids[rows].tolist() == best[column][i].tolist()
            np.testing.assert_allclose(mine[rows], p[i], atol=1e-5)
            np.testing.assert_allclose(softmax[rows], p[i], atol=1e-5)
        some = answers.of([2, 0]).probabilities(column)
        np.testing.assert_allclose(some, np.concatenate([p[2], p[0]]), atol=1e-5)


def test_no_words() -> None:
    answers = model().answers([[]])
    assert answers.best(0).shape == (0,)
    assert answers.scores(1).shape[0] == 0 == len(model().answers([]).best(0))
