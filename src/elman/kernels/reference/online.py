"""Online SGD of the tutorial's network. Letters as in ``elman.kernels``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.basic import (
    check_ids,
    embedding_backward,
    linear_backward,
    linear_forward,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
)
from elman.kernels.reference.elman_cell import elman_backward, elman_forward
from elman.kernels.weight_layout import F, Ids


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
    fresh: Ids | None = None,
    state: NDArray[F] | None = None,
) -> tuple[float, int]:
    """Train the tutorial's network in place by online SGD (slide 18), one update for each of S sentences.

    w_rx (V, H) holds a row per word (the columns of the slides' matrix), w_rh (H, H), b_r (H,), w_oh (K, H), b_o (K,);
    ids and gold (N,) are the concatenated S sentences, lengths (S,) their lengths, rates (S,) the learning rates;
    mask (N, H) or None is a dropout mask multiplied with h before the output layer; clip > 0 is the maximum global norm
    of a sentence's summed gradient; n as in ``elman_backward``. Returns the summed loss and the number of correct tags,
    each sentence tagged before its update. A sentence without words changes nothing.

    With ``state`` (H,) the items are segments of sentences: a segment that is not ``fresh`` (S,) starts from the final
    hidden state of the one before, the first from ``state``, which receives the last one's. Gradients do not cross
    segments.

    Raises IndexError if a word or gold tag is out of range.
    """
    check_ids(ids, len(w_rx))
    check_ids(gold, len(w_oh))
    loss, correct, start = 0.0, 0, 0
    none, firsts = np.zeros((1, len(b_r)), w_rh.dtype), np.ones(len(lengths)) if fresh is None else fresh
    for length, rate, first in zip(lengths.tolist(), rates.tolist(), firsts.tolist(), strict=True):
        h0 = none if first or state is None else state[None].copy()
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
        if length and state is not None:
            state[...] = h[-1]
        start += length
    return loss, correct
