"""A whole LSTM layer in one direction: input projection and recurrence, forward and backward."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.basic import linear_backward, linear_forward
from elman.kernels.reference.gated_cells import lstm_backward, lstm_forward
from elman.kernels.weight_layout import F, Ids


def lstm_layer_forward(
    x: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    b_r: NDArray[F],
    w_rh: NDArray[F],
    h: NDArray[F],
    column: int,
    reverse: bool,
) -> tuple[NDArray[F], NDArray[F]]:
    """Write the hidden states into h (N, …), H columns from ``column`` on; return c (N, H) and the gates (N, 4H).

    x (N, E), w_rx (4H, E), b_r (4H,), w_rh (4H, H); gates as in ``lstm_forward``. ``reverse`` reads each sentence from
    its end. h_0 = c_0 = 0.
    """
    order = _mirror(sizes) if reverse else slice(None)
    H = w_rh.shape[1]
    zero = np.zeros((int(sizes[0]) if len(sizes) else 0, H), x.dtype)
    states, c, gates = lstm_forward(linear_forward(x, w_rx, b_r)[order], sizes, w_rh, zero, zero)
    h[:, column : column + H] = states[order]
    return c[order], gates[order]


def lstm_layer_backward(
    dh: NDArray[F],
    x: NDArray[F],
    h: NDArray[F],
    column: int,
    c: NDArray[F],
    gates: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    w_rh: NDArray[F],
    dx: NDArray[F],
    add: bool,
    reverse: bool,
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    """Return dw_rx (4H, E), db_r (4H,) and dw_rh (4H, H) for dh (N, …), whose columns are those of h; write dx (N, E).

    ``add`` adds to the values of dx instead of overwriting them.
    """
    order = _mirror(sizes) if reverse else slice(None)
    own = slice(column, column + w_rh.shape[1])
    zero = np.zeros((int(sizes[0]) if len(sizes) else 0, w_rh.shape[1]), x.dtype)
    states = dh[:, own][order], h[:, own][order], c[order], gates[order]
    da, dw_rh, _, _ = lstm_backward(*states, sizes, w_rh, zero, zero)
    found, dw_rx, db_r = linear_backward(da[order], x, w_rx)
    dx[...] = dx + found if add else found
    return dw_rx, db_r, dw_rh


def bilstm_forward(
    x: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    w_b: NDArray[F],
    w_rh: NDArray[F],
    v_rx: NDArray[F],
    v_b: NDArray[F],
    v_rh: NDArray[F],
    threads: int,
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    """Run both directions of a layer, with weights w and v: x (N, E) -> h (N, 2H), c (2, N, H), gates (2, N, 4H).

    The native kernel runs them in two threads if ``threads`` allows it; the results are the same.
    """
    N, H = len(x), w_rh.shape[1]
    h, c, gates = np.empty((N, 2 * H), x.dtype), np.empty((2, N, H), x.dtype), np.empty((2, N, 4 * H), x.dtype)
    c[0], gates[0] = lstm_layer_forward(x, sizes, w_rx, w_b, w_rh, h, 0, False)
    c[1], gates[1] = lstm_layer_forward(x, sizes, v_rx, v_b, v_rh, h, H, True)
    return h, c, gates


def bilstm_backward(
    dh: NDArray[F],
    x: NDArray[F],
    h: NDArray[F],
    c: NDArray[F],
    gates: NDArray[F],
    sizes: Ids,
    w_rx: NDArray[F],
    w_rh: NDArray[F],
    v_rx: NDArray[F],
    v_rh: NDArray[F],
    threads: int,
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F], NDArray[F], NDArray[F], NDArray[F]]:
    """Return dx (N, E), dw_rx (4H, E), dw_b (4H,), dw_rh (4H, H), and those of v, for dh (N, 2H)."""
    H = w_rh.shape[1]
    dx: NDArray[F] = np.empty_like(x)
    dw = lstm_layer_backward(dh, x, h, 0, c[0], gates[0], sizes, w_rx, w_rh, dx, False, False)
    dv = lstm_layer_backward(dh, x, h, H, c[1], gates[1], sizes, v_rx, v_rh, dx, True, True)
    return dx, dw[0], dw[1], dw[2], dv[0], dv[1], dv[2]


def _mirror(sizes: Ids) -> NDArray[np.int64]:
    """Return the permutation of packed rows that reverses the words of each sentence; it is its own inverse."""
    starts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    t = np.repeat(np.arange(len(sizes)), sizes)
    b = np.arange(len(t)) - starts[t]
    lengths = np.bincount(b)
    return np.asarray(starts[lengths[b] - 1 - t] + b, np.int64)
