"""The network: word vectors -> recurrent layers -> scores of the tags, with named parameters.

Names of parameters: ``embedding``, ``layer0.forward.w_rx`` … ``layer0.backward.b_r``, ``output.w_oh``, ``output.b_o``.
With one-hot words (``embedding = 0``) w_rx of the first layer holds a row per word, the slides' columns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from elman import layers
from elman.batching import Batch, Ids
from elman.config import NetworkConfig
from elman.layers import Array, Gradient

Parameters = dict[str, Array]
Gradients = dict[str, Gradient]


@dataclass(frozen=True)
class Noise:
    """What training adds to a pass: the shares dropped, and where the draws come from."""

    generator: np.random.Generator
    dropout: float
    word_dropout: float


@dataclass(frozen=True)
class Network:
    """A recurrent tagger of V word types (the unknown word among them) and K tags."""

    config: NetworkConfig
    words: int  # V
    tags: int  # K

    @property
    def directions(self) -> tuple[str, ...]:
        """Which ways the sentence is read."""
        return ("forward", "backward") if self.config.direction == "bidirectional" else ("forward",)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        c = self.config
        shapes: dict[str, tuple[int, ...]] = {}
        if c.embedding:
            shapes["embedding"] = (self.words, c.embedding)
        width = c.embedding
        for i in range(c.layers):
            for direction in self.directions:
                name = f"layer{i}.{direction}"
                shapes[f"{name}.w_rx"] = (c.hidden, width) if width else (self.words, c.hidden)
                shapes[f"{name}.w_rh"] = (c.hidden, c.hidden)
                shapes[f"{name}.b_r"] = (c.hidden,)
            width = c.hidden * len(self.directions)
        shapes["output.w_oh"], shapes["output.b_o"] = (self.tags, width), (self.tags,)
        return shapes

    def start(self, generator: np.random.Generator) -> Parameters:
        """Parameters to begin with, float32: uniform after Glorot & Bengio (2010), biases 0.

        A row of a table over words is looked up, not summed over: the bound of its numbers counts its width alone.
        """
        parameters: Parameters = {}
        for name, shape in self.shapes().items():
            if len(shape) == 1:
                parameters[name] = np.zeros(shape, np.float32)
            elif name.endswith("w_rh") and self.config.recurrent_start:
                parameters[name] = np.eye(shape[0], dtype=np.float32) * np.float32(self.config.recurrent_start)
            else:
                table = name == "embedding" or (
                    name == f"layer0.{name.split('.')[1]}.w_rx" and not self.config.embedding
                )
                bound = np.sqrt(6 / (2 * shape[1] if table else sum(shape)))
                parameters[name] = generator.uniform(-bound, bound, shape).astype(np.float32)
        return parameters

    def forward(
        self, parameters: Parameters, ids: Ids, batch: Batch, *, bptt: int = 0, noise: Noise | None = None
    ) -> tuple[Array, Callable[[Array], Gradients]]:
        """Scores (N, K) of a packed batch of ids (N,); backprop turns dscores into the gradients of all parameters."""
        undo: list[Callable[[Array, Gradients], Array]] = []  # what backprop runs, last first
        x: Array | None = None
        if self.config.embedding:
            x = self._embed(parameters, ids, noise, undo)
        for i in range(self.config.layers):
            x = self._layer(parameters, i, x, ids, batch, bptt, undo)
        assert x is not None
        x, undrop = layers.dropout(x, noise.dropout if noise else 0.0, noise.generator if noise else None)
        scores, unlinear = layers.linear(x, parameters["output.w_oh"], parameters["output.b_o"])

        def backprop(dscores: Array) -> Gradients:
            gradients: Gradients = {}
            dx, gradients["output.w_oh"], gradients["output.b_o"] = unlinear(dscores)
            dx = undrop(dx)
            for back in reversed(undo):
                dx = back(dx, gradients)
            return gradients

        return scores, backprop

    def _embed(
        self, parameters: Parameters, ids: Ids, noise: Noise | None, undo: list[Callable[[Array, Gradients], Array]]
    ) -> Array:
        vectors, unembed = layers.embedding(parameters["embedding"], ids)
        x, undrop = layers.dropout(vectors, noise.word_dropout if noise else 0.0, noise.generator if noise else None)

        def back(dx: Array, gradients: Gradients) -> Array:
            gradients["embedding"] = unembed(undrop(dx))
            return dx

        undo.append(back)
        return x

    def _layer(
        self,
        parameters: Parameters,
        i: int,
        x: Array | None,
        ids: Ids,
        batch: Batch,
        bptt: int,
        undo: list[Callable[[Array, Gradients], Array]],
    ) -> Array:
        """One recurrent layer over x (N, E), or over one-hot words where x is None -> (N, H · directions)."""
        outputs, backs = [], []
        for direction in self.directions:
            name = f"layer{i}.{direction}"
            w_rx, b_r = parameters[f"{name}.w_rx"], parameters[f"{name}.b_r"]
            unlinear = unembed = None
            if x is None:
                a, unembed = layers.embedding(w_rx, ids)
                a += b_r
            else:
                a, unlinear = layers.linear(x, w_rx, b_r)
            h, unroll = layers.elman(a, parameters[f"{name}.w_rh"], batch, direction == "backward", bptt)
            outputs.append(h)
            backs.append((name, unroll, unlinear, unembed))

        def back(dy: Array, gradients: Gradients) -> Array:
            dx: Array | None = None
            for j, (name, unroll, unlinear, unembed) in enumerate(backs):
                width = self.config.hidden
                da, gradients[f"{name}.w_rh"] = unroll(dy[:, j * width : (j + 1) * width])
                if unembed is not None:
                    gradients[f"{name}.w_rx"], gradients[f"{name}.b_r"] = unembed(da), da.sum(axis=0)
                if unlinear is not None:
                    part, gradients[f"{name}.w_rx"], gradients[f"{name}.b_r"] = unlinear(da)
                    dx = part if dx is None else dx + part
            return dy if dx is None else dx

        undo.append(back)
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=1)
