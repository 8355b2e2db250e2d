"""Logistic regression on weighted bags of ids, such as the n-grams of a text: scores, and minibatch SGD in place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.basic import (
    bag_forward,
    check_ids,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
)
from elman.kernels.weight_layout import F, Ids


def unit_bag_forward(table: NDArray[F], scale: NDArray[F], ids: Ids, offsets: Ids) -> tuple[NDArray[F], NDArray[F]]:
    """Return weighted sums of rows of table (V, E), the weights of each set scaled to length 1, and the lengths before.

    Set u is ids[offsets[u]:offsets[u + 1]], with the weights scale (V,) -> (U, E), (U,); an empty set has length 1.
    """
    check_ids(ids, len(table))
    own, each = scale[ids][:, None], np.arange(len(ids), dtype=np.int32)
    squares = bag_forward(own * own, each, offsets)[:, 0]
    lengths = np.sqrt(np.where(squares > 0, squares, 1)).astype(table.dtype)
    return bag_forward(own * table[ids], each, offsets) / lengths[:, None], lengths


def regression_steps(
    table: NDArray[F],
    bias: NDArray[F],
    scale: NDArray[F],
    ids: Ids,
    offsets: Ids,
    gold: Ids,
    sizes: Ids,
    rates: NDArray[F],
    share: float,
) -> tuple[float, int]:
    """Train logistic regression in place by SGD, one update for each of S minibatches of texts.

    The scores of text u are bias (K,) + the row of ``unit_bag_forward`` of table (V, K); gold (U,) are the labels. A
    minibatch has sizes[s] texts, learning rate rates[s] and the loss ``share`` times the sum of its cross-entropies.
    Returns the summed cross-entropy and the number of correct labels, each minibatch classified before its update.

    Raises IndexError if an id or a label is out of range.
    """
    check_ids(ids, len(table))
    check_ids(gold, len(bias))
    loss, correct, first = 0.0, 0, 0
    for size, rate in zip(sizes.tolist(), rates, strict=True):
        bounds = offsets[first : first + size + 1]
        some, labels = ids[bounds[0] : bounds[-1]], gold[first : first + size]
        sums, lengths = unit_bag_forward(table, scale, some, bounds - bounds[0])
        losses, p = softmax_cross_entropy_forward(sums + bias, labels)
        loss += float(losses.sum(dtype=np.float64))
        correct += int((p.argmax(axis=1) == labels).sum())
        d = softmax_cross_entropy_backward(np.full_like(losses, share), p, labels)
        bias -= rate * d.sum(axis=0)
        rows = np.repeat(d / lengths[:, None], np.diff(bounds), axis=0)
        np.add.at(table, some, -rate * scale[some][:, None] * rows)
        first += size
    return loss, correct
