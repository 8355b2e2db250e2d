"""Pooling of the states of a sentence's words into one vector. Each function returns (output, backprop).

``last``       the last state of each direction: the forward one at the last word, the backward one at the first
``mean``       mean of the states
``max``        maximum of each unit over the words (Collobert et al. 2011, "max over time")
``attention``  mean weighted by the softmax of q·tanh(w·h + b) over the sentence (Yang et al. 2016, equations 5-7)

Letters: N words of a packed batch, B sentences, longest first, P values of a state, A attention units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from elman import kernels
from elman.nn import layers
from elman.nn.batch import Batch, Ids
from elman.nn.layers import Array

Weights = Mapping[str, Array]
Pooled = tuple[
    Array, Callable[[Array], tuple[Array, dict[str, Array]]]
]  # backprop: dy -> dh, and the gradients by the weights


def pool(kind: str, h: Array, batch: Batch, w: Weights, forward: int) -> Pooled:
    """h (N, P) -> (B, P). The first ``forward`` of the P values are of the forward direction."""
    if kind == "attention":
        return attention(h, batch, w)
    y, back = {
        "last": lambda: last(h, batch, forward),
        "mean": lambda: mean(h, batch),
        "max": lambda: largest(h, batch),
    }[kind]()
    return y, lambda dy: (back(dy), {})


def last(h: Array, batch: Batch, forward: int) -> tuple[Array, Callable[[Array], Array]]:
    """Take the forward values of the last word, the backward ones of the first."""
    B = batch.sentences
    ends = batch.mirror[:B]  # the first words are in the first rows

    def backprop(dy: Array) -> Array:
        dh = np.zeros_like(h)
        dh[ends, :forward] = dy[:, :forward]
        dh[:B, forward:] = dy[:, forward:]
        return dh

    return np.concatenate([h[ends, :forward], h[:B, forward:]], axis=1), backprop


def mean(h: Array, batch: Batch) -> tuple[Array, Callable[[Array], Array]]:
    """Average over the words of a sentence."""
    which = batch.sentence.astype(np.int32)
    share = (1 / np.bincount(which, minlength=batch.sentences)).astype(h.dtype)[:, None]  # (B, 1)
    return _sums(h, which, batch.sentences) * share, lambda dy: (dy * share)[which]


def largest(h: Array, batch: Batch) -> tuple[Array, Callable[[Array], Array]]:
    """Take the maximum of each unit; of equal values the first gets the gradient."""
    y, where = kernels.largest_forward(h, batch.sizes, batch.sentences)
    return y, lambda dy: kernels.largest_backward(dy, where, len(h))


def attention(h: Array, batch: Batch, w: Weights) -> Pooled:
    """Average with weights that are a softmax over the sentence."""
    B, which = batch.sentences, batch.sentence.astype(np.int32)
    z, unlinear = layers.linear(h, w["w"], w["b"])  # (N, A)
    u = np.tanh(z)
    s = u @ w["q"][0]  # (N,)
    top = np.full(B, -np.inf, h.dtype)
    np.maximum.at(top, which, s)
    e = np.exp(s - top[which])
    a = (e / np.bincount(which, e, minlength=B)[which]).astype(h.dtype)  # (N,)

    def backprop(dy: Array) -> tuple[Array, dict[str, Array]]:
        of_word = dy[which]  # (N, P)
        da = (of_word * h).sum(axis=1)  # (N,)
        ds = a * (da - np.bincount(which, a * da, minlength=B)[which]).astype(h.dtype)
        dz = ds[:, None] * w["q"] * (1 - u * u)
        dh, dw, db = unlinear(dz)
        return dh + a[:, None] * of_word, {"w": dw, "b": db, "q": ds[None] @ u}

    return _sums(a[:, None] * h, which, B), backprop


def _sums(h: Array, which: Ids, B: int) -> Array:
    """Sum the rows of each sentence: (N, P) -> (B, P)."""
    return kernels.embedding_backward(h, which, B)
