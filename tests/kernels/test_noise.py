"""Dropout and unknown words: the draws of NumPy's generator, agreement with the reference, its own backward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference
from elman.utils.seeding import Draws, stream

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)


def numbers(n: int, e: int, dtype: Any = np.float64) -> Array:
    return np.random.default_rng(n + e).standard_normal((n, e)).astype(dtype)


@engines
@given(
    st.integers(0, 2**63 - 1), st.integers(0, 40), st.integers(1, 40), st.integers(0, 300), st.sampled_from(["f", "d"])
)
def test_dropout_has_the_draws_of_the_generator(engine: Any, seed: int, n: int, e: int, first: int, dtype: str) -> None:
    x, place = numbers(n, e, dtype), {"epoch": 3, "step": 7, "part": 1}
    y = engine.dropout(x, Draws(seed, 3, **place).key, first, 0.3)
    drawn = np.frombuffer(stream(seed, 3, **place).bytes(4 * first + 2 * x.size), "<u2")[2 * first :].reshape(x.shape)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(y, np.where(drawn >= round(0.3 * 65_536), x * np.asarray(1 / 0.7, dtype), 0))


def test_a_counter_that_runs_over(engine: Any) -> None:
    for counter in ([2**64 - 2, 5, 6, 7], [2**64 - 2, 2**64 - 1, 6, 7], [2**64 - 3, 2**64 - 1, 2**64 - 1, 7]):
        key = np.array([1, 2, *counter], np.uint64).view(np.int32)
        x = numbers(50, 7)
        np.testing.assert_array_equal(engine.dropout(x, key, 0, 0.5), reference.dropout(x, key, 0, 0.5))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.999])
def test_the_share_and_the_mean(engine: Any, share: float) -> None:
    y = engine.dropout(np.ones((500, 200)), Draws(1, 3).key, 0, share)
    assert (y == 0).mean() == pytest.approx(share, abs=0.01)  # 7 standard errors
    assert set(np.unique(y)) <= {0.0, 1 / (1 - share)}


def test_dropout_is_its_own_backward_pass(engine: Any) -> None:
    x, dy, key = numbers(9, 5), numbers(9, 5)[::-1], Draws(5, 3).key
    y, dx = engine.dropout(x, key, 4, 0.4), engine.dropout(dy, key, 4, 0.4)
    np.testing.assert_allclose((y * dy).sum(), (x * dx).sum(), rtol=1e-12)  # linear: <f(x), dy> = <x, f(dy)>
    np.testing.assert_allclose(engine.dropout(2 * x, key, 4, 0.4), 2 * y, rtol=1e-12)


@engines
@given(st.integers(0, 99), st.integers(0, 60))
def test_unknown_words_by_their_probability(engine: Any, seed: int, n: int) -> None:
    generator = np.random.default_rng(seed)
    words, share = generator.integers(0, 30, n).astype(np.int32), generator.random(30)
    drawn = stream(seed, 2, step=4).random(n)
    found = engine.unknown_words(words, share, Draws(seed, 2, step=4).key, 0)
    np.testing.assert_array_equal(found, np.where(drawn < share[words], 0, words))


def test_bad_arguments(engine: Any) -> None:
    with pytest.raises(IndexError):
        engine.unknown_words(np.array([3], np.int32), np.ones(3), Draws(1, 2).key, 0)
