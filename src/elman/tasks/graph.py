"""Dependency parsing by a graph: every arc of a sentence is scored, and the best tree is its parse.

What labels words is the relation alone; heads are learned with it (``elman.data.arcs``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from elman.data.arcs import Arc
from elman.data.conllu_tokens import checked_heads
from elman.data.sentence import Sentence
from elman.tasks.base import MAX_LABEL, Columns, Decoded, Predictions, column, split_by_sentence
from elman.tasks.dependency import relations_of

HEAD, RELATION = "head", "deprel"
NO_LABELS = "; heads have no labels in this parser, those of heads=relative have"
"""What to say where the label column of heads is asked for."""


@dataclass(frozen=True)
class GraphEncoding:
    """Heads and relations of a model that scores arcs.

    ``root``  the relation that only roots have, ``root`` in Universal Dependencies; None if there is none
    """

    root: str | None = "root"
    name: ClassVar[str] = "graph"

    @classmethod
    def of(cls, sentences: Sequence[Sentence]) -> GraphEncoding:
        """Build the encoding. Raises DataError if heads form no tree."""
        roots: Counter[str] = Counter()
        others: set[str] = set()
        for sentence in sentences:
            relations = column(sentence, RELATION)
            for head, relation in zip(checked_heads(sentence), relations, strict=True):
                if head:
                    others.add(relation)
                else:
                    roots[relation] += 1
        return cls(next((relation for relation, _ in roots.most_common() if relation not in others), None))

    @property
    def targets(self) -> tuple[str, ...]:
        return (HEAD, RELATION)

    @property
    def columns(self) -> tuple[str, ...]:
        return (RELATION,)

    @property
    def unannotated(self) -> tuple[str, ...]:
        return ()

    def encode(self, sentence: Sentence) -> Columns:
        arcs = zip(column(sentence, RELATION), checked_heads(sentence), strict=True)
        return {RELATION: tuple(Arc(relation, head) for relation, head in arcs)}

    def fits(self, column: str, label: str) -> bool:
        return len(label) <= MAX_LABEL

    def decode(self, batch: Predictions) -> Decoded:
        trees = batch.trees()
        lengths = [len(words) for words in batch.words]
        relations = np.array(trees.relations)
        names = relations_of(relations, trees.heads == 0, batch.label_sets[RELATION], self.root)
        numbers = list(map(str, range(int(trees.heads.max(initial=0)) + 1)))
        return {
            HEAD: split_by_sentence([numbers[head] for head in trees.heads.tolist()], lengths),
            RELATION: split_by_sentence(names, lengths),
        }

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "root": self.root}
