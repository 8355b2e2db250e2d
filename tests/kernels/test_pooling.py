"""The largest value over the words of a sentence: by hand, the reference in both precisions, central differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference
from numerical import slope

Array = np.ndarray[Any, Any]
lengths_of_batches = st.lists(st.integers(1, 9), min_size=1, max_size=20).map(lambda x: sorted(x, reverse=True))


def steps(lengths: list[int]) -> Array:
    return np.array([sum(n > t for n in lengths) for t in range(max(lengths))], np.int32)


def test_the_first_of_equal_values_counts(engine: Any) -> None:
    # sentences of three words and one: rows 0, 2, 3 and row 1
    h = np.array([[1.0, -2.0], [7.0, 7.0], [3.0, -2.0], [3.0, -5.0]])
    y, where = engine.largest_forward(h, np.array([2, 1, 1], np.int32), 2)
    np.testing.assert_array_equal(y, [[3, -2], [7, 7]])
    np.testing.assert_array_equal(where, [[2, 0], [1, 1]])
    dh = engine.largest_backward(np.array([[1.0, 2.0], [3.0, 4.0]]), where, 4)
    np.testing.assert_array_equal(dh, [[0, 2], [3, 4], [1, 0], [0, 0]])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(lengths=lengths_of_batches, p=st.integers(1, 40), dtype=st.sampled_from([np.float32, np.float64]))
def test_agreement_with_the_reference(engine: Any, lengths: list[int], p: int, dtype: Any) -> None:
    generator = np.random.default_rng(p)
    h = generator.integers(-3, 4, (sum(lengths), p)).astype(dtype)  # with equal values
    for mine, other in zip(
        engine.largest_forward(h, steps(lengths), len(lengths)),
        reference.largest_forward(h, steps(lengths), len(lengths)),
        strict=True,
    ):
        assert mine.dtype == other.dtype
        np.testing.assert_array_equal(mine, other)


def test_central_differences(engine: Any) -> None:
    generator = np.random.default_rng(2)
    h, dy, sizes = generator.standard_normal((9, 4)), generator.standard_normal((3, 4)), steps([4, 3, 2])

    def f() -> float:
        return float((engine.largest_forward(h, sizes, 3)[0] * dy).sum())

    dh = engine.largest_backward(dy, engine.largest_forward(h, sizes, 3)[1], 9)
    np.testing.assert_allclose(dh, slope(f, h), atol=1e-8)


def test_a_row_outside_is_refused(engine: Any) -> None:
    with pytest.raises(IndexError):
        engine.largest_backward(np.ones((1, 1)), np.array([[2]], np.int32), 2)
