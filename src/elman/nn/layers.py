"""Layers: each returns (output, backprop); backprop turns the gradient by the output into those by the inputs.

Letters: N words of a packed batch, V word types, E input width, H hidden units, K tags. Gradients are those of a loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.nn.bags import Bags
from elman.nn.batch import Batch, Ids
from elman.utils.seeding import Draws

Array = NDArray[Any]  # float32 or float64


class SparseRows(NamedTuple):
    """A gradient of few rows of a table: ``values[i]`` belongs to row ``ids[i]``; ids ascend."""

    ids: Ids  # (U,)
    values: Array  # (U, E)


Gradient = Array | SparseRows
Weights = Mapping[str, Array]
Unshift = Callable[[Array], Array]
"""Gradient by the output (N, E) -> gradient by the input (N, E)."""


def distinct(ids: Ids, rows: int) -> tuple[Ids, Ids]:
    """Return the distinct ids of a table of ``rows`` rows, ascending, and where each id is among them."""
    used, where, many = kernels.distinct_ids(ids, rows)
    return used[:many], where


def embedding(table: Array, ids: Ids) -> tuple[Array, Callable[[Array], SparseRows]]:
    """Rows of table (V, E) by ids (N,) -> (N, E)."""

    def backprop(dy: Array) -> SparseRows:
        used, where = distinct(ids, len(table))
        return SparseRows(used, kernels.embedding_backward(dy, where, len(used)))

    return kernels.embedding_forward(table, ids), backprop


def bag(table: Array, bags: Bags) -> tuple[Array, Callable[[Array], SparseRows]]:
    """Sums of U sets of rows of table (V, E) -> (U, E)."""

    def backprop(dy: Array) -> SparseRows:
        used, where = distinct(bags.ids, len(table))
        return SparseRows(used, kernels.bag_backward(dy, where, bags.offsets, len(used)))

    return kernels.bag_forward(table, bags.ids, bags.offsets), backprop


def unit_bag(table: Array, scale: Array, bags: Bags) -> tuple[Array, Callable[[Array], SparseRows]]:
    """Weighted sums of U sets of rows of table (V, E) -> (U, E); weights ``scale`` (V,), normalized to length 1."""
    sums, lengths = kernels.unit_bag_forward(table, scale, bags.ids, bags.offsets)

    def backprop(dy: Array) -> SparseRows:
        used, where = distinct(bags.ids, len(table))
        rows = kernels.bag_backward(dy / lengths[:, None], where, bags.offsets, len(used))
        return SparseRows(used, scale[used][:, None] * rows)

    return sums, backprop


def spread(x: Array, ids: Ids) -> tuple[Array, Callable[[Array], Array]]:
    """Copy rows of x (U, E), one per distinct word, to the occurrences of the word: ids (N,) -> (N, E)."""
    return kernels.embedding_forward(x, ids), lambda dy: kernels.embedding_backward(dy, ids, len(x))


def linear(x: Array, w: Array, b: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array, Array]]]:
    """y = w·x + b: x (N, E), w (H, E), b (H,) -> (N, H); backprop gives dx, dw, db."""
    return kernels.linear_forward(x, w, b), lambda dy: kernels.linear_backward(dy, x, w)


def sigmoid(x: Array) -> Array:
    """σ(x) = 1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x), x.dtype)


def shift(x: Array, source: NDArray[np.int64]) -> tuple[Array, Unshift]:
    """Replace each row by x[source], or by zeros where source is -1: x (N, E) -> (N, E)."""
    there = source >= 0

    def backprop(dy: Array) -> Array:
        dx = np.zeros_like(x)
        dx[source[there]] = dy[there]  # no row is taken twice
        return dx

    y = np.zeros_like(x)
    y[there] = x[source[there]]
    return y, backprop


class DropoutNoise(NamedTuple):
    """Random draws and rates of dropout; ``grams`` is the rate of texts without their n-grams.

    ``variational``: the same mask for all words of a sentence; ``layers``: drop the inputs of stacked layers too.
    """

    draws: Draws
    dropout: float
    word_dropout: float
    variational: bool = False
    grams: float = 0.0
    layers: bool = False


def dropout(x: Array, share: float, noise: DropoutNoise | None, batch: Batch) -> tuple[Array, Callable[[Array], Array]]:
    """Drop each value with probability ``share`` and scale up the rest to keep the mean; without noise: return x.

    Variational (Gal & Ghahramani 2016): the same mask for all words of a sentence.
    """
    if noise is None or share == 0:
        return x, lambda dy: dy
    if noise.variational:
        mask = dropout_mask((batch.sentences, x.shape[1]), share, noise.draws, x.dtype)[batch.sentence]
        return x * mask, lambda dy: dy * mask
    key, first = noise.draws.key, noise.draws.take((x.size + 1) // 2)
    return kernels.dropout(x, key, first, share), lambda dy: kernels.dropout(dy, key, first, share)


def dropout_mask(shape: tuple[int, int], share: float, draws: Draws, dtype: Any) -> Array:
    """Return 0 with probability ``share`` (a multiple of 1 / 65,536), else 1 / (1 - share)."""
    return kernels.dropout(np.ones(shape, dtype), draws.key, draws.take((math.prod(shape) + 1) // 2), share)
