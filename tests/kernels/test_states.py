"""The LSTM's states for tagging: as the layer in training has them, exactly or in whole numbers of eight bits."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman import kernels
from elman.kernels import reference, weight_layout
from elman.kernels.reference.states import product_int8
from elman.nn.batch import pack

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
batches = st.lists(st.integers(1, 9), min_size=1, max_size=12).map(lambda x: sorted(x, reverse=True))
S = 7  # word types


def inputs(lengths: list[int], H: int, dtype: Any) -> tuple[Array, Array, Array, Array]:
    """a (S, 4H), w_rh (4H, H), types (N,), sizes (T,)"""
    generator = np.random.default_rng(H)
    a, w = generator.standard_normal((S, 4 * H)), generator.standard_normal((4 * H, H)) * H**-0.5
    types = generator.integers(0, S, sum(lengths)).astype(np.int32)
    return a.astype(dtype), w.astype(dtype), types, pack(np.array(lengths, np.int64)).sizes


def expected(a: Array, w: Array, types: Array, sizes: Array, reverse: bool) -> Array:
    """By the layer of training: the identity in front, so that its inputs are ``a``."""
    zero = np.zeros(a.shape[1], a.dtype)
    h = np.empty((len(types), w.shape[1]), a.dtype)
    reference.lstm_layer_forward(a[types], sizes, np.eye(a.shape[1], dtype=a.dtype), zero, w, h, 0, reverse)
    return h


def table_of(a: Array) -> Array:
    return np.ascontiguousarray(weight_layout.in_panels(np.ascontiguousarray(a.T)).T)


@engines
@given(batches, st.sampled_from([1, 3, 16, 17, 40]), st.sampled_from([np.float32, np.float64]), st.booleans())
def test_the_states_of_training(engine: Any, lengths: list[int], H: int, dtype: Any, reverse: bool) -> None:
    a, w, types, sizes = inputs(lengths, H, dtype)
    h = np.full((len(types), H + 3), 9, dtype)
    engine.lstm_states(table_of(a), types, sizes, weight_layout.packed(w), h, 2, reverse)
    tight = 1e-12 if dtype == np.float64 else 2e-6
    np.testing.assert_allclose(h[:, 2:-1], expected(a, w, types, sizes, reverse), atol=tight)
    assert (h[:, [0, 1, -1]] == 9).all()


@engines
@given(batches, st.sampled_from([1, 3, 16, 17, 40]), st.booleans())
def test_eight_bits(engine: Any, lengths: list[int], H: int, reverse: bool) -> None:
    a, w, types, sizes = inputs(lengths, H, np.float32)
    table, packed = table_of(a).astype(np.float16), weight_layout.packed_int8(weight_layout.in_panels(w))
    h, other = np.full((len(types), H + 3), 9, np.float32), np.full((len(types), H + 3), 9, np.float32)
    engine.lstm_states_int8(table, types, sizes, *packed, h, 2, H, reverse)
    reference.lstm_states_int8(table, types, sizes, *packed, other, 2, H, reverse)
    np.testing.assert_allclose(h, other, atol=0.02)  # a last bit of h may fall to the other side
    np.testing.assert_allclose(h[:, 2:-1], expected(a, w, types, sizes, reverse), atol=0.03)
    assert (h[:, [0, 1, -1]] == 9).all()


def test_eight_bits_by_hand() -> None:
    w, scale, start = weight_layout.packed_int8(
        weight_layout.in_panels(np.array([[0.5], [-1.0], [0.25], [0.0]], np.float32))
    )
    assert w.shape == (1, 4, 4, 16, 4)
    assert w[0, 0, :, 0, 0].tolist() == [127, -127, 127, 0]
    assert np.count_nonzero(w) == 3
    columns = scale.reshape(4, 16)[:, 0] * np.float32(127 * 127)
    np.testing.assert_allclose(columns, [0.5, 1.0, 0.25, 1.0], rtol=1e-6)
    assert start.reshape(4, 16)[:, 0].tolist() == [-128 * 127, 128 * 127, -128 * 127, 0]


def test_a_batch_is_its_sentences_one_by_one_to_the_bit(engine: Any) -> None:
    lengths = [9, 8, 5, 5, 4, 2, 1, 1]
    a, w, types, sizes = inputs(lengths, 33, np.float32)
    table, packed = table_of(a).astype(np.float16), weight_layout.packed_int8(weight_layout.in_panels(w))
    starts = np.concatenate(([0], np.cumsum(sizes)))
    for reverse in (False, True):
        together = np.empty((len(types), 33), np.float32)
        engine.lstm_states_int8(table, types, sizes, *packed, together, 0, 33, reverse)
        for b, length in enumerate(lengths):
            rows, alone = starts[:length] + b, np.empty((length, 33), np.float32)
            engine.lstm_states_int8(table, types[rows], np.ones(length, np.int32), *packed, alone, 0, 33, reverse)
            np.testing.assert_array_equal(together[rows], alone)


@engines
@given(st.integers(0, 70), st.sampled_from([1, 5, 16, 40, 256]), st.sampled_from([1, 3, 16, 65, 130]), st.booleans())
def test_the_best_by_eight_bits_is_the_exact_one(engine: Any, n: int, E: int, K: int, alike: bool) -> None:
    draw = np.random.default_rng(n * E + K)
    x = np.tanh(2 * draw.normal(size=(n, E))).astype(np.float32)
    w, b = draw.normal(size=(K, E)).astype(np.float32), draw.normal(size=K).astype(np.float32)
    if alike:  # many columns that eight bits cannot tell apart
        w = w[:1] + np.float32(0.001) * w
    linear = weight_layout.packed_int8(w)
    filled = np.zeros(len(linear.scale), np.float32)
    filled[:K] = b
    best = engine.linear_best_int8(x, *linear, w, filled, *weight_layout.errors_int8(w))
    scores = x.astype(np.float64) @ w.T.astype(np.float64) + b
    assert best.dtype == np.int32
    np.testing.assert_allclose(scores[np.arange(n), best], scores.max(axis=1), atol=1e-4)


def test_of_equal_columns_the_first(engine: Any) -> None:
    w = np.ones((20, 8), np.float32)
    linear = weight_layout.packed_int8(w)
    x = np.full((2, 8), 0.5, np.float32)
    best = engine.linear_best_int8(x, *linear, w, linear.scale * 0, *weight_layout.errors_int8(w))
    assert best.tolist() == [0, 0]


def test_how_far_off_eight_bits_are() -> None:
    draw = np.random.default_rng(3)
    x, w = np.tanh(draw.normal(size=(50, 40))).astype(np.float32), draw.normal(size=(70, 40)).astype(np.float32)
    error, share = weight_layout.errors_int8(w)
    near = product_int8(x, weight_layout.packed_int8(w))[:, :70]
    off = np.abs(near - x.astype(np.float64) @ w.T)
    assert (off <= error[:70] + share[:70] * np.abs(x).sum(axis=1, keepdims=True)).all()
    assert off.max() > 0.05 * error.max()  # and not by much less
    assert (error[70:] < 1e-4).all() and not share[70:].any()


def test_halves_are_clipped(engine: Any) -> None:
    b = np.zeros(64, np.float32)
    b[:6] = 1e6, -1e6, 0.1, -99.96, 100, 3e-8
    to = np.empty((2, 64), np.float16)
    engine.linear_halves(np.zeros((2, 3), np.float32), np.ones((1, 3, 4, 16), np.float32), b, to)
    np.testing.assert_array_equal(to, np.tile(np.clip(b, -100, 100), (2, 1)).astype(np.float16))


@engines
@given(st.integers(0, 20), st.sampled_from([1, 5, 40, 300]), st.sampled_from([1, 16, 33]))
def test_halves_are_those_of_the_linear_layer(engine: Any, n: int, E: int, H: int) -> None:
    draw = np.random.default_rng(n * E + H)
    x, w = draw.normal(size=(n, E)).astype(np.float32), draw.normal(size=(4 * H, E)).astype(np.float32)
    b, rows = weight_layout.in_panels(draw.normal(size=4 * H).astype(np.float32)), weight_layout.in_panels(w)
    to = np.empty((n, len(b)), np.float16)
    engine.linear_halves(x, weight_layout.packed(w), b, to)
    linear = engine.linear_forward(x, rows, b)
    exact = kernels.describe()["isa"] == "avx512" and "ASAN_OPTIONS" not in os.environ  # whose build fuses no sums
    if engine is reference or not exact:  # the kernels in 8 bits are of one instruction set
        np.testing.assert_allclose(to, linear, rtol=2e-3, atol=1e-4)
    else:
        np.testing.assert_array_equal(to, np.clip(linear, -100, 100).astype(np.float16))


def test_what_does_not_fit(engine: Any) -> None:
    a, w, types, sizes = inputs([2, 1], 3, np.float32)
    table, h = table_of(a), np.empty((3, 3), np.float32)
    with pytest.raises(IndexError):
        engine.lstm_states(table, types + S, sizes, weight_layout.packed(w), h, 0, False)
    if engine is not reference:
        for bad in (
            (table[:, :48], types, sizes, weight_layout.packed(w), h, 0),
            (table, types, sizes, weight_layout.packed(w), h, 1),
        ):
            with pytest.raises(ValueError, match="shapes do not fit"):
                engine.lstm_states(*bad, False)
