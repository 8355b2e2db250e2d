"""How much of the loss at a word reaches the states before it: curves over the lag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Norms = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lags:
    """‖∂loss_t/∂h_{t-k}‖ for k = 0, 1, … of one layer in one direction; of the backward direction h_{t+k}.

    ``state``      ``h``, the state, or ``c``, the memory cell of LSTM and SRU
    ``norms``      geometric means over the words that have a state so far back; 0 where one of them is 0
    ``means``      arithmetic means, which the few largest rule
    ``shares``     geometric means of the norm as a share of the same word's norm at lag 0
    ``positions``  how many words that is
    """

    direction: str
    state: str
    norms: tuple[float, ...]
    means: tuple[float, ...]
    shares: tuple[float, ...]
    positions: tuple[int, ...]

    @property
    def step(self) -> float | None:
        """What one more step leaves of it: the geometric mean from lag 1 to the last; None for fewer than two lags."""
        if len(self.shares) < 3 or not self.shares[1]:
            return None
        return float((self.shares[-1] / self.shares[1]) ** (1 / (len(self.shares) - 2)))

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {**asdict(self), "step": self.step}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a network: curves, over so many words of so many sentences.

    ``unknown`` sentences have a tag that the network does not know, and were left out.
    """

    cell: str
    layer: int
    layers: int
    networks: int
    curves: tuple[Lags, ...]
    positions: int
    sentences: int
    unknown: int

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {**asdict(self), "curves": [curve.to_json() for curve in self.curves]}


def curve(key: tuple[str, str], each: Sequence[Norms]) -> Lags:
    """The means of norms, (P, lags + 1) of each sentence, up to the last lag that any word has."""
    if any((norms[:, 0] > 0).any() for norms in each):
        each = [norms[norms[:, 0] > 0] for norms in each]  # a loss of 0 has no gradient to look at
    width = max(norms.shape[1] for norms in each if len(norms))
    there = np.zeros(width, np.int64)
    logs, shares, sums = np.zeros((3, width))
    with np.errstate(divide="ignore", invalid="ignore"):  # log 0 is -inf, as it should be
        for norms in each:
            some, of_each = slice(norms.shape[1]), np.log(norms)
            there[some] += (~np.isnan(norms)).sum(axis=0)
            logs[some] += np.nansum(of_each, axis=0)
            shares[some] += np.nansum(of_each - of_each[:, :1], axis=0)
            sums[some] += np.nansum(norms, axis=0)
        last = int(np.flatnonzero(there)[-1]) + 1
        rows = (np.exp(logs / there), sums / there, np.nan_to_num(np.exp(shares / there)), there)
    norms_, means, shares_, positions = (tuple(row[:last].tolist()) for row in rows)
    return Lags(*key, norms_, means, shares_, positions)
