"""The recurrent model: one network or several, and their record. ``elman.training.train_rnn`` trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from elman.config import Config
from elman.errors import ModelFileError
from elman.features.char_windows import WIDTH
from elman.features.lexicon import Lexicon
from elman.features.text_ngrams import BITS, Grams
from elman.models import constraints, dtype as storage, network_record
from elman.models.base import LabelModel
from elman.models.ensemble import Ensemble, Scorer, Scores
from elman.models.heads import Heads
from elman.models.inference import InferenceCache, LazyScores, OutputLayer, Text, tagging_precision
from elman.models.network_record import GRAMS, RARE, NetworkRecord, prefixes
from elman.nn.bags import Bags
from elman.nn.batch import Batch, Ids
from elman.nn.encoder import Parameters
from elman.utils.validation import demand

if TYPE_CHECKING:
    from elman.models.streaming import Stream

WINDOWS = 32_768
"""Windows of characters tagged in one pass."""


class RecurrentModel(Ensemble, LabelModel):
    """A recurrent network, or several that tag together."""

    kind = "rnn"
    serves_lines = True
    training: dict[str, Any]

    def __init__(
        self,
        config: Config,
        lexicon: Lexicon,
        heads: Heads,
        members: Sequence[Parameters],
        training: Mapping[str, Any],
    ) -> None:
        super().__init__(config, lexicon, heads, members)
        self.training = dict(training)
        self._reader: InferenceCache | None = None

    def choose_precision(self, precision: str) -> None:
        """Set the precision of tagging. Raises ConfigError: an unknown one, or int8 where it is not available."""
        tagging_precision(precision, self.config)
        self.precision, self._reader = precision, None
        self.__dict__.pop("_outputs", None)

    @property
    def reader(self) -> InferenceCache:
        """What reads for tagging."""
        if self._reader is None:
            precision = tagging_precision(self.precision, self.config)
            self._reader = InferenceCache(self.lexicon, self.network, self.members, precision)
        return self._reader

    def best_of_lines(self, text: bytes) -> Ids:
        """The (N,) ids of the best tags, in the first column, of a text's words: see ``InferenceCache.lines``."""
        read, lengths = self.reader.lines(text)
        head = self.heads.each[0]
        (ids,) = self._flat(lengths, self._reads(read), lambda *scored: [head.best(*scored)])
        return np.asarray(ids, np.int32)

    def lazy_scores(self, sentences: Sequence[Sequence[str]]) -> LazyScores:
        """Return what the model, whose label columns are all of words, predicts for sentences."""
        read = self.reader.words([word for words in sentences for word in words])
        lengths = np.array([len(words) for words in sentences], np.int64)

        def states(rows: NDArray[np.int64], batch: Batch) -> Scores:
            yield slice(None), self.reader.states(read, rows, batch)

        (h,) = self._flat(lengths, states, lambda _, h, batch: [h])
        return LazyScores(self._outputs, h if len(h) else h.reshape(0, self.reader.width), lengths)

    @cached_property
    def _outputs(self) -> OutputLayer:
        return OutputLayer(self.heads, self.members, self.decoder_parameters(), self.reader.small)

    def best_of_windows(self, texts: Sequence[str], *, sure: bool) -> tuple[Ids, NDArray[np.float64] | None]:
        """The (N,) ids of the best tags, in the first column, of windows of characters, and the probabilities of these.

        Each text is a piece to be read by itself, with ``WIDTH`` - 1 more characters than it has windows; they come one
        behind the other. ``sure``: whether probabilities are wanted.
        """
        lengths = np.array([len(text) - (WIDTH - 1) for text in texts], np.int64)
        score = self._reads(self.reader.windows("".join(texts), lengths.astype(np.int32)))
        head = self.heads.each[0]
        if not sure:
            (ids,) = self._flat(lengths, score, lambda *scored: [head.best(*scored)], chunk=WINDOWS)
            return np.asarray(ids, np.int32), None
        ids, p = self._flat(lengths, score, head.best_and_confidences, chunk=WINDOWS)
        return np.asarray(ids, np.int32), p

    def _scorer(self, sentences: Sequence[Sequence[str]]) -> Scorer:
        if not self.network.encodes:
            return super()._scorer(sentences)
        grams, read = self.grams(sentences), self.reader.words([word for words in sentences for word in words])
        return self._reads(read, grams)

    def _reads(self, text: Text, grams: Callable[..., Bags | None] = lambda rows, batch: None) -> Scorer:
        """What scores the words of a text that the reader has read."""
        return lambda rows, batch: self._mean(self.reader.each(text, rows, batch), batch, grams(rows, batch))

    def with_temperatures(self, temperatures: Sequence[float]) -> Self:
        """Return the same model with these temperatures of its label columns; none: all 1."""
        heads = replace(self.heads, temperatures=tuple(temperatures))
        other = type(self)(self.config, self.lexicon, heads, self.members, self.training)
        other.precision = self.precision
        return other

    @property
    def temperatures(self) -> tuple[float, ...]:
        """What the scores of each label column are divided by before they become probabilities."""
        return tuple(head.temperature for head in self.heads.each)

    @property
    def parameters(self) -> Parameters:
        """Those of the only network, or of the first."""
        return self.members[0]

    @property
    def ensemble(self) -> Ensemble:
        """Itself. Raises ConfigError if its networks have no hidden states."""
        if not self.network.encodes:
            return super().ensemble
        return self

    def stream(self, column: int, lookahead: int) -> Stream:
        """Return a stream that tags an endless text word by word."""
        from elman.models.streaming import Stream

        return Stream(self, column, lookahead)

    def known(self, word: str) -> bool:
        """Whether the word stood in the training data."""
        return self.lexicon.vocabulary.seen(word)

    def to_record(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Configuration and tensors for the model file."""
        tags, schemes = [list(tags) for tags in self.tag_sets], list(self.heads.schemes)
        several = len(tags) > 1
        record = {
            "tags": tags if several else tags[0],
            "settings": self.config.to_dict(),
            "training": self.training,
            **self.lexicon.to_record(),
        }
        if set(schemes) != {constraints.NONE}:
            record["constraints"] = schemes if several else schemes[0]
        if self.heads.labels:
            record["tasks"] = list(self.tasks)
        if self.heads.temperatures:
            record["temperature"] = list(self.temperatures) if several else self.temperatures[0]
        tensors: dict[str, NDArray[Any]] = {}
        for prefix, parameters in zip(prefixes(self.config.network.ensemble), self.members, strict=True):
            tensors |= {prefix + name: w for name, w in parameters.items()}
        tensors = storage.stored(tensors, self.config.network.dtype)
        if self.heads.grams is not None:
            tensors[GRAMS] = self.heads.grams.hashes
        if len(self.lexicon.vocabulary.rare):
            tensors[RARE] = self.lexicon.vocabulary.rare
        return record, tensors

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of ``to_record``. Raises ModelFileError for records that do not fit together."""
        found = network_record.checked(config, storage.forms(tensors))
        read = Config.from_dict(found.settings)
        lexicon = Lexicon.of_words(found.words, read.network, _rare(tensors))
        tags = tuple(map(tuple, found.tags))
        grams = _grams(found, tensors)
        heads = Heads(read, tags, tuple(found.schemes), tuple(found.temperatures), tuple(found.tasks), grams)
        members = [
            storage.restored({name: tensors[prefix + name] for name in found.of_one}) for prefix in found.prefixes
        ]
        return cls(read, lexicon, heads, members, found.training)


class LinearModel(RecurrentModel):
    """Logistic regression on the n-grams of texts: the network without its encoder."""

    kind = "linear"

    def choose_precision(self, precision: str) -> None:
        """Set ``precision``, which has no effect: there is no recurrent product."""
        self.precision = precision

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Self:
        model = super().from_record(config, tensors)
        if model.network.encodes:
            raise ModelFileError("model settings: expected pooling=none and labels of texts alone in a linear model")
        return model


def _rare(tensors: Mapping[str, NDArray[Any]]) -> NDArray[np.int32] | None:
    """The hashes of rare words. Raises ModelFileError for hashes that are none."""
    hashes = tensors.get(RARE)
    rise = hashes is None or bool((hashes[1:] > hashes[:-1]).all())
    demand(rise, f"model tensor {RARE}: expected hashes that rise")
    return hashes


def _grams(found: NetworkRecord, tensors: Mapping[str, NDArray[Any]]) -> Grams | None:
    """The n-grams of a record. Raises ModelFileError for hashes that are none."""
    if not found.has_grams:
        return None
    hashes = tensors[GRAMS]
    rise = bool((hashes[1:] > hashes[:-1]).all()) and (not len(hashes) or 0 <= hashes[0] <= hashes[-1] < 1 << BITS)
    demand(rise, f"model tensor {GRAMS}: expected hashes that rise")
    return Grams(found.network.text_ngrams, hashes)
