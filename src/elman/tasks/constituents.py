"""Bracketed trees as labels of words: tags, common phrases and unary chains, learned together.

What is said of common phrases is two label columns, their number and their labels: together they are too rare in a
small treebank. Source: Vilares, Abdou and Søgaard (2019), "Better, faster, stronger sequence tagging constituent
parsers".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from elman.formats.brackets import TREE, tree_of
from elman.parsing.constituents import NONE, Labels, decode, encode
from elman.sentence import Sentence
from elman.tasks.encoding import Batch
from elman.trees import pieces

_PARTS = ("tag", "number", "common", "unary")


@dataclass(frozen=True)
class Constituents:
    """Bracketed trees by the encoding of ``elman.parsing.constituents``; the column ``tree`` is ``elman.trees.pieces``.

    ``root``  the label of the root where all training trees have the same; None: they have not
    """

    root: str | None = None
    name: ClassVar[str] = "constituents"

    @classmethod
    def of(cls, sentences: Sequence[Sentence]) -> Constituents:
        """The encoding for training sentences. Raises DataError: a sentence that has no tree."""
        roots = {tree_of(sentence).label for sentence in sentences}
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

    weighed = unannotated

    def encode(self, sentence: Sentence) -> dict[str, tuple[str, ...]]:
        labels = encode(tree_of(sentence))
        numbers, common = zip(*map(_parted, labels.common), strict=True)
        return dict(zip(self.columns, (labels.tags, numbers, common, labels.unary), strict=True))

    def decode(self, batch: Batch) -> dict[str, list[list[str]]]:
        rows = zip(batch.words, *(batch.found[name] for name in self.columns), strict=True)
        return {TREE: [self._decoded(*row) for row in rows]}

    def _decoded(
        self,
        words: Sequence[str],
        tags: Sequence[str],
        numbers: Sequence[str],
        common: Sequence[str],
        unary: Sequence[str],
    ) -> list[str]:
        both = tuple(number + labels for number, labels in zip(numbers, common, strict=True))
        return pieces(decode(Labels(tuple(words), tuple(tags), both, tuple(unary)), self.root)) if words else []

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "root": self.root}


def _parted(common: str) -> tuple[str, str]:
    """``+2(NP`` as ``+2`` and ``(NP``; of the last word, which has neither, both are ``_``."""
    number, bracket, labels = common.partition("(")
    return number, bracket + labels or NONE
