"""Linear layer, embeddings, softmax with cross-entropy. Letters as in ``elman.kernels``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.kernels.weight_layout import F, Ids


def linear_forward(x: NDArray[F], w: NDArray[F], b: NDArray[F]) -> NDArray[F]:
    """Return y = w·x + b for each row: x (N, E), w (H, E), b (H,) -> y (N, H)."""
    return x @ w.T + b


def linear_backward(dy: NDArray[F], x: NDArray[F], w: NDArray[F]) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    """Return the gradients of ``linear_forward``: dy (N, H) -> dx (N, E), dw (H, E), db (H,)."""
    return dy @ w, dy.T @ x, dy.sum(axis=0)


def embedding_forward(table: NDArray[F], ids: Ids) -> NDArray[F]:
    """Look up the rows ids (N,) of table (V, E) -> (N, E). Raises IndexError if an id is outside 0..V-1."""
    check_ids(ids, len(table))
    return table[ids]


def embedding_backward(drows: NDArray[F], ids: Ids, rows: int) -> NDArray[F]:
    """Scatter-add drows (N, E) to the rows ids (N,) of a zero table (rows, E). Raises IndexError for an id outside."""
    check_ids(ids, rows)
    dtable = np.zeros((rows, drows.shape[1]), drows.dtype)
    np.add.at(dtable, ids, drows)
    return dtable


def bag_forward(table: NDArray[F], ids: Ids, offsets: Ids) -> NDArray[F]:
    """Return sums of rows of table (V, E): row u is the sum over ids[offsets[u]:offsets[u + 1]] -> (U, E)."""
    check_ids(ids, len(table))
    sums = np.zeros((len(offsets) - 1, table.shape[1]), table.dtype)
    np.add.at(sums, np.repeat(np.arange(len(sums)), np.diff(offsets)), table[ids])
    return sums


def bag_backward(dsums: NDArray[F], ids: Ids, offsets: Ids, rows: int) -> NDArray[F]:
    """Return the gradient of ``bag_forward`` with respect to a table of ``rows`` rows: dsums (U, E) -> (rows, E)."""
    check_ids(ids, rows)
    dtable = np.zeros((rows, dsums.shape[1]), dsums.dtype)
    np.add.at(dtable, ids, np.repeat(dsums, np.diff(offsets), axis=0))
    return dtable


def largest_forward(h: NDArray[F], sizes: Ids, sentences: int) -> tuple[NDArray[F], Ids]:
    """Return the maximum of each unit over the words of a sentence, and its row; of equal values the first one.

    h (N, P) of a packed batch -> (B, P), (B, P).
    """
    B = sentences
    y, where = np.zeros((B, h.shape[1]), h.dtype), np.zeros((B, h.shape[1]), np.int32)
    start = 0
    for t, size in enumerate(sizes.tolist()):
        block = h[start : start + size]
        more = block > y[:size] if t else np.ones(block.shape, bool)
        np.copyto(y[:size], block, where=more)
        np.copyto(where[:size], np.arange(start, start + size, dtype=np.int32)[:, None], where=more)
        start += size
    return y, where


def largest_backward(dy: NDArray[F], where: Ids, rows: int) -> NDArray[F]:
    """Return the gradient of ``largest_forward`` with respect to h: dy (B, P) -> (rows, P)."""
    check_ids(where, rows)
    dh = np.zeros((rows, dy.shape[1]), dy.dtype)
    np.put_along_axis(dh, where.astype(np.int64), dy, axis=0)  # no two sentences have a row in common
    return dh


def softmax_cross_entropy_forward(scores: NDArray[F], gold: Ids) -> tuple[NDArray[F], NDArray[F]]:
    """Return the losses -log p[gold] and p = softmax(scores), slide 9.

    scores (N, K), gold (N,) -> losses (N,), p (N, K).
    """
    check_ids(gold, scores.shape[1])
    shifted = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(shifted)
    total = p.sum(axis=1, keepdims=True)
    losses = np.log(total[:, 0]) - shifted[np.arange(len(gold)), gold]
    return losses, p / total


def softmax_cross_entropy_backward(dlosses: NDArray[F], p: NDArray[F], gold: Ids) -> NDArray[F]:
    """Return the gradient with respect to the scores, (p - one_hot(gold)) · dloss, slide 11.

    dlosses (N,) -> dscores (N, K).
    """
    dscores = p.copy()
    dscores[np.arange(len(gold)), gold] -= 1
    dscores *= dlosses[:, None]
    return dscores


def check_ids(ids: Ids, size: int) -> None:
    if len(ids) and not (0 <= int(ids.min()) and int(ids.max()) < size):
        raise IndexError(f"an id is outside 0..{size - 1}")
