"""``Model``: the interface of all trained models; ``LabelModel``: that of models that predict labels.

Letters: T words of a sentence, N words of a batch, K labels of a column.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from elman.data.targets import TAG
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.models.ensemble import Ensemble
    from elman.models.graph import Parsed
    from elman.models.streaming import Stream

CHUNK = 5120  # words tagged in one pass: usually one batch of the tagger

Ids = NDArray[np.int32]
Scored = list[tuple[Ids, NDArray[np.float64]]]
"""For each sentence its (T,) label ids and their (T,) probabilities."""


class Model(ABC):
    """A trained model, as stored in a model file. Safe to use from several threads at once."""

    kind: str
    """``rnn``, ``linear``, ``hmm``, ``frequent`` or ``ngram``: the name in the model file."""
    training: Mapping[str, Any] = {}
    """The training record; empty for a model of counts."""
    precision = "auto"
    """The numeric precision of a network: ``auto``, ``exact`` or ``int8``."""

    @property
    @abstractmethod
    def tag_sets(self) -> tuple[tuple[str, ...], ...]:
        """The labels of each label column; label ids are positions in it."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The labels of the first column."""
        return self.tag_sets[0]

    @property
    def tasks(self) -> tuple[str, ...]:
        """What each label column holds (``elman.data.targets``)."""
        return (TAG,) * len(self.tag_sets)

    @property
    def temperatures(self) -> tuple[float, ...]:
        """The temperature of each label column, by which its scores are divided."""
        return (1.0,) * len(self.tag_sets)

    def with_temperatures(self, temperatures: Sequence[float]) -> Self:
        """Return the same model with these temperatures; none: all 1. A model without scores is returned as it is."""
        return self

    def choose_precision(self, precision: str) -> None:
        """Set ``precision``. Models without recurrent products are always exact and accept any value."""
        self.precision = precision

    def clear_cache(self) -> None:  # noqa: B027
        """Drop what was computed for tagging, such as the inputs of words; it is computed again when needed."""

    @property
    def ensemble(self) -> Ensemble:
        """The networks of the model. Raises ConfigError if it has none with hidden states."""
        raise ConfigError(f"expected a recurrent network, which has states; the model {self.kind} has none")

    @property
    def interrupted(self) -> bool:
        """Whether training was interrupted by Ctrl-C."""
        return bool(self.training.get("interrupted", False))

    @property
    def dev_accuracy(self) -> float | None:
        """The score on dev (accuracy, R²) of the epoch kept, or of all networks together; None without dev."""
        if "dev_accuracy" in self.training:
            accuracy: float | None = self.training["dev_accuracy"]
            return accuracy
        scores = self.training.get("dev_accuracies")
        return scores[self.training["best_epoch"] - 1] if scores else None

    @abstractmethod
    def to_record(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return configuration (JSON values) and tensors, as stored in the model file."""

    @classmethod
    @abstractmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""


class LabelModel(Model):
    """A model of one or several label columns.

    Methods without ``columns`` in their names predict the first column.
    """

    serves_lines = False
    """Whether it implements ``best_of_lines``."""
    graph_column: int | None = None
    """Which label column has the relations of a graph parser."""
    native: Any = None
    """The native tagger of sentences (``elman.models.line_tagger``); None if it does not support the model."""
    reads_features = False
    """Whether words have features of their own (``elman.data.tokens``)."""

    @abstractmethod
    def known(self, word: str) -> bool:
        """Return whether the word occurs in the training data."""

    @abstractmethod
    def best(self, sentences: Sequence[Sequence[str]]) -> list[Ids]:
        """Return for each sentence the (T,) ids of its best labels."""

    def best_columns(self, sentences: Sequence[Sequence[str]]) -> list[list[Ids]]:
        """Return ``best`` for each column, from one pass."""
        return [self.best(sentences)]

    @abstractmethod
    def best_and_confidences(self, sentences: Sequence[Sequence[str]]) -> Scored:
        """Return for each sentence the best ids and their probabilities, from one pass."""

    def best_and_confidences_columns(self, sentences: Sequence[Sequence[str]]) -> list[Scored]:
        """Return ``best_and_confidences`` for each column, from one pass."""
        return [self.best_and_confidences(sentences)]

    @abstractmethod
    def probabilities(self, sentences: Sequence[Sequence[str]], column: int = 0) -> list[NDArray[np.float64]]:
        """Return for each sentence the (T, K) probabilities of a column's labels; rows sum to 1."""

    def lazy_scores(self, sentences: Sequence[Sequence[str]]) -> LabelScores:
        """Return scores of the sentences' labels that are computed column by column, on first use."""
        return _ModelScores(self, sentences)

    def nbest(self, words: Sequence[str], most: int, column: int = 0) -> list[tuple[Ids, float]]:
        """Return the ``most`` most probable label sequences: (T,) ids and their probability, best first.

        Raises ConfigError if the model has one best sequence only.
        """
        raise ConfigError(f"nbest: the model {self.kind} has one best sequence only; a network (rnn) has more")

    def stream(self, column: int, lookahead: int) -> Stream:
        """Return a stream that tags text word by word. Raises ConfigError if the model is no recurrent network."""
        raise ConfigError(f"stream: expected a recurrent network that tags words, got the model {self.kind}")

    def best_of_lines(self, text: bytes) -> Ids:
        """Return the (N,) ids of the best labels, in the first column, of text with one sentence per line, split at
        spaces.
        """
        raise NotImplementedError(f"the model {self.kind} reads no lines")


class LabelScores(ABC):
    """Best labels and probabilities, by label column, for the N words of B concatenated sentences."""

    lengths: NDArray[np.int64]
    """(B,) number of words of each sentence."""

    @abstractmethod
    def best(self, column: int) -> Ids:
        """Return the best labels (N,) of a column."""

    @abstractmethod
    def probabilities(self, column: int) -> NDArray[np.float64]:
        """Return the probabilities (N, K) of a column's labels."""

    def word_probabilities(self, column: int, words: Sequence[int]) -> NDArray[np.float64]:
        """Return the rows (R, K) of ``probabilities`` of R words."""
        return self.probabilities(column)[np.asarray(words, np.int64)]

    def scores(self, column: int) -> NDArray[np.float32]:
        """Return scores (N, K) whose softmax gives the probabilities of a column's labels."""
        return np.log(np.maximum(self.probabilities(column), 1e-30)).astype(np.float32)

    def confidences(self, column: int, ids: Ids) -> NDArray[np.float64]:
        """Return the probabilities (N,) of the labels ``ids`` (N,) of a column."""
        return np.asarray(self.probabilities(column)[np.arange(len(ids)), ids])

    @cached_property
    def parsed(self) -> Parsed:
        """The trees of the sentences, of a model with a graph part."""
        raise NotImplementedError

    @abstractmethod
    def of(self, which: Sequence[int]) -> LabelScores:
        """Return the scores of some of the sentences."""


class _ModelScores(LabelScores):
    """Scores that are computed by calling the model."""

    def __init__(self, model: LabelModel, sentences: Sequence[Sequence[str]]) -> None:
        self.model, self.sentences = model, sentences
        self.lengths = np.array([len(words) for words in sentences], np.int64)

    @cached_property
    def _best(self) -> list[list[Ids]]:
        return self.model.best_columns(self.sentences)

    def best(self, column: int) -> Ids:
        return np.concatenate([np.zeros(0, np.int32), *self._best[column]])

    def probabilities(self, column: int) -> NDArray[np.float64]:
        none = np.zeros((0, len(self.model.tag_sets[column])))
        return np.concatenate([none, *self.model.probabilities(self.sentences, column)])

    def of(self, which: Sequence[int]) -> LabelScores:
        return _ModelScores(self.model, [self.sentences[i] for i in which])
