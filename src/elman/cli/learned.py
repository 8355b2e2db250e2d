"""Warn of test sentences that a model has learned as corrections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from elman.utils.summary import counted

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.data.sentence import Sentence
    from elman.taggers.column_predictor import ColumnPredictor


class LearnedSentences:
    """Counts the sentences that are among the corrections of a model, while they pass."""

    def __init__(self, model: ColumnPredictor | None) -> None:
        self._model = model
        self._digests = frozenset[str]() if model is None else model.history.words_digests
        self._found = 0

    def watch(self, sentences: Iterable[Sentence]) -> Iterable[Sentence]:
        """Return the same sentences, which are counted as they are read."""
        return self._counted(sentences) if self._digests else sentences

    def _counted(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        from elman.data.correction import words_digest

        for sentence in sentences:
            words = sentence.words if self._model is None else self._model.inputs_of(sentence)
            self._found += words_digest(words) in self._digests
            yield sentence

    def warn(self, path: str, notes: Notes, model: str = "the model") -> None:
        """Warn of the sentences that were found, if any."""
        if self._found:
            found = counted(self._found, "sentence")
            notes.warn(f"{path}: {found} that {model} has learned as corrections; its score on them is no test")
