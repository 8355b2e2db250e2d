"""Parse with the graph part of one or several networks: the mean of their scores, and the best trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.models.base import CHUNK
from elman.nn import biaffine
from elman.nn.batch import Ids
from elman.nn.encoder import Parameters
from elman.nn.layers import Array
from elman.nn.shapes import GraphSizes

ARCS, LABELS = 256, 63
"""Largest widths of a word's representations for arcs and for relations; with the 1 appended, 64 fill vectors."""


@dataclass(frozen=True)
class Graph:
    """The graph part of a network: which label column (from 0) has the relations of arcs, and the widths."""

    column: int
    arcs: int = ARCS
    labels: int = LABELS

    @classmethod
    def of(cls, column: int, states: int) -> Graph:
        """Return the graph part of a network whose words have states of this width: a small network has a small one."""
        return cls(column, min(ARCS, 4 * states), min(LABELS, 2 * states))

    def sizes(self, tags: Sequence[Sequence[Any]]) -> GraphSizes:
        """Return the sizes of the parameters, given the labels of each column."""
        return GraphSizes(len(tags[self.column]), self.arcs, self.labels)


@dataclass(frozen=True)
class Parsed:
    """Trees of N words of sentences laid end to end.

    ``heads``      (N,) from 1, 0 for the root; one word of a sentence has the root as its head
    ``p``          (N,) probability of each head among the candidates of its word, without regard to the tree
    ``relations``  (N, R) scores of the relations of the words to these heads
    """

    heads: Ids
    p: NDArray[np.float64]
    relations: Array


def parse(
    sizes: GraphSizes, members: Sequence[Parameters], states: Sequence[Array], lengths: NDArray[np.int64]
) -> Parsed:
    """Parse sentences of these lengths by each network's states (N, P) of their words, laid end to end.

    A sentence of several pieces (``nn.biaffine``) is joined at the first one's root.
    """
    cut = biaffine.pieces(lengths)
    n = int(lengths.sum())
    heads, p = np.zeros(n, np.int32), np.ones(n, np.float64)
    relations = np.zeros((n, sizes.relations), np.float32)
    for rows, some in _groups(cut):
        heads[rows], p[rows], relations[rows] = _parse(sizes, members, [h[rows] for h in states], some)
    return Parsed(heads if len(cut) == len(lengths) else _joined(heads, cut, lengths), p, relations)


def _parse(
    sizes: GraphSizes, members: Sequence[Parameters], states: Sequence[Array], lengths: Ids
) -> tuple[Ids, NDArray[np.float64], Array]:
    """Return heads, their probabilities and the scores of relations for the words of whole pieces."""
    words = [biaffine.of_words(member, h, sizes) for member, h in zip(members, states, strict=True)]
    scores = _mean([biaffine.arc_scores(*each, lengths) for each in zip(members, words, strict=True)])
    heads = kernels.arc_trees(scores, lengths)
    begins = np.repeat(np.cumsum(lengths, dtype=np.int64) - lengths, lengths)
    rows = np.where(heads > 0, begins + heads - 1, len(heads))
    relations = _mean([biaffine.relation_scores(*each, rows) for each in zip(members, words, strict=True)])
    losses, _ = kernels.softmax_cross_entropy_forward(scores, heads)
    return heads, np.exp(-losses.astype(np.float64)), relations


def _mean(scores: Sequence[Array]) -> Array:
    return scores[0] if len(scores) == 1 else np.asarray(sum(scores) / np.float32(len(scores)))


def _groups(lengths: Ids) -> Iterator[tuple[slice, Ids]]:
    """Yield the rows and lengths of pieces in groups of at most ``CHUNK`` words."""
    start, row = 0, 0
    ends = list(accumulate(lengths.tolist()))
    for i, end in enumerate(ends):
        if i + 1 == len(ends) or ends[i + 1] - row > CHUNK:
            yield slice(row, end), lengths[start : i + 1]
            start, row = i + 1, end


def _joined(heads: Ids, cut: Ids, lengths: NDArray[np.int64]) -> Ids:
    """Return the heads of sentences that were cut into pieces, whose further roots depend on the first."""
    joined = heads.copy()
    begin = 0  # of the sentence
    ends = set(np.cumsum(lengths).tolist())
    row, root = 0, 0
    for n in cut.tolist():
        own = joined[row : row + n]
        at_root = own == 0
        own[~at_root] += row - begin
        if row == begin:
            root = int(at_root.argmax()) + 1 if n else 0
        else:
            own[at_root] = root
        row += n
        begin = row if row in ends else begin
    return joined
