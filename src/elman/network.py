"""The network: representation of words -> encoder -> scores of the tags, with named parameters.

Names of parameters: ``embedding`` (V, E), ``features`` (F, E'), those of the encoder, ``output.w_oh`` and
``output.b_o``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from elman import layers
from elman.batching import Batch, Ids
from elman.config import NetworkConfig
from elman.encoder import Encoder, Gradients, Parameters
from elman.features import Bags
from elman.layers import Array, Noise


@dataclass(frozen=True)
class Inputs:
    """What the network reads of N words: their ids, and what is known of the U distinct words among them.

    ``words``  (N,) int32 ids in the vocabulary
    ``types``  (N,) int32 which distinct word stands there
    ``bags``   the U distinct words' features
    """

    words: Ids
    types: Ids
    bags: Bags

    def take(self, rows: NDArray[np.int64]) -> Inputs:
        """The words at these places, and the distinct words among them alone."""
        used, where = np.unique(self.types[rows], return_inverse=True)
        return Inputs(self.words[rows], where.astype(np.int32), self.bags.take(used.astype(np.int64)))


@dataclass(frozen=True)
class Network:
    """A recurrent tagger of V word types (the unknown word among them), F features and K tags."""

    config: NetworkConfig
    words: int  # V
    features: int  # F
    tags: int  # K

    @cached_property
    def encoder(self) -> Encoder:
        """The recurrent layers."""
        c = self.config
        return Encoder(c, c.embedding + (c.feature_embedding if self.features else 0), self.words)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        c = self.config
        shapes: dict[str, tuple[int, ...]] = {}
        if c.embedding:
            shapes["embedding"] = (self.words, c.embedding)
        if self.features:
            shapes["features"] = (self.features, c.feature_embedding)
        shapes |= self.encoder.shapes()
        shapes["output.w_oh"], shapes["output.b_o"] = (self.tags, self.encoder.output), (self.tags,)
        return shapes

    def start(self, generator: np.random.Generator) -> Parameters:
        """Parameters to begin with, float32.

        Matrices uniform after Glorot & Bengio (2010); of gated cells the recurrent ones orthogonal, gate by gate (Saxe
        et al. 2014); biases 0, of the LSTM's forget gate 1 (Jozefowicz et al. 2015), of a highway -1.
        """
        c = self.config
        parameters: Parameters = {}
        for name, shape in self.shapes().items():
            kind = name.rsplit(".", 1)[-1]
            if len(shape) == 1:
                parameters[name] = np.zeros(shape, np.float32)
                if kind == "b_r" and c.cell == "lstm":
                    parameters[name][c.hidden : 2 * c.hidden] = 1
                if name.endswith("mix.b"):
                    parameters[name][:] = -1
            elif kind == "w_rh" and c.cell == "elman" and c.recurrent_start:
                parameters[name] = np.eye(shape[0], dtype=np.float32) * np.float32(c.recurrent_start)
            elif kind == "w_rh" and c.cell != "elman":
                gates = [
                    np.linalg.qr(generator.standard_normal((c.hidden, c.hidden)))[0]
                    for _ in range(shape[0] // c.hidden)
                ]
                parameters[name] = np.concatenate(gates).astype(np.float32)
            else:
                # A row of a table over words is looked up, not summed over: its width alone counts.
                table = name in ("embedding", "features") or (
                    not c.embedding and name.startswith("layer0.") and kind == "w_rx"
                )
                bound = np.sqrt(6 / (2 * shape[1] if table else sum(shape)))
                parameters[name] = generator.uniform(-bound, bound, shape).astype(np.float32)
        return parameters

    def forward(
        self, parameters: Parameters, inputs: Inputs, batch: Batch, *, bptt: int = 0, noise: Noise | None = None
    ) -> tuple[Array, Callable[[Array], Gradients]]:
        """Scores (N, K) of a packed batch; backprop turns dscores into the gradients of all parameters."""
        x, unrepresent = self._represent(parameters, inputs, batch, noise)
        h, unroll = self.encoder.forward(parameters, x, batch, bptt=bptt)
        h, undrop = layers.dropout(h, noise.dropout if noise else 0.0, noise, batch)
        scores, unlinear = layers.linear(h, parameters["output.w_oh"], parameters["output.b_o"])

        def backprop(dscores: Array) -> Gradients:
            gradients: Gradients = {}
            dh, gradients["output.w_oh"], gradients["output.b_o"] = unlinear(dscores)
            dx = unroll(undrop(dh), gradients)
            if dx is not None:
                unrepresent(dx, gradients)
            return gradients

        return scores, backprop

    def _represent(
        self, parameters: Parameters, inputs: Inputs, batch: Batch, noise: Noise | None
    ) -> tuple[Array | Ids, Callable[[Array, Gradients], None]]:
        """Word vector ⊕ sum of feature vectors -> (N, E + E'); one-hot words stay ids."""
        E = self.config.embedding
        if not E:
            return inputs.words, lambda dx, gradients: None
        x, unembed = layers.embedding(parameters["embedding"], inputs.words)
        unspread = unbag = None
        if self.features:
            sums, unbag = layers.bag(parameters["features"], inputs.bags)
            placed, unspread = layers.spread(sums, inputs.types)
            x = np.concatenate([x, placed], axis=1)
        y, undrop = layers.dropout(x, noise.word_dropout if noise else 0.0, noise, batch)

        def backprop(dy: Array, gradients: Gradients) -> None:
            dx = undrop(dy)
            gradients["embedding"] = unembed(dx[:, :E])
            if unbag is not None and unspread is not None:
                gradients["features"] = unbag(unspread(dx[:, E:]))

        return y, backprop
