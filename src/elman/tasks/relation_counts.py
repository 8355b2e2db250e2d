"""Counts of relations on arcs in training trees, which make heads and relations consistent: a network predicts them
independently.

An arc is described by the tags of its ends, its direction and its length up to ``FAR``. With counts c, the relation r
of an arc a has p(r | a) = (c(a, r) + S·p(r | tags)) / (c(a) + S), where p(r | tags) ignores the length and is smoothed
in the same way by p(r). The score of a relation on an arc is p(r | word) times p(r | a) / p(r) to a power; the score
of the arc itself by its relations is the sum of these.

Shapes: n words, T tags (plus one for the root and unknown tags), R relations.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.kernels.reference.trees import where as place_of

Floats = NDArray[np.floating]
Ints = NDArray[np.int32]

FAR = 5
"""Arcs of this length or more are counted together."""
POWER = 0.3
"""The weight of the counts relative to the network; chosen on dev (docs/reference/tasks/parsing.md)."""
SMOOTHING = 3.0
MAX_TABLE = 1 << 24
"""Maximum size of a table; with more tags and relations than that, arcs are scored without relations."""
MAX_TAGS = 2_000
"""Maximum number of tags: the rest of the table is quadratic in it."""
_ARC = re.compile(r"[+-][0-5]\t[^\t]*\t[^\t]+")


@dataclass(frozen=True)
class RelationCounts:
    """Counts by arc and relation. An arc is ``+1 NOUN DET``: the head's offset, its tag and the word's tag, separated
    by tabs; the root has offset 0 and no tag.
    """

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, trees: Iterable[tuple[Sequence[int], Sequence[str], Sequence[str]]]) -> RelationCounts:
        """Count the relations of trees, each given as heads (from 1, 0 for the root), tags and relations."""
        counts: dict[str, Counter[str]] = {}
        for heads, tags, relations in trees:
            for word, (head, relation) in enumerate(zip(heads, relations, strict=True), 1):
                where = max(-FAR, min(head - word, FAR)) if head else 0
                arc = f"{where:+d}\t{tags[head - 1] if head else ''}\t{tags[word - 1]}"
                counts.setdefault(arc, Counter())[relation] += 1
        return cls({arc: dict(sorted(relations.items())) for arc, relations in sorted(counts.items())})

    @classmethod
    def from_record(cls, counts: Any) -> RelationCounts:
        """Return the counts of a record. Raises ModelFileError if the record is malformed."""
        arcs = counts if isinstance(counts, dict) else {"": {}}
        for arc, relations in arcs.items():
            well_formed = _ARC.fullmatch(arc) is not None and isinstance(relations, dict)
            if not (well_formed and all(type(count) is int and 0 < count < 1 << 53 for count in relations.values())):
                raise ModelFileError("task: agreement: expected counts of relations by arc")
        return cls(arcs)

    @cached_property
    def root(self) -> str | None:
        """The relation that only roots have, ``root`` in Universal Dependencies; None if there is none."""
        if not self.counts:
            return "root"
        roots: Counter[str] = Counter()
        others: set[str] = set()
        for arc, relations in self.counts.items():
            if arc.startswith("+0"):
                roots.update(relations)
            else:
                others.update(relations)
        return next((relation for relation, _ in roots.most_common() if relation not in others), None)

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags of the arcs' ends."""
        return frozenset(tag for arc in self.counts for tag in _ends(arc)[1:] if tag)

    def table(self, relations: Sequence[str], tags: Iterable[str] = ()) -> RelationTable:
        """Return the smoothed probabilities of these relations; ``tags`` are included even without counts."""
        kinds = {tag: i for i, tag in enumerate(sorted(self.tags | set(tags)))}
        T, R = len(kinds), len(relations)
        if (T + 1) ** 2 * 2 * FAR * R > MAX_TABLE:
            return RelationTable(kinds, np.ones((T + 1, T + 1, 2, 1), np.float32))
        ids = {relation: i for i, relation in enumerate(relations)}
        c = np.zeros((T + 1, T + 1, 2 * FAR, R))
        for arc, counts in self.counts.items():
            offset, head, word = _ends(arc)
            where = int(offset)
            row = c[kinds.get(head, T), kinds[word], where + FAR - (where > 0)]
            for relation, count in counts.items():
                if relation in ids:
                    row[ids[relation]] += count
        return _table(kinds, c)


def _ends(arc: str) -> list[str]:
    return arc.split("\t")


def _table(kinds: Mapping[str, int], c: Floats) -> RelationTable:
    """Return the table of counts (T + 1, T + 1, 2·FAR, R), computed in place."""
    prior = (c.sum(axis=(0, 1, 2)) + 1) / (c.sum() + c.shape[-1])
    of_tags = c.sum(axis=2, keepdims=True)
    of_tags = (of_tags + SMOOTHING * prior) / (of_tags.sum(axis=-1, keepdims=True) + SMOOTHING)
    whole = c.sum(axis=-1, keepdims=True) + SMOOTHING
    c += SMOOTHING * of_tags
    c /= whole
    c /= prior
    return RelationTable(kinds, c.astype(np.float32))


@dataclass(frozen=True)
class RelationTable:
    """p(r | arc) / p(r), (T + 1, T + 1, 2·FAR, R), by the head's tag, the word's tag and the head's offset.

    All ones, (T + 1, T + 1, 2, 1), if the full table would exceed ``MAX_TABLE``.
    """

    kinds: Mapping[str, int]
    ratios: NDArray[np.float32]

    @cached_property
    def _logs(self) -> NDArray[np.float32]:
        return np.float32(POWER) * np.log(self.ratios)

    def of(self, tags: Iterable[str]) -> Ints:
        """Return the ids of tags."""
        get, unknown = self.kinds.get, len(self.kinds)
        return np.array([get(tag, unknown) for tag in tags], np.int32)

    def relations(self, kinds: Ints, heads: Ints, scores: Floats) -> Floats:
        """Return the scores (n, R) of relations on the arcs to n words; the root keeps the network's scores.

        ``scores`` (n, R) are the network's; ``heads`` (n,) are word indices from 0, or -1 for the root.
        """
        far = self.ratios.shape[2] // 2
        words = np.flatnonzero(heads >= 0)
        at = heads[words]
        scores = scores.copy()
        scores[words] += self._logs[kinds[at], kinds[words], place_of(at - words, far)]
        return scores
