"""The network: representation of words -> encoder -> scores of tags, with named parameters.

Names of parameters: ``embedding`` (V, E), ``features`` (F, E'), ``vectors`` (W, D), ``token_features`` and
``token_numbers`` (of the features that words bring along), those of the character encoder and of the encoder,
``output.w_oh`` and ``output.b_o``. For document labels: ``pooling.…``, ``text.w_oh``, ``text.b_o``,
``text.grams`` (G, L) and ``text.scale`` (G,), which is not trained. Decoders turn scores into tags
(``elman.models.heads``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.config import NetworkConfig
from elman.nn import layers, pooling, shapes
from elman.nn.bags import Bags
from elman.nn.batch import Batch, Ids
from elman.nn.char_encoder import CharacterEncoder
from elman.nn.encoder import Carried, Encoder, Gradients, Parameters
from elman.nn.layers import Array, DropoutNoise
from elman.nn.shapes import Shapes, Sizes

Block = tuple[Array, Callable[[Array, Gradients], None]]  # part of the representation, and its backprop
Beside = Callable[[Array], Callable[[Gradients], Array]]
"""An output besides the scores: states h (N, P) -> backprop, which fills in gradients and returns dh (N, P)."""


class TokenInputs(NamedTuple):
    """Features that N words bring along: ids of the known ones, and (N, D) float32 scaled numbers."""

    bags: Bags
    numbers: Array

    def take(self, rows: NDArray[np.int64]) -> TokenInputs:
        """Return the features of these words only."""
        return TokenInputs(self.bags.take(rows), self.numbers[rows])


@dataclass(frozen=True)
class Inputs:
    """The network's inputs for N words, U of them distinct.

    ``words``      (N,) int32 ids in the vocabulary
    ``types``      (N,) int32 index of the distinct word
    ``bags``       features of the U distinct words
    ``spellings``  ids of their characters, in order; None: not used
    ``vectors``    (U,) int32 rows in the table of pretrained vectors; None: there is none
    ``numbers``    (U, D) float32 numbers in place of words; None: they are words
    ``tokens``     features that the N words bring along; None: none
    """

    words: Ids
    types: Ids
    bags: Bags
    spellings: Bags | None = None
    vectors: Ids | None = None
    numbers: Array | None = None
    tokens: TokenInputs | None = None

    def take(self, rows: NDArray[np.int64]) -> Inputs:
        """Return the inputs of these words only."""
        types = self.types[rows]
        which, where = layers.distinct(types, int(types.max(initial=-1)) + 1)
        return Inputs(
            self.words[rows],
            where,
            self.bags.take(which),
            None if self.spellings is None else self.spellings.take(which),
            None if self.vectors is None else self.vectors[which],
            None if self.numbers is None else self.numbers[which],
            None if self.tokens is None else self.tokens.take(rows),
        )


@dataclass(frozen=True)
class Network:
    """A recurrent tagger of V words (including the unknown word), F features and K tags of all label columns.

    C characters of the character encoder, a table of W pretrained vectors, D wide, ``numbers`` in place of words, and
    ``token_features`` (known ones, and numbers among them) are 0 without them. For text classification there are L
    labels and G n-grams. Document labels are scored in the row of the text's first word; these are the first B rows of
    a packed batch.
    """

    config: NetworkConfig
    words: int  # V
    features: int  # F
    tags: int  # K
    characters: int = 0  # C
    vectors: tuple[int, int] = (0, 0)  # W, D
    labels: int = 0  # L
    grams: int = 0  # G
    numbers: int = 0
    token_features: tuple[int, int] = (0, 0)

    @property
    def sizes(self) -> Sizes:
        """The sizes as ``nn.shapes`` takes them."""
        of_texts = self.labels, self.grams, self.numbers
        return Sizes(
            self.words, self.features, self.tags, self.characters, self.vectors, *of_texts, self.token_features
        )

    @property
    def encodes(self) -> bool:
        """Whether there is an encoder; otherwise only the n-grams are used."""
        return shapes.encodes(self.config, self.sizes)

    @cached_property
    def encoder(self) -> Encoder:
        """Return the recurrent layers."""
        return Encoder(self.config, shapes.width(self.config, self.sizes), self.words)

    @cached_property
    def speller(self) -> CharacterEncoder:
        """Return the character encoder."""
        return CharacterEncoder(self.config, self.characters)

    def shapes(self) -> Shapes:
        """Return the shape of every parameter."""
        return shapes.network(self.config, self.sizes)

    def forward(
        self,
        parameters: Parameters,
        inputs: Inputs,
        batch: Batch,
        grams: Bags | None = None,
        *,
        bptt: int = 0,
        noise: DropoutNoise | None = None,
        carried: Carried | None = None,
        beside: Beside | None = None,
    ) -> tuple[Array, Callable[[Array], Gradients]]:
        """Compute scores (N, K + L) of a packed batch; backprop turns dscores into the gradients of all parameters.

        ``grams`` are those of the B texts, longest first; ``carried`` are the states after the previous segment.
        ``beside`` is another output of the encoder's states.
        """
        if not self.encodes:
            scores, unscore = self.output(parameters, None, batch, grams, noise)

            def alone(dscores: Array) -> Gradients:
                gradients: Gradients = {}
                unscore(dscores, gradients)
                return gradients

            return scores, alone
        h, unencode = self.encode(parameters, inputs, batch, bptt=bptt, noise=noise, carried=carried)
        scores, unscore = self.output(parameters, h, batch, grams, noise)
        back_beside = None if beside is None else beside(h)

        def backprop(dscores: Array) -> Gradients:
            gradients: Gradients = {}
            dh = unscore(dscores, gradients)
            assert dh is not None
            if back_beside is not None:
                dh = dh + back_beside(gradients)
            unencode(dh, gradients)
            return gradients

        return scores, backprop

    def encode(
        self,
        parameters: Parameters,
        inputs: Inputs,
        batch: Batch,
        *,
        bptt: int = 0,
        noise: DropoutNoise | None = None,
        carried: Carried | None = None,
    ) -> tuple[Array, Callable[[Array, Gradients], None]]:
        """Compute the encoder's states h (N, P); backprop fills in the gradients of the inputs and of the encoder."""
        x, represented = self._represent(parameters, inputs)
        if noise is not None and self.config.embedding:
            x, unnoise = layers.dropout(x, noise.word_dropout, noise, batch)
        else:
            unnoise = _identity
        h, unroll = self.encoder.forward(parameters, x, batch, bptt=bptt, carried=carried, noise=noise)

        def backprop(dh: Array, gradients: Gradients) -> None:
            dx = unroll(dh, gradients)
            if dx is not None:
                represented(unnoise(dx), gradients)

        return h, backprop

    def output(
        self,
        parameters: Parameters,
        h: Array | None,
        batch: Batch,
        grams: Bags | None = None,
        noise: DropoutNoise | None = None,
    ) -> tuple[Array, Callable[[Array, Gradients], Array | None]]:
        """Compute scores (N, K + L) from the encoder's states h (N, P), None without an encoder.

        backprop turns dscores into dh and fills in the gradients of the output's parameters.
        """
        share = noise.dropout if noise else 0.0
        if not self.labels:
            assert h is not None
            return self._of_words(parameters, h, batch, share, noise)
        N, B, K = len(batch.rows), batch.sentences, self.tags
        scores = np.zeros((N, K + self.labels), parameters["text.b_o"].dtype)
        unscore = None
        if K:
            assert h is not None
            scores[:, :K], unscore = self._of_words(parameters, h, batch, share, noise)
        scores[:B, K:], untext = self._of_texts(parameters, h, batch, grams, noise)

        def backprop(dscores: Array, gradients: Gradients) -> Array | None:
            dh = untext(np.ascontiguousarray(dscores[:B, K:]), gradients)
            if unscore is None:
                return dh
            of_words = unscore(np.ascontiguousarray(dscores[:, :K]), gradients)
            return of_words if dh is None else of_words + dh

        return scores, backprop

    def _of_words(
        self, parameters: Parameters, h: Array, batch: Batch, share: float, noise: DropoutNoise | None
    ) -> tuple[Array, Callable[[Array, Gradients], Array]]:
        """Compute scores (N, K) of the words' tags."""
        h, undrop = layers.dropout(h, share, noise, batch)
        scores, unlinear = layers.linear(h, parameters["output.w_oh"], parameters["output.b_o"])

        def backprop(dscores: Array, gradients: Gradients) -> Array:
            dh, gradients["output.w_oh"], gradients["output.b_o"] = unlinear(dscores)
            return undrop(dh)

        return scores, backprop

    def _of_texts(
        self, parameters: Parameters, h: Array | None, batch: Batch, grams: Bags | None, noise: DropoutNoise | None
    ) -> tuple[Array, Callable[[Array, Gradients], Array | None]]:
        """Compute scores (B, L) of document labels: w·(pooled states) + b + scaled weights of the n-grams."""
        c, b, ungram, unpool = self.config, parameters["text.b_o"], None, None
        scores = np.repeat(b[None], batch.sentences, axis=0)
        if self.grams:
            assert grams is not None
            weights, ungram = layers.unit_bag(parameters["text.grams"], parameters["text.scale"], grams)
            kept = np.ones((batch.sentences, 1), b.dtype)  # not scaled up: each part has to work without the other
            if noise is not None and noise.grams:
                kept[noise.draws.random(batch.sentences) < noise.grams] = 0
            scores += weights * kept
        if c.pooling != "none":
            assert h is not None
            own = {name: parameters[f"pooling.{name}"] for name in shapes.pooling(c.pooling, h.shape[1])}
            pooled, unpool = pooling.pool(c.pooling, h, batch, own, c.hidden)
            share = noise.dropout if noise else 0.0
            pooled, undrop = layers.dropout(pooled, share, noise._replace(variational=False) if noise else None, batch)
            more, unlinear = layers.linear(pooled, parameters["text.w_oh"], np.zeros_like(b))
            scores += more

        def backprop(dscores: Array, gradients: Gradients) -> Array | None:
            gradients["text.b_o"] = dscores.sum(axis=0)
            if ungram is not None:
                gradients["text.grams"] = ungram(dscores * kept)
            if unpool is None:
                return None
            dpooled, gradients["text.w_oh"], _ = unlinear(dscores)
            dh, of_pooling = unpool(undrop(dpooled))
            gradients.update({f"pooling.{name}": value for name, value in of_pooling.items()})
            return dh

        return scores, backprop

    def represent(self, parameters: Parameters, inputs: Inputs) -> Array | Ids:
        """Return the encoder's input (N, width); for one-hot words their ids (N,)."""
        return self._represent(parameters, inputs)[0]

    def _represent(
        self, parameters: Parameters, inputs: Inputs
    ) -> tuple[Array | Ids, Callable[[Array, Gradients], None]]:
        """Embedding ⊕ sum of feature embeddings ⊕ pretrained vector ⊕ states of the character encoder ⊕ sum of the
        embeddings of token features: (N, width).
        """
        if inputs.numbers is not None:
            return inputs.numbers[inputs.types], lambda dx, gradients: None
        if not self.config.embedding:
            return inputs.words, lambda dx, gradients: None
        blocks = [_table("embedding", parameters, inputs.words)]
        if self.features:
            blocks.append(_spread(_bag("features", parameters, inputs.bags), inputs.types))
        if inputs.vectors is not None:
            frozen = self.config.vectors == "frozen"
            blocks.append(_table("vectors", parameters, inputs.vectors[inputs.types], frozen=frozen))
        if inputs.spellings is not None:
            blocks.append(_spread(self.speller.forward(parameters, inputs.spellings), inputs.types))
        if inputs.tokens is not None and self.token_features[0]:
            blocks.append(_token_features(parameters, inputs.tokens))
        x = blocks[0][0] if len(blocks) == 1 else np.concatenate([y for y, _ in blocks], axis=1)

        def backprop(dx: Array, gradients: Gradients) -> None:
            start = 0
            for block, back in blocks:
                end = start + block.shape[1]
                back(dx[:, start:end], gradients)
                start = end

        return x, backprop


def _identity(dx: Array) -> Array:
    return dx


def _table(name: str, parameters: Parameters, ids: Ids, *, frozen: bool = False) -> Block:
    """Rows of a table (N, E)."""
    y, unembed = layers.embedding(parameters[name], ids)

    def backprop(dy: Array, gradients: Gradients) -> None:
        if not frozen:
            gradients[name] = unembed(dy)

    return y, backprop


def _bag(name: str, parameters: Parameters, bags: Bags) -> Block:
    """Sums of rows of a table (U, E)."""
    y, unbag = layers.bag(parameters[name], bags)

    def backprop(dy: Array, gradients: Gradients) -> None:
        gradients[name] = unbag(dy)

    return y, backprop


def _token_features(parameters: Parameters, tokens: TokenInputs) -> Block:
    """Sum of the rows of a word's features and of those of its numbers, each times the number (N, E)."""
    y, unbag = layers.bag(parameters["token_features"], tokens.bags)
    if not tokens.numbers.shape[1]:
        return _bag("token_features", parameters, tokens.bags)
    w = parameters["token_numbers"]
    of_numbers, unlinear = layers.linear(tokens.numbers.astype(w.dtype, copy=False), w, np.zeros(len(w), w.dtype))

    def backprop(dy: Array, gradients: Gradients) -> None:
        gradients["token_features"] = unbag(dy)
        _, gradients["token_numbers"], _ = unlinear(dy)

    return y + of_numbers, backprop


def _spread(of_types: Block, types: Ids) -> Block:
    """Copy a block of the U distinct words to their occurrences (N, E)."""
    x, back = of_types
    y, unspread = layers.spread(x, types)
    return y, lambda dy, gradients: back(unspread(dy), gradients)
