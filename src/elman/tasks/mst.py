"""Maximum spanning trees: the best dependency trees by the probabilities of ``relative`` labels.

Every arc has a score, so the best tree needs no repair. Chu and Liu (1965), Edmonds (1967), with exactly one root;
the search itself is ``kernels.best_trees``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.tasks.dependency_labels import ROOT_LABEL, decode, parse_label
from elman.tasks.relation_counts import POWER, RelationCounts, RelationTable

Scores = NDArray[Any]
Ints = NDArray[np.int32]

MAX_WORDS = 1000
"""Words of the longest sentence whose arcs are all scored; memory and time are quadratic."""


class HeadLabels:
    """The L ``relative`` labels of a model, in its order, prepared for scoring arcs.

    ``table``  scores of R relations on arcs
    """

    def __init__(self, labels: Sequence[str], table: RelationTable | None = None) -> None:
        self._labels = tuple(labels)
        split = [parse_label(label) for label in labels]
        self.table = table or RelationCounts().table([""], [tag for number, tag in split if number])
        kinds, none = self.table.kinds, len(self._labels)
        # one more than any label's number that can occur in sentences of up to MAX_WORDS
        far = min(max([abs(number) for number, _ in split], default=0), MAX_WORDS) + 1
        self._columns = np.full((len(kinds) + 1, 2 * far + 1), none, np.int32)
        for column, (number, tag) in enumerate(split):
            if 0 < abs(number) < far and tag in kinds:
                self._columns[kinds[tag], number + far] = column
        self._root = self._labels.index(ROOT_LABEL) if ROOT_LABEL in self._labels else none

    def heads(self, scores: Scores, tags: Sequence[Sequence[str]], relations: Scores | None = None) -> Ints:
        """Return the heads (N,) of the most probable trees of sentences of N words in all: from 1, 0 for the root.

        ``scores`` (N, L) and ``relations`` (N, R) are logits or log probabilities of labels and relations. Sentences
        longer than ``MAX_WORDS`` get the tree of each word's best label (``decode``).
        """
        lengths = [len(sentence) for sentence in tags]
        if relations is None or relations.shape[1] != self.table.ratios.shape[3]:  # a table without relations
            relations = np.zeros((len(scores), 1), np.float32)
        if max(lengths, default=0) > MAX_WORDS:
            rows = zip(tags, *(np.split(x, np.cumsum(lengths)[:-1]) for x in (scores, relations)), strict=True)
            return np.concatenate([self._sentence(*row) for row in rows])
        scores, relations = (x.astype(np.float32, copy=False) for x in (scores, relations))
        kinds, table = self.table.of(list(chain.from_iterable(tags))), self._columns
        counts = np.array(lengths, np.int32)
        heads = kernels.best_trees(scores, relations, counts, kinds, table, self._root, self.table.ratios, POWER)
        return np.asarray(heads, np.int32)

    def _sentence(self, tags: Sequence[str], scores: Scores, relations: Scores) -> Ints:
        """Return the heads of one sentence of any length."""
        if len(tags) <= MAX_WORDS:
            return self.heads(scores, [tags], relations)
        best = [self._labels[i] for i in scores.argmax(axis=1)]
        log_p = scores - scores.max(axis=1, keepdims=True)
        log_p -= np.log(np.exp(log_p).sum(axis=1, keepdims=True))
        roots = None if self._root == len(self._labels) else log_p[:, self._root].tolist()
        return np.array(decode(best, tags, "relative", roots), np.int32)
