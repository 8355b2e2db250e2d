"""Filling in words of raw text: gradients, candidates, what a state knows, the parts of a long text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cloze
from cloze import task_of
from elman.errors import DataError
from elman.nn.batch import packed
from elman.nn.layers import SparseRows
from elman.training import cloze_task, optimizers
from elman.training.cloze_task import ClozeTask
from elman.training.disk_corpus import LONGEST, RawTextWriter
from elman.training.task import StepKey
from elman.utils import seeding
from numerical import slope

Array = np.ndarray[Any, Any]
TEXT = cloze.TEXT
PLACE = StepKey(1, 1, 1)


@pytest.mark.parametrize(
    "settings",
    [{}, {"cell": "gru"}, {"cell": "sru"}, {"cell": "elman", "direction": "forward", "layers": 2}],
    ids=["lstm", "gru", "sru", "forward"],
)
def test_gradients_are_those_of_central_differences(settings: dict[str, Any]) -> None:
    task, items = task_of(settings), np.array([0, 3, 4])
    for name, w in task.parameters.items():
        task.parameters[name] = w.astype(np.float64)
    draw = np.random.default_rng(1)
    task.parameters["output.b_o"] += draw.normal(size=task.parameters["output.b_o"].shape)
    words = int(task.lengths[items].sum())
    totals, gradients = task.gradients(items, words, PLACE)
    assert totals.words == words and 0 <= totals.correct <= words
    assert gradients.keys() == task.parameters.keys()
    for name, w in task.parameters.items():
        found = gradients[name]
        whole = np.zeros_like(w)
        if isinstance(found, SparseRows):
            whole[found.ids] = found.values
        else:
            whole = found
        expected = slope(lambda: task.gradients(items, words, PLACE)[0].loss / words, w)
        np.testing.assert_allclose(whole, expected, atol=1e-7, err_msg=name)


def test_the_loss_is_the_corrected_softmax_of_the_candidates() -> None:
    """Written out word by word: the state before from one direction, the state after from the other."""
    task, items = task_of({}), np.array([1, 2])
    p, H = task.parameters, 3
    batch, rows = packed(task.lengths, task.ends, items)
    h, _ = task.networks.network.encode(p, task.inputs.take(rows), batch)
    gold = task.gold[0][rows]
    candidates, logs = task._candidates(gold[gold >= 0], PLACE)
    total = 0.0
    for row, tag in enumerate(gold):
        if tag < 0:
            continue
        before, after = int(batch.previous[row]), int(batch.following[row])
        left = h[before, :H] if before >= 0 else np.zeros(H)
        right = h[after, H:] if after >= 0 else np.zeros(H)
        scores = p["output.w_oh"][candidates] @ np.concatenate([left, right]) + p["output.b_o"][candidates] - logs
        total += np.log(np.exp(scores).sum()) - scores[candidates.tolist().index(tag)]
    found, _ = task.gradients(items, len(rows), PLACE)
    assert found.loss == pytest.approx(total, rel=1e-5)


def test_no_state_knows_the_word_that_is_to_be_filled_in() -> None:
    task = task_of({})
    batch, rows = packed(task.lengths, task.ends, np.array([0]))
    inputs = task.inputs.take(rows)

    def around(words: Array) -> Array:
        changed = type(inputs)(words, inputs.types, inputs.bags)
        h, _ = task.networks.network.encode(task.parameters | {"features": np.zeros_like(f)}, changed, batch)
        return task._around(h, batch)[0]

    f = task.parameters["features"]
    plain = around(inputs.words)
    for row in range(len(rows)):
        other = inputs.words.copy()
        other[row] = (other[row] + 1) % len(task.networks.lexicon.vocabulary)
        changed = np.abs(around(other) - plain).max(axis=1) > 0
        assert not changed[row] and changed.sum() == len(rows) - 1


def test_candidates_have_the_probability_that_corrects_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloze_task, "NEGATIVES", 2)
    task, times, n = task_of({}), 4000, 3
    seen = np.zeros(len(task.frequency))
    for step in range(times):
        place = StepKey(1, 1, step)
        gold = np.random.default_rng(step).choice(len(seen), n, p=task.frequency).astype(np.int32)
        candidates, logs = task._candidates(gold, place)
        assert set(gold) <= set(candidates) and (np.diff(candidates) > 0).all()
        seen[candidates] += 1
    every, logs = task._candidates(np.arange(len(seen), dtype=np.int32), StepKey(1, 1, 0))
    expected = 1 - np.exp(-(n * task.frequency + 2 * task.drawn))
    np.testing.assert_allclose(seen / times, expected, atol=0.06)  # draws of one word in place of Poisson ones
    assert (every == np.arange(len(seen))).all() and (logs <= 0).all()


def test_a_long_text_is_read_in_parts_that_make_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloze_task, "PART", 60)
    task = task_of({})
    assert task.parts == -(-int(task.lengths.sum()) // 60) > 1
    parts = [
        np.concatenate(task.batches(4, seeding.stream(1, seeding.ORDER, epoch=e), e)) for e in range(1, task.parts + 1)
    ]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(TEXT)))
    again = np.concatenate(task.batches(4, seeding.stream(1, seeding.ORDER, epoch=9), task.parts + 1))
    assert sorted(again.tolist()) == sorted(parts[0].tolist())


def test_rare_words_are_read_and_not_predicted() -> None:
    task = task_of({}, [["a", "b", "a", "once"], ["b", "a"]], predicted=1)
    assert task.networks.tags == ("a",) and task.networks.lexicon.vocabulary.words == ("a", "b")
    totals, gradients = task.gradients(np.array([0, 1]), 6, PLACE)
    assert totals.words == 6 and isinstance(gradients["embedding"], SparseRows)
    none = task_of({}, [["a", "a"], ["b", "b"]], predicted=1)
    totals, _ = none.gradients(np.array([1]), 2, PLACE)  # nothing to predict in it
    assert totals.loss >= 0


def test_long_sentences_are_cut_and_text_without_repetition_is_refused() -> None:
    task = task_of({}, [["a"] * (2 * LONGEST + 1)])
    assert task.lengths.tolist() == [LONGEST, LONGEST, 1]
    writer = RawTextWriter()
    writer.add(["all", "words", "differ"])
    with pytest.raises(DataError, match="no word occurs twice"):
        writer.corpus(10, 10)


def test_shards_add_up_when_they_have_the_same_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClozeTask, "_candidates", lambda self, gold, place: (np.arange(6), np.zeros(6, np.float32)))
    task, items = task_of({}), np.arange(6)
    words = int(task.lengths[items].sum())
    _, whole = task.gradients(items, words, PLACE)
    summed = optimizers.total([task.gradients(items[i::2], words, PLACE)[1] for i in range(2)])
    for name, gradient in whole.items():
        for one, other in zip(gradient, summed[name], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6, err_msg=name)
