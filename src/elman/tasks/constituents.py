"""Bracketed trees as labels of words: tags, common phrases and unary chains, learned together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from elman.data.formats.trees import parse_sentence_tree
from elman.data.sentence import Sentence
from elman.data.trees import TREE, to_pieces
from elman.tasks.base import LONGEST, Batch
from elman.tasks.constituency import Labels, decode, encode, is_label

_PARTS = ("tag", "common", "unary")


@dataclass(frozen=True)
class Constituents:
    """Bracketed trees, encoded by ``elman.tasks.constituency``; column ``tree``: ``elman.data.trees.pieces``.

    ``root``  the label of the root where all training trees have the same; None: they have not
    """

    root: str | None = None
    name: ClassVar[str] = "constituents"

    @classmethod
    def of(cls, sentences: Sequence[Sentence]) -> Constituents:
        """The encoding for training sentences. Raises DataError: a sentence that has no tree."""
        roots = {parse_sentence_tree(sentence).label for sentence in sentences}
        return cls(roots.pop() if len(roots) == 1 else None)

    @property
    def targets(self) -> tuple[str, ...]:
        return (TREE,)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"{TREE}.{part}" for part in _PARTS)

    @property
    def unannotated(self) -> tuple[str, ...]:
        return ()

    def encode(self, sentence: Sentence) -> dict[str, tuple[str, ...]]:
        return dict(zip(self.columns, encode(parse_sentence_tree(sentence))[1:], strict=True))

    def fits(self, column: str, label: str) -> bool:
        return len(label) <= LONGEST and is_label(label, column.removeprefix(f"{TREE}."))

    def decode(self, batch: Batch) -> dict[str, list[list[str]]]:
        rows = zip(batch.words, *(batch.found[name] for name in self.columns), strict=True)
        return {TREE: [self._decoded(Labels(*map(tuple, row))) for row in rows]}

    def _decoded(self, labels: Labels) -> list[str]:
        return to_pieces(decode(labels, self.root)) if labels.words else []

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "root": self.root}
