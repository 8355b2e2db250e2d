"""Scores of arcs and relations of a graph parser: Dozat and Manning (2017), "Deep biaffine attention for neural
dependency parsing".

Letters as in ``elman.kernels``; A, D and E are widths of representations, R relations, C candidate heads of a word: 0
is the root, j the j-th word of its sentence. The words of B sentences are concatenated.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.trees import best_tree
from elman.kernels.weight_layout import F, Ids

NO_ARC = -1e30
"""The score of a candidate that a word cannot have: itself, or one beyond its sentence."""


def biaffine_arcs_forward(x: NDArray[F], h: NDArray[F], root: NDArray[F], lengths: Ids, columns: int) -> NDArray[F]:
    """Return the score of every candidate head of each word, its product with the word: scores (N, C).

    x (N, A)      words as dependents, multiplied by the biaffine matrix
    h (N, A)      words as heads; ``root`` (A,) is the root
    lengths (B,)  words of each sentence
    columns       C; candidates beyond it are left out
    """
    scores = np.full((len(x), columns), NO_ARC, x.dtype)
    scores[:, 0] = x @ root
    for rows, n in _sentences(lengths, columns):
        products = x[rows] @ h[rows].T  # (n, n)
        np.fill_diagonal(products, NO_ARC)
        scores[rows, 1 : n + 1] = products[:, :n]
    return scores


def biaffine_arcs_backward(
    dscores: NDArray[F], x: NDArray[F], h: NDArray[F], root: NDArray[F], lengths: Ids
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    """Return the gradients dx (N, A), dh (N, A), droot (A,); those of candidates that are none count as 0."""
    dx, dh = np.outer(dscores[:, 0], root), np.zeros_like(h)
    for rows, n in _sentences(lengths, dscores.shape[1]):
        own = dscores[rows, 1 : n + 1].copy()  # (n, n)
        np.fill_diagonal(own, 0)
        heads = slice(rows.start, rows.start + n)
        dx[rows] += own @ h[heads]
        dh[heads] = own.T @ x[rows]
    return dx, dh, dscores[:, 0] @ x


def bilinear_forward(x: NDArray[F], y: NDArray[F], w: NDArray[F]) -> NDArray[F]:
    """Return scores of pairs: x (N, D), y (N, E), w (R, D, E) -> x·w_r·y (N, R)."""
    return np.asarray(np.einsum("nd,rde,ne->nr", x, w, y, optimize=True), x.dtype)


def bilinear_backward(
    dscores: NDArray[F], x: NDArray[F], y: NDArray[F], w: NDArray[F]
) -> tuple[NDArray[F], NDArray[F], NDArray[F]]:
    """Return the gradients of ``bilinear_forward``: dscores (N, R) -> dx (N, D), dy (N, E), dw (R, D, E)."""
    dx = np.einsum("nr,rde,ne->nd", dscores, w, y, optimize=True)
    dy = np.einsum("nr,nd,rde->ne", dscores, x, w, optimize=True)
    return dx, dy, np.einsum("nr,nd,ne->rde", dscores, x, y, optimize=True)


def arc_trees(scores: NDArray[np.float32], lengths: Ids) -> Ids:
    """Return the heads (N,) of the best tree of each sentence by scores (N, C): from 1, 0 for the root."""
    heads = np.zeros(len(scores), np.int32)
    for rows, n in _sentences(lengths, scores.shape[1]):
        size = rows.stop - rows.start
        arcs = np.full((size + 1, size), -np.inf)
        arcs[: n + 1] = scores[rows, : n + 1].T
        np.fill_diagonal(arcs[1:], -np.inf)  # NO_ARC would be taken for the least score that there is
        heads[rows] = best_tree(arcs)
    return heads


def _sentences(lengths: Ids, columns: int) -> Iterator[tuple[slice, int]]:
    """Yield the rows of each sentence, and how many of its words are candidates."""
    end = 0
    for n in lengths.tolist():
        end += n
        yield slice(end - n, end), min(n, columns - 1)
