"""How well relations go with arcs: counted in training trees, so that heads and relations, which a network labels side
by side, make sense together.

An arc is seen as the tags of its ends, its direction and its length up to ``FAR``. With c counts, the relation r of an
arc a has p(r | a) = (c(a, r) + S·p(r | tags)) / (c(a) + S), where p(r | tags) leaves the length out and is smoothed in
the same way by p(r). A label's probability p(r | word), times p(r | a) / p(r) to a power, is its score on that arc; the
sum of these scores is what the relations say of the arc itself.

Shapes: n words, T tags (and one more, for the root and tags never seen), R relations.
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
"""Arcs of this length and longer ones are alike."""
POWER = 0.3
"""What the counts weigh beside the network; from dev (docs/parsing.md)."""
SMOOTHING = 3.0
MOST = 1 << 24
"""Numbers of a table; of more tags and relations than fit in, relations say nothing of arcs."""
MOST_TAGS = 2_000
"""Tags of a table: what does not hang on relations grows with their square, too."""
_ARC = re.compile(r"[+-][0-5]\t[^\t]*\t[^\t]+")


@dataclass(frozen=True)
class Agreement:
    """Counts of arcs: ``+1 NOUN DET`` (where the head is, its tag, the word's tag; a tab between them; the root is at 0
    and has no tag) -> relation -> how often.
    """

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, trees: Iterable[tuple[Sequence[int], Sequence[str], Sequence[str]]]) -> Agreement:
        """Those of some trees: heads (from 1, 0 the root), tags, relations."""
        found: dict[str, Counter[str]] = {}
        for heads, tags, relations in trees:
            for word, (head, relation) in enumerate(zip(heads, relations, strict=True), 1):
                where = max(-FAR, min(head - word, FAR)) if head else 0
                arc = f"{where:+d}\t{tags[head - 1] if head else ''}\t{tags[word - 1]}"
                found.setdefault(arc, Counter())[relation] += 1
        return cls({arc: dict(sorted(own.items())) for arc, own in sorted(found.items())})

    @classmethod
    def from_record(cls, counts: Any) -> Agreement:
        """Of JSON values. Raises ModelFileError for other ones."""
        arcs = counts if isinstance(counts, dict) else {"": {}}
        for arc, own in arcs.items():
            whole = _ARC.fullmatch(arc) is not None and isinstance(own, dict)
            if not (whole and all(type(count) is int and 0 < count < 1 << 53 for count in own.values())):
                raise ModelFileError("task: agreement: expected how often relations go with arcs")
        return cls(arcs)

    @cached_property
    def root(self) -> str | None:
        """The relation of roots, which no other word has, ``root`` in Universal Dependencies; None: there is none."""
        if not self.counts:
            return "root"
        roots: Counter[str] = Counter()
        others: set[str] = set()
        for arc, own in self.counts.items():
            if arc.startswith("+0"):
                roots.update(own)
            else:
                others.update(own)
        return next((relation for relation, _ in roots.most_common() if relation not in others), None)

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags of words on the arcs."""
        return frozenset(tag for arc in self.counts for tag in _ends(arc)[1:] if tag)

    def table(self, relations: Sequence[str], tags: Iterable[str] = ()) -> Table:
        """The counts as probabilities of these relations; ``tags`` are known, too, with or without counts."""
        kinds = {tag: i for i, tag in enumerate(sorted(self.tags | set(tags)))}
        T, R = len(kinds), len(relations)
        if (T + 1) ** 2 * 2 * FAR * R > MOST:
            return Table(kinds, np.ones((T + 1, T + 1, 2, 1), np.float32))
        arcs = [(int(where), head, word, own) for arc, own in self.counts.items() for where, head, word in [_ends(arc)]]
        places = {relation: i for i, relation in enumerate(relations)}
        c = np.zeros((T + 1, T + 1, 2 * FAR, R))
        for where, head, word, own in arcs:
            to = c[kinds.get(head, T), kinds[word], where + FAR - (where > 0)]
            for relation, count in own.items():
                if relation in places:
                    to[places[relation]] += count
        return _table(kinds, c)


def _ends(arc: str) -> list[str]:
    return arc.split("\t")


def _table(kinds: Mapping[str, int], c: Floats) -> Table:
    """The table of counts (T + 1, T + 1, 2·FAR, R), which is made in their place."""
    prior = (c.sum(axis=(0, 1, 2)) + 1) / (c.sum() + c.shape[-1])
    of_tags = c.sum(axis=2, keepdims=True)
    of_tags = (of_tags + SMOOTHING * prior) / (of_tags.sum(axis=-1, keepdims=True) + SMOOTHING)
    whole = c.sum(axis=-1, keepdims=True) + SMOOTHING
    c += SMOOTHING * of_tags
    c /= whole
    c /= prior
    return Table(kinds, c.astype(np.float32))


@dataclass(frozen=True)
class Table:
    """p(r | arc) / p(r), (T + 1, T + 1, 2·FAR, R): of the head's tag, the word's tag, and where the head is.

    All 1 and (T + 1, T + 1, 2, 1) where the whole were too large (``MOST``).
    """

    kinds: Mapping[str, int]
    ratios: NDArray[np.float32]

    @cached_property
    def _logs(self) -> NDArray[np.float32]:
        return np.float32(POWER) * np.log(self.ratios)

    def of(self, tags: Iterable[str]) -> Ints:
        """The numbers of tags."""
        get, unknown = self.kinds.get, len(self.kinds)
        return np.array([get(tag, unknown) for tag in tags], np.int32)

    def relations(self, kinds: Ints, heads: Ints, scores: Floats) -> Floats:
        """(n, R) the scores of the relations of n words on the arcs to them; at the root those of the network alone.

        ``scores`` (n, R) of the network; ``heads`` (n,) are -1 at the root, else numbers of words from 0.
        """
        far = self.ratios.shape[2] // 2
        words = np.flatnonzero(heads >= 0)
        before = heads[words]
        found = scores.copy()
        found[words] += self._logs[kinds[before], kinds[words], place_of(before - words, far)]
        return found
