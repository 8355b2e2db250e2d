"""Dependency parsing: heads and relations as labels of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from elman.data.conllu_tokens import checked_heads
from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.tasks.base import EMPTY, MAX_LABEL, Columns, Decoded, Predictions, column, split_by_sentence
from elman.tasks.dependency_labels import decode, encode, is_label, parse_label
from elman.tasks.mst import HeadLabels
from elman.tasks.relation_counts import MAX_TAGS, RelationCounts

FALLBACK_RELATION = "dep"
"""The relation of words other than the root, if only the root's relation occurs in training."""


@dataclass(frozen=True)
class DependencyEncoding:
    """Heads and relations, in one of the encodings of ``elman.tasks.dependency_labels``.

    ``heads``            ``relative`` or ``brackets``
    ``tags``             the part-of-speech column that ``relative`` heads refer to; decoded first, or all ``_``
    ``relation_counts``  how often relations occur with arcs
    """

    heads: str = "relative"
    tags: str = "upos"
    relation_counts: RelationCounts = RelationCounts()
    name: ClassVar[str] = "trees"

    @classmethod
    def of(cls, sentences: Sequence[Sentence], heads: str) -> DependencyEncoding:
        """Build the encoding. Raises DataError if heads form no tree, or there are more than ``MAX_TAGS`` tags."""
        tags = cls.tags
        distinct = set(chain.from_iterable(column(sentence, tags) for sentence in sentences))
        if len(distinct) > MAX_TAGS:
            raise DataError(
                f"column {tags}: expected up to {MAX_TAGS:,} parts of speech for parsing, found {len(distinct):,}: put "
                "finer tags into xpos",
                path=sentences[0].path or None,
            )
        for sentence in sentences:
            for name in ("head", "deprel"):
                column(sentence, name)
        trees = ((checked_heads(one), column(one, tags), column(one, "deprel")) for one in sentences)
        return cls(heads, tags, RelationCounts.of(trees))

    @property
    def targets(self) -> tuple[str, ...]:
        return ("head", "deprel")

    columns = targets

    @property
    def unannotated(self) -> tuple[str, ...]:
        return ()

    def encode(self, sentence: Sentence) -> Columns:
        heads = checked_heads(sentence)
        return {
            "head": tuple(encode(heads, column(sentence, self.tags), self.heads)),
            "deprel": column(sentence, "deprel"),
        }

    def fits(self, column: str, label: str) -> bool:
        return is_label(label, self.heads) if column == "head" else len(label) <= MAX_LABEL

    @cached_property
    def _tables(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], HeadLabels]:
        return {}

    def _head_labels(self, batch: Predictions) -> HeadLabels:
        """Return the arc scorer for the labels of a model."""
        key = tuple(batch.label_sets.get("head", ())), tuple(batch.label_sets["deprel"])
        if key not in self._tables:
            tags = [tag for number, tag in map(parse_label, key[0]) if number]
            self._tables[key] = HeadLabels(key[0], self.relation_counts.table(key[1], tags))
        return self._tables[key]

    def decode(self, batch: Predictions) -> Decoded:
        labels, relations = self._head_labels(batch), batch.scores("deprel")
        tags = batch.decoded.get(self.tags) or [[EMPTY] * len(words) for words in batch.words]
        if self.heads == "relative":
            heads = labels.heads(batch.scores("head"), tags, relations)
        else:
            trees = [decode(*row, self.heads) for row in zip(batch.labels["head"], tags, strict=True)]
            heads = np.array(list(chain.from_iterable(trees)), np.int32)
        lengths = np.array([len(sentence) for sentence in tags], np.int64)
        first = np.repeat(np.cumsum(lengths) - lengths, lengths)  # (N,) the first word of each word's sentence
        at_root = heads == 0
        scores = labels.table.relations(
            labels.table.of(chain.from_iterable(tags)), np.where(at_root, -1, heads + first - 1), relations
        )
        numbers = list(map(str, range(int(heads.max(initial=0)) + 1)))
        names = relations_of(scores, at_root, batch.label_sets["deprel"], self.relation_counts.root)
        return {
            "head": split_by_sentence([numbers[i] for i in heads.tolist()], lengths.tolist()),
            "deprel": split_by_sentence(names, lengths.tolist()),
        }

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "heads": self.heads, "tags": self.tags, "agreement": self.relation_counts.counts}


def relations_of(scores: NDArray[Any], at_root: NDArray[np.bool_], names: Sequence[str], root: str | None) -> list[str]:
    """Return the best relation of each word by its scores (N, R), which change; only the root gets the relation
    ``root``, unless that is None.
    """
    if root is not None and root in names:
        scores[:, names.index(root)] = -np.inf
    others = np.array([name if name != root else FALLBACK_RELATION for name in names], object)
    best = others[scores.argmax(axis=1)]
    if root is not None:
        best[at_root] = root
    return cast(list[str], best.tolist())
