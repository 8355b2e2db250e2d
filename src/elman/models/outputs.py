"""What a model says of words whose states are known: nothing is computed of a label column before it is asked for.

Most columns are asked for their best labels alone. Then the output layer is computed in 8-bit whole numbers where
states are such, and exactly for the few labels that these leave open: the best label is always the exact one's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman import kernels
from elman.kernels.reference import states
from elman.models.heads import Heads
from elman.nn.batch import Batch, Ids, pack
from elman.nn.encoder import Parameters
from elman.nn.layers import Array


class _Small(NamedTuple):
    """The weights of a column in 8 bits: see ``kernels.linear_best_int8``."""

    linear: states.Int8
    b: Array
    errors: tuple[Array, Array]


class Outputs:
    """The output layer of networks (the mean of them) whose label columns are all of words.

    ``parameters``  of the decoders
    ``small``       whether states are from -1 to 1, so that 8 bits may be used
    """

    def __init__(self, heads: Heads, members: Sequence[Parameters], parameters: Parameters, small: bool) -> None:
        self.heads, self.parameters, self._small = heads.each, parameters, small
        scale = np.float32(1 / len(members))
        w = np.concatenate([own["output.w_oh"] for own in members], axis=1)
        self._w = w if len(members) == 1 else w * scale
        self._b = np.asarray(sum(own["output.b_o"] for own in members) * scale, np.float32)
        self._columns = [slice(head.begin, head.begin + len(head.tags)) for head in self.heads]

    def scores(self, h: Array, column: int) -> Array:
        """The scores (N, K) of a column for states (N, P)."""
        own = self._columns[column]
        return kernels.linear_forward(h, self._w[own], self._b[own])

    def best(self, h: Array, column: int) -> Ids:
        """The place (N,) of the greatest of ``scores``."""
        own, small = self._columns[column], self._in_8_bits
        if small is None:
            return np.asarray(self.scores(h, column).argmax(axis=1), np.int32)
        of_column = small[column]
        return kernels.linear_best_int8(h, of_column.linear, self._w[own], of_column.b, of_column.errors)

    @cached_property
    def _in_8_bits(self) -> list[_Small] | None:
        if not self._small:
            return None
        found = []
        for own in self._columns:
            linear = states.packed_int8(self._w[own])
            b = np.zeros(len(linear.scale), np.float32)
            b[: own.stop - own.start] = self._b[own]
            found.append(_Small(linear, b, states.errors_int8(self._w[own])))
        return found


class Answers:
    """What a model says of N words, of sentences of these lengths, one behind the other; their states are (N, P)."""

    def __init__(self, outputs: Outputs, h: Array, lengths: NDArray[np.int64]) -> None:
        self.outputs, self.h, self.lengths = outputs, h, lengths

    def best(self, column: int) -> Ids:
        """The best labels (N,) of a column."""
        head = self.outputs.heads[column]
        if head.decoder.free:
            return self.outputs.best(self.h, column)
        return np.asarray(self._packed(self.outputs.scores(self.h, column), column, "best"), np.int32)

    def scores(self, column: int) -> NDArray[np.float32]:
        """Numbers (N, K) of which softmax makes the probabilities of the labels of a column."""
        head = self.outputs.heads[column]
        if not head.decoder.free:
            return np.log(np.maximum(self.probabilities(column), 1e-30)).astype(np.float32)
        scores = self.outputs.scores(self.h, column)
        return np.asarray(scores / np.float32(head.temperature), np.float32)

    def probabilities(self, column: int) -> NDArray[np.float64]:
        """The probabilities (N, K) of the labels of a column."""
        return np.asarray(self._packed(self.outputs.scores(self.h, column), column, "marginals"), np.float64)

    def confidences(self, column: int, ids: Ids) -> NDArray[np.float64]:
        """The probabilities (N,) of the labels ``ids`` (N,) of a column."""
        return np.asarray(self._packed(self.outputs.scores(self.h, column), column, "confidences", ids), np.float64)

    def of(self, which: Sequence[int]) -> Answers:
        """The same of some of the sentences."""
        ends = np.cumsum(self.lengths)
        rows = [np.arange(ends[i] - self.lengths[i], ends[i]) for i in which]
        return Answers(self.outputs, self.h[np.concatenate(rows)], self.lengths[list(which)])

    def _packed(self, scores: Array, column: int, what: str, ids: Ids | None = None) -> Any:
        """What the decoder makes of the scores, and of labels, of whole sentences, which it gets packed."""
        head, batch = self.outputs.heads[column], self._batch
        labels = () if ids is None else (ids[batch.rows],)
        more = (head.temperature,) if what != "best" else ()
        found = getattr(head.decoder, what)(self.outputs.parameters, scores[batch.rows], *labels, batch, *more)
        placed = np.empty_like(found)
        placed[batch.rows] = found
        return placed

    @cached_property
    def _batch(self) -> Batch:
        return pack(self.lengths)
