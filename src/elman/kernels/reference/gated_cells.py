"""LSTM and GRU over packed batches. Letters as in ``elman.kernels``; σ is the logistic function."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.elman_cell import before, starts_of
from elman.kernels.weight_layout import F, Ids


def sigmoid(x: NDArray[F]) -> NDArray[F]:
    """Return σ(x), without overflow."""
    e = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, e) / (1 + e), x.dtype)


def lstm_forward(
    a: NDArray[F], sizes: Ids, w_rh: NDArray[F], h0: NDArray[F], c0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    """Return the states of an LSTM (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).

    i, f, o = σ(…), g = tanh(…) of a_t + w_rh·h_{t-1}; c_t = f c_{t-1} + i g; h_t = o tanh(c_t).
    a (N, 4H) in the order i, f, g, o; w_rh (4H, H); h0, c0 (B, H) -> h (N, H), c (N, H), gates (N, 4H).
    """
    H = w_rh.shape[1]
    h, c, gates = np.empty((len(a), H), a.dtype), np.empty((len(a), H), a.dtype), np.empty_like(a)
    starts = starts_of(sizes)
    h_before, c_before = h0, c0
    for t, size in enumerate(sizes.tolist()):
        block = slice(starts[t], starts[t + 1])
        z = a[block] + h_before[:size] @ w_rh.T
        i, f, o = sigmoid(z[:, :H]), sigmoid(z[:, H : 2 * H]), sigmoid(z[:, 3 * H :])
        g = np.tanh(z[:, 2 * H : 3 * H])
        c[block] = f * c_before[:size] + i * g
        h[block] = o * np.tanh(c[block])
        gates[block] = np.concatenate([i, f, g, o], axis=1)
        h_before, c_before = h[block], c[block]
    return h, c, gates


def lstm_backward(
    dh: NDArray[F],
    h: NDArray[F],
    c: NDArray[F],
    gates: NDArray[F],
    sizes: Ids,
    w_rh: NDArray[F],
    h0: NDArray[F],
    c0: NDArray[F],
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F]]:
    """Return the gradients of ``lstm_forward``: dh (N, H) -> da (N, 4H), dw_rh (4H, H), dh0 (B, H), dc0 (B, H)."""
    H = w_rh.shape[1]
    starts, c_before = starts_of(sizes), before(c, sizes, c0)
    i, f, g, o = (gates[:, k * H : (k + 1) * H] for k in range(4))
    tanh_c = np.tanh(c)
    da = np.empty_like(gates)
    dh_carried, dc_carried = np.zeros_like(h0), np.zeros_like(c0)
    for t in range(len(sizes) - 1, -1, -1):
        b, size = slice(starts[t], starts[t + 1]), sizes[t]
        dh_t = dh[b] + dh_carried[:size]
        dc = dc_carried[:size] + dh_t * o[b] * (1 - tanh_c[b] ** 2)
        di, df, dg, do = dc * g[b], dc * c_before[b], dc * i[b], dh_t * tanh_c[b]
        da[b] = np.concatenate(
            [di * i[b] * (1 - i[b]), df * f[b] * (1 - f[b]), dg * (1 - g[b] ** 2), do * o[b] * (1 - o[b])], axis=1
        )
        dh_carried[:size] = da[b] @ w_rh
        dc_carried[:size] = dc * f[b]
    return da, da.T @ before(h, sizes, h0), dh_carried, dc_carried


def gru_forward(
    a: NDArray[F], sizes: Ids, w_rh: NDArray[F], b_rn: NDArray[F], h0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F]]:
    """Return the states of a GRU (Cho et al. 2014; the reset gate is applied after the product).

    s = w_rh·h_{t-1}; r, z = σ(a + s); n = tanh(a_n + r (s_n + b_rn)); h_t = (1 - z) n + z h_{t-1}.
    a (N, 3H) in the order r, z, n; w_rh (3H, H); b_rn (H,); h0 (B, H) -> h (N, H), gates (N, 4H): r, z, n, s_n + b_rn.
    """
    H = w_rh.shape[1]
    h, gates = np.empty((len(a), H), a.dtype), np.empty((len(a), 4 * H), a.dtype)
    starts, h_before = starts_of(sizes), h0
    for t, size in enumerate(sizes.tolist()):
        block = slice(starts[t], starts[t + 1])
        s = h_before[:size] @ w_rh.T
        r, z = sigmoid(a[block, :H] + s[:, :H]), sigmoid(a[block, H : 2 * H] + s[:, H : 2 * H])
        q = s[:, 2 * H :] + b_rn
        n = np.tanh(a[block, 2 * H :] + r * q)
        h[block] = (1 - z) * n + z * h_before[:size]
        gates[block] = np.concatenate([r, z, n, q], axis=1)
        h_before = h[block]
    return h, gates


def gru_backward(
    dh: NDArray[F], h: NDArray[F], gates: NDArray[F], sizes: Ids, w_rh: NDArray[F], h0: NDArray[F]
) -> tuple[NDArray[F], NDArray[F], NDArray[F], NDArray[F]]:
    """Return the gradients of ``gru_forward``: dh (N, H) -> da (N, 3H), dw_rh (3H, H), db_rn (H,), dh0 (B, H)."""
    H = w_rh.shape[1]
    starts, h_before = starts_of(sizes), before(h, sizes, h0)
    r, z, n, q = (gates[:, k * H : (k + 1) * H] for k in range(4))
    da, ds = np.empty((len(h), 3 * H), h.dtype), np.empty((len(h), 3 * H), h.dtype)
    carried = np.zeros_like(h0)
    for t in range(len(sizes) - 1, -1, -1):
        b, size = slice(starts[t], starts[t + 1]), sizes[t]
        dh_t = dh[b] + carried[:size]
        dn = dh_t * (1 - z[b]) * (1 - n[b] ** 2)
        dz = dh_t * (h_before[b] - n[b]) * z[b] * (1 - z[b])
        dr = dn * q[b] * r[b] * (1 - r[b])
        da[b] = np.concatenate([dr, dz, dn], axis=1)
        ds[b] = np.concatenate([dr, dz, dn * r[b]], axis=1)
        carried[:size] = dh_t * z[b] + ds[b] @ w_rh
    return da, ds.T @ h_before, ds[:, 2 * H :].sum(axis=0), carried
