"""The character encoder: a recurrent layer over the characters of each distinct word, read from both ends.

Its two final states are part of the word's representation. Parameters: ``characters.embedding`` (C, E) and, as in
``encoder``, ``characters.forward.w_rx``, ``.b_r``, ``.w_rh``, the same with ``backward``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from elman.config import NetworkConfig
from elman.nn import layers, shapes
from elman.nn.bags import Bags
from elman.nn.batch import pack
from elman.nn.encoder import Encoder, Gradients, Parameters
from elman.nn.layers import Array
from elman.nn.shapes import Shapes

_OWN, _ENCODER_S = "characters.", "layer0."


@dataclass(frozen=True)
class CharacterEncoder:
    """A layer of ``config.characters`` units per direction over ``characters`` (C) distinct characters."""

    config: NetworkConfig
    characters: int

    @cached_property
    def encoder(self) -> Encoder:
        """Return the recurrent layer."""
        c = replace(self.config, hidden=self.config.characters, layers=1, direction="bidirectional")
        return Encoder(c, c.character_embedding, self.characters)

    @property
    def output(self) -> int:
        """Width of the output."""
        return self.encoder.output

    def shapes(self) -> Shapes:
        """Return the shape of every parameter."""
        return shapes.characters(self.config, self.characters)

    def forward(self, parameters: Parameters, words: Bags) -> tuple[Array, Callable[[Array, Gradients], None]]:
        """Return the final states (U, output) of U words of one character or more; backprop fills in the gradients."""
        H, U = self.config.characters, len(words)
        batch = pack(np.diff(words.offsets).astype(np.int64))
        x, unembed = layers.embedding(parameters[_OWN + "embedding"], words.ids[batch.rows])
        own = {name.replace(_OWN, _ENCODER_S): w for name, w in parameters.items() if name.startswith(_OWN)}
        h, unroll = self.encoder.forward(own, x, batch)  # (M, 2H) of M characters
        last = batch.mirror[:U]  # rows of the words' last characters; those of the first are the first rows
        order = np.searchsorted(words.offsets, batch.rows[:U])  # the word whose first character is in each row
        y = np.empty((U, 2 * H), h.dtype)
        y[order, :H], y[order, H:] = h[last, :H], h[:U, H:]

        def backprop(dy: Array, gradients: Gradients) -> None:
            dh = np.zeros_like(h)
            dh[last, :H], dh[:U, H:] = dy[order, :H], dy[order, H:]
            own_gradients: Gradients = {}
            dx = unroll(dh, own_gradients)
            assert dx is not None
            gradients[_OWN + "embedding"] = unembed(dx)
            gradients.update({name.replace(_ENCODER_S, _OWN): g for name, g in own_gradients.items()})

        return y, backprop
