"""Maximum spanning dependency trees from label scores, with exactly one root: Chu and Liu (1965), Edmonds (1967).

A label such as ``+2,NOUN`` names one head of a word, and each possible head has one such label. So the probabilities of
the ``relative`` labels score all arcs; the probabilities of the relations add to these scores
(``tasks.relation_counts``).

Letters as in ``elman.kernels``; n words of a sentence, L head labels, R relations, T tags (plus one for the root and
unknown tags). Heads are word numbers from 1, with 0 for the root.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.kernels.reference.crf import log_softmax
from elman.kernels.weight_layout import Ids

Floats = NDArray[np.floating]

LEAST = np.float32(1e-30)
"""Lower bound of probabilities."""


def best_trees(
    labels: NDArray[np.float32],
    relations: NDArray[np.float32],
    lengths: Ids,
    kinds: Ids,
    columns: Ids,
    root: int,
    ratios: NDArray[np.float32],
    power: float,
) -> Ids:
    """Return the heads (N,) of the highest-scoring tree of each of B concatenated sentences.

    labels (N, L), relations (N, R)  scores, turned into probabilities by softmax
    lengths (B,), kinds (N,)         number of words of each sentence; tag of each word, 0 … T
    columns (T + 1, 2F + 1)          at F + i, the label of a head that is the i-th word of that tag to the right (-i:
                                     to the left; beyond F, as F); L: no such label
    root                             label of the root; L: no such label
    ratios (T + 1, T + 1, 2G, R)     given the tags of head and word and the head's distance (see ``where``), factor by
                                     which a relation is more probable than without them; the root has the tag T
    power                            weight of the relations

    The score of an arc is log p(label) + power · log Σ p(relation) ratio. An arc without a label gets a lower label
    score than any other in its sentence.
    """
    known = np.maximum(log_softmax(labels, axis=1), np.log(LEAST))
    p = np.exp(np.maximum(log_softmax(relations, axis=1), np.log(LEAST)))
    ends = np.cumsum(lengths)
    heads = [
        _best_tree(arcs(known[rows], kinds[rows], columns, root) + power * said(p[rows], kinds[rows], ratios))
        for rows in (slice(end - n, end) for n, end in zip(lengths.tolist(), ends.tolist(), strict=True))
    ]
    return np.array([head for own in heads for head in own], np.int32)


def arcs(known: Floats, kinds: Ids, columns: Ids, root: int) -> Floats:
    """Return the log probability (n + 1, n) of each arc's label, from head (row, 0 the root) to word (column, from 0).

    ``known`` (n, L) are the log probabilities of each word's labels.
    """
    n, F = len(kinds), columns.shape[1] // 2
    padded = np.append(known, np.full((n, 1), known.min(initial=0.0) - 1.0), axis=1)  # (n, L + 1)
    upto = (kinds[:, None] == np.arange(len(columns))).cumsum(axis=0)  # (n, tags) words of each tag up to this word
    seen = upto[:, kinds].T  # (head, word) number of words up to the word with the head's tag
    place = np.diagonal(seen)[:, None]  # rank of the head among the words of its tag, from 1
    words = np.arange(n)
    right = words[:, None] > words
    number = np.where(right, place - seen, place - 1 - seen + (kinds[:, None] == kinds))
    scores = np.empty((n + 1, n))
    scores[0] = padded[:, root]
    scores[1:] = padded[words, columns[kinds[:, None], number.clip(-F, F) + F]]
    return scores


def said(p: Floats, kinds: Ids, ratios: NDArray[np.float32]) -> Floats:
    """Return the score (n + 1, n) of each arc from the words' relation probabilities p (n, R): log Σ p ratio."""
    n, G = len(kinds), ratios.shape[2] // 2
    words = np.arange(n)
    found = np.empty((n + 1, n, ratios.shape[3]), np.float32)
    found[0] = ratios[-1, kinds, G]
    found[1:] = ratios[kinds[:, None], kinds, where(words[:, None] - words, G)]
    return np.asarray(np.log(np.maximum((found * p).sum(axis=2), LEAST)))


def where(distance: NDArray[np.integer], far: int) -> NDArray[np.integer]:
    """Return the bin, out of 2·``far``, of a head ``distance`` words to the right of its word (negative: left)."""
    return np.asarray(np.clip(distance, -far, far) + far - (distance > 0))


def best_tree(scores: NDArray[np.float64]) -> Ids:
    """Return the heads (n,) of the tree with the greatest sum of scores among those with one root.

    ``scores`` (n + 1, n) of the arc from head (row, 0 the root) to word (column, from 0). A word is never its own head.
    An arc of -inf is used only if there is no tree without one.
    """
    return np.array(_best_tree(scores), np.int32)


def _best_tree(scores: Floats) -> list[int]:
    n = scores.shape[1]
    if not n:
        return []
    finite = scores[np.isfinite(scores)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    missing = low - (high - low + 1.0) * (n + 1)
    weights = np.full((n + 1, n + 1), -np.inf)
    weights[:, 1:] = np.where(np.isfinite(scores), scores, missing)
    np.fill_diagonal(weights, -np.inf)
    greedy: list[int] = weights[:, 1:].argmax(axis=0).tolist()
    if _is_tree(greedy):
        return greedy
    heads = _contracted(weights.copy())
    if heads.count(0) == 1:  # usually so, and much faster than the general case below
        return heads
    # penalize arcs from the root so that a second one never pays: Stanojević and Cohen (2021), "A root of the problem"
    weights[0, 1:] -= (high - missing + 1.0) * n
    return _contracted(weights)


def _is_tree(heads: Sequence[int]) -> bool:
    if heads.count(0) != 1:
        return False
    reached = [-1, *[0] * len(heads)]
    for start in range(1, len(heads) + 1):
        at = start
        while not reached[at]:
            reached[at] = start
            at = heads[at - 1]
        if reached[at] == start:
            return False
    return True


class _Contraction:
    """A graph whose cycles are contracted to new nodes, each in the row and column of one of its members."""

    def __init__(self, weights: Floats) -> None:
        size = len(weights)
        self.weights = weights
        self.tail = np.repeat(np.arange(size)[:, None], size, axis=1)
        """The head (a word) of the original arc that an entry represents."""
        self.tip = np.repeat(np.arange(size)[None], size, axis=0)
        """The dependent of this arc."""
        self.node = list(range(size))
        """The node of each row."""
        self.parent: list[int] = [-1] * size
        """The node that each node was contracted into, or -1."""
        self.circles: list[tuple[int, list[tuple[int, int, int]]]] = []
        """(node, (member, head, word) of the cycle's arc into each member), in order of contraction."""

    def contract(self, rows: list[int], before: list[int]) -> None:
        """Contract the cycle of these rows, whose heads are the rows ``before``, to a node in the first row."""
        circle = np.array(rows)
        size = np.arange(len(self.weights))
        arcs = [(self.node[v], int(self.tail[u, v]), int(self.tip[u, v])) for v, u in zip(rows, before, strict=True)]
        new = len(self.parent)
        for member, _, _ in arcs:
            self.parent[member] = new
        self.parent.append(-1)
        self.circles.append((new, arcs))

        into = self.weights[:, circle] - self.weights[before, circle]  # score change of breaking the cycle there
        at = into.argmax(axis=1)
        out = self.weights[circle]
        source = circle[out.argmax(axis=0)]
        tails, tips = self.tail[source, size], self.tip[source, size]
        keep = rows[0]
        self.tail[:, keep], self.tip[:, keep] = self.tail[size, circle[at]], self.tip[size, circle[at]]
        self.tail[keep], self.tip[keep] = tails, tips
        best_out = out.max(axis=0)
        self.weights[:, keep] = into[size, at]
        self.weights[circle] = -np.inf
        self.weights[keep] = best_out
        self.weights[circle, keep] = -np.inf
        self.node[keep] = new


def _contracted(weights: Floats) -> list[int]:
    """Return the best tree by Edmonds' algorithm, on a path that grows from dependent to head (Tarjan 1977)."""
    graph = _Contraction(weights)
    n = len(weights) - 1
    done = {0}
    chosen: dict[int, tuple[int, int]] = {}  # node -> (head, word) of the arc into it
    for start in range(1, n + 1):
        if start in done:
            continue
        path = [start]
        while path[-1] not in done:
            before = int(weights[:, path[-1]].argmax())
            if before in path:
                first = path.index(before)
                rows = path[first:]
                graph.contract(rows, [*rows[1:], before])
                del path[first + 1 :]
                done.update(rows[1:])
            else:
                path.append(before)
        for row, before in zip(path, path[1:], strict=False):
            chosen[graph.node[row]] = (int(graph.tail[before, row]), int(graph.tip[before, row]))
        done.update(path)
    for node, arcs in reversed(graph.circles):
        head, word = chosen[node]
        broken = word
        while graph.parent[broken] != node:
            broken = graph.parent[broken]
        chosen.update({member: (tail, tip) for member, tail, tip in arcs})
        chosen[broken] = (head, word)
    return [chosen[word][0] for word in range(1, n + 1)]
