"""Lemmatization: lemmas as edit scripts of word forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, ClassVar

from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.tasks import edit_scripts
from elman.tasks.base import EMPTY, MAX_LABEL, Columns, Decoded, Predictions, column


@lru_cache(maxsize=1 << 16)
def _applied(script: str, word: str) -> str | None:
    return edit_scripts.apply(script, word)


@dataclass(frozen=True)
class LemmaEncoding:
    """Lemmas as edit scripts (``elman.tasks.edit_scripts``).

    Words without a lemma (``_``) have a label of their own in training; decoding takes the best other label.
    """

    scripts: edit_scripts.Scripts = edit_scripts.Scripts(frozenset())
    target: str = "lemma"
    name: ClassVar[str] = "lemmas"

    @classmethod
    def of(cls, sentences: Sequence[Sentence], target: str = "lemma") -> LemmaEncoding:
        """Collect the scripts of training sentences. Raises DataError if no word has a lemma."""
        forms = list(chain.from_iterable(sentence.words for sentence in sentences))
        lemmas = list(chain.from_iterable(column(sentence, target) for sentence in sentences))
        if set(lemmas) <= {EMPTY}:
            raise DataError(f"no lemmas: column {target} holds only {EMPTY}", path=sentences[0].path or None)
        return cls(edit_scripts.choose(forms, lemmas), target)

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
        incomplete = [i for i, values in enumerate(lemmas) if None in values]
        for i, ranked in zip(incomplete, batch.ranked(self.target, incomplete), strict=True):
            for word, lemma in enumerate(lemmas[i]):
                if lemma is None:
                    scripts = (label for label in ranked(word) if label != EMPTY)
                    lemmas[i][word] = edit_scripts.first_applicable(scripts, batch.words[i][word])
        return {self.target: [[lemma or EMPTY for lemma in values] for values in lemmas]}

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "target": self.target}
