"""The encoder: stacked recurrent layers, in one direction or both.

Parameters of layer i: ``layer{i}.forward.w_rx`` (G·H, E), ``.b_r`` (G·H,), ``.w_rh`` (G·H, H), for the GRU ``.b_rn``,
the same with ``backward``, and ``layer{i}.mix.w``, ``.b`` of a highway. G: gates of the cell. The gates of parallel
cells read [x_t, x_{t-1}] (width 2E): with x_t alone they are about a point worse. With one-hot words, w_rx of the first
layer has a row per word, the slides' columns; for parallel cells one as x_t and, V rows later, one as x_{t-1}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from elman.config import NetworkConfig
from elman.nn import layers, shapes
from elman.nn.bags import Bags
from elman.nn.batch import Batch, Ids
from elman.nn.cells import CELLS
from elman.nn.cells.common import Memory
from elman.nn.cells.lstm import bilstm_layer, lstm_layer
from elman.nn.layers import Array, DropoutNoise, Gradient, dropout
from elman.nn.recurrence import recurrence
from elman.nn.shapes import Shapes

Parameters = dict[str, Array]
Gradients = dict[str, Gradient]
Backprop = Callable[[Array, Gradients], Array | None]  # dy -> dx; fills in the gradients of the parameters on the way
Mix = Callable[[Array, Gradients], tuple[Array, Array]]  # of a residual connection or highway: dz -> dy, dx


@dataclass
class Carried:
    """States of the forward direction of all layers for B sentences, ``before`` a segment of them and ``after`` it.

    Names are those of ``Encoder.memory``; a state missing in ``before`` is 0. ``rows`` (B,) are the packed rows whose
    states become ``after``, by default each sentence's last.
    """

    before: Mapping[str, Array]
    rows: NDArray[np.int64] | None = None
    after: dict[str, Array] = field(default_factory=dict)

    def of_layer(self, i: int, batch: Batch) -> Memory:
        """Return the memory of one layer."""
        prefix = f"layer{i}."
        own = {name.removeprefix(prefix): x for name, x in self.before.items() if name.startswith(prefix)}
        return Memory(own, batch, self.rows)

    def keep(self, i: int, memory: Memory) -> None:
        """Store the states of a layer's memory."""
        self.after |= {f"layer{i}.{name}": x for name, x in memory.after.items()}


@dataclass(frozen=True)
class Encoder:
    """Recurrent layers over inputs of ``width`` values; ``width`` 0: one-hot words of a vocabulary of ``words``."""

    config: NetworkConfig
    width: int
    words: int

    @property
    def directions(self) -> tuple[str, ...]:
        """The reading directions."""
        return shapes.directions(self.config)

    @property
    def output(self) -> int:
        """Width of the output."""
        return self.config.hidden * len(self.directions)

    def up_to(self, layer: int) -> Encoder:
        """Return the same encoder without the layers above this one."""
        return replace(self, config=replace(self.config, layers=layer + 1))

    def shapes(self) -> Shapes:
        """Return the shape of every parameter."""
        return shapes.encoder(self.config, self.width, self.words)

    def memory(self) -> dict[str, int]:
        """Return names, such as ``layer0.h``, and widths of the states that the forward direction carries over."""
        c, width = self.config, self.width
        widths: dict[str, int] = {}
        for i in range(c.layers):
            widths |= {f"layer{i}.{name}": c.hidden for name in CELLS[c.cell].states}
            if CELLS[c.cell].parallel:
                widths[f"layer{i}.x"] = width or 1
            width = self.output
        return widths

    def forward(
        self,
        parameters: Parameters,
        x: Array | Ids,
        batch: Batch,
        *,
        bptt: int = 0,
        first: int = 0,
        carried: Carried | None = None,
        noise: DropoutNoise | None = None,
    ) -> tuple[Array, Backprop]:
        """x (N, width), or one-hot words as ids (N,) -> (N, output). Starts at layer ``first``, whose input is x.

        ``carried``: the forward direction continues where the previous segment ended; ``noise`` of the inputs of
        layers from the second on, if it is theirs too.
        """
        backs: list[Backprop] = []
        for i in range(first, self.config.layers):
            memory = None if carried is None else carried.of_layer(i, batch)
            if i > first and noise is not None and noise.layers:
                x, undrop = dropout(x, noise.dropout, noise, batch)
                backs.append(_alone(undrop))
            y, back = self._layer(parameters, i, x, batch, bptt, memory)
            if carried is not None and memory is not None:
                carried.keep(i, memory)
            backs.append(back)
            if i and self.config.residual != "none":
                y, mix = self.skip(parameters, i, x, y)
                backs[-1] = _through(mix, back)
            x = y

        def backprop(dy: Array, gradients: Gradients) -> Array | None:
            d: Array | None = dy
            for back in reversed(backs):
                assert d is not None
                d = back(d, gradients)
            return d

        return x, backprop

    def _layer(
        self, parameters: Parameters, i: int, x: Array | Ids, batch: Batch, bptt: int, memory: Memory | None
    ) -> tuple[Array, Backprop]:
        if self.config.cell == "lstm" and x.ndim == 2 and memory is None:
            return self._lstm_layer(parameters, i, x, batch)
        ways = [
            self._way(parameters, f"layer{i}.{direction}.", x, batch, bptt, memory if direction == "forward" else None)
            for direction in self.directions
        ]
        H = self.config.hidden

        def backprop(dy: Array, gradients: Gradients) -> Array | None:
            parts = [back(dy[:, j * H : (j + 1) * H], gradients) for j, (_, back) in enumerate(ways)]
            known = [part for part in parts if part is not None]
            return known[0] if len(known) == 1 else known[0] + known[1] if known else None

        hs = [h for h, _ in ways]
        return hs[0] if len(hs) == 1 else np.concatenate(hs, axis=1), backprop

    def _lstm_layer(self, parameters: Parameters, i: int, x: Array, batch: Batch) -> tuple[Array, Backprop]:
        """LSTM layer; its directions share the arrays of h and of the gradients."""
        prefixes = [f"layer{i}.{direction}." for direction in self.directions]
        ways = [{name: parameters[prefix + name] for name in ("w_rx", "b_r", "w_rh")} for prefix in prefixes]
        h, back = lstm_layer(x, ways[0], batch) if len(ways) == 1 else bilstm_layer(x, ways[0], ways[1], batch)

        def backprop(dy: Array, gradients: Gradients) -> Array | None:
            dx, of_ways = back(dy)
            for prefix, dw in zip(prefixes, of_ways, strict=True):
                gradients.update({prefix + name: value for name, value in dw.items()})
            return dx

        return h, backprop

    def _way(
        self, parameters: Parameters, prefix: str, x: Array | Ids, batch: Batch, bptt: int, memory: Memory | None
    ) -> tuple[Array, Backprop]:
        """One layer in one direction, with the parameters of this ``prefix``."""
        cell, backward = self.config.cell, prefix.endswith("backward.")
        w = {name.removeprefix(prefix): value for name, value in parameters.items() if name.startswith(prefix)}
        into: Backprop
        source = batch.following if backward else batch.previous
        if x.ndim == 1:
            if CELLS[cell].parallel:
                a, unembed = layers.bag(w["w_rx"], two_words(x, source, len(w["w_rx"]) // 2, memory))
            else:
                a, unembed = layers.embedding(w["w_rx"], x)
            a += w["b_r"]

            def into(da: Array, gradients: Gradients) -> Array | None:
                gradients[prefix + "w_rx"], gradients[prefix + "b_r"] = unembed(da), da.sum(axis=0)
                return None

        else:
            unshift = None
            both = x
            if CELLS[cell].parallel:
                other, unshift = layers.shift(x, source)
                if memory is not None:
                    other[: batch.sentences] = memory.start("x", other[: batch.sentences])
                    memory.keep(x=x)
                both = np.concatenate([x, other], axis=1)
            a, unlinear = layers.linear(both, w["w_rx"], w["b_r"])

            def into(da: Array, gradients: Gradients) -> Array | None:
                dx, gradients[prefix + "w_rx"], gradients[prefix + "b_r"] = unlinear(da)
                E = x.shape[1]
                return dx if unshift is None else dx[:, :E] + unshift(dx[:, E:])

        h, unroll = recurrence(cell, a, w, batch, mirrored=backward, bptt=bptt, memory=memory)

        def backprop(dy: Array, gradients: Gradients) -> Array | None:
            da, dw = unroll(dy)
            gradients.update({prefix + name: value for name, value in dw.items()})
            return into(da, gradients)

        return h, backprop

    def skip(
        self, parameters: Parameters, i: int, x: Array, y: Array
    ) -> tuple[Array, Callable[..., tuple[Array, Array]]]:
        """Residual y + x (He et al. 2016) or highway m y + (1 - m) x, m = σ(w·x + b) (Srivastava et al. 2015)."""
        if self.config.residual == "add":
            return y + x, lambda dz, gradients: (dz, dz)
        name = f"layer{i}.mix"
        scores, unlinear = layers.linear(x, parameters[f"{name}.w"], parameters[f"{name}.b"])
        m = layers.sigmoid(scores)

        def backprop(dz: Array, gradients: Gradients) -> tuple[Array, Array]:
            dx, gradients[f"{name}.w"], gradients[f"{name}.b"] = unlinear(dz * (y - x) * m * (1 - m))
            return dz * m, dx + dz * (1 - m)

        return m * y + (1 - m) * x, backprop


def two_words(x: Ids, source: NDArray[np.int64], words: int, memory: Memory | None = None) -> Bags:
    """Return the rows of w_rx that a parallel cell reads for one-hot words (N,): x_t, and V + x_{t-1} if any."""
    number = (x + 1)[:, None].astype(np.float32)  # in memory 0 is no word
    before, _ = layers.shift(number, source)
    if memory is not None:
        first = before[: len(memory.rows)]
        first[...] = memory.start("x", first)
        memory.keep(x=number)
    there = before[:, 0] > 0
    both = np.stack([x, words + before[:, 0].astype(np.int32) - 1], axis=1)
    ids = both[np.stack([np.ones_like(there), there], axis=1)].astype(np.int32)
    return Bags(ids, np.concatenate([[0], np.cumsum(1 + there)]).astype(np.int32))


def _alone(undrop: Callable[[Array], Array]) -> Backprop:
    """Return the backprop of dropout, which has no parameters, as that of a layer."""
    return lambda dy, gradients: undrop(dy)


def _through(mix: Mix, layer: Backprop) -> Backprop:
    """Combine the backprop of a layer and of the connection around it."""

    def backprop(dz: Array, gradients: Gradients) -> Array | None:
        dy, dx = mix(dz, gradients)
        through = layer(dy, gradients)
        assert through is not None
        return through + dx

    return backprop
