"""The label columns that a network learns: the tags of each, the rules they keep to, and its decoder.

The network scores the tags of all columns side by side, (N, K1 + K2 + …). A column's decoder reads its own part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from elman import constraints, decoders
from elman.batching import Batch, Ids
from elman.config import Config
from elman.decoders import Parameters
from elman.errors import DataError
from elman.layers import Array


@dataclass(frozen=True)
class Head:
    """One label column of K tags.

    ``begin`` is where its scores begin; ``temperature`` divides them before they become probabilities.
    """

    tags: tuple[str, ...]
    scheme: str  # of the constraints
    decoder: decoders.Decoder
    begin: int = 0
    temperature: float = 1.0

    def of(self, scores: Array) -> Array:
        """Its part (N, K) of the scores of all columns."""
        return np.ascontiguousarray(scores[:, self.begin : self.begin + len(self.tags)])

    def best(self, parameters: Parameters, scores: Array, batch: Batch) -> Ids:
        """``Decoder.best`` of the scores of all columns."""
        return self.decoder.best(parameters, self.of(scores), batch)

    def marginals(self, parameters: Parameters, scores: Array, batch: Batch) -> NDArray[np.float64]:
        """``Decoder.marginals`` of the scores of all columns."""
        return self.decoder.marginals(parameters, self.of(scores), batch, self.temperature)


@dataclass(frozen=True)
class Heads:
    """One or several label columns: tags and rules of each, in order; and temperatures, 1 where none are given.

    Raises ConfigError (when first used) for tags that the rules do not know.
    """

    config: Config
    tags: tuple[tuple[str, ...], ...]
    schemes: tuple[str, ...]
    temperatures: tuple[float, ...] = ()

    @classmethod
    def of(cls, config: Config, columns: Sequence[Sequence[Sequence[str]]]) -> Heads:
        """Those of the training sentences' tags, column by column. Raises DataError: tags that break the rules."""
        tags, schemes = [], []
        for column in columns:
            scheme, broken = constraints.choose(config.network, column)
            if broken and config.network.constraints != "auto":
                raise DataError(f"sentence {broken.sentence + 1}, {broken}; set constraints=none")
            tags.append(tuple(sorted({tag for sentence in column for tag in sentence})))
            schemes.append(scheme)
        return cls(config, tuple(tags), tuple(schemes))

    @cached_property
    def each(self) -> tuple[Head, ...]:
        """The columns."""
        heads: list[Head] = []
        begin = 0
        temperatures = self.temperatures or (1.0,) * len(self.tags)
        for tags, scheme, name, t in zip(self.tags, self.schemes, self._names(), temperatures, strict=True):
            decoder = decoders.make(self.config.network, tags, scheme, self.config.training.smoothing, name)
            heads.append(Head(tags, scheme, decoder, begin, t))
            begin += len(tags)
        return tuple(heads)

    @property
    def width(self) -> int:
        """The scores of a word: K1 + K2 + …"""
        return sum(map(len, self.tags))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the decoders' parameters; all of them are 0 at the start."""
        found: dict[str, tuple[int, ...]] = {}
        for tags, name in zip(self.tags, self._names(), strict=True):
            found |= decoders.shapes(self.config.network.decoder, len(tags), name)
        return found

    def start(self) -> dict[str, Array]:
        """The decoders' parameters to begin with."""
        return {name: np.zeros(shape, np.float32) for name, shape in self.shapes().items()}

    def _names(self) -> Iterator[str]:
        """What each decoder's parameters are called: ``output``, ``output2``, ``output3`` …"""
        return (f"output{number}" if number > 1 else "output" for number in range(1, len(self.tags) + 1))
