"""The best dependency trees by the probabilities of ``relative`` labels, which score all arcs (``kernels.best_trees``).

So the best tree needs no rules of repair; Chu and Liu (1965), Edmonds (1967), with exactly one root.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.tasks.dependency_labels import ROOT_LABEL, decode, parts
from elman.tasks.relation_counts import POWER, Agreement, Table

Scores = NDArray[Any]
Ints = NDArray[np.int32]

LONGEST = 1000
"""Words of a sentence up to which all arcs are scored; memory and time grow with the square."""


class HeadLabels:
    """The L ``relative`` labels of a model, in its order, ready to score arcs.

    ``table``  what R relations say of arcs
    """

    def __init__(self, labels: Sequence[str], table: Table | None = None) -> None:
        self._labels = tuple(labels)
        split = [parts(label) for label in labels]
        self.table = table or Agreement().table([""], [tag for number, tag in split if number])
        kinds, none = self.table.kinds, len(self._labels)
        # a number that no label has, or none that is for sentences of which all arcs are scored
        far = min(max([abs(number) for number, _ in split], default=0), LONGEST) + 1
        self._columns = np.full((len(kinds) + 1, 2 * far + 1), none, np.int32)
        for column, (number, tag) in enumerate(split):
            if 0 < abs(number) < far and tag in kinds:
                self._columns[kinds[tag], number + far] = column
        self._root = self._labels.index(ROOT_LABEL) if ROOT_LABEL in self._labels else none

    def heads(self, scores: Scores, tags: Sequence[Sequence[str]], relations: Scores | None = None) -> Ints:
        """The most probable trees of sentences of N words in all: the head of each word, from 1, of the root 0; (N,).

        ``scores`` (N, L), ``relations`` (N, R): numbers of which softmax makes the probabilities of labels and
        relations, log probabilities for one. Beyond ``LONGEST`` words, the tree of each word's best label (``decode``).
        """
        lengths = [len(own) for own in tags]
        if relations is None or relations.shape[1] != self.table.ratios.shape[3]:  # they say nothing of arcs
            relations = np.zeros((len(scores), 1), np.float32)
        if max(lengths, default=0) > LONGEST:
            each = zip(tags, *(np.split(x, np.cumsum(lengths)[:-1]) for x in (scores, relations)), strict=True)
            return np.concatenate([self._one(*own) for own in each])
        scores, relations = (x.astype(np.float32, copy=False) for x in (scores, relations))
        kinds, table = self.table.of(list(chain.from_iterable(tags))), self._columns
        counts = np.array(lengths, np.int32)
        found = kernels.best_trees(scores, relations, counts, kinds, table, self._root, self.table.ratios, POWER)
        return np.asarray(found, np.int32)

    def _one(self, tags: Sequence[str], scores: Scores, relations: Scores) -> Ints:
        """The same of one sentence of any length."""
        if len(tags) <= LONGEST:
            return self.heads(scores, [tags], relations)
        best = [self._labels[i] for i in scores.argmax(axis=1)]
        known = scores - scores.max(axis=1, keepdims=True)
        known -= np.log(np.exp(known).sum(axis=1, keepdims=True))
        roots = None if self._root == len(self._labels) else known[:, self._root].tolist()
        return np.array(decode(best, tags, "relative", roots), np.int32)
