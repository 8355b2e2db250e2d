"""What tags: one network, or several of the same words and tags that tag together by the mean of their scores.

A mean of scores is a log-linear pool: the geometric mean of the networks' distributions, made to sum to 1 again. It
goes into one decoder, whose own parameters (a CRF's) are the mean of theirs, so probabilities, constraints and n-best
lists are made as of one network.
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
from elman.models.heads import Heads
from elman.nn.activations import States, states
from elman.nn.bags import Bags
from elman.nn.batch import Batch, Ids, by_length, pack, packed, texts_of
from elman.nn.encoder import Parameters
from elman.nn.layers import Array
from elman.nn.network import Inputs, Network
from elman.utils.limits import check_scores

LOOKED_AT = 2_000_000  # words of a sentence times units, whose states and gates are looked at one by one
TOGETHER = 1 << 22  # scores held at a time where each word is decoded by itself; whole sentences elsewhere

Decode = Callable[[Parameters, Array, Batch], Sequence[Array]]
"""What is made of the scores of a packed batch: arrays with a row for each word."""
Scores = Iterator[tuple[slice, Array]]
"""Scores of a packed batch, for some of its rows at a time."""
Scorer = Callable[[NDArray[np.int64], Batch], Scores]
Scored = list[tuple[NDArray[np.int32], NDArray[np.float64]]]  # of each sentence (T,) ids and their probabilities (T,)


class Ensemble:
    """What tags: T words of a sentence, and K tags of each label column.

    ``members``  the parameters of each network, one or more
    """

    def __init__(self, config: Config, lexicon: Lexicon, heads: Heads, members: Sequence[Parameters]) -> None:
        self.config, self.lexicon, self.heads, self.members = config, lexicon, heads, tuple(members)
        self.network = network_of(config, lexicon, heads)

    def __repr__(self) -> str:
        network, n = self.config.network, len(self.members)
        size = f"{network.layers} × {network.hidden:,} units of {network.cell}" if self.network.encodes else "n-grams"
        parameters = sum(w.size for parameters in self.members for w in parameters.values())
        return f"<{type(self).__name__}: {n} network{'s' * (n > 1)}, {size}, {parameters:,} parameters>"

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
        """What each label column is (``elman.models.base``)."""
        return tuple(head.task for head in self.heads.each)

    def best(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.int32]]:
        """For each sentence the (T,) ids of its best tags, in the first column.

        For document labels the (1,) id of the label, or for several labels at once (1, K) which hold; for a
        sentence without words none.
        """
        head = self.heads.each[0]
        (ids,) = self._each(sentences, lambda *scored: [head.best(*scored)])
        return head.each(ids)

    def best_columns(self, sentences: Sequence[Sequence[str]]) -> list[list[NDArray[np.int32]]]:
        """The same for each column, from one pass of the network."""
        heads = self.heads.each
        found = self._each(sentences, lambda *scored: [head.best(*scored) for head in heads])
        return [head.each(ids) for head, ids in zip(heads, found, strict=True)]

    def probabilities(self, sentences: Sequence[Sequence[str]], column: int = 0) -> list[NDArray[np.float64]]:
        """For each sentence the (T, K) probabilities of a column's tags; for document labels (1, K)."""
        head = self.heads.each[column]
        (p,) = self._each(sentences, lambda *scored: [head.marginals(*scored)])
        return head.each(p)

    def best_and_confidences(self, sentences: Sequence[Sequence[str]]) -> Scored:
        """For each sentence ids and their probabilities, in the first column, from one pass of the network."""
        head = self.heads.each[0]
        return list(zip(*map(head.each, self._each(sentences, head.best_and_confidences)), strict=True))

    def best_and_confidences_columns(self, sentences: Sequence[Sequence[str]]) -> list[Scored]:
        """The same for each column, from one pass of the network."""
        heads = self.heads.each
        found = self._each(
            sentences, lambda *scored: [part for head in heads for part in head.best_and_confidences(*scored)]
        )
        columns = zip(heads, found[::2], found[1::2], strict=True)
        return [list(zip(head.each(ids), head.each(p), strict=True)) for head, ids, p in columns]

    def nbest(self, words: Sequence[str], most: int, column: int = 0) -> list[tuple[Ids, float]]:
        """The ``most`` most probable ways to tag a sentence: (T,) ids and their probability, best first."""
        head = self.heads.each[column]
        assert head.task == TAG
        check_scores(len(words), len(head.tags))
        ((scores,),) = self._each([words], lambda _, scores, batch: [head.of(scores, batch)])
        return head.decoder.nbest(self.decoder_parameters(), scores, most, head.temperature)

    def scores(self, inputs: Inputs, batch: Batch, grams: Bags | None = None) -> Array:
        """The mean of the members' scores (N, K1 + K2 + …) of a packed batch; ``grams`` are those of its texts."""
        ((_, total),) = self._mean(self._states(inputs, batch), batch, grams, max(1, len(batch.rows)))
        return total

    def states(self, words: Sequence[str], layer: int, direction: str) -> States:
        """What a layer (from 0) of the first network does while it reads a sentence.

        Raises DataError for a sentence that is too long to look at.
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
        found = states(encoder.up_to(layer), parameters, x, batch)
        return next(one for one in found if one.layer == layer and one.direction == direction)

    def decoder_parameters(self) -> Parameters:
        """The decoders' parameters: the mean of the members'."""
        if len(self.members) == 1:
            return self.members[0]
        return {
            name: np.mean([parameters[name] for parameters in self.members], axis=0) for name in self.heads.shapes()
        }

    def _each(self, sentences: Sequence[Sequence[str]], decode: Decode) -> list[list[Any]]:
        """For each array that ``decode`` makes of the scores of a packed batch, and each sentence, its rows."""
        lengths = np.array([len(words) for words in sentences], np.int64)
        score = self._scorer(sentences)
        cuts = np.cumsum(lengths)[:-1]
        return [np.split(found, cuts) if sentences else [] for found in self._flat(lengths, score, decode)]

    def _scorer(self, sentences: Sequence[Sequence[str]]) -> Scorer:
        """What scores these sentences' words, given the places of some of them and how they are packed."""
        inputs, grams = self.lexicon.read([word for words in sentences for word in words]), self.grams(sentences)
        return lambda rows, batch: self._mean(self._states(inputs.take(rows), batch), batch, grams(rows, batch))

    def _states(self, inputs: Inputs, batch: Batch) -> Iterator[Array | None]:
        """The states (N, P) of each network's last layer; None where it has none."""
        for parameters in self.members:
            if self.network.encodes:
                x = self.network.represent(parameters, inputs)
                yield self.network.encoder.forward(parameters, x, batch)[0]
            else:
                yield None

    def _mean(
        self, states: Iterable[Array | None], batch: Batch, grams: Bags | None = None, most: int | None = None
    ) -> Scores:
        """The mean of the networks' scores by their states, of ``most`` words at a time."""
        n = max(1, len(batch.rows))
        most = most or (max(1, TOGETHER // self.heads.width) if self._by_word else n)
        if most < n:
            states = list(states)
        for at in range(0, n, most):
            total: Array | None = None
            for parameters, h in zip(self.members, states, strict=True):
                own = h if h is None or most >= n else h[at : at + most]
                scores, _ = self.network.output(parameters, own, batch, grams)
                if total is None:
                    total = scores
                else:
                    total += scores
            assert total is not None
            yield slice(at, at + most), total if len(self.members) == 1 else total / np.float32(len(self.members))

    @property
    def _by_word(self) -> bool:
        """Whether what is said of a word is a matter of its own scores."""
        return all(head.task == TAG and head.decoder.independent for head in self.heads.each)

    def grams(self, sentences: Sequence[Sequence[str]]) -> Callable[[NDArray[np.int64], Batch], Bags | None]:
        """What gives the n-grams of the sentences whose words stand in a batch's rows; None where none are read."""
        if self.heads.grams is None:
            return lambda rows, batch: None
        bags, ends = self.heads.grams.bags(sentences), np.cumsum([len(words) for words in sentences])
        return lambda rows, batch: bags.take(texts_of(ends, rows, batch))

    def _flat(self, lengths: NDArray[np.int64], score: Scorer, decode: Decode, *, chunk: int = CHUNK) -> list[Array]:
        """For each array that ``decode`` makes of words of sentences of these lengths, their rows in the words' order.

        Of at most ``chunk`` words together, or one longer sentence.
        """
        parameters, longest = self.decoder_parameters(), int(lengths.max(initial=0))
        for head in self.heads.each:
            if head.task == TAG and not head.decoder.independent:
                check_scores(longest, len(head.tags))
        if len(lengths) == 1:  # nothing to sort and to pack
            every = np.arange(longest)
            parts = iter([(Batch(np.ones(longest, np.int32), every), every)])
        else:
            ends = np.cumsum(lengths)
            parts = (packed(lengths, ends, some) for some in by_length(lengths, chunk))
        results: list[Array] = []
        for batch, rows in parts:
            for piece, scores in score(rows, batch):
                each = decode(parameters, scores, batch)
                if len(lengths) == 1 and len(scores) == longest:
                    return list(each)
                for i, found in enumerate(each):
                    if i == len(results):
                        results.append(np.empty((int(lengths.sum()), *found.shape[1:]), found.dtype))
                    results[i][rows[piece]] = found
        if not results:  # not even an empty sentence
            nothing = np.zeros((0, self.heads.width + self.heads.labels), np.float32)
            results = list(decode(parameters, nothing, pack(np.zeros(0, np.int64))))
        return results


def network_of(config: Config, lexicon: Lexicon, heads: Heads) -> Network:
    """The network that reads these words and learns these label columns."""
    grams = 0 if heads.grams is None else len(heads.grams)
    return replace(lexicon.network(config.network, heads.width), labels=heads.labels, grams=grams)
