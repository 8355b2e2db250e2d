"""An ensemble of networks with the same vocabulary and tags, which predict with the mean of their scores.

The mean of scores is a log-linear pool: the renormalized geometric mean of the networks' distributions. One decoder
reads it, whose parameters (a CRF's) are the mean of the members', so probabilities, constraints and n-best lists are
computed as for a single network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.config import Config
from elman.data.targets import TAG
from elman.errors import DataError
from elman.features.lexicon import Lexicon
from elman.models.base import CHUNK
from elman.models.graph import Parsed, parse
from elman.models.heads import Heads
from elman.nn.activations import States, states
from elman.nn.bags import Bags
from elman.nn.batch import Batch, Ids, by_length, pack, packed, texts_of
from elman.nn.encoder import Parameters
from elman.nn.layers import Array
from elman.nn.network import Inputs, Network
from elman.utils.limits import check_scores
from elman.utils.summary import Row, Summary, counted

LOOKED_AT = 2_000_000
"""Most words times hidden units of a sentence whose states and gates can be inspected (``Ensemble.states``)."""
TOGETHER = 1 << 22
"""Scores held at a time if words are decoded independently; chains are decoded by whole sentences."""

Decode = Callable[[Parameters, Array, Batch], Sequence[Array]]
"""Compute arrays with a row for each word from decoder parameters, the scores of a packed batch, and the batch."""
Scores = Iterator[tuple[slice, Array]]
"""Slices of a packed batch's rows, with their scores."""
Scorer = Callable[[NDArray[np.int64], Batch], Scores]
"""Score the words at these rows, packed as the batch says."""
Scored = list[tuple[NDArray[np.int32], NDArray[np.float64]]]
"""For each sentence (T,) label ids and their (T,) probabilities."""


class Ensemble(Summary):
    """One or more networks that tag together. T words of a sentence, K tags of a label column.

    ``members``  the parameters of each network
    """

    def __init__(self, config: Config, lexicon: Lexicon, heads: Heads, members: Sequence[Parameters]) -> None:
        self.config, self.lexicon, self.heads, self.members = config, lexicon, heads, tuple(members)
        self.network = network_of(config, lexicon, heads)

    def _summary(self) -> str:
        network, n = self.config.network, len(self.members)
        size = f"{network.layers} × {network.hidden:,} units of {network.cell}" if self.network.encodes else "n-grams"
        parameters = sum(w.size for parameters in self.members for w in parameters.values())
        return f"{counted(n, 'network')}, {size}, {parameters:,} parameters"

    def _table(self) -> Iterator[Row]:
        yield "tensor", "shape", "numbers"
        for name, w in self.members[0].items():
            yield name, " × ".join(map(str, w.shape)), int(w.size)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the first label column."""
        return self.heads.tags[0]

    @property
    def tag_sets(self) -> tuple[tuple[str, ...], ...]:
        """The tags of each label column."""
        return self.heads.tags

    @property
    def tasks(self) -> tuple[str, ...]:
        """What each label column holds (``elman.data.targets``)."""
        return tuple(head.task for head in self.heads.each)

    def best(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.int32]]:
        """Return for each sentence the (T,) ids of its best tags, in the first column.

        For document labels the (1,) id of the label, or (1, K) bools if there can be several; for a sentence without
        words an empty array.
        """
        head = self.heads.each[0]
        (ids,) = self._each(sentences, lambda *scored: [head.best(*scored)])
        return head.each(ids)

    def best_columns(self, sentences: Sequence[Sequence[str]]) -> list[list[NDArray[np.int32]]]:
        """Return ``best`` for each column, from one pass of the networks."""
        heads = self.heads.each
        columns = self._each(sentences, lambda *scored: [head.best(*scored) for head in heads])
        return [head.each(ids) for head, ids in zip(heads, columns, strict=True)]

    def probabilities(self, sentences: Sequence[Sequence[str]], column: int = 0) -> list[NDArray[np.float64]]:
        """Return for each sentence the (T, K) probabilities of a column's tags; for document labels (1, K)."""
        head = self.heads.each[column]
        (p,) = self._each(sentences, lambda *scored: [head.marginals(*scored)])
        return head.each(p)

    def best_and_confidences(self, sentences: Sequence[Sequence[str]]) -> Scored:
        """Return for each sentence the best ids and their probabilities, in the first column, from one pass."""
        head = self.heads.each[0]
        return list(zip(*map(head.each, self._each(sentences, head.best_and_confidences)), strict=True))

    def best_and_confidences_columns(self, sentences: Sequence[Sequence[str]]) -> list[Scored]:
        """Return ``best_and_confidences`` for each column, from one pass of the networks."""
        heads = self.heads.each
        results = self._each(
            sentences, lambda *scored: [part for head in heads for part in head.best_and_confidences(*scored)]
        )
        columns = zip(heads, results[::2], results[1::2], strict=True)
        return [list(zip(head.each(ids), head.each(p), strict=True)) for head, ids, p in columns]

    def nbest(self, words: Sequence[str], most: int, column: int = 0) -> list[tuple[Ids, float]]:
        """Return the ``most`` most probable tag sequences: (T,) ids and their probability, best first."""
        head = self.heads.each[column]
        assert head.task == TAG
        check_scores(len(words), len(head.tags))
        ((scores,),) = self._each([words], lambda _, scores, batch: [head.of(scores, batch)])
        return head.decoder.nbest(self.decoder_parameters(), scores, most, head.temperature)

    def trees(self, sentences: Sequence[Sequence[str]]) -> Parsed:
        """Return the trees of sentences by the graph part of the networks, with rows in word order."""
        sizes = self.heads.graph_sizes
        assert sizes is not None
        lengths = np.array([len(words) for words in sentences], np.int64)
        ends, n = np.cumsum(lengths), int(lengths.sum())
        inputs = self.lexicon.read([word for words in sentences for word in words])
        found = Parsed(np.zeros(n, np.int32), np.ones(n), np.zeros((n, sizes.relations), np.float32))
        for some in by_length(lengths, CHUNK):
            batch, rows = packed(lengths, ends, some)
            in_order = np.argsort(batch.rows)
            states = [h[in_order] for h in self._states(inputs.take(rows), batch) if h is not None]
            own = parse(sizes, self.members, states, lengths[some])
            rows = rows[in_order]
            found.heads[rows], found.p[rows], found.relations[rows] = own.heads, own.p, own.relations
        return found

    def scores(self, inputs: Inputs, batch: Batch, grams: Bags | None = None) -> Array:
        """Return the mean of the members' scores (N, K1 + K2 + …) of a packed batch; ``grams`` are its n-grams."""
        ((_, total),) = self._mean(self._states(inputs, batch), batch, grams, max(1, len(batch.rows)))
        return total

    def states(self, words: Sequence[str], layer: int, direction: str) -> States:
        """Return the states of a layer (from 0) of the first network while it reads a sentence.

        Raises DataError if the sentence is too long to inspect.
        """
        encoder, parameters = self.network.encoder, self.members[0]
        most = LOOKED_AT // encoder.config.hidden
        if len(words) > most:
            raise DataError(
                f"a sentence of {len(words):,} words, expected up to {most:,} with hidden={encoder.config.hidden}: is "
                "a blank line or a line end missing?"
            )
        batch = pack(np.array([len(words)]))
        x = self.network.represent(parameters, self.lexicon.read(words))
        of_layers = states(encoder.up_to(layer), parameters, x, batch)
        return next(each for each in of_layers if each.layer == layer and each.direction == direction)

    def decoder_parameters(self) -> Parameters:
        """Return the decoders' parameters: the mean of the members'."""
        if len(self.members) == 1:
            return self.members[0]
        return {
            name: np.mean([parameters[name] for parameters in self.members], axis=0) for name in self.heads.shapes()
        }

    def _each(self, sentences: Sequence[Sequence[str]], decode: Decode) -> list[list[Any]]:
        """Return the arrays that ``decode`` computes, each split into the rows of each sentence."""
        lengths = np.array([len(words) for words in sentences], np.int64)
        score = self._scorer(sentences)
        places = list(map(slice, [0, *(ends := np.cumsum(lengths).tolist())], ends))  # np.split takes ten times as long
        return [[rows[place] for place in places] for rows in self._flat(lengths, score, decode)]

    def _scorer(self, sentences: Sequence[Sequence[str]]) -> Scorer:
        """Return the function that scores the words of these sentences, given their rows and packed batch."""
        inputs, grams = self.lexicon.read([word for words in sentences for word in words]), self.grams(sentences)
        return lambda rows, batch: self._mean(self._states(inputs.take(rows), batch), batch, grams(rows, batch))

    def _states(self, inputs: Inputs, batch: Batch) -> Iterator[Array | None]:
        """Yield the states (N, P) of each network's last layer; None if the networks have no encoder."""
        for parameters in self.members:
            if self.network.encodes:
                x = self.network.represent(parameters, inputs)
                yield self.network.encoder.forward(parameters, x, batch)[0]
            else:
                yield None

    def _mean(
        self, states: Iterable[Array | None], batch: Batch, grams: Bags | None = None, most: int | None = None
    ) -> Scores:
        """Yield the mean of the networks' scores, given their states, for ``most`` words at a time."""
        n = max(1, len(batch.rows))
        most = most or (max(1, TOGETHER // self.heads.width) if self._by_word else n)
        if most < n:
            states = list(states)
        for start in range(0, n, most):
            total: Array | None = None
            for parameters, h in zip(self.members, states, strict=True):
                some = h if h is None or most >= n else h[start : start + most]
                scores, _ = self.network.output(parameters, some, batch, grams)
                if total is None:
                    total = scores
                else:
                    total += scores
            assert total is not None
            yield slice(start, start + most), total if len(self.members) == 1 else total / np.float32(len(self.members))

    @property
    def _by_word(self) -> bool:
        """Whether all heads decode each word independently."""
        return all(head.task == TAG and head.decoder.independent for head in self.heads.each)

    def grams(self, sentences: Sequence[Sequence[str]]) -> Callable[[NDArray[np.int64], Batch], Bags | None]:
        """Return the function that gives the n-grams of a batch's documents; it returns None if none are used."""
        if self.heads.grams is None:
            return lambda rows, batch: None
        bags, ends = self.heads.grams.bags(sentences), np.cumsum([len(words) for words in sentences])
        return lambda rows, batch: bags.take(texts_of(ends, rows, batch))

    def _flat(self, lengths: NDArray[np.int64], score: Scorer, decode: Decode, *, chunk: int = CHUNK) -> list[Array]:
        """Return the arrays that ``decode`` computes for sentences of these lengths, with rows in word order.

        Batches hold at most ``chunk`` words, or one longer sentence.
        """
        parameters, longest = self.decoder_parameters(), int(lengths.max(initial=0))
        for head in self.heads.each:
            if head.task == TAG and not head.decoder.independent:
                check_scores(longest, len(head.tags))
        if len(lengths) == 1:  # no need to sort and pack
            every = np.arange(longest)
            parts = iter([(Batch(np.ones(longest, np.int32), every), every)])
        else:
            ends = np.cumsum(lengths)
            parts = (packed(lengths, ends, some) for some in by_length(lengths, chunk))
        results: list[Array] = []
        for batch, rows in parts:
            for piece, scores in score(rows, batch):
                decoded = decode(parameters, scores, batch)
                if len(lengths) == 1 and len(scores) == longest:
                    return list(decoded)
                for i, values in enumerate(decoded):
                    if i == len(results):
                        results.append(np.empty((int(lengths.sum()), *values.shape[1:]), values.dtype))
                    results[i][rows[piece]] = values
        if not results:  # not even an empty sentence
            no_scores = np.zeros((0, self.heads.width + self.heads.labels), np.float32)
            results = list(decode(parameters, no_scores, pack(np.zeros(0, np.int64))))
        return results


def network_of(config: Config, lexicon: Lexicon, heads: Heads) -> Network:
    """Return the network for this lexicon and these heads."""
    grams = 0 if heads.grams is None else len(heads.grams)
    return replace(lexicon.network(config.network, heads.width), labels=heads.labels, grams=grams)
