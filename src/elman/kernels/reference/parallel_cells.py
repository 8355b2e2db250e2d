"""Parallel recurrences over packed batches: gates do not depend on the state, so a step is a few multiplications.

Letters as in ``elman.kernels``; σ is the logistic function.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.elman_cell import before, starts_of
from elman.kernels.reference.gated_cells import sigmoid
from elman.kernels.weight_layout import F, Ids


def sru_forward(a: NDArray[F], sizes: Ids, c0: NDArray[F]) -> tuple[NDArray[F], NDArray[F]]:
    """Return the states of an SRU (Lei et al. 2018, without the peephole on c): light recurrence and highway.

    f, r = σ(a_f), σ(a_r); c_t = f c_{t-1} + (1 - f) u; h_t = r tanh(c_t) + (1 - r) k.
    a (N, 4H) in the order u, f, r, k; c0 (B, H) -> h (N, H), c (N, H).
    """
    H = c0.shape[1]
    u, f, r, k = a[:, :H], sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H]), a[:, 3 * H :]
    c = _scan(f, (1 - f) * u, sizes, c0)
    return r * np.tanh(c) + (1 - r) * k, c


def sru_backward(
    dh: NDArray[F], a: NDArray[F], c: NDArray[F], sizes: Ids, c0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F]]:
    """Return the gradients of ``sru_forward``: dh (N, H) -> da (N, 4H), dc0 (B, H)."""
    H = c0.shape[1]
    u, f, r, k = a[:, :H], sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H]), a[:, 3 * H :]
    tanh_c = np.tanh(c)
    dc, dc0 = _scan_backward(dh * r * (1 - tanh_c**2), f, sizes, c0)
    df = dc * (before(c, sizes, c0) - u) * f * (1 - f)
    dr = dh * (tanh_c - k) * r * (1 - r)
    return np.concatenate([dc * (1 - f), df, dr, dh * (1 - r)], axis=1), dc0


def mingru_forward(a: NDArray[F], sizes: Ids, h0: NDArray[F]) -> NDArray[F]:
    """Return the states of a minGRU (Feng et al. 2024): z = σ(a_z); h_t = (1 - z) h_{t-1} + z n.

    a (N, 2H) in the order z, n; h0 (B, H) -> h (N, H).
    """
    H = h0.shape[1]
    z = sigmoid(a[:, :H])
    return _scan(1 - z, z * a[:, H:], sizes, h0)


def mingru_backward(
    dh: NDArray[F], a: NDArray[F], h: NDArray[F], sizes: Ids, h0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F]]:
    """Return the gradients of ``mingru_forward``: dh (N, H) -> da (N, 2H), dh0 (B, H)."""
    H = h0.shape[1]
    z, n = sigmoid(a[:, :H]), a[:, H:]
    d, dh0 = _scan_backward(dh, 1 - z, sizes, h0)
    return np.concatenate([d * (n - before(h, sizes, h0)) * z * (1 - z), d * z], axis=1), dh0


def _scan(keep: NDArray[F], add: NDArray[F], sizes: Ids, s0: NDArray[F]) -> NDArray[F]:
    """Return s_t = keep_t s_{t-1} + add_t of each sentence: keep, add (N, H), s0 (B, H) -> (N, H)."""
    s, starts, previous = np.empty_like(add), starts_of(sizes), s0
    for t, size in enumerate(sizes.tolist()):
        block = slice(starts[t], starts[t + 1])
        s[block] = keep[block] * previous[:size] + add[block]
        previous = s[block]
    return s


def _scan_backward(ds: NDArray[F], keep: NDArray[F], sizes: Ids, s0: NDArray[F]) -> tuple[NDArray[F], NDArray[F]]:
    """Return the gradients of ``_scan`` with respect to add and s0: ds (N, H) -> dadd (N, H), ds0 (B, H)."""
    dadd, starts, carried = np.empty_like(ds), starts_of(sizes), np.zeros_like(s0)
    for t in range(len(sizes) - 1, -1, -1):
        block = slice(starts[t], starts[t + 1])
        dadd[block] = ds[block] + carried[: sizes[t]]
        carried[: sizes[t]] = dadd[block] * keep[block]
    return dadd, carried
