"""LSTM states for inference, without gradients.

Letters as in ``elman.kernels``. A table of S rows holds the gate inputs w_rx·x + b_r of each word type, in panels (see
``elman.kernels.weight_layout``): a panel's input is (4, 16). 8-bit products are exact integer sums, so a word's
tag depends neither on the batch nor on the order of summation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from elman.kernels.weight_layout import UNITS, F, Ids, Int8


def linear_best_int8(
    x: NDArray[np.float32],
    w8: NDArray[np.int8],
    scale: NDArray[np.float32],
    start: Ids,
    w: NDArray[np.float32],
    b: NDArray[np.float32],
    error: NDArray[np.float32],
    share: NDArray[np.float32],
) -> Ids:
    """Return the argmax (N,) of x·w + b, exactly; ties go to the lowest column: x (N, E) in [-1, 1], w (K, E), b (C,).

    The native kernel narrows the candidates with 8-bit products, by (w8, scale, start) = ``packed_int8(w)`` and the
    error bounds (error, share) = ``errors_int8(w)``, and computes only these in float32.
    """
    return np.asarray((x @ w.T + b[: len(w)]).argmax(axis=1), np.int32)


def product_int8(x: NDArray[np.float32], linear: Int8) -> NDArray[np.float32]:
    """Return x·w (N, C), computed in integers: x (N, K) in [-1, 1]."""
    P, groups = linear.w.shape[:2]
    rows = linear.w.transpose(0, 2, 3, 1, 4).reshape(P * 4 * UNITS, groups * 4).astype(np.int32)
    q = np.full((len(x), groups * 4), 128, np.int32)
    q[:, : x.shape[1]] = np.rint(x * np.float32(127)) + 128
    sums = q @ rows.T + linear.start
    return np.asarray(sums.astype(np.float32) * linear.scale, np.float32)


def linear_halves(
    x: NDArray[np.float32], w: NDArray[np.float32], b: NDArray[np.float32], to: NDArray[np.float16]
) -> None:
    """Write x·w + b into ``to`` (N, P · 64) as float16, clipped to ±100, where gates are saturated: x (N, E).

    w from ``packed`` (P, E, 4, 16). The native sums are those of ``linear_forward``, to the bit.
    """
    rows = w.reshape(len(w), x.shape[1], 4 * UNITS).swapaxes(0, 1).reshape(x.shape[1], -1)
    to[...] = np.clip(x @ rows + b, -100, 100)


def lstm_states(
    table: NDArray[F], types: Ids, sizes: Ids, w: NDArray[F], h: NDArray[F], column: int, reverse: bool
) -> None:
    """Write the hidden states into H columns of h (N, …) from ``column`` on.

    table (S, P · 64), types (N,) its rows, w from ``packed``. ``reverse`` reads each sentence from its end.
    h_0 = c_0 = 0.
    """
    H = w.shape[1]
    recurrent = w.reshape(len(w), H, 4, UNITS)
    out = h[:, column : column + H]

    def product(before: NDArray[F]) -> NDArray[F]:  # (B, H) -> (B, P, 4, 16)
        return np.asarray(np.einsum("bk,pkgu->bpgu", before, recurrent), table.dtype)

    _unroll(table.reshape(len(table), len(w), 4, UNITS), types, sizes, product, out, reverse)


def lstm_states_int8(
    table: NDArray[np.float16],
    types: Ids,
    sizes: Ids,
    w: NDArray[np.int8],
    scale: NDArray[np.float32],
    start: Ids,
    h: NDArray[np.float32],
    column: int,
    width: int,
    reverse: bool,
) -> None:
    """Write the hidden states as ``lstm_states``, with the weights of ``packed_int8`` and H = ``width``."""
    P, out, linear = len(w), h[:, column : column + width], Int8(w, scale, start)
    wide = table.astype(np.float32).reshape(len(table), P, 4, UNITS)
    _unroll(wide, types, sizes, lambda before: product_int8(before, linear).reshape(-1, P, 4, UNITS), out, reverse)


def _unroll(
    table: NDArray[F],
    types: Ids,
    sizes: Ids,
    product: Callable[[NDArray[F]], NDArray[F]],
    out: NDArray[F],
    reverse: bool,
) -> None:
    """Apply the cell of ``gated_cells.lstm_forward`` step by step; rows without a previous step need no product."""
    H = out.shape[1]
    starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    order = range(len(sizes))[::-1] if reverse else range(len(sizes))
    h = np.zeros((0, H), out.dtype)
    c = np.zeros((int(sizes[0]) if len(sizes) else 0, table.shape[1], UNITS), out.dtype)
    for t in order:
        rows = slice(starts[t], starts[t + 1])
        z = table[types[rows]].astype(out.dtype)
        going = min(len(h), len(z))
        z[:going] += product(h[:going])
        c[going : len(z)] = 0
        i, f, o = (1 / (1 + np.exp(-z[:, :, gate])) for gate in (0, 1, 3))
        now = c[: len(z)] = f * c[: len(z)] + i * np.tanh(z[:, :, 2])
        out[rows] = (o * np.tanh(now)).reshape(len(z), -1)[:, :H]
        h = out[rows]
