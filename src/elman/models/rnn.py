"""The recurrent model: a network or an ensemble, and its record. ``elman.training.train_rnn`` trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.config import Config
from elman.errors import ModelFileError
from elman.features.char_windows import WIDTH
from elman.features.lexicon import Lexicon
from elman.features.text_ngrams import BITS, Grams
from elman.models import constraints, dtype, line_tagger, network_record
from elman.models.base import LabelModel
from elman.models.ensemble import Ensemble, Scorer, Scores
from elman.models.file import Stored
from elman.models.graph import Graph
from elman.models.heads import Heads
from elman.models.inference import InferenceCache, LazyScores, OutputLayer, Text, tagging_precision
from elman.models.network_record import DICTIONARY, GRAMS, RARE, NetworkRecord, prefixes
from elman.nn.bags import Bags
from elman.nn.batch import Batch, Ids
from elman.nn.encoder import Parameters
from elman.utils.validation import demand

if TYPE_CHECKING:
    from elman.models.streaming import Stream

WINDOWS = 32_768
"""Windows of characters tagged in one pass."""


class RecurrentModel(Ensemble, LabelModel):
    """A recurrent network, or an ensemble of several."""

    kind = "rnn"
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
        self.graph_column = None if heads.graph is None else heads.graph.column
        self.reads_features = lexicon.token_features is not None
        self.serves_lines = not self.reads_features

    def choose_precision(self, precision: str) -> None:
        """Set the precision of tagging. Raises ConfigError if it is unknown, or int8 and not available."""
        tagging_precision(precision, self.config)
        self.precision = precision
        self.clear_cache()

    def clear_cache(self) -> None:
        self._reader = None
        for made in ("_outputs", "native"):
            self.__dict__.pop(made, None)

    @property
    def reader(self) -> InferenceCache:
        """The cache of word representations for tagging, created on first use."""
        reader = self._reader
        if reader is None:
            precision = tagging_precision(self.precision, self.config)
            reader = self._reader = InferenceCache(self.lexicon, self.network, self.members, precision)
        return reader

    @cached_property
    def native(self) -> Any:
        """The native tagger of sentences, made on first use; None if it does not support the model."""
        lexicon, network = self.lexicon, self.config.network
        core = kernels.native_core() if kernels.describe()["backend"] == "native" else None
        others = lexicon.vectors.width, lexicon.token_features, lexicon.features.dictionary, self.heads.graph
        if core is None or not line_tagger.supports(network, self.tasks, *others):
            return None
        names = prefixes(len(self.members))
        tensors = {
            prefix + name: Stored("F32", w.shape, np.ascontiguousarray(w).data if w.size else b"")
            for prefix, member in zip(names, self.members, strict=True)
            for name, w in member.items()
        }
        int8 = tagging_precision(self.precision, self.config) == "int8"
        columns = line_tagger.columns(network, self.tag_sets, self.heads.schemes, self.heads.temperatures)
        words, features = lexicon.vocabulary.words, lexicon.features.names
        return line_tagger.make(core, network, words, features, columns, tensors, names, int8)

    def best_of_lines(self, text: bytes) -> Ids:
        """Return the (N,) ids of the best tags of a text's words, in the first column: see ``InferenceCache.lines``."""
        read, lengths = self.reader.lines(text)
        head = self.heads.each[0]
        (ids,) = self._flat(lengths, self._reads(read), lambda *scored: [head.best(*scored)])
        return np.asarray(ids, np.int32)

    def lazy_scores(self, sentences: Sequence[Sequence[str]]) -> LazyScores:
        """Return lazy label scores of sentences, for a model whose label columns are all of words."""
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
        """Return the (N,) ids of the best tags of character windows, in the first column, and their probabilities.

        Each text is read by itself and has ``WIDTH`` - 1 more characters than windows; the results of all texts are
        concatenated. ``sure``: whether to compute probabilities; None otherwise.
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
        """Return the function that scores words of a cached text, given their rows and packed batch."""
        return lambda rows, batch: self._mean(self.reader.each(text, rows, batch), batch, grams(rows, batch))

    def with_temperatures(self, temperatures: Sequence[float]) -> Self:
        """Return the same model with these temperatures of its label columns; none: all 1."""
        heads = replace(self.heads, temperatures=tuple(temperatures))
        other = type(self)(self.config, self.lexicon, heads, self.members, self.training)
        other.precision = self.precision
        return other

    @property
    def temperatures(self) -> tuple[float, ...]:
        """The temperature of each label column, by which its scores are divided."""
        return tuple(head.temperature for head in self.heads.each)

    @property
    def parameters(self) -> Parameters:
        """The parameters of the only or first network."""
        return self.members[0]

    @property
    def ensemble(self) -> Ensemble:
        """The model itself. Raises ConfigError if its networks have no hidden states."""
        if not self.network.encodes:
            return super().ensemble
        return self

    def stream(self, column: int, lookahead: int) -> Stream:
        """Return a stream that tags text word by word."""
        from elman.models.streaming import Stream

        return Stream(self, column, lookahead)

    def known(self, word: str) -> bool:
        """Return whether the word occurs in the training data."""
        return self.lexicon.vocabulary.seen(word)

    def to_record(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return configuration and tensors for the model file."""
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
        if self.heads.graph is not None:
            record["graph"] = asdict(self.heads.graph)
        if self.heads.labels:
            record["tasks"] = list(self.tasks)
        if self.heads.temperatures:
            record["temperature"] = list(self.temperatures) if several else self.temperatures[0]
        tensors: dict[str, NDArray[Any]] = {}
        for prefix, parameters in zip(prefixes(self.config.network.ensemble), self.members, strict=True):
            tensors |= {prefix + name: w for name, w in parameters.items()}
        tensors = dtype.stored(tensors, self.config.network.dtype)
        if self.heads.grams is not None:
            tensors[GRAMS] = self.heads.grams.hashes
        if len(self.lexicon.vocabulary.rare):
            tensors[RARE] = self.lexicon.vocabulary.rare
        dictionary = self.lexicon.features.dictionary
        if dictionary is not None:
            tensors |= dict(zip(DICTIONARY, (dictionary.hashes, dictionary.which), strict=True))
        return record, tensors

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""
        checked = network_record.checked(config, dtype.forms(tensors))
        settings = Config.from_dict(checked.settings)
        lexicon = Lexicon.of_words(checked.words, settings.network, _rare(tensors), _entries(checked, tensors))
        tags, schemes = tuple(map(tuple, checked.tags)), tuple(checked.schemes)
        grams = _grams(checked, tensors)
        heads = Heads(
            settings, tags, schemes, tuple(checked.temperatures), tuple(checked.tasks), grams, _graph(checked)
        )
        members = [
            dtype.restored({name: tensors[prefix + name] for name in checked.of_one}) for prefix in checked.prefixes
        ]
        return cls(settings, lexicon, heads, members, checked.training)


class LinearModel(RecurrentModel):
    """Logistic regression on n-grams of documents: the network without its encoder."""

    kind = "linear"

    def choose_precision(self, precision: str) -> None:
        """Set ``precision``, which has no effect without a recurrent product."""
        self.precision = precision

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Self:
        model = super().from_record(config, tensors)
        if model.network.encodes:
            raise ModelFileError("model settings: expected pooling=none and only document labels in a linear model")
        return model


def _graph(checked: NetworkRecord) -> Graph | None:
    return None if checked.graph is None else Graph(**checked.graph)


def _entries(
    checked: NetworkRecord, tensors: Mapping[str, NDArray[Any]]
) -> tuple[NDArray[np.int64], NDArray[np.int32]] | None:
    """Return the words of the dictionary. Raises ModelFileError if they are not sorted, or a set is not there."""
    if checked.words.dictionary is None:
        return None
    hashes, which = (tensors[name] for name in DICTIONARY)
    demand(bool((hashes[1:] > hashes[:-1]).all()), f"model tensor {DICTIONARY[0]}: expected ascending hashes")
    n_sets = len(checked.words.dictionary[1])
    in_range = not len(which) or (int(which.min()) >= 0 and int(which.max()) < n_sets)
    demand(in_range, f"model tensor {DICTIONARY[1]}: expected sets from 0 to {n_sets - 1}")
    return hashes, which


def _rare(tensors: Mapping[str, NDArray[Any]]) -> NDArray[np.int32] | None:
    """Return the hashes of rare words. Raises ModelFileError if they are not sorted."""
    hashes = tensors.get(RARE)
    is_sorted = hashes is None or bool((hashes[1:] > hashes[:-1]).all())
    demand(is_sorted, f"model tensor {RARE}: expected sorted hashes")
    return hashes


def _grams(checked: NetworkRecord, tensors: Mapping[str, NDArray[Any]]) -> Grams | None:
    """Return the n-grams of a record. Raises ModelFileError if their hashes are out of range or not sorted."""
    if not checked.has_grams:
        return None
    hashes = tensors[GRAMS]
    is_sorted = bool((hashes[1:] > hashes[:-1]).all())
    in_range = not len(hashes) or 0 <= hashes[0] <= hashes[-1] < 1 << BITS
    demand(is_sorted and in_range, f"model tensor {GRAMS}: expected sorted hashes")
    return Grams(checked.network.text_ngrams, hashes, skips=checked.network.text_skips)
