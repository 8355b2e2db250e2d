"""Output heads of a network: label columns of words and document labels, each with its decoder.

The network scores the tags of all heads side by side, (N, K1 + K2 + …), those of words first. Document labels are
scored in the row of the text's first word; these are the first B rows of a packed batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.config import Config, NetworkConfig
from elman.data.arcs import Arc
from elman.data.targets import ANY, CLASSIFY, SEVERAL, TAG
from elman.errors import ConfigError, DataError
from elman.features.text_ngrams import Grams
from elman.models import constraints
from elman.models.graph import Graph
from elman.nn import decoders, shapes
from elman.nn.batch import Batch
from elman.nn.decoders import Parameters
from elman.nn.layers import Array
from elman.nn.shapes import GraphSizes
from elman.utils import limits


@dataclass(frozen=True)
class Head:
    """One label column of K tags.

    ``begin`` is the first column of its scores; ``temperature`` divides them; ``task`` is one of words or of
    documents (``elman.data.targets``).
    """

    tags: tuple[str, ...]
    scheme: str  # of the constraints
    decoder: decoders.Decoder
    begin: int = 0
    temperature: float = 1.0
    task: str = TAG

    def of(self, scores: Array, batch: Batch) -> Array:
        """Return the head's scores (N, K), a slice of the scores of all heads; for document labels (B, K)."""
        rows = slice(None) if self.task == TAG else slice(batch.sentences)
        return np.ascontiguousarray(scores[rows, self.begin : self.begin + len(self.tags)])

    def best(self, parameters: Parameters, scores: Array, batch: Batch) -> NDArray[Any]:
        """Return ``Decoder.best`` from the scores of all heads: ids (N,), or bools (N, K) for several labels.

        Document labels are in the row of the document's first word.
        """
        return self._placed(self.decoder.best(parameters, self.of(scores, batch), batch), batch)

    def marginals(self, parameters: Parameters, scores: Array, batch: Batch) -> NDArray[np.float64]:
        """Return ``Decoder.marginals`` from the scores of all heads, in rows as in ``best``."""
        return self._placed(self.decoder.marginals(parameters, self.of(scores, batch), batch, self.temperature), batch)

    def best_and_confidences(
        self, parameters: Parameters, scores: Array, batch: Batch
    ) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Return ``best`` and its probabilities (N,); for several labels, the probability of exactly this set."""
        scores = self.of(scores, batch)
        best = self.decoder.best(parameters, scores, batch)
        p = self.decoder.confidences(parameters, scores, best, batch, self.temperature)
        return self._placed(best, batch), self._placed(p, batch)

    def _placed(self, results: NDArray[Any], batch: Batch) -> NDArray[Any]:
        if self.task == TAG:
            return results
        placed = np.zeros((len(batch.rows), *results.shape[1:]), results.dtype)
        placed[: len(results)] = results
        return placed

    def each(self, rows: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the predictions of each sentence from the rows of its words; for document labels, the first row."""
        return list(rows) if self.task == TAG else [document[:1] for document in rows]


@dataclass(frozen=True)
class Heads:
    """The heads of a network, with the tags, constraint scheme, temperature (default 1) and task of each.

    ``tasks``  the task of each head, word columns first; by default all are of words
    ``grams``  the n-grams for document labels; None if not used
    ``graph``  the graph part of a parser, which scores arcs; None if there is none

    Raises ConfigError (on first use) for tags that the constraints do not know.
    """

    config: Config
    tags: tuple[tuple[str, ...], ...]
    schemes: tuple[str, ...]
    temperatures: tuple[float, ...] = ()
    tasks: tuple[str, ...] = ()
    grams: Grams | None = None
    graph: Graph | None = None

    @classmethod
    def of(
        cls, config: Config, columns: Sequence[Sequence[Sequence[str]]], tasks: Sequence[str] = (), texts: Any = ()
    ) -> Heads:
        """Build the heads from the tags of training sentences, by column; ``texts`` are the sentences' words.

        Raises DataError if tags violate the constraints, ConfigError if there are too many tags.
        """
        tags, schemes = [], []
        graph = None
        tasks = tuple(tasks) or (TAG,) * len(columns)
        for column, task in zip(columns, tasks, strict=True):
            chosen = constraints.choose(config.network, column) if task == TAG else constraints.Choice(constraints.NONE)
            scheme = chosen.scheme
            if chosen.broken and scheme != constraints.NONE:  # a gold path that is forbidden has an infinite loss
                first = chosen.broken[0]
                raise DataError(f"sentence {first.sentence + 1}, {first}; set constraints=none")
            tags.append(tuple(sorted({tag for sentence in column for tag in sentence})))
            if tags[-1] and isinstance(tags[-1][0], Arc):
                graph = Graph.of(len(tags) - 1, shapes.states(config.network))
                tags[-1] = tuple(map(str, tags[-1]))
            schemes.append(scheme)
            if task == TAG:
                check_number(config.network, len(tags[-1]), scheme)
        labels = sum(len(names) for names, task in zip(tags, tasks, strict=True) if task != TAG)
        grams = (
            Grams.of(config.network.text_ngrams, texts, labels, config.network.text_skips)
            if labels and config.network.text_ngrams != "none"
            else None
        )
        return cls(config, tuple(tags), tuple(schemes), (), tasks, grams, graph)

    @cached_property
    def each(self) -> tuple[Head, ...]:
        """The heads, in the order of the columns."""
        heads: list[Head] = []
        begin = 0
        temperatures = self.temperatures or (1.0,) * len(self.tags)
        rows = zip(self.tags, self.schemes, self._names(), temperatures, self._tasks, strict=True)
        for tags, scheme, name, t, task in rows:
            heads.append(Head(tags, scheme, self._decoder(tags, scheme, name, task), begin, t, task))
            begin += len(tags)
        return tuple(heads)

    def _decoder(self, tags: Sequence[str], scheme: str, name: str, task: str) -> decoders.Decoder:
        smoothing, weight = self.config.training.smoothing, self.config.training.coarse_weight
        if task == TAG:
            return decoder_for(self.config.network, tags, scheme, smoothing, name)
        groups = coarse_groups(tags) if weight and task == CLASSIFY else None
        if groups is not None:
            return decoders.TwoLevels(groups, weight, smoothing, name)
        if task == CLASSIFY:
            return decoders.Softmax(len(tags), None, smoothing, name)
        return decoders.Sigmoids(len(tags), min_labels=int(task == SEVERAL))

    @property
    def width(self) -> int:
        """Number of scores per word: K1 + K2 + …"""
        return sum(len(tags) for tags, task in zip(self.tags, self._tasks, strict=True) if task == TAG)

    @property
    def labels(self) -> int:
        """Number of scores per document: L1 + L2 + …"""
        return sum(map(len, self.tags)) - self.width

    @property
    def _tasks(self) -> tuple[str, ...]:
        tasks = self.tasks or (TAG,) * len(self.tags)
        assert all(task in (TAG, CLASSIFY, SEVERAL, ANY) for task in tasks)
        assert list(tasks) == sorted(tasks, key=lambda task: task != TAG)
        return tasks

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the decoders' parameters."""
        parameters: dict[str, tuple[int, ...]] = {}
        for tags, name, task in zip(self.tags, self._names(), self._tasks, strict=True):
            if task == TAG:
                parameters |= shapes.decoder(self.config.network.decoder, len(tags), name)
        return parameters

    @property
    def graph_sizes(self) -> GraphSizes | None:
        """The sizes of the graph part; None if there is none."""
        return None if self.graph is None else self.graph.sizes(self.tags)

    def start(self) -> dict[str, Array]:
        """Return the initial parameters of the decoders, all 0."""
        return {name: np.zeros(shape, np.float32) for name, shape in self.shapes().items()}

    def _names(self) -> Iterator[str]:
        """Yield the prefix of each decoder's parameters: ``output``, ``output2``, ``output3`` …"""
        return (f"output{number}" if number > 1 else "output" for number in range(1, len(self.tags) + 1))


def coarse_groups(labels: Sequence[str]) -> NDArray[np.int32] | None:
    """Return the number of the coarse label, by label (K,); None unless all are ``coarse:fine``, some coarse alike."""
    parts = [label.partition(":") for label in labels]
    names = sorted({coarse for coarse, _, _ in parts})
    if not all(coarse and fine for coarse, _, fine in parts) or not 1 < len(names) < len(labels):
        return None
    return np.array([names.index(coarse) for coarse, _, _ in parts], np.int32)


def decoder_for(
    config: NetworkConfig, tags: Sequence[str], scheme: str, smoothing: float = 0.0, name: str = "output"
) -> decoders.Decoder:
    """Return the decoder that the settings ask for; ``scheme`` is ``none`` or one of ``constraints.SCHEMES``.

    Raises ConfigError if tags do not belong to the scheme, or there are too many.
    """
    check_number(config, len(tags), scheme)
    allowed = constraints_of(tags, scheme)
    return (
        decoders.Crf(len(tags), allowed, name)
        if config.decoder == "crf"
        else decoders.Softmax(len(tags), allowed, smoothing, name)
    )


def check_number(config: NetworkConfig, tags: int, scheme: str) -> None:
    """Raise ConfigError if there are too many tags for a transition table."""
    if tags > limits.TAGS and (config.decoder == "crf" or scheme != constraints.NONE):
        asked = "decoder=crf" if config.decoder == "crf" else f"constraints={scheme}"
        raise ConfigError(
            f"{asked}: {tags:,} distinct tags; it takes {limits.TAGS:,} at most: is it the right column? "
            "(decoder=softmax without constraints takes any number)"
        )


def constraints_of(tags: Sequence[str], scheme: str) -> decoders.Constraints | None:
    """Return the constraints of a scheme; None for ``none``. Raises ConfigError if tags do not fit."""
    if scheme == constraints.NONE:
        return None
    constraints.check(tags, scheme)
    transitions, begin, end = (np.frombuffer(part, np.bool_) for part in constraints.table(tags, scheme))
    return decoders.Constraints(transitions.reshape(len(tags), len(tags)), begin, end)
