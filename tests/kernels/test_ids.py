"""Ids of a minibatch: by hand, agreement with the reference, what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)


def ids(*values: int) -> Array:
    return np.array(values, np.int32)


def test_distinct_by_hand(engine: Any) -> None:
    used, where, many = engine.distinct_ids(ids(70, 3, 70, 0, 64), 71)
    assert (used[:many].tolist(), where.tolist(), many) == ([0, 3, 64, 70], [3, 1, 3, 0, 2], 4)


@engines
@given(st.lists(st.integers(0, 200), max_size=60))
def test_distinct_ids_agree_with_the_reference(engine: Any, values: list[int]) -> None:
    used, where, many = engine.distinct_ids(ids(*values), 201)
    theirs, places, count = reference.distinct_ids(ids(*values), 201)
    assert many == count == len(set(values))
    np.testing.assert_array_equal(used[:many], theirs[:count])
    np.testing.assert_array_equal(where, places)
    assert used[:many][where].tolist() == values


@engines
@given(st.lists(st.integers(0, 5), min_size=1, max_size=9), st.data())
def test_some_bags(engine: Any, lengths: list[int], data: Any) -> None:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    every, which = np.arange(offsets[-1], dtype=np.int32) * 3, data.draw(st.lists(st.integers(0, len(lengths) - 1)))
    sets = [every[offsets[i] : offsets[i + 1]].tolist() for i in which]
    taken, begins = engine.take_bags(every, offsets, ids(*which), sum(map(len, sets)))
    assert [taken[begins[i] : begins[i + 1]].tolist() for i in range(len(which))] == sets
    assert begins[-1] == len(taken)


@engines
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 7)), max_size=12))
def test_packed_sentences_agree_with_the_reference(engine: Any, pieces: list[tuple[int, int]]) -> None:
    begins, lengths = ids(*(begin for begin, _ in pieces)), ids(*(length for _, length in pieces))
    arguments = begins, lengths, int(lengths.sum()), int(lengths.max(initial=0))
    for mine, other in zip(engine.pack_sentences(*arguments), reference.pack_sentences(*arguments), strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_array_equal(mine, other)


def test_packed_by_hand(engine: Any) -> None:
    # sentences of 1, 3 and 3 words that begin at words 10, 20 and 30 of the text
    sizes, rows, places = engine.pack_sentences(ids(10, 20, 30), ids(1, 3, 3), 7, 3)
    assert sizes.tolist() == [3, 2, 2]
    assert rows.tolist() == [1, 4, 0, 2, 5, 3, 6]
    assert places.tolist() == [20, 30, 10, 21, 31, 22, 32]


def test_what_does_not_fit(engine: Any) -> None:
    with pytest.raises(IndexError):
        engine.distinct_ids(ids(2), 2)
    with pytest.raises(IndexError):
        engine.take_bags(ids(1, 2), ids(0, 2), ids(1), 2)
    for total in (1, 3):
        with pytest.raises(ValueError, match="shapes do not fit"):
            engine.take_bags(ids(1, 2), ids(0, 2), ids(0), total)
    for words, steps in ((3, 2), (2, 1), (2, 3)):
        with pytest.raises(ValueError, match="shapes do not fit"):
            engine.pack_sentences(ids(0), ids(2), words, steps)


@engines
@given(st.integers(0, 70), st.sampled_from([np.float32, np.float64]))
def test_the_sum_of_squares(engine: Any, n: int, dtype: Any) -> None:
    x = np.random.default_rng(n).standard_normal(n).astype(dtype)
    assert engine.sum_of_squares(x) == pytest.approx(sum(float(v) ** 2 for v in x), rel=1e-12)


def test_squares_that_float32_cannot_hold(engine: Any) -> None:
    assert engine.sum_of_squares(np.full(4, 1e30, np.float32)) == pytest.approx(4e60, rel=1e-6)
