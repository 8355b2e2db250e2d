"""A whole LSTM layer: central differences, agreement with the reference, and with its parts put together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from elman.kernels import reference
from elman.nn.batch import pack
from numerical import slope

Array = np.ndarray[Any, Any]
engines = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
lengths_of_batches = st.lists(st.integers(1, 9), min_size=1, max_size=12).map(lambda x: sorted(x, reverse=True))
WAYS = pytest.mark.parametrize("reverse", [False, True])


def forward(k: Any, x: Array, sizes: Array, w_rx: Array, b_r: Array, w_rh: Array, reverse: bool) -> Any:
    """h, c and gates; h stands in a wider array, which is left alone otherwise"""
    H = w_rh.shape[1]
    h = np.full((len(x), H + 3), 7, x.dtype)
    c, gates = k.lstm_layer_forward(x, sizes, w_rx, b_r, w_rh, h, 2, reverse)
    assert (h[:, [0, 1, -1]] == 7).all()
    return h[:, 2:-1], c, gates


def backward(k: Any, dh: Array, x: Array, out: Any, sizes: Array, w_rx: Array, w_rh: Array, reverse: bool) -> Any:
    """dx, dw_rx, db_r, dw_rh"""
    wide = [np.pad(one, ((0, 0), (2, 1)), constant_values=7) for one in (dh, out[0])]
    dx, more = np.full_like(x, 7), np.ones_like(x)
    found = k.lstm_layer_backward(wide[0], x, wide[1], 2, *out[1:], sizes, w_rx, w_rh, dx, False, reverse)
    k.lstm_layer_backward(wide[0], x, wide[1], 2, *out[1:], sizes, w_rx, w_rh, more, True, reverse)
    np.testing.assert_allclose(more, dx + 1, rtol=1e-4, atol=1e-4 if x.dtype == np.float32 else 1e-12)
    return dx, *found


def sizes_of(lengths: list[int]) -> Array:
    return pack(np.array(lengths, np.int64)).sizes


def inputs(n: int, e: int, h: int, dtype: Any = np.float64) -> list[Array]:
    """x, w_rx, b_r, w_rh"""
    generator = np.random.default_rng(n + h)
    return [(generator.standard_normal(s) * 0.5).astype(dtype) for s in ((n, e), (4 * h, e), (4 * h,), (4 * h, h))]


@WAYS
@pytest.mark.parametrize("lengths", [[1], [4], [5, 3, 3, 1]])
def test_backward_by_central_differences(engine: Any, lengths: list[int], reverse: bool) -> None:
    sizes, at = sizes_of(lengths), inputs(sum(lengths), 2, 3)
    weight = np.random.default_rng(1).standard_normal((sum(lengths), 3))

    def states() -> Any:
        return forward(engine, at[0], sizes, *at[1:], reverse)

    x, w_rx, _, w_rh = at
    found = backward(engine, weight, x, states(), sizes, w_rx, w_rh, reverse)
    for mine, one in zip(found, at, strict=True):
        np.testing.assert_allclose(mine, slope(lambda: states()[0], one, weight), rtol=1e-6, atol=1e-8)


@engines
@given(
    lengths=lengths_of_batches | st.just([300] * 3) | st.just([2] * 300),
    width=st.sampled_from([1, 7, 32]),
    hidden=st.sampled_from([1, 2, 5, 16, 17, 40]),
    dtype=st.sampled_from([np.float32, np.float64]),
    reverse=st.booleans(),
)
def test_agreement_with_the_reference(
    engine: Any, lengths: list[int], width: int, hidden: int, dtype: Any, reverse: bool
) -> None:
    sizes = sizes_of(lengths)
    x, w_rx, b_r, w_rh = inputs(sum(lengths), width, hidden, dtype)
    tight = {"rtol": 1e-9, "atol": 1e-9} if dtype == np.float64 else {"rtol": 1e-3, "atol": 2e-3}
    out = forward(engine, x, sizes, w_rx, b_r, w_rh, reverse)
    expected = forward(reference, x, sizes, w_rx, b_r, w_rh, reverse)
    for mine, theirs in zip(out, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, **tight)
    back = [backward(k, x[:, :1] @ w_rh[:1], x, expected, sizes, w_rx, w_rh, reverse) for k in (engine, reference)]
    for mine, theirs in zip(*back, strict=True):
        assert mine.dtype == dtype
        np.testing.assert_allclose(mine, theirs, **tight)


@WAYS
def test_a_batch_is_its_sentences_one_by_one(engine: Any, reverse: bool) -> None:
    lengths = [7, 5, 5, 2, 1]
    sizes = sizes_of(lengths)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    x, *weights = inputs(20, 4, 33, np.float32)
    together = forward(engine, x, sizes, *weights, reverse)[0]
    for b, length in enumerate(lengths):
        rows = starts[:length] + b
        alone = forward(engine, x[rows], np.ones(length, np.int32), *weights, reverse)[0]
        np.testing.assert_allclose(together[rows], alone, rtol=1e-5, atol=1e-6)


def test_no_words(engine: Any) -> None:
    x, *weights = inputs(0, 4, 3)
    none = np.zeros(0, np.int32)
    out = forward(engine, x, none, *weights, False)
    assert [one.shape for one in out] == [(0, 3), (0, 3), (0, 12)]
    found = backward(engine, out[0], x, out, none, weights[0], weights[2], True)
    assert [one.shape for one in found] == [(0, 4), (12, 4), (12,), (12, 3)]
    assert not any(one.any() for one in found)


def test_bad_shapes(engine: Any) -> None:
    if engine is reference:
        return  # NumPy refuses what it cannot multiply
    x, w_rx, b_r, w_rh = inputs(3, 4, 2)
    sizes = np.ones(3, np.int32)
    for bad in ((x, sizes, w_rx[:, :3], b_r, w_rh), (x, sizes, w_rx, b_r[:5], w_rh), (x, sizes[:2], w_rx, b_r, w_rh)):
        with pytest.raises(ValueError):
            forward(engine, *bad, False)


@engines
@given(
    lengths=lengths_of_batches,
    e=st.integers(1, 20),
    h=st.integers(1, 20),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_both_directions_are_those_of_two_layers(engine: Any, lengths: list[int], e: int, h: int, dtype: Any) -> None:
    sizes, n = sizes_of(lengths), sum(lengths)
    x, *w = inputs(n, e, h, dtype)
    v = [each[::-1].copy() for each in w]
    dh = np.random.default_rng(n).standard_normal((n, 2 * h)).astype(dtype)
    states, c, gates = out = engine.bilstm_forward(x, sizes, *w, *v, 1)
    found = engine.bilstm_backward(dh, x, states, c, gates, sizes, w[0], w[2], v[0], v[2], 1)
    for one, other in zip(out, engine.bilstm_forward(x, sizes, *w, *v, 2), strict=True):
        np.testing.assert_array_equal(one, other)  # the same bits in two threads
    again = engine.bilstm_backward(dh, x, states, c, gates, sizes, w[0], w[2], v[0], v[2], 2)
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one, other)
    dx, dw = np.zeros_like(x), []
    for i, (weights, reverse) in enumerate(((w, False), (v, True))):
        both = np.zeros_like(states)
        c_way, gates_way = reference.lstm_layer_forward(x, sizes, *weights, both, i * h, reverse)
        own = slice(i * h, i * h + h)
        for mine, theirs in ((states[:, own], both[:, own]), (c[i], c_way), (gates[i], gates_way)):
            np.testing.assert_allclose(mine, theirs, atol=1e-5 if dtype == np.float32 else 1e-12)
        dw += reference.lstm_layer_backward(
            dh, x, both, i * h, c_way, gates_way, sizes, weights[0], weights[2], dx, True, reverse
        )
    for mine, theirs in zip(found, [dx, *dw], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4 if dtype == np.float32 else 1e-11)
