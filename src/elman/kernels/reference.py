"""The kernels in NumPy: the readable statement of the maths, the oracle of the tests, the fallback.

Letters as in ``elman.kernels``. Every function is a plain one over arrays; the gradient of ``name`` is ``dname``;
gradients are those of a loss (they point uphill, an update subtracts them; the slides' δ point the other way).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", np.float32, np.float64)
Ids = NDArray[np.int32]


def linear_forward(x: NDArray[F], w: NDArray[F], b: NDArray[F]) -> NDArray[F]:
    """y = w·x + b for every row: x (N, E), w (H, E), b (H,) -> y (N, H)."""
    return x @ w.T + b


def linear_backward(dy: NDArray[F], x: NDArray[F], w: NDArray[F]) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    """Gradients of ``linear_forward``: dy (N, H) -> dx (N, E), dw (H, E), db (H,)."""
    return dy @ w, dy.T @ x, dy.sum(axis=0)


def embedding_forward(table: NDArray[F], ids: Ids) -> NDArray[F]:
    """The rows of table (V, E) that ids (N,) name -> (N, E). IndexError for an id outside 0..V-1."""
    _check_ids(ids, len(table))
    return table[ids]


def embedding_backward(drows: NDArray[F], ids: Ids, rows: int) -> NDArray[F]:
    """Scatter-add: drows (N, E) summed into the rows of a zero (rows, E) that ids (N,) name."""
    _check_ids(ids, rows)
    dtable = np.zeros((rows, drows.shape[1]), drows.dtype)
    np.add.at(dtable, ids, drows)
    return dtable


def elman_forward(a: NDArray[F], sizes: Ids, w_rh: NDArray[F], h0: NDArray[F]) -> NDArray[F]:
    """h_t = tanh(a_t + w_rh·h_{t-1}), slides 15 and 16, over a packed batch.

    a (N, H) is w_rx·x + b_r of every token, w_rh (H, H), h0 (B, H) the state before the first step -> h (N, H).
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
    """Gradients of ``elman_forward``: dh (N, H) -> da (N, H), dw_rh (H, H), dh0 (B, H).

    n = 0 is the full gradient (slides 27, 30). n > 0 stops after n steps (slides 25, 26): the error of each output
    reaches the δ_r of n steps, its own step the first; n not below the length is the full gradient.
    """
    starts = np.concatenate(([0], np.cumsum(sizes)))
    slope = 1 - h * h
    if n == 0 or n >= len(sizes):
        da = np.empty_like(dh)
        carried = np.zeros_like(h0)  # (B, H), the error that comes from the following step
        for t in range(len(sizes) - 1, -1, -1):
            block = slice(starts[t], starts[t + 1])
            da[block] = (dh[block] + carried[: sizes[t]]) * slope[block]
            carried[: sizes[t]] = da[block] @ w_rh
    else:
        da = dh * slope
        error = da  # of each output error the δ_r furthest back so far
        later = starts[1]  # the rows that have a step before them
        to = np.concatenate([np.arange(starts[t - 1], starts[t - 1] + sizes[t]) for t in range(1, len(sizes))])
        for _ in range(1, n):
            back = np.zeros_like(error)
            back[to] = error[later:] @ w_rh
            error = back * slope
            da = da + error
    before = np.empty_like(h)  # h_{t-1} beside each h_t
    for t in range(len(sizes)):
        before[starts[t] : starts[t + 1]] = (h[starts[t - 1] :] if t else h0)[: sizes[t]]
    dh0 = np.zeros_like(h0)
    dh0[: starts[1] if len(sizes) else 0] = da[: starts[1] if len(sizes) else 0] @ w_rh
    return da, da.T @ before, dh0


def softmax_cross_entropy_forward(scores: NDArray[F], gold: Ids) -> tuple[NDArray[F], NDArray[F]]:
    """p = softmax(scores), slide 9, and the loss -log p[gold]: scores (N, K), gold (N,) -> losses (N,), p (N, K)."""
    _check_ids(gold, scores.shape[1])
    shifted = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(shifted)
    total = p.sum(axis=1, keepdims=True)
    losses = np.log(total[:, 0]) - shifted[np.arange(len(gold)), gold]
    return losses, p / total


def softmax_cross_entropy_backward(dlosses: NDArray[F], p: NDArray[F], gold: Ids) -> NDArray[F]:
    """Gradient by the scores, (p - one_hot(gold)) · dloss, slide 11: dlosses (N,) -> dscores (N, K)."""
    dscores = p.copy()
    dscores[np.arange(len(gold)), gold] -= 1
    dscores *= dlosses[:, None]
    return dscores


def online_steps(
    w_rx: NDArray[F],
    w_rh: NDArray[F],
    b_r: NDArray[F],
    w_oh: NDArray[F],
    b_o: NDArray[F],
    ids: Ids,
    gold: Ids,
    lengths: Ids,
    rates: NDArray[F],
    mask: NDArray[F] | None,
    clip: float,
    n: int,
) -> tuple[float, int]:
    """Online SGD (slide 18) of the tutorial's network: one update for each of S sentences, in place.

    w_rx (V, H) holds a row per word (the columns of the slides' matrix), w_rh (H, H), b_r (H,), w_oh (K, H), b_o (K,);
    ids and gold (N,) are the S sentences one after the other, lengths (S,) theirs, rates (S,) the learning rates;
    mask (N, H) or None multiplies h in front of the output layer (dropout); clip > 0 is the largest global norm of a
    sentence's summed gradient; n as in ``elman_backward``. Returns the summed loss and the number of tags that were
    right before each update. A sentence without words changes nothing.
    """
    _check_ids(ids, len(w_rx))
    _check_ids(gold, len(w_oh))
    loss, correct, start = 0.0, 0, 0
    h0 = np.zeros((1, len(b_r)), w_rh.dtype)
    for length, rate in zip(lengths.tolist(), rates.tolist(), strict=True):
        words, tags = ids[start : start + length], gold[start : start + length]
        ones = np.ones(length, np.int32)
        h = elman_forward(w_rx[words] + b_r, ones, w_rh, h0)
        kept = h if mask is None else h * mask[start : start + length]
        losses, p = softmax_cross_entropy_forward(linear_forward(kept, w_oh, b_o), tags)
        loss += float(losses.sum(dtype=np.float64))
        correct += int((p.argmax(axis=1) == tags).sum())
        dscores = softmax_cross_entropy_backward(np.ones_like(losses), p, tags)
        dh, dw_oh, db_o = linear_backward(dscores, kept, w_oh)
        if mask is not None:
            dh = dh * mask[start : start + length]
        da, dw_rh, _ = elman_backward(dh, h, ones, w_rh, h0, n)
        used, where = np.unique(words, return_inverse=True)
        dw_rx = embedding_backward(da, where.astype(np.int32), len(used))
        db_r = da.sum(axis=0)
        gradients = (dw_rx, dw_rh, db_r, dw_oh, db_o)
        if clip > 0:
            norm = float(np.sqrt(sum(float(np.vdot(g, g)) for g in gradients)))
            rate = rate * min(1.0, clip / norm) if norm > 0 else rate
        step = w_rh.dtype.type(rate)
        w_rx[used] -= step * dw_rx
        for w, dw in zip((w_rh, b_r, w_oh, b_o), gradients[1:], strict=True):
            w -= step * dw
        start += length
    return loss, correct


def _check_ids(ids: Ids, size: int) -> None:
    if len(ids) and not (0 <= int(ids.min()) and int(ids.max()) < size):
        raise IndexError(f"an id is outside 0..{size - 1}")
