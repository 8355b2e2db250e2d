"""What tags: one network, or several of the same words and tags that tag together by the mean of their scores.

A mean of scores is a log-linear pool: the geometric mean of the networks' distributions, made to sum to 1 again. It
goes into one decoder, whose own parameters (a CRF's) are the mean of theirs, so probabilities, constraints and n-best
lists are made as of one network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.batching import Batch, Ids, by_length, pack
from elman.config import Config
from elman.encoder import Parameters
from elman.features import Bags
from elman.heads import Heads
from elman.layers import Array
from elman.lexicon import Lexicon
from elman.model import TAG
from elman.network import Inputs, Network
from elman.states import States, states, up_to

CHUNK = 5120  # words tagged in one pass: a batch of the tagger with its last sentence, most often

Scorer = Callable[[NDArray[np.int64], Batch], Array]
Scored = list[tuple[NDArray[np.int32], NDArray[np.float64]]]  # of each sentence (T,) ids and (T, K) probabilities


class Networks:
    """What tags: T words of a sentence, and K tags of each label column.

    ``members``  the parameters of each network, one or more
    """

    def __init__(self, config: Config, lexicon: Lexicon, heads: Heads, members: Sequence[Parameters]) -> None:
        self.config, self.lexicon, self.heads, self.members = config, lexicon, heads, tuple(members)
        self.network = network_of(config, lexicon, heads)

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
        """What each label column is (``elman.model``)."""
        return tuple(head.task for head in self.heads.each)

    def best(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.int32]]:
        """For each sentence the (T,) ids of its best tags, in the first column.

        Of labels of whole texts the (1,) id of the label, or where there can be several (1, K) which hold; of a
        sentence without words none.
        """
        head = self.heads.each[0]
        (ids,) = self._each(sentences, head.best)
        return head.each(ids)

    def best_columns(self, sentences: Sequence[Sequence[str]]) -> list[list[NDArray[np.int32]]]:
        """The same for each column, from one pass of the network."""
        found = self._each(sentences, *(head.best for head in self.heads.each))
        return [head.each(ids) for head, ids in zip(self.heads.each, found, strict=True)]

    def probabilities(self, sentences: Sequence[Sequence[str]], column: int = 0) -> list[NDArray[np.float64]]:
        """For each sentence the (T, K) probabilities of a column's tags; of labels of whole texts (1, K)."""
        head = self.heads.each[column]
        (p,) = self._each(sentences, head.marginals)
        return head.each(p)

    def best_and_probabilities(self, sentences: Sequence[Sequence[str]]) -> Scored:
        """For each sentence ids and probabilities, in the first column, from one pass of the network."""
        head = self.heads.each[0]
        return list(zip(*map(head.each, self._each(sentences, head.best, head.marginals)), strict=True))

    def best_and_probabilities_columns(self, sentences: Sequence[Sequence[str]]) -> list[Scored]:
        """The same for each column, from one pass of the network."""
        decode = [work for head in self.heads.each for work in (head.best, head.marginals)]
        found = self._each(sentences, *decode)
        columns = zip(self.heads.each, found[::2], found[1::2], strict=True)
        return [list(zip(head.each(ids), head.each(p), strict=True)) for head, ids, p in columns]

    def nbest(self, words: Sequence[str], most: int, column: int = 0) -> list[tuple[Ids, float]]:
        """The ``most`` most probable ways to tag a sentence: (T,) ids and their probability, best first."""
        head = self.heads.each[column]
        assert head.task == TAG
        ((scores,),) = self._each([words], lambda parameters, scores, batch: head.of(scores, batch))
        return head.decoder.nbest(self.decoder_parameters(), scores, most, head.temperature)

    def scores(self, inputs: Inputs, batch: Batch, grams: Bags | None = None) -> Array:
        """The mean of the members' scores (N, K1 + K2 + …) of a packed batch; ``grams`` are those of its texts."""
        total, _ = self.network.forward(self.members[0], inputs, batch, grams)
        for parameters in self.members[1:]:
            total += self.network.forward(parameters, inputs, batch, grams)[0]
        return total if len(self.members) == 1 else total / np.float32(len(self.members))

    def states(self, words: Sequence[str], layer: int, direction: str) -> States:
        """What a layer (from 0) of the first network does while it reads a sentence."""
        encoder, parameters = self.network.encoder, self.members[0]
        batch = pack(np.array([len(words)]))
        x = self.network.represent(parameters, self.lexicon.read(words))
        found = states(up_to(encoder, layer), parameters, x, batch)
        return next(one for one in found if one.layer == layer and one.direction == direction)

    def decoder_parameters(self) -> Parameters:
        """The decoders' parameters: the mean of the members'."""
        if len(self.members) == 1:
            return self.members[0]
        return {
            name: np.mean([parameters[name] for parameters in self.members], axis=0) for name in self.heads.shapes()
        }

    def _each(
        self, sentences: Sequence[Sequence[str]], *decode: Callable[[Parameters, Array, Batch], Any]
    ) -> list[list[Any]]:
        """For each ``decode``, and each sentence, its rows of what that makes of the scores of a packed batch."""
        lengths = np.array([len(words) for words in sentences], np.int64)
        score = self._scorer(sentences)
        cuts = np.cumsum(lengths)[:-1]
        return [np.split(found, cuts) if sentences else [] for found in self._flat(lengths, score, *decode)]

    def _scorer(self, sentences: Sequence[Sequence[str]]) -> Scorer:
        """What scores these sentences' words, given the places of some of them and how they are packed."""
        inputs, grams = self.lexicon.read([word for words in sentences for word in words]), self.grams(sentences)
        return lambda rows, batch: self.scores(inputs.take(rows), batch, grams(rows, batch))

    def grams(self, sentences: Sequence[Sequence[str]]) -> Callable[[NDArray[np.int64], Batch], Bags | None]:
        """What gives the n-grams of the sentences whose words stand in a batch's rows; None where none are read."""
        if self.heads.grams is None:
            return lambda rows, batch: None
        bags, ends = self.heads.grams.bags(sentences), np.cumsum([len(words) for words in sentences])
        return lambda rows, batch: bags.take(texts_of(ends, rows, batch))

    def _flat(
        self,
        lengths: NDArray[np.int64],
        score: Scorer,
        *decode: Callable[[Parameters, Array, Batch], Any],
        chunk: int = CHUNK,
    ) -> list[Array]:
        """For each ``decode`` what it makes of the words of sentences of these lengths, in the order of the words.

        Of at most ``chunk`` words together, or one longer sentence.
        """
        parameters = self.decoder_parameters()
        if len(lengths) == 1:  # nothing to sort and to pack
            every = np.arange(lengths[0])
            batch = Batch(np.ones(len(every), np.int32), every)
            scores = score(every, batch)
            return [each(parameters, scores, batch) for each in decode]
        ends = np.cumsum(lengths)
        results: list[Array] = []
        for some in by_length(lengths, chunk):
            batch, rows = packed(lengths, ends, some)
            scores = score(rows, batch)
            for i, each in enumerate(decode):
                found = each(parameters, scores, batch)
                if i == len(results):
                    results.append(np.empty((int(ends[-1]), *found.shape[1:]), found.dtype))
                results[i][rows] = found
        if not results:  # not even an empty sentence
            nothing = np.zeros((0, self.heads.width + self.heads.labels), np.float32)
            results = [each(parameters, nothing, pack(np.zeros(0, np.int64))) for each in decode]
        return results


def network_of(config: Config, lexicon: Lexicon, heads: Heads) -> Network:
    """The network that reads these words and learns these label columns."""
    grams = 0 if heads.grams is None else len(heads.grams)
    return replace(lexicon.network(config.network, heads.width), labels=heads.labels, grams=grams)


def texts_of(ends: NDArray[np.int64], rows: NDArray[np.int64], batch: Batch) -> NDArray[np.int64]:
    """Which sentence of a corpus, laid end to end, each of the B of a packed batch is."""
    return np.searchsorted(ends, rows[: batch.sentences], side="right")


def packed(
    lengths: NDArray[np.int64], ends: NDArray[np.int64], some: NDArray[np.int64]
) -> tuple[Batch, NDArray[np.int64]]:
    """The packing of some sentences of a corpus laid end to end, and for each packed row its word in the corpus."""
    return packed_at(ends[some] - lengths[some], lengths[some])


def packed_at(begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> tuple[Batch, NDArray[np.int64]]:
    """The packing of pieces of a text of these lengths, which begin at these words, and where its rows stand there."""
    batch = pack(lengths)
    return batch, rows_at(begins, lengths)[batch.rows]


def rows_at(begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each word of such pieces, laid one after the other, stands in the text."""
    shift = np.repeat(begins + lengths - np.cumsum(lengths), lengths)
    return np.arange(len(shift)) + shift
