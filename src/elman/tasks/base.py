"""The interface of a task: encode the columns of a sentence as label columns, and decode label columns back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.utils.display import shown

MAX_LABEL = 1_000
"""Maximum length of a label in characters: any word may get it, and the output would grow accordingly."""
EMPTY = "_"
"""The value of a CoNLL-U column without annotation."""

SentenceLabels = Sequence[Sequence[str]]  # by sentence, one label per word
ProbabilitiesOf = Callable[[str, Sequence[int]], list[NDArray[np.float64]]]
"""Maps a label column and sentence indices of a batch to the label probabilities (T, K) of each sentence."""
_T = TypeVar("_T")


class Trees(Protocol):
    """Trees of N words: heads (N,), from 1 and 0 for the root, and the scores (N, R) of the relations to them."""

    @property
    def heads(self) -> NDArray[np.int32]: ...

    @property
    def relations(self) -> NDArray[Any]: ...


class Predictions:
    """Predicted labels of a batch of sentences, and the model's probabilities on request.

    ``words``       the words of each sentence
    ``labels``      by label column: the best labels of each sentence
    ``label_sets``  by label column: the K labels
    """

    def __init__(
        self,
        words: SentenceLabels,
        labels: Mapping[str, SentenceLabels],
        label_sets: Mapping[str, Sequence[str]],
        probabilities: ProbabilitiesOf,
        scores: Callable[[str], NDArray[np.float32]] | None = None,
        trees: Callable[[], Trees] | None = None,
        word_probabilities: Callable[[str, Sequence[int]], NDArray[np.float64]] | None = None,
    ) -> None:
        """``scores`` and ``word_probabilities`` override the methods of these names, if they are cheaper.

        ``trees`` returns the trees that a model with a graph part finds.
        """
        self.words, self.labels, self.label_sets = words, labels, label_sets
        self._probabilities, self._scores, self._trees = probabilities, scores, trees
        self._word_probabilities = word_probabilities
        self.decoded: dict[str, list[list[str]]] = {}
        """The columns that are decoded already."""

    def scores(self, column: str) -> NDArray[np.float32]:
        """Return the logits (N, K) of the words of all sentences, concatenated."""
        if self._scores is not None:
            return self._scores(column)
        p = [np.zeros((0, len(self.label_sets[column]))), *self.probabilities(column, range(len(self.words)))]
        return np.log(np.maximum(np.concatenate(p), 1e-30)).astype(np.float32)

    def trees(self) -> Trees:
        """Return the trees of all sentences, concatenated, of a model with a graph part."""
        assert self._trees is not None
        return self._trees()

    def word_probabilities(self, column: str, words: Sequence[int]) -> NDArray[np.float64]:
        """Return the label probabilities (R, K) of R words, counted through all sentences."""
        if self._word_probabilities is not None:
            return self._word_probabilities(column, words)
        starts = np.cumsum([0, *map(len, self.words)])
        sentences = np.searchsorted(starts, words, side="right") - 1
        some = np.unique(sentences).tolist()
        p = dict(zip(some, self.probabilities(column, some), strict=True))
        return np.stack([p[i][word - starts[i]] for i, word in zip(sentences.tolist(), words, strict=True)])

    def probabilities(self, column: str, sentences: Sequence[int]) -> list[NDArray[np.float64]]:
        """Return the label probabilities (T, K) of the sentences with these indices."""
        return self._probabilities(column, sentences)


def split_by_sentence(values: list[_T], lengths: Iterable[int]) -> list[list[_T]]:
    """Split concatenated values into sentences of these lengths."""
    return [values[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]


class Encoding(Protocol):
    """An encoding of columns as label columns. ``elman.tasks.composite.from_record`` inverts ``to_record``."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns of sentences that are encoded."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The label columns that the tagger learns."""
        ...

    @property
    def unannotated(self) -> tuple[str, ...]:
        """The targets in which ``_`` means "not annotated", so that the word is not scored."""
        ...

    def encode(self, sentence: Sentence) -> dict[str, tuple[str, ...]]:
        """Return a sentence's labels by label column. Raises DataError, with the line, if a value has no label."""
        ...

    def fits(self, column: str, label: str) -> bool:
        """Return whether a label is valid in a label column: others are neither learned nor loaded."""
        ...

    def decode(self, batch: Predictions) -> dict[str, list[list[str]]]:
        """Return the values of each target, by sentence and word. Any labels decode to well-formed values."""
        ...

    def to_record(self) -> dict[str, Any]:
        """Return JSON values, including ``name``."""
        ...


Columns = dict[str, tuple[str, ...]]


Decoded = dict[str, list[list[str]]]


def column(sentence: Sentence, name: str) -> tuple[str, ...]:
    """Return a column of a sentence. Raises ConfigError if the sentence has no such column."""
    if name not in sentence.columns:
        columns = ", ".join(sentence.columns) or "none"
        raise ConfigError(f"{sentence.path or 'input'}: expected the column {shown(name)}, found: {columns}")
    return sentence.columns[name]


@dataclass(frozen=True)
class PlainColumn:
    """A column whose values are used as labels."""

    target: str
    name: ClassVar[str] = "plain"

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,)

    columns = targets

    @property
    def unannotated(self) -> tuple[str, ...]:
        return ()

    def encode(self, sentence: Sentence) -> Columns:
        return {self.target: column(sentence, self.target)}

    def fits(self, column: str, label: str) -> bool:
        return len(label) <= MAX_LABEL

    def decode(self, batch: Predictions) -> Decoded:
        return {self.target: [list(labels) for labels in batch.labels[self.target]]}

    def to_record(self) -> dict[str, Any]:
        return {"name": self.name, "target": self.target}
