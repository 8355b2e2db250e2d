"""The output of a graph parser: deep biaffine scores of arcs and relations (Dozat and Manning 2017).

Four layers of leaky rectified units read the state of a word: as a dependent and as a head, for arcs and for relations.
The score of an arc is bilinear in the two for arcs (plus a term of the head alone); those of the relations of an arc
are bilinear in the two for relations, each with a 1 appended. The root has learned vectors in place of its own.

Parameters: ``graph.mlp.w`` (2A + 2L, P) and ``.b`` of the four layers side by side, ``graph.arcs.w`` (A, A), ``.b``
and ``.root`` (A,), ``graph.relations.w`` (R, L + 1, L + 1) and ``.root`` (L,).

Letters: N words of sentences laid end to end, P width of states, A and L widths for arcs and relations, R relations.
Sentences of more than ``MAX_WORDS`` words are cut into pieces, each with the root as a candidate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.nn import layers
from elman.nn.batch import Batch, Ids
from elman.nn.encoder import Gradients, Parameters
from elman.nn.layers import Array, DropoutNoise
from elman.nn.shapes import GraphSizes

MAX_WORDS = 1000
"""Words of a piece, all of whose arcs are scored; memory and time are quadratic."""
LEAK = np.float32(0.1)
"""Slope of the rectified units below 0."""


class Loss(NamedTuple):
    """The loss of gold heads and relations: the sum of -log p of each word's head, and of its relation given the head.

    ``loss``      their sum, over words with a gold head
    ``correct``   number of words whose best head and, given the gold head, best relation are the gold ones
    ``backprop``  (dloss, gradients to fill in) -> dh (N, P)
    """

    loss: float
    correct: int
    backprop: Callable[[float, Gradients], Array]


class Words(NamedTuple):
    """N words as dependents, multiplied by the biaffine matrix, and as heads; for relations with a 1 appended, the
    root's vector behind the words as heads.
    """

    dependents: Array  # (N, A)
    heads: Array  # (N, A)
    relation_dependents: Array  # (N, L + 1)
    relation_heads: Array  # (N + 1, L + 1)


def pieces(lengths: NDArray[np.int64]) -> Ids:
    """Return the lengths of the pieces that sentences of these lengths (B,) are cut into."""
    if lengths.max(initial=0) <= MAX_WORDS:
        return lengths.astype(np.int32)
    cut = [min(MAX_WORDS, n - start) for n in lengths.tolist() for start in range(0, max(n, 1), MAX_WORDS)]
    return np.array(cut, np.int32)


def of_words(parameters: Parameters, h: Array, sizes: GraphSizes) -> Words:
    """Return the representations of words with states h (N, P)."""
    return _words(parameters, h, sizes, None, None)[0]


def arc_scores(parameters: Parameters, words: Words, lengths: Ids) -> Array:
    """Return the scores (N, C) of candidate heads in pieces of these lengths: 0 the root, j the piece's j-th word."""
    columns = int(lengths.max(initial=0)) + 1
    root = parameters["graph.arcs.root"]
    return kernels.biaffine_arcs_forward(words.dependents, words.heads, root, lengths, columns)


def relation_scores(parameters: Parameters, words: Words, rows: NDArray[np.int64]) -> Array:
    """Return the scores (N, R) of the relations of words to their heads, the words of ``rows`` (N,); N: the root."""
    w = parameters["graph.relations.w"]
    return kernels.bilinear_forward(words.relation_dependents, words.relation_heads[rows], w)


def loss(
    parameters: Parameters,
    h: Array,
    sizes: GraphSizes,
    batch: Batch,
    lengths: NDArray[np.int64],
    gold: tuple[NDArray[np.int64], Ids],
    noise: DropoutNoise | None = None,
) -> Loss:
    """Return the loss of gold heads by states h (N, P) of a packed batch of sentences of these lengths.

    ``gold``  heads (N,), from 1, and ids of relations (N,), of sentences laid end to end; -1: not annotated. A head
              that is in another piece does not count either.
    """
    heads, relations = gold
    words, unwords = _words(parameters, h, sizes, batch, noise)
    cut = pieces(lengths)
    begins = np.repeat(np.cumsum(lengths) - lengths, lengths)  # (N,) the first word of each word's sentence
    firsts = np.repeat(np.cumsum(cut, dtype=np.int64) - cut, cut)  # and of its piece
    candidates = np.where(heads > 0, begins + heads - firsts, heads)
    in_piece = (heads == 0) | ((candidates > 0) & (candidates <= np.repeat(cut, cut)))
    known = in_piece & (heads >= 0) & (relations >= 0)
    candidates = np.where(known, candidates, 0).astype(np.int32)
    rows = np.where(candidates > 0, firsts + candidates - 1, len(h))
    scores = arc_scores(parameters, words, cut)
    arc_losses, arc_p = kernels.softmax_cross_entropy_forward(scores, candidates)
    ids = np.where(known, relations, 0).astype(np.int32)
    relation_heads = words.relation_heads[rows]
    relation = relation_scores(parameters, words, rows)
    relation_losses, relation_p = kernels.softmax_cross_entropy_forward(relation, ids)
    right = known & (scores.argmax(axis=1) == candidates) & (relation.argmax(axis=1) == ids)
    total = float((arc_losses + relation_losses)[known].sum(dtype=np.float64))

    def backprop(dloss: float, gradients: Gradients) -> Array:
        dlosses = known * np.asarray(dloss, h.dtype)
        dscores = kernels.softmax_cross_entropy_backward(dlosses, arc_p, candidates)
        root = parameters["graph.arcs.root"]
        ddependents, dheads, gradients["graph.arcs.root"] = kernels.biaffine_arcs_backward(
            dscores, words.dependents, words.heads, root, cut
        )
        drelation = kernels.softmax_cross_entropy_backward(dlosses, relation_p, ids)
        drelation_dependents, dpicked, gradients["graph.relations.w"] = kernels.bilinear_backward(
            drelation, words.relation_dependents, relation_heads, parameters["graph.relations.w"]
        )
        drelation_heads = kernels.embedding_backward(dpicked, rows.astype(np.int32), len(h) + 1)
        return unwords(Words(ddependents, dheads, drelation_dependents, drelation_heads), gradients)

    return Loss(total, int(right.sum()), backprop)


def _words(
    parameters: Parameters, h: Array, sizes: GraphSizes, batch: Batch | None, noise: DropoutNoise | None
) -> tuple[Words, Callable[[Words, Gradients], Array]]:
    """Return the representations of words, in sentence order if ``batch`` is how h is packed, and their backprop."""
    A, L = sizes.arcs, sizes.labels
    share = noise.dropout if noise else 0.0
    batch_of_dropout = batch or Batch(np.zeros(0, np.int32), np.zeros(0, np.int64))  # not used without noise
    h, undrop_h = layers.dropout(h, share, noise, batch_of_dropout)
    z, unlinear = layers.linear(h, parameters["graph.mlp.w"], parameters["graph.mlp.b"])
    leaky = LEAK * z
    y, undrop = layers.dropout(np.maximum(z, leaky, out=leaky), share, noise, batch_of_dropout)
    if batch is not None:
        in_order = np.empty_like(y)
        in_order[batch.rows] = y
        y = in_order
    arc_words = np.ascontiguousarray(y[:, :A])
    dependents, unarcs = layers.linear(arc_words, parameters["graph.arcs.w"], parameters["graph.arcs.b"])
    one = np.ones((len(y), 1), y.dtype)
    root = np.append(parameters["graph.relations.root"], np.ones(1, y.dtype)).astype(y.dtype)
    words = Words(
        dependents,
        np.ascontiguousarray(y[:, A : 2 * A]),
        np.concatenate([y[:, 2 * A : 2 * A + L], one], axis=1),
        np.concatenate([np.concatenate([y[:, 2 * A + L :], one], axis=1), root[None]]),
    )

    def backprop(d: Words, gradients: Gradients) -> Array:
        darcs, gradients["graph.arcs.w"], gradients["graph.arcs.b"] = unarcs(d.dependents)
        gradients["graph.relations.root"] = d.relation_heads[-1, :L].copy()
        dy = np.concatenate([darcs, d.heads, d.relation_dependents[:, :L], d.relation_heads[:-1, :L]], axis=1)
        dy = undrop(dy if batch is None else dy[batch.rows])
        dz = np.where(z > 0, dy, LEAK * dy)
        dh, gradients["graph.mlp.w"], gradients["graph.mlp.b"] = unlinear(dz)
        return undrop_h(dh)

    return words, backprop
