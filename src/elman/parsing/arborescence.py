"""The best dependency tree by scores of all its arcs: Chu and Liu (1965), Edmonds (1967), with exactly one root.

A label ``+2,NOUN`` names one head for each word, and each head has one such label. So the probabilities of all
``relative`` labels are scores of all arcs, and the best tree by them needs no rules of repair.

Shapes: n words, L labels. Heads are numbers of words from 1, with 0 for the root.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.parsing.dependencies import ROOT_LABEL, decode, parts

Floats = NDArray[np.floating]
Ints = NDArray[np.intp]

LONGEST = 1000
"""Words of a sentence up to which all arcs are scored; memory and time grow with the square."""


class HeadLabels:
    """The ``relative`` labels of a model, in its order, ready to score arcs."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = tuple(labels)
        split = [parts(label) for label in labels]
        self._tags = {tag: i for i, tag in enumerate(dict.fromkeys(tag for number, tag in split if number))}
        self._far = max([abs(number) for number, _ in split], default=0) + 1  # a number that no label has
        none = len(self._labels)  # the column of arcs that no label stands for
        self._table = np.full((len(self._tags) + 1, 2 * self._far + 1), none)
        for column, (number, tag) in enumerate(split):
            if number:
                self._table[self._tags[tag], number + self._far] = column
        self._root = self._labels.index(ROOT_LABEL) if ROOT_LABEL in self._labels else none

    def scores(self, log_probabilities: Floats, tags: Sequence[str]) -> Floats:
        """(n + 1, n) the log probability of each arc, from head (row) to word (column, from 0).

        ``log_probabilities`` (n, L) of each word's labels. An arc that no label stands for is less likely than any
        other.
        """
        n = len(tags)
        known = np.maximum(log_probabilities, -1e4)  # of -inf nothing can be subtracted
        padded = np.append(known, np.full((n, 1), known.min(initial=0.0) - 1.0), axis=1)  # (n, L + 1)
        kinds = np.array([self._tags.get(tag, len(self._tags)) for tag in tags], np.intp)
        upto = (kinds[:, None] == np.arange(len(self._tags) + 1)).cumsum(axis=0)  # (n, tags) seen up to this word
        seen = upto[:, kinds].T  # (head, word) how many like the head there are up to the word
        place = np.diagonal(seen)[:, None]  # which of its kind the head is, from 1
        words = np.arange(n)
        right = words[:, None] > words
        number = np.where(right, place - seen, place - 1 - seen + (kinds[:, None] == kinds))
        columns = self._table[kinds[:, None], number.clip(-self._far, self._far) + self._far]
        scores = np.empty((n + 1, n))
        scores[0] = padded[:, self._root]
        scores[1:] = padded[words, columns]
        return scores

    def heads(self, log_probabilities: Floats, tags: Sequence[str], more: Floats | float = 0.0) -> list[int]:
        """The most probable tree. Beyond ``LONGEST`` words, the tree of each word's best label (``decode``).

        ``more`` is added to the scores (n + 1, n) of the arcs.
        """
        if len(tags) <= LONGEST:
            return best_tree(self.scores(log_probabilities, tags) + more)
        best = [self._labels[i] for i in log_probabilities.argmax(axis=1)]
        roots = None if self._root == len(self._labels) else log_probabilities[:, self._root].tolist()
        return decode(best, tags, "relative", roots)


def best_tree(scores: Floats) -> list[int]:
    """The heads of the tree with the greatest sum of scores among those with one root.

    ``scores`` (n + 1, n): of the arc from head (row, 0 the root) to word (column, from 0). A word is never its own
    head. -inf stands for an arc that is taken only where there is no tree without one.
    """
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
    if heads.count(0) == 1:  # most often, and much sooner than by what follows
        return heads
    # a second root must never pay: Stanojević and Cohen (2021), "A root of the problem"
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
    """A graph whose circles become nodes of their own, in the rows and columns of one of their members."""

    def __init__(self, weights: Floats) -> None:
        size = len(weights)
        self.weights = weights
        self.tail = np.repeat(np.arange(size)[:, None], size, axis=1)
        """The head (a word) of the arc that an entry now stands for."""
        self.tip = np.repeat(np.arange(size)[None], size, axis=0)
        """The word that this arc goes to."""
        self.node = list(range(size))
        """The node in each row."""
        self.parent: list[int] = [-1] * size
        """The node that a node has become part of."""
        self.circles: list[tuple[int, list[tuple[int, int, int]]]] = []
        """(node, (member, head, word) of the arc into each), in the order they were found."""

    def contract(self, rows: list[int], before: list[int]) -> None:
        """Make the circle of these rows, each behind its head's row ``before``, one node in the first of them."""
        circle = np.array(rows)
        size = np.arange(len(self.weights))
        arcs = [(self.node[v], int(self.tail[u, v]), int(self.tip[u, v])) for v, u in zip(rows, before, strict=True)]
        new = len(self.parent)
        for member, _, _ in arcs:
            self.parent[member] = new
        self.parent.append(-1)
        self.circles.append((new, arcs))

        into = self.weights[:, circle] - self.weights[before, circle]  # what it costs to break the circle there
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
    """The best tree by Edmonds' algorithm on a path that grows backwards, as Tarjan (1977) has it."""
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
