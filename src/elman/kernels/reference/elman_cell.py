"""The Elman cell over packed batches. Letters as in ``elman.kernels``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.weight_layout import F, Ids


def elman_forward(a: NDArray[F], sizes: Ids, w_rh: NDArray[F], h0: NDArray[F]) -> NDArray[F]:
    """Return the hidden states h_t = tanh(a_t + w_rh·h_{t-1}) of a packed batch, slides 15 and 16.

    a (N, H) is w_rx·x + b_r of each token, w_rh (H, H), h0 (B, H) the initial hidden state -> h (N, H).
    """
    h = np.empty_like(a)
    start, previous = 0, h0
    for size in sizes.tolist():
        block = slice(start, start + size)
        h[block] = np.tanh(a[block] + previous[:size] @ w_rh.T)
        previous = h[block]
        start += size
    return h


def elman_backward(
    dh: NDArray[F], h: NDArray[F], sizes: Ids, w_rh: NDArray[F], h0: NDArray[F], n: int
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    """Return the gradients of ``elman_forward``: dh (N, H) -> da (N, H), dw_rh (H, H), dh0 (B, H).

    n = 0 is full backpropagation through time (slides 27, 30); n > 0 truncates it to n steps (slides 25, 26): the error
    of each output reaches the δ_r of n steps, including its own. If n is not below the length, nothing is truncated.
    """
    starts = starts_of(sizes)
    slope = 1 - h * h
    if n == 0 or n >= len(sizes):
        da = np.empty_like(dh)
        carried = np.zeros_like(h0)  # (B, H), the error from the next step
        for t in range(len(sizes) - 1, -1, -1):
            block = slice(starts[t], starts[t + 1])
            da[block] = (dh[block] + carried[: sizes[t]]) * slope[block]
            carried[: sizes[t]] = da[block] @ w_rh
    else:
        da = dh * slope
        error = da  # of each output error, the earliest δ_r so far
        later = starts[1]  # the first row that has a previous step
        to = np.concatenate([np.arange(starts[t - 1], starts[t - 1] + sizes[t]) for t in range(1, len(sizes))])
        for _ in range(1, n):
            back = np.zeros_like(error)
            back[to] = error[later:] @ w_rh
            error = back * slope
            da = da + error
    dh0 = np.zeros_like(h0)
    first = int(starts[1]) if len(sizes) else 0
    dh0[:first] = da[:first] @ w_rh
    return da, da.T @ before(h, sizes, h0), dh0


def before(h: NDArray[F], sizes: Ids, h0: NDArray[F]) -> NDArray[F]:
    """Return the previous state of each row of h (N, H): h_{t-1}, or h0 at the first step."""
    starts = starts_of(sizes)
    result = np.empty_like(h)
    for t in range(len(sizes)):
        result[starts[t] : starts[t + 1]] = (h[starts[t - 1] :] if t else h0)[: sizes[t]]
    return result


def starts_of(sizes: Ids) -> NDArray[np.int64]:
    """Return the first row of each step, and N at the end: (T,) -> (T + 1,)."""
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
