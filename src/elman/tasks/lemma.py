"""Lemmatization: lemmas as edit scripts of word forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.tasks import edit_scripts
from elman.tasks.base import EMPTY, MAX_LABEL, Columns, Decoded, Predictions, column

TRUST = 200_000
"""Divided by the number of known lemmas: how many times more probable an unknown one must be; from dev sets."""


@lru_cache(maxsize=1 << 16)
def _applied(script: str, word: str) -> str | None:
    return edit_scripts.apply(script, word)


@dataclass(frozen=True)
class LemmaEncoding:
    """Lemmas as edit scripts (``elman.tasks.edit_scripts``).

    Words without a lemma (``_``) have a label of their own in training; decoding takes the best other label.

    ``known``  the lemmas of the training words, which decoding prefers; empty: the best label decides
    """

    scripts: edit_scripts.Scripts = edit_scripts.Scripts(frozenset())
    target: str = "lemma"
    known: frozenset[str] = frozenset()
    name: ClassVar[str] = "lemmas"

    @classmethod
    def of(cls, sentences: Sequence[Sentence], target: str = "lemma") -> LemmaEncoding:
        """Collect the scripts of training sentences. Raises DataError if no word has a lemma."""
        forms = list(chain.from_iterable(sentence.words for sentence in sentences))
        lemmas = list(chain.from_iterable(column(sentence, target) for sentence in sentences))
        if set(lemmas) <= {EMPTY}:
            raise DataError(f"no lemmas: column {target} holds only {EMPTY}", path=sentences[0].path or None)
        return cls(edit_scripts.choose(forms, lemmas), target, frozenset(lemmas) - {EMPTY})

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    columns = targets
    unannotated = targets

    def encode(self, sentence: Sentence) -> Columns:
        pairs = zip(sentence.words, column(sentence, self.target), strict=True)
        labels = [EMPTY if lemma == EMPTY != form else self.scripts.label(form, lemma) for form, lemma in pairs]
        return {self.target: tuple(labels)}

    def fits(self, column: str, label: str) -> bool:
        return len(label) <= MAX_LABEL and (label == EMPTY or edit_scripts.is_label(label))

    def decode(self, batch: Predictions) -> Decoded:
        lemmas: list[list[str | None]] = [
            [None if label == EMPTY else _applied(label, word) for word, label in zip(words, labels, strict=True)]
            for words, labels in zip(batch.words, batch.labels[self.target], strict=True)
        ]
        places = [(i, j) for i, row in enumerate(lemmas) for j, lemma in enumerate(row) if not self._is_certain(lemma)]
        starts = list(accumulate(map(len, batch.words), initial=0))
        rows = [starts[i] + j for i, j in places]
        for (i, j), p in zip(places, batch.word_probabilities(self.target, rows) if rows else (), strict=True):
            lemmas[i][j] = self._chosen(batch.words[i][j], batch.label_sets[self.target], p)
        return {self.target: [[lemma or EMPTY for lemma in values] for values in lemmas]}

    def _is_certain(self, lemma: str | None) -> bool:
        """Return whether the lemma of the best label stays as it is."""
        return lemma is not None and (not self.known or lemma in self.known)

    def _chosen(self, word: str, labels: Sequence[str], p: NDArray[np.float64]) -> str:
        """Return the lemma by the most probable label that applies, or by a script almost as good with a known lemma.

        The word itself if no label applies.
        """
        best, least = None, 0.0
        for i in np.argsort(-p, kind="stable").tolist():
            if p[i] < least:
                break
            label = labels[i]
            if label == EMPTY or (best is not None and label[0] == edit_scripts.WHOLE):
                continue
            lemma = _applied(label, word)
            if self._is_certain(lemma):
                return lemma or word
            if best is None and lemma is not None:
                best, least = lemma, p[i] * len(self.known) / TRUST
        return best or word

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "target": self.target, "known": sorted(self.known)}
