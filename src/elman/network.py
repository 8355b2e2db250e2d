"""The network: representation of words -> encoder -> scores of the tags, with named parameters.

Names of parameters: ``embedding`` (V, E), ``features`` (F, E'), ``vectors`` (W, D), those of the character encoder and
of the encoder, ``output.w_oh`` and ``output.b_o``. What is made of the scores is the decoders' (``elman.heads``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from elman import layers
from elman.batching import Batch, Ids
from elman.characters import CharacterEncoder
from elman.config import NetworkConfig
from elman.encoder import Encoder, Gradients, Parameters
from elman.features import Bags
from elman.layers import Array, Noise

Block = tuple[Array, Callable[[Array, Gradients], None]]  # of the representation, and its backprop


@dataclass(frozen=True)
class Inputs:
    """What the network reads of N words: their ids, and what is known of the U distinct words among them.

    ``words``      (N,) int32 ids in the vocabulary
    ``types``      (N,) int32 which distinct word stands there
    ``bags``       the U distinct words' features
    ``spellings``  the ids of their characters, in order; None: not read
    ``vectors``    (U,) int32 their rows in the table of pretrained vectors; None: there is none
    """

    words: Ids
    types: Ids
    bags: Bags
    spellings: Bags | None = None
    vectors: Ids | None = None

    def take(self, rows: NDArray[np.int64]) -> Inputs:
        """The words at these places, and the distinct words among them alone."""
        used, where = np.unique(self.types[rows], return_inverse=True)
        which = used.astype(np.int64)
        return Inputs(
            self.words[rows],
            where.astype(np.int32),
            self.bags.take(which),
            None if self.spellings is None else self.spellings.take(which),
            None if self.vectors is None else self.vectors[which],
        )


@dataclass(frozen=True)
class Network:
    """A recurrent tagger of V word types (the unknown word among them), F features and K tags, of all label columns.

    With a character encoder: C character types; with pretrained vectors: a table of W rows, D wide; 0: without.
    """

    config: NetworkConfig
    words: int  # V
    features: int  # F
    tags: int  # K
    characters: int = 0  # C
    vectors: tuple[int, int] = (0, 0)  # W, D

    @cached_property
    def encoder(self) -> Encoder:
        """The recurrent layers."""
        c = self.config
        blocks = [c.embedding, c.feature_embedding if self.features else 0, self.vectors[1]]
        return Encoder(c, sum(blocks) + (self.speller.output if self.characters else 0), self.words)

    @cached_property
    def speller(self) -> CharacterEncoder:
        """The character encoder."""
        return CharacterEncoder(self.config, self.characters)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        c = self.config
        shapes: dict[str, tuple[int, ...]] = {}
        if c.embedding:
            shapes["embedding"] = (self.words, c.embedding)
        if self.features:
            shapes["features"] = (self.features, c.feature_embedding)
        if self.vectors[0]:
            shapes["vectors"] = self.vectors
        if self.characters:
            shapes |= self.speller.shapes()
        shapes |= self.encoder.shapes()
        shapes["output.w_oh"], shapes["output.b_o"] = (self.tags, self.encoder.output), (self.tags,)
        return shapes

    def start(self, generator: np.random.Generator) -> Parameters:
        """Parameters to begin with, float32.

        Matrices uniform after Glorot & Bengio (2010); of gated cells the recurrent ones orthogonal, gate by gate (Saxe
        et al. 2014); biases 0, of the LSTM's forget gate 1 (Jozefowicz et al. 2015), of a highway -1. Pretrained
        vectors are 0, to be filled in.
        """
        c = self.config
        parameters: Parameters = {}
        for name, shape in self.shapes().items():
            kind = name.rsplit(".", 1)[-1]
            if len(shape) == 1:
                parameters[name] = np.zeros(shape, np.float32)
                if kind == "b_r" and c.cell == "lstm":
                    parameters[name][shape[0] // 4 : shape[0] // 2] = 1
                if name.endswith("mix.b"):
                    parameters[name][:] = -1
            elif kind == "w_rh" and c.cell == "elman" and c.recurrent_start:
                parameters[name] = np.eye(shape[0], dtype=np.float32) * np.float32(c.recurrent_start)
            elif kind == "w_rh" and c.cell != "elman":
                H = shape[1]
                gates = [np.linalg.qr(generator.standard_normal((H, H)))[0] for _ in range(shape[0] // H)]
                parameters[name] = np.concatenate(gates).astype(np.float32)
            elif name == "vectors":
                parameters[name] = np.zeros(shape, np.float32)
            else:
                # A row of a table over words is looked up, not summed over: its width alone counts.
                table = name in ("embedding", "features", "characters.embedding") or (
                    not c.embedding and name.startswith("layer0.") and kind == "w_rx"
                )
                bound = np.sqrt(6 / (2 * shape[1] if table else sum(shape)))
                parameters[name] = generator.uniform(-bound, bound, shape).astype(np.float32)
        return parameters

    def forward(
        self, parameters: Parameters, inputs: Inputs, batch: Batch, *, bptt: int = 0, noise: Noise | None = None
    ) -> tuple[Array, Callable[[Array], Gradients]]:
        """Scores (N, K) of a packed batch; backprop turns dscores into the gradients of all parameters."""
        x, represented = self._represent(parameters, inputs)
        if noise is not None and self.config.embedding:
            x, unnoise = layers.dropout(x, noise.word_dropout, noise, batch)
        else:
            unnoise = _as_it_is
        h, unroll = self.encoder.forward(parameters, x, batch, bptt=bptt)
        h, undrop = layers.dropout(h, noise.dropout if noise else 0.0, noise, batch)
        scores, unlinear = layers.linear(h, parameters["output.w_oh"], parameters["output.b_o"])

        def backprop(dscores: Array) -> Gradients:
            gradients: Gradients = {}
            dh, gradients["output.w_oh"], gradients["output.b_o"] = unlinear(dscores)
            dx = unroll(undrop(dh), gradients)
            if dx is not None:
                represented(unnoise(dx), gradients)
            return gradients

        return scores, backprop

    def represent(self, parameters: Parameters, inputs: Inputs) -> Array | Ids:
        """What the encoder reads of the words (N, width); of one-hot words their ids (N,)."""
        return self._represent(parameters, inputs)[0]

    def _represent(
        self, parameters: Parameters, inputs: Inputs
    ) -> tuple[Array | Ids, Callable[[Array, Gradients], None]]:
        """Word vector ⊕ sum of feature vectors ⊕ pretrained vector ⊕ ends of the character encoder -> (N, width)."""
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
        x = blocks[0][0] if len(blocks) == 1 else np.concatenate([y for y, _ in blocks], axis=1)

        def backprop(dx: Array, gradients: Gradients) -> None:
            start = 0
            for block, back in blocks:
                end = start + block.shape[1]
                back(dx[:, start:end], gradients)
                start = end

        return x, backprop


def _as_it_is(dx: Array) -> Array:
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


def _spread(of_types: Block, types: Ids) -> Block:
    """A block of the U distinct words, to where each of them stands (N, E)."""
    x, back = of_types
    y, unspread = layers.spread(x, types)
    return y, lambda dy, gradients: back(unspread(dy), gradients)
