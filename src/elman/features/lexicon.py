"""What is known about words: ids and counts, sub-word features, characters, rows of pretrained vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.config import NetworkConfig
from elman.features import word_record
from elman.features.char_windows import RADIUS, middle
from elman.features.characters import characters_of, spellings
from elman.features.dictionary import Dictionary
from elman.features.subwords import WINDOW, FeatureSet
from elman.features.token_features import TokenFeatures
from elman.features.vectors import VectorIndex
from elman.features.vocabulary import Vocabulary
from elman.nn.network import Inputs, Network


@dataclass(frozen=True)
class Lexicon:
    """Turns words into the network's inputs. Immutable.

    ``characters``  those of the character encoder; None: there is none
    ``vectors``     the words that have a row in the table of pretrained vectors
    ``token_features``  the features that words bring along; None: they bring none
    """

    vocabulary: Vocabulary
    features: FeatureSet
    characters: Vocabulary | None
    vectors: VectorIndex
    token_features: TokenFeatures | None = None

    @classmethod
    def of(
        cls,
        config: NetworkConfig,
        sentences: Iterable[Iterable[str]],
        vectors: VectorIndex | None = None,
        dictionary: Dictionary | None = None,
    ) -> Lexicon:
        """Make the lexicon of training sentences; of windows, their characters are the vocabulary."""
        sentences = list(sentences)
        features = TokenFeatures.of(chain.from_iterable(sentences))
        if features is not None:
            sentences = [list(map(str, words)) for words in sentences]
        lexicon = cls.of_vocabulary(config, Vocabulary.of(sentences), vectors, dictionary)
        return replace(lexicon, token_features=features)

    @classmethod
    def of_vocabulary(
        cls,
        config: NetworkConfig,
        vocabulary: Vocabulary,
        vectors: VectorIndex | None = None,
        dictionary: Dictionary | None = None,
    ) -> Lexicon:
        """Make the lexicon of words already counted."""
        features = FeatureSet.of(config.features, vocabulary.words, dictionary)
        if config.features == WINDOW:
            vocabulary = _middles(vocabulary)
        vocabulary = vocabulary.commonest(config.vocabulary)
        characters = characters_of(vocabulary.words) if config.characters else None
        return cls(vocabulary, features, characters, vectors or VectorIndex([], 0))

    def network(self, config: NetworkConfig, tags: int) -> Network:
        """Return the network for these words and K ``tags``."""
        characters = 0 if self.characters is None else len(self.characters)
        vectors = (len(self.vectors), self.vectors.width)
        network = Network(config, len(self.vocabulary), len(self.features), tags, characters, vectors)
        own = self.token_features
        return network if own is None else replace(network, token_features=(len(own), len(own.scales)))

    def read(self, words: Sequence[str]) -> Inputs:
        """Return the network's inputs for N words."""
        distinct = dict.fromkeys(words)
        if len(distinct) == len(words):
            types = np.arange(len(words), dtype=np.int32)
        else:
            places = dict(zip(distinct, range(len(distinct)), strict=True))
            types = np.fromiter(map(places.__getitem__, words), np.int32, len(words))
        known = [word[RADIUS : RADIUS + 1] for word in distinct] if self.features.kind == WINDOW else list(distinct)
        ids, bags = self.vocabulary.ids(known)[types], self.features.bags(distinct)
        spelled = None if self.characters is None else spellings(self.characters, distinct)
        vectors = self.vectors.rows(distinct) if self.vectors.width else None
        tokens = None if self.token_features is None else self.token_features.read(words)
        return Inputs(ids, types, bags, spelled, vectors, tokens=tokens)

    def to_record(self) -> dict[str, Any]:
        """Return JSON values; all but vocabulary and features only if there are any.

        The words of the dictionary are tensors (``elman.models.rnn``).
        """
        record: dict[str, Any] = {"vocabulary": self.vocabulary.to_record(), "features": list(self.features.names)}
        if self.characters is not None:
            record["characters"] = self.characters.to_record()
        if self.vectors.width:
            record["vectors"] = {"words": list(self.vectors.words), "width": self.vectors.width}
        if self.token_features is not None:
            record["token_features"] = self.token_features.to_record()
        dictionary = self.features.dictionary
        if dictionary is not None:
            record["dictionary"] = {"names": list(dictionary.names), "sets": [list(one) for one in dictionary.sets]}
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any], config: NetworkConfig) -> Lexicon:
        """Make one from the output of ``to_record``. Raises ModelFileError if the record is malformed."""
        return cls.of_words(word_record.words(record, config), config)

    @classmethod
    def of_words(
        cls,
        known: word_record.Words,
        config: NetworkConfig,
        rare: NDArray[np.int32] | None = None,
        entries: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None,
    ) -> Lexicon:
        """Make one from a checked record; ``rare`` is the vocabulary's, ``entries`` the words of the dictionary."""
        characters = None if known.characters is None else Vocabulary(*known.characters)
        dictionary = None
        if known.dictionary is not None and entries is not None:
            names, sets = known.dictionary
            dictionary = Dictionary(tuple(names), tuple(map(tuple, sets)), *entries)
        features, vectors = FeatureSet(config.features, known.features, dictionary), VectorIndex(*known.vectors)
        own = None if known.token_features is None else TokenFeatures(*known.token_features)
        return cls(Vocabulary(known.words, known.counts, rare), features, characters, vectors, own)


def _middles(windows: Vocabulary) -> Vocabulary:
    """Return the vocabulary of the characters in the middle of windows."""
    counts: Counter[str] = Counter()
    for window, count in zip(windows.words, windows.counts[1:].tolist(), strict=True):
        counts[middle(window)] += count
    return Vocabulary.of_counts(counts)
