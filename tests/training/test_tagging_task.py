"""The loss of a tagger and its gradients; training words that are read as unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from elman.features.lexicon import Lexicon
from elman.features.vocabulary import Vocabulary
from elman.models import ensemble as networks
from elman.models.ensemble import Ensemble
from elman.models.heads import Heads
from elman.nn.layers import SparseRows
from elman.training import optimizers, tagging_task as learning
from elman.training.task import LossTotals, StepKey
from elman.utils import seeding
from small_language import ELMAN, SMALL, TRAIN, TUTORIAL, Labelled, bits, trained

Array = np.ndarray[Any, Any]

# --- gradients of the task ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["sum", "mean"])
def test_shards_add_up_to_the_gradient_of_their_minibatch(loss: str) -> None:
    config = TUTORIAL.with_settings({"dropout": 0, "unk_dropout": 0, "loss": loss})
    model = trained(config.with_settings({"epochs": 1}))
    task = learning.TaggingTask(model, TRAIN, None)
    items, place = np.arange(9), StepKey(1, 1, 1)
    words = int(task.lengths[:9].sum())
    tally, whole = task.gradients(items, words, place)
    parts = [task.gradients(items[i::2], words, place) for i in range(2)]
    assert sum((part for part, _ in parts), LossTotals()) == LossTotals(pytest.approx(tally.loss), words, tally.correct)
    summed = optimizers.total([gradients for _, gradients in parts])
    for name, gradient in whole.items():
        for one, other in zip(gradient, summed[name], strict=True):  # of Rows: ids and values
            np.testing.assert_allclose(one, other, atol=1e-5, err_msg=name)

    # what the tally says is what the probabilities say
    p = np.concatenate(model.probabilities([w for w, _ in TRAIN[:9]]))
    gold = [model.tags.index(tag) for _, tags in TRAIN[:9] for tag in tags]
    assert tally.loss == pytest.approx(-np.log(p[np.arange(words), gold]).sum(), rel=1e-5)
    assert tally.correct == (p.argmax(axis=1) == gold).sum()
    scale = words if loss == "mean" else 1
    np.testing.assert_allclose(whole["output.b_o"] * scale, p.sum(axis=0) - np.bincount(gold), atol=1e-4)


def test_settings_that_change_what_is_learned() -> None:
    plain = bits(trained(SMALL.with_settings({"epochs": 1})))[1]
    for change in ({"dropout_kind": "variational"}, {"dropout": 0.5}, {"word_dropout": 0.0}, {"unk_dropout": 3.0}):
        assert bits(trained(SMALL.with_settings({"epochs": 1, **change})))[1] != plain, change


# --- unknown words --------------------------------------------------------------------------------------------------


def task_of(a: float) -> learning.TaggingTask:
    """A training in which "a" stands four times, "b" twice and "c" once."""
    train: Labelled = [(["a", "b", "a", "a"], ["X"] * 4), (["b", "a"], ["X"] * 2), (["c"], ["X"])]
    config = ELMAN.with_settings({"unk_dropout": a})
    lexicon = Lexicon.of(config.network, (words for words, _ in train))
    return learning.TaggingTask(Ensemble(config, lexicon, Heads(config, (("X",),), ("none",)), [{}]), train, None)


def test_a_training_word_is_read_as_unknown_by_its_count() -> None:
    task = task_of(0.5)
    times = 4000
    read = np.stack([task.noisy_words(np.arange(7), StepKey(1, 1, step)) for step in range(times)])
    words = ["a", "b", "a", "a", "b", "a", "c"]
    counts = np.array([{"a": 4, "b": 2, "c": 1}[word] for word in words])
    assert set(np.unique(read, axis=0).ravel()) == {0, 1, 2, 3}
    expected = 0.5 / (0.5 + counts)
    np.testing.assert_allclose((read == Vocabulary.UNKNOWN).mean(axis=0), expected, atol=0.035)  # 4.5 standard errors
    ids = task.networks.lexicon.vocabulary.ids(words)
    assert ((read == ids) | (read == Vocabulary.UNKNOWN)).all()


def test_the_words_read_as_unknown_hang_on_the_place_alone() -> None:
    task, rows = task_of(0.5), np.array([3, 6, 0])
    for place in (StepKey(1, 1, 0), StepKey(1, 1, 5), StepKey(2, 1, 5, 1)):
        drawn = place.stream(seeding.UNKNOWN).random(3)
        expected = np.where(drawn < 0.5 / (0.5 + np.array([4, 1, 4])), 0, task.inputs.words[rows])
        np.testing.assert_array_equal(task.noisy_words(rows, place), expected)


def test_a_gradient_is_of_the_words_as_they_are_read() -> None:
    config, place, items = ELMAN.with_settings({"unk_dropout": 3}), StepKey(1, 1, 1), np.arange(9)
    task = learning.TaggingTask(trained(config.with_settings({"epochs": 1})), TRAIN, None)
    _, rows = networks.packed(task.lengths, task.ends, items)
    read = task.noisy_words(rows, place)
    _, gradients = task.gradients(items, len(rows), place)
    assert isinstance(gradients["embedding"], SparseRows)
    assert gradients["embedding"].ids.tolist() == np.unique(read).tolist()
    assert set(read.tolist()) != set(task.inputs.words[rows].tolist())


def test_no_words_are_read_as_unknown_where_a_is_0() -> None:
    np.testing.assert_array_equal(task_of(0.0).noisy_words(np.arange(7), StepKey(1, 1, 0)), task_of(0.0).inputs.words)
