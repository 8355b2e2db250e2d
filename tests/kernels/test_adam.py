"""Adam on rows: by hand in plain numbers, agreement with the reference, what is left alone, bad shapes."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
STEP = (0.03, 0.99, 0.9, 0.98, 1e-8)  # scale, fade, β1, β2, ε


def tables(seed: int, v: int, e: int, dtype: Any = np.float64) -> tuple[Array, Array, Array]:
    generator = np.random.default_rng(seed)
    w, m = generator.standard_normal((2, v, e))
    return w.astype(dtype), m.astype(dtype), generator.random((v, e)).astype(dtype)


def test_one_number_by_hand(engine: Any) -> None:
    w, m, v = np.array([[2.0]]), np.array([[0.5]]), np.array([[0.16]])
    late = np.array([[0.1, 0.8, 0.7, 0.6]])
    engine.adam_rows(w, m, v, np.zeros(1, np.int32), np.array([[3.0]]), late, 0.2, 0.9, 0.75, 0.5, 0.1)
    before = 0.8 * 2 - 0.1 * 0.5 / (0.4 + 0.1)  # 1.5
    mean, square = 0.75 * 0.7 * 0.5 + 0.25 * 3, 0.5 * 0.6 * 0.16 + 0.5 * 9
    np.testing.assert_allclose([m[0, 0], v[0, 0]], [mean, square], rtol=1e-12)
    np.testing.assert_allclose(w[0, 0], 0.9 * before - 0.2 * mean / (sqrt(square) + 0.1), rtol=1e-12)


@engines
@given(
    st.integers(0, 99), st.integers(1, 9), st.integers(1, 40), st.booleans(), st.sampled_from([np.float32, np.float64])
)
def test_agrees_with_the_reference(engine: Any, seed: int, u: int, e: int, own: bool, dtype: Any) -> None:
    generator = np.random.default_rng(seed)
    ids = generator.permutation(12)[:u].astype(np.int32)
    g = generator.standard_normal((u, e)).astype(dtype) if own else None
    late = generator.random((u, 4)).astype(dtype)
    late[::2] = 0, 1, 1, 1
    mine, other = tables(seed, 12, e, dtype), tables(seed, 12, e, dtype)
    engine.adam_rows(*mine, ids, g, late, *STEP)
    reference.adam_rows(*other, ids, g, late, *STEP)
    for a, b in zip(mine, other, strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=1e-5 if dtype == np.float32 else 1e-12, atol=1e-6)


def test_other_rows_stay_as_they_are(engine: Any) -> None:
    changed, before = tables(1, 5, 3), tables(1, 5, 3)
    late = np.array([[0.1, 0.9, 0.9, 0.9], [0, 1, 1, 1]])
    engine.adam_rows(*changed, np.array([3, 1], np.int32), np.ones((2, 3)), late, *STEP)
    for a, b in zip(changed, before, strict=True):
        np.testing.assert_array_equal(a[[0, 2, 4]], b[[0, 2, 4]])
        assert (a[[1, 3]] != b[[1, 3]]).all()


def test_nothing_owed_and_no_step_of_its_own(engine: Any) -> None:
    changed, before = tables(1, 5, 3), tables(1, 5, 3)
    engine.adam_rows(*changed, np.array([2], np.int32), None, np.array([[0.0, 1, 1, 1]]), *STEP)
    engine.adam_rows(*changed, np.zeros(0, np.int32), np.ones((0, 3)), np.ones((0, 4)), *STEP)
    for a, b in zip(changed, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_bad_shapes(engine: Any) -> None:
    w, m, v = tables(1, 5, 3)
    ids, g, late = np.array([1, 2], np.int32), np.ones((2, 3)), np.ones((2, 4))
    bad = [
        (w, m[:4], v, ids, g, late),
        (w, m, v[:, :2].copy(), ids, g, late),
        (w, m, v, ids, g[:1], late),
        (w, m, v, ids, np.ones((2, 2)), late),
        (w, m, v, ids, g, np.ones((2, 3))),
        (w, m, v, ids, g, np.ones((3, 4))),
    ]
    for arguments in bad:
        with pytest.raises(ValueError, match="shapes do not fit"):
            engine.adam_rows(*arguments, *STEP)
    for outside in (-1, 5):
        with pytest.raises(IndexError):
            engine.adam_rows(w, m, v, np.array([1, outside], np.int32), g, late, *STEP)
