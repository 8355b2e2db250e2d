"""Begin a network with the weights of a base model, which ``elman pretrain`` trained on raw text."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from elman.config import NetworkConfig
from elman.features.subwords import FeatureSet
from elman.features.vectors import VectorIndex, Vectors
from elman.models.ensemble import Ensemble
from elman.nn.encoder import Parameters
from elman.nn.layers import Array


class BaseStart:
    """The weights of a base network, as a beginning of others.

    The base's word embeddings become pretrained vectors, its sub-word features and recurrent layers the first values of
    the network's own. The network's own word embeddings, which the base does not have, begin at 0: the first states are
    those of the base. Other pretrained vectors, if any, stand behind the base's; their weights begin at random.

    ``index``     the words with a vector: those ``needed``, as they are and in lower case, and the first ``extra``
    ``known``     how many of the ``needed`` words the base knows; ``features`` are the sub-word features that it knows
    """

    def __init__(self, base: Ensemble, needed: Collection[str], extra: int, vectors: Vectors | None = None) -> None:
        self._config, self._parameters, self._vectors = base.config.network, base.members[0], vectors
        wanted = {form for word in needed for form in (word, word.lower())}
        known = base.lexicon.vocabulary.words
        words = [word for i, word in enumerate(known) if i < extra or word in wanted]
        of_base, width = VectorIndex(known, self._config.embedding), self._config.embedding
        if vectors is not None:
            words = list(dict.fromkeys([*words, *vectors.index.words]))
            width += vectors.index.width
        self.index = VectorIndex(words, width)
        self.known = int((of_base.rows(needed) > 0).sum())
        self._rows = np.concatenate([[0], of_base.rows(words)])
        self.features: FeatureSet | None = base.lexicon.features

    def begin(self, parameters: Parameters, config: NetworkConfig) -> None:
        """Fill in the initial parameters of a network in place."""
        base = self._parameters
        table, E = parameters["vectors"], self._config.embedding
        table[:, :E] = base["embedding"][self._rows]
        if self._vectors is not None:
            table[0, E:] = 0
            table[1:, E:] = self._vectors.scaled()[self._vectors.index.rows(self.index.words)]
        parameters["embedding"][...] = 0
        if "features" in base:
            parameters["features"][...] = base["features"]
        for name, w in base.items():
            if name.startswith("layer0.") and name.endswith(".w_rx"):
                self._inputs(w, parameters[name], config)
            elif name.startswith("layer"):
                parameters[name][...] = w

    def _inputs(self, w: Array, to: Array, config: NetworkConfig) -> None:
        """Copy the columns of w (rows, read · width): the base reads [embedding, features], the network [embedding of
        its own, features, vectors, …]; parallel cells read two words.
        """
        E, own = self._config.embedding, config.embedding
        read = 2 if len(w) and w.shape[1] != E + self._n_features() else 1
        w, to = w.reshape(len(w), read, -1), to.reshape(len(to), read, -1)
        F = w.shape[2] - E
        to[:, :, own : own + F] = w[:, :, E:]
        to[:, :, own + F : own + F + E] = w[:, :, :E]

    def _n_features(self) -> int:
        return self._config.feature_embedding if "features" in self._parameters else 0
