"""Pooling: what it is, sentence by sentence, and its gradients by central differences on ragged batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from elman.nn.batch import pack
from elman.nn.pooling import pool
from elman.nn.shapes import pooling
from numerical import slope

pytestmark = pytest.mark.usefixtures("each_backend")
Array = np.ndarray[Any, Any]
KINDS = ("last", "mean", "max", "attention")
P, FORWARD = 5, 3
LENGTHS = st.lists(st.integers(0, 5), min_size=1, max_size=5)


def made(kind: str, lengths: list[int], seed: int = 1) -> tuple[Array, Any, dict[str, Array]]:
    """States h (N, P) of a packed batch, and the weights of the pooling, all in float64."""
    generator = np.random.default_rng(seed)
    weights = {name: generator.standard_normal(shape) for name, shape in pooling(kind, P).items()}
    return generator.standard_normal((sum(lengths), P)), pack(np.array(lengths)), weights


def alone(kind: str, h: Array, w: dict[str, Array]) -> Array:
    """What comes of the states (T, P) of one sentence, as its definition says."""
    if kind == "last":
        return np.concatenate([h[-1, :FORWARD], h[0, FORWARD:]])
    if kind == "attention":
        s = np.tanh(h @ w["w"].T + w["b"]) @ w["q"][0]
        a = np.exp(s - s.max())
        return (a / a.sum()) @ h
    return h.mean(axis=0) if kind == "mean" else h.max(axis=0)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(lengths=LENGTHS)
def test_every_sentence_by_itself(kind: str, lengths: list[int]) -> None:
    h, batch, w = made(kind, lengths)
    y, _ = pool(kind, h, batch, w, FORWARD)
    assert y.shape == (batch.sentences, P)
    for b in range(batch.sentences):
        np.testing.assert_allclose(y[b], alone(kind, h[batch.sentence == b], w), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(lengths=LENGTHS)
def test_gradients_by_central_differences(kind: str, lengths: list[int]) -> None:
    h, batch, w = made(kind, lengths)
    weight = np.random.default_rng(2).standard_normal((batch.sentences, P))
    dh, dw = pool(kind, h, batch, w, FORWARD)[1](weight)

    def forward() -> Array:
        return pool(kind, h, batch, w, FORWARD)[0]

    np.testing.assert_allclose(dh, slope(forward, h, weight), rtol=1e-6, atol=1e-8)
    assert dw.keys() == w.keys()
    for name, values in w.items():
        if name != "w":  # of which a few rows will do
            np.testing.assert_allclose(dw[name], slope(forward, values, weight), rtol=1e-6, atol=1e-8, err_msg=name)
    if "w" in w:
        few = w["w"][:2]

        def changed() -> Array:
            return pool(kind, h, batch, {**w, "w": np.concatenate([few, w["w"][2:]])}, FORWARD)[0]

        np.testing.assert_allclose(dw["w"][:2], slope(changed, few, weight), rtol=1e-6, atol=1e-8)


def test_of_values_alike_the_first_counts() -> None:
    h = np.ones((3, 1))
    y, back = pool("max", h, pack(np.array([3])), {}, 1)
    assert y.tolist() == [[1.0]]
    assert back(np.array([[2.0]]))[0].tolist() == [[2.0], [0.0], [0.0]]


def test_attention_stays_finite() -> None:
    h, batch, w = made("attention", [2, 1])
    w = {**w, "q": w["q"] * 1e6}
    y, back = pool("attention", h, batch, w, FORWARD)
    assert np.isfinite(y).all() and np.isfinite(back(y)[0]).all()


def test_float32_stays_float32() -> None:
    for kind in KINDS:
        h, batch, w = made(kind, [3, 1, 2])
        w32 = {name: values.astype(np.float32) for name, values in w.items()}
        y, back = pool(kind, h.astype(np.float32), batch, w32, FORWARD)
        dh, dw = back(y)
        assert {y.dtype, dh.dtype, *(d.dtype for d in dw.values())} == {np.dtype(np.float32)}
