"""Packing: nothing lost, nothing padded, every word at its step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.nn.batch import by_length, minibatches, pack

Array = np.ndarray[Any, Any]
# few lengths, so that there are ties; some sentences without words
lengths_of_sentences = st.lists(st.integers(0, 7), max_size=30).map(lambda x: np.array(x, np.int64))


def places(lengths: Array) -> list[tuple[int, int]]:
    """(sentence, step) of each word of the sentences laid one after the other."""
    return [(b, t) for b, length in enumerate(lengths.tolist()) for t in range(length)]


@given(lengths_of_sentences)
def test_sizes_never_increase_and_count_every_word(lengths: Array) -> None:
    batch = pack(lengths)
    assert batch.sizes.dtype == np.int32
    assert (np.diff(batch.sizes) <= 0).all()
    assert (batch.sizes > 0).all()
    assert batch.sizes.sum() == lengths.sum()
    assert len(batch.sizes) == lengths.max(initial=0)
    assert batch.sentences == (lengths > 0).sum()


@given(lengths_of_sentences)
def test_rows_hold_each_word_once(lengths: Array) -> None:
    batch = pack(lengths)
    assert batch.rows.dtype == np.int64
    assert sorted(batch.rows.tolist()) == list(range(int(lengths.sum())))


@given(lengths_of_sentences)
def test_each_word_stands_in_the_block_of_its_step(lengths: Array) -> None:
    batch, word = pack(lengths), places(lengths)
    order = sorted((b for b, length in enumerate(lengths.tolist()) if length), key=lambda b: (-lengths[b], b))
    start = 0
    for t, size in enumerate(batch.sizes.tolist()):
        assert [word[i] for i in batch.rows[start : start + size]] == [(b, t) for b in order[:size]]
        start += size


@given(lengths_of_sentences)
def test_mirror_is_the_word_as_far_from_the_other_end(lengths: Array) -> None:
    batch, word = pack(lengths), places(lengths)
    np.testing.assert_array_equal(batch.mirror[batch.mirror], np.arange(len(word)))
    for row, other in enumerate(batch.mirror.tolist()):
        b, t = word[batch.rows[row]]
        assert word[batch.rows[other]] == (b, lengths[b] - 1 - t)


@given(lengths_of_sentences)
def test_neighbours_and_sentences(lengths: Array) -> None:
    batch, word = pack(lengths), places(lengths)
    row_of = {word[i]: row for row, i in enumerate(batch.rows.tolist())}
    for row, i in enumerate(batch.rows.tolist()):
        b, t = word[i]
        assert batch.previous[row] == row_of.get((b, t - 1), -1)
        assert batch.following[row] == row_of.get((b, t + 1), -1)
        assert batch.sentence[row] == batch.sentence[row_of[b, 0]] == row_of[b, 0]


def test_a_packed_batch_by_hand() -> None:
    batch = pack(np.array([2, 0, 3]))  # words 0 1 | 2 3 4
    assert batch.sizes.tolist() == [2, 2, 1]
    assert batch.rows.tolist() == [2, 0, 3, 1, 4]
    assert batch.mirror.tolist() == [4, 3, 2, 1, 0]
    assert batch.sentence.tolist() == [0, 1, 0, 1, 0]
    assert batch.previous.tolist() == [-1, -1, 0, 1, 2]
    assert batch.following.tolist() == [2, 3, 4, -1, -1]


def test_no_sentences() -> None:
    batch = pack(np.zeros(0, np.int64))
    assert batch.sentences == 0
    for part in (batch.sizes, batch.rows, batch.mirror, batch.sentence, batch.previous, batch.following):
        assert part.tolist() == []


# --- minibatches ----------------------------------------------------------------------------------------------------


@given(lengths_of_sentences, st.integers(1, 9))
def test_an_epoch_holds_each_sentence_once(lengths: Array, size: int) -> None:
    found = minibatches(lengths, size, np.random.default_rng(1))
    assert sorted(i for items in found for i in items.tolist()) == list(range(len(lengths)))
    assert len(found) == -(-len(lengths) // size)
    assert all(1 <= len(items) <= size for items in found)


def test_minibatches_follow_the_generator() -> None:
    lengths = np.arange(500) % 13
    a, b, other = (minibatches(lengths, 8, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert [x.tolist() for x in a] == [x.tolist() for x in b]
    assert [x.tolist() for x in a] != [x.tolist() for x in other]


def test_sentences_of_a_minibatch_are_of_like_length() -> None:
    lengths = np.random.default_rng(1).integers(1, 100, 64 * 8)  # one pool of 64 minibatches
    spread = [int(np.ptp(lengths[items])) for items in minibatches(lengths, 8, np.random.default_rng(2))]
    assert np.mean(spread) < 3
    assert [len(x) for x in minibatches(lengths, 1, np.random.default_rng(2))] == [1] * len(lengths)


def test_the_longest_sentences_do_not_all_come_first() -> None:
    lengths = np.arange(1, 1025)
    means = [lengths[items].mean() for items in minibatches(lengths, 16, np.random.default_rng(3))]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.5


# --- by_length ------------------------------------------------------------------------------------------------------


@given(lengths_of_sentences, st.integers(1, 25))
def test_groups_hold_each_sentence_once_and_keep_the_limit(lengths: Array, words: int) -> None:
    groups = list(by_length(lengths, words))
    order = [i for group in groups for i in group.tolist()]
    assert sorted(order) == list(range(len(lengths)))
    assert lengths[order].tolist() == sorted(lengths.tolist(), reverse=True)
    for group in groups:
        assert len(group)
        assert lengths[group].sum() <= words or len(group) == 1


@pytest.mark.parametrize(("words", "expected"), [(5, [[1], [2, 0], [3, 4]]), (9, [[1], [2, 0, 3, 4]]), (1, None)])
def test_groups_are_as_full_as_can_be(words: int, expected: list[list[int]] | None) -> None:
    groups = [group.tolist() for group in by_length(np.array([2, 9, 3, 1, 1]), words)]
    assert groups == (expected or [[1], [2], [0], [3], [4]])
