"""The networks of a model in a graph: from words to the mean scores of all label columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.features.characters import ENDS
from elman.integrations.onnx import cells, keys, texts
from elman.integrations.onnx.characters import Words, words
from elman.integrations.onnx.features import WordFeatures
from elman.integrations.onnx.graph import ALL, Graph, Value
from elman.integrations.onnx.sentences import Sentences, sentences
from elman.models.ensemble import Ensemble
from elman.nn import shapes

Parameters = Mapping[str, NDArray[np.float32]]


class Input(NamedTuple):
    """The inputs: N words as text and as code points (N, C) with lengths (N,), and the lengths (S,) of sentences."""

    words: Value
    characters: Value
    word_lengths: Value
    sentence_lengths: Value


class Networks:
    """What a model's networks compute, one expression for each part. U of the N words are distinct."""

    def __init__(self, g: Graph, model: Ensemble, given: Input) -> None:
        self.g, self.model, self.config = g, model, model.config.network
        self.n = given.words.size(0)
        unique = g.ops("Unique", [given.words], ["string", "int64", "int64"], sorted=0)
        self.words, first, self.types = unique
        codes, lengths = (value.take(first).cast("int64") for value in (given.characters, given.word_lengths))
        self.spelled = words(g, codes, lengths)
        self.sentences: Sentences = sentences(g, given.sentence_lengths.cast("int64"), self.n)
        self.padding = cells.Padding(self.sentences.lengths, self.sentences.mask)

    def scores(self) -> tuple[Value | None, Value | None]:
        """Return the mean scores of the words (N, K) and of the texts (S, L); None without such columns."""
        every = [self._of_member(parameters) for parameters in self.model.members]
        words, of_texts = ([score for one in every if (score := one[i]) is not None] for i in (0, 1))
        return self._mean(words), self._mean(of_texts)

    def _mean(self, scores: list[Value]) -> Value | None:
        if len(scores) < 2:
            return scores[0] if scores else None
        return self.g.op("Sum", *scores) / float(len(scores))

    def _of_member(self, w: Parameters) -> tuple[Value | None, Value | None]:
        h = self._encoded(w) if self.model.network.encodes else None
        own = self.sentences
        of_words = of_texts = None
        if self.model.network.tags:
            assert h is not None
            rows = h.reshape(-1, self.model.network.encoder.output).take(own.step * own.lengths.size(0) + own.sentence)
            of_words = self.g.product(rows, w["output.w_oh"], w["output.b_o"])
        if self.model.network.labels:
            of_texts = self.g.filled(np.float32(0), own.lengths.size(0), 1) + self.g.constant(w["text.b_o"])
            if self.model.network.grams:
                of_texts = of_texts + self._weighed(w["text.grams"], w["text.scale"])
            if self.config.pooling != "none":
                assert h is not None
                of_texts = of_texts + self.g.product(self._pooled(h, w), w["text.w_oh"])
        return of_words, of_texts

    def _encoded(self, w: Parameters) -> Value:
        """Return the states (T, S, P) of the last layer."""
        g, c = self.g, self.config
        x = self._represented(w)
        for i in range(c.layers):
            ways = [_own(w, f"layer{i}.{direction}.") for direction in shapes.directions(c)]
            y = cells.layer(g, c.cell, x, ways, self.padding).h
            if i and c.residual == "add":
                y = y + x
            elif i and c.residual == "highway":
                m = g.product(x, w[f"layer{i}.mix.w"], w[f"layer{i}.mix.b"]).apply("Sigmoid")
                y = (m * y + (1.0 - m) * x) * self.padding.mask.cast("float32").expand(2)
            x = y
        return x

    def _represented(self, w: Parameters) -> Value:
        """Return the input of the first layer: vectors (T, S, E), or the ids (T, S) of one-hot words."""
        g, lexicon = self.g, self.model.lexicon
        if not self.config.embedding:
            return g.concat([self._word_ids, g.vector(len(lexicon.vocabulary))], 0).take(self._places)
        blocks = [g.weights(w["embedding"]).take(self._word_ids)]
        if len(lexicon.features):
            table = np.concatenate([w["features"], np.zeros_like(w["features"][:1])])
            blocks.append(g.weights(table).take(self._feature_ids).sum(1))
        if lexicon.vectors.width:
            blocks.append(g.weights(w["vectors"]).take(self._vector_rows))
        if lexicon.characters is not None:
            blocks.append(self._spellings(w))
        x = g.concat(blocks, 1)
        none = g.filled(np.float32(0), 1, self.model.network.encoder.width)
        return g.concat([x, none], 0).take(self._places)

    # What all members of an ensemble read is computed, and stored in the file, once.

    @cached_property
    def _places(self) -> Value:
        """The distinct word at each place (T, S); U: none."""
        return self.g.concat([self.types, self.g.vector(self.words.size(0))], 0).take(self.sentences.rows)

    @cached_property
    def _word_ids(self) -> Value:
        known = {word: i for i, word in enumerate(self.model.lexicon.vocabulary.words, start=1)}
        return self.g.lookup(self.words, known, 0)

    @cached_property
    def features(self) -> WordFeatures:
        """The sub-word features of the distinct words."""
        return WordFeatures(self.g, self.spelled, self.model.lexicon.features)

    @cached_property
    def _feature_ids(self) -> Value:
        return self.features.ids()

    @cached_property
    def _vector_rows(self) -> Value:
        """The rows of pretrained vectors (U,): of the word, else of its lower-case form, else 0."""
        known = {word: i for i, word in enumerate(self.model.lexicon.vectors.words, start=1)}
        row = self.g.lookup(self.words, known, 0)
        low = self.g.lookup(self.features.whole("v"), keys.table(("v", word, i) for word, i in known.items()), 0)
        return (row > 0).where(row, low.squeeze(1))

    @cached_property
    def _letters(self) -> tuple[Value, cells.Padding]:
        """The ids of the words' characters (M, U), and how many there are; the number of characters is none."""
        g, (codes, lengths), characters = self.g, self.spelled, self.model.lexicon.characters
        assert characters is not None
        place = g.range(g.op("Min", codes.size(1), g.constant(np.int64(2 * ENDS))))  # (M,)
        skipped = g.op("Max", lengths - 2 * ENDS, g.constant(np.int64(0))).expand(1)
        place = (place < ENDS).where(place, place + skipped)  # (U, M)
        known = {ord(character): i for i, character in enumerate(characters.words, start=1)}
        ids = g.lookup(codes.at(place), known, 0).transpose(1, 0)  # (M, U)
        size = g.op("Max", g.op("Min", lengths, g.constant(np.int64(2 * ENDS))), g.constant(np.int64(1)))
        mask = g.range(ids.size(0)).expand(1) < size
        return mask.where(ids, len(characters)), cells.Padding(size, mask)

    def _spellings(self, w: Parameters) -> Value:
        """Return the final states (U, 2H) of the character encoder."""
        embedding, (ids, padding) = w["characters.embedding"], self._letters
        x = self.g.weights(np.concatenate([embedding, np.zeros_like(embedding[:1])])).take(ids)
        ways = [_own(w, f"characters.{direction}.") for direction in ("forward", "backward")]
        return cells.layer(self.g, self.config.cell, x, ways, padding).last

    @cached_property
    def _gram_ids(self) -> Value:
        grams = self.model.heads.grams
        assert grams is not None
        low = self.features.low
        of_words = Words(*(value.take(self.types) for value in low))
        whole = self.features.whole().squeeze(1).take(self.types)
        return texts.ngrams(self.g, grams, of_words, whole, self.sentences, self.model.lexicon.vocabulary.words)

    def _weighed(self, table: NDArray[np.float32], scale: NDArray[np.float32]) -> Value:
        """Return the sums (S, L) of the n-grams' weights, with weights of their own that are scaled to length 1."""
        own = np.append(scale, np.float32(0))
        scaled = np.concatenate([table, np.zeros_like(table[:1])]) * own[:, None]
        sums = self.g.constant(scaled).take(self._gram_ids).sum(1)
        squares = self.g.constant(own * own).take(self._gram_ids).sum(1, keep=True)  # (S, 1)
        return sums / (squares > 0.0).where(squares, 1.0).apply("Sqrt")

    def _pooled(self, h: Value, w: Parameters) -> Value:
        """Return the vectors (S, P) of texts from states (T, S, P)."""
        g, kind, mask = self.g, self.config.pooling, self.padding.mask.expand(2)
        inside = mask.cast("float32")
        if kind == "mean":
            count = g.op("Max", self.sentences.lengths, g.constant(np.int64(1))).cast("float32").expand(1)
            return (h * inside).sum(0) / count
        if kind == "max":
            return mask.where(h, -np.inf).max(0)
        if kind == "last":
            H = self.config.hidden
            ends = g.op("Max", self.sentences.lengths - 1, g.constant(np.int64(0)))
            place = g.op("Expand", ends.expand(0, 2), g.op("Shape", h.part(0, 1, 0), dtype="int64"))
            return g.concat([h.at(place, 0).squeeze(0).part(0, H), h.part(0, 1, 0).squeeze(0).part(H, ALL)], 1)
        z = g.product(h, w["pooling.w"], w["pooling.b"]).apply("Tanh")
        weight = mask.where(g.product(z, w["pooling.q"]), -1e30).softmax(0) * inside  # (T, S, 1)
        return (weight * h).sum(0)


def _own(w: Parameters, prefix: str) -> dict[str, NDArray[np.float32]]:
    return {name.removeprefix(prefix): value for name, value in w.items() if name.startswith(prefix)}
