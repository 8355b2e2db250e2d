"""Layers: each returns (output, backprop), and backprop turns the gradient by the output into those by the inputs.

Letters: N words of a packed batch, V word types, E input width, H hidden units, K tags. Gradients are those of a loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.batching import Batch, Ids

Array = NDArray[Any]  # float32 or float64


class Rows(NamedTuple):
    """A gradient that touches few rows of a table: ``values[i]`` belongs to row ``ids[i]``; ids rise."""

    ids: NDArray[np.int64]  # (U,)
    values: Array  # (U, E)


Gradient = Array | Rows


class Recurrence(NamedTuple):
    """The gradients of a recurrent layer in one direction."""

    da: Array  # (N, H), by w_rx·x + b_r
    dw_rh: Array  # (H, H)


def embedding(table: Array, ids: Ids) -> tuple[Array, Callable[[Array], Rows]]:
    """Rows of table (V, E) by ids (N,) -> (N, E)."""

    def backprop(dy: Array) -> Rows:
        used, where = np.unique(ids, return_inverse=True)
        return Rows(used.astype(np.int64), kernels.embedding_backward(dy, where.astype(np.int32), len(used)))

    return kernels.embedding_forward(table, ids), backprop


def linear(x: Array, w: Array, b: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array, Array]]]:
    """y = w·x + b: x (N, E), w (H, E), b (H,) -> (N, H); backprop gives dx, dw, db."""
    return kernels.linear_forward(x, w, b), lambda dy: kernels.linear_backward(dy, x, w)


def elman(
    a: Array, w_rh: Array, batch: Batch, mirrored: bool, bptt: int
) -> tuple[Array, Callable[[Array], Recurrence]]:
    """h_t = tanh(a_t + w_rh·h_{t-1}), from the other end of the sentence if ``mirrored``: a (N, H) -> h (N, H).

    ``bptt`` n > 0: each output error goes back n steps; 0: the full gradient.
    """
    h0 = np.zeros((batch.sentences, a.shape[1]), a.dtype)
    h = kernels.elman_forward(a[batch.mirror] if mirrored else a, batch.sizes, w_rh, h0)

    def backprop(dy: Array) -> Recurrence:
        dh = dy[batch.mirror] if mirrored else dy
        da, dw_rh, _ = kernels.elman_backward(dh, h, batch.sizes, w_rh, h0, bptt)
        return Recurrence(da[batch.mirror] if mirrored else da, dw_rh)

    return h[batch.mirror] if mirrored else h, backprop


def dropout(x: Array, share: float, generator: np.random.Generator | None) -> tuple[Array, Callable[[Array], Array]]:
    """Each value is dropped with probability ``share`` and the rest made larger to keep the mean; None: as it is."""
    if generator is None or share == 0:
        return x, lambda dy: dy
    mask = dropout_mask(x.shape, share, generator, x.dtype)
    return x * mask, lambda dy: dy * mask


def dropout_mask(shape: tuple[int, ...], share: float, generator: np.random.Generator, dtype: Any) -> Array:
    """0 with probability ``share``, else 1 / (1 - share)."""
    kept = generator.random(shape, np.float32) >= share
    return np.asarray(kept * np.asarray(1 / (1 - share), dtype))
