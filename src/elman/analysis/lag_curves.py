"""Curves of gradient norms by lag: how much of the loss at a word reaches earlier states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.utils.summary import Row, Summary, counted

Norms = NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False)
class LagCurve(Summary):
    """‖∂loss_t/∂h_{t-k}‖ for k = 0, 1, … of one layer and direction; h_{t+k} in the backward direction.

    ``state``      ``h``, the hidden state, or ``c``, the memory cell of LSTM and SRU
    ``norms``      geometric means over the words with a state at that lag; 0 if any of them is 0
    ``means``      arithmetic means, dominated by the few largest
    ``shares``     geometric means of the norm divided by the same word's norm at lag 0
    ``positions``  the number of words at each lag
    """

    direction: str
    state: str
    norms: tuple[float, ...]
    means: tuple[float, ...]
    shares: tuple[float, ...]
    positions: tuple[int, ...]

    @property
    def step(self) -> float | None:
        """The factor per step, a geometric mean from lag 1 to the last; None for fewer than two lags."""
        if len(self.shares) < 3 or not self.shares[1]:
            return None
        return float((self.shares[-1] / self.shares[1]) ** (1 / (len(self.shares) - 2)))

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {**asdict(self), "step": self.step}

    def _summary(self) -> str:
        step = "" if self.step is None else f", × {self.step:.3f} per step"
        return f"{self.direction} {self.state}, lags 0 to {len(self.norms) - 1}{step}"

    def _table(self) -> Iterator[Row]:
        yield "lag", "norm", "share", "words"
        yield from zip(range(len(self.norms)), self.norms, self.shares, self.positions, strict=True)


@dataclass(frozen=True, slots=True, repr=False)
class GradientReport(Summary):
    """The lag curves of a network, and the number of words and sentences measured.

    ``unknown`` sentences were skipped because they have a tag that the network does not know.
    """

    cell: str
    layer: int
    layers: int
    networks: int
    curves: tuple[LagCurve, ...]
    positions: int
    sentences: int
    unknown: int

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {**asdict(self), "curves": [lag_curve.to_json() for lag_curve in self.curves]}

    def _summary(self) -> str:
        lags = max(len(each.norms) for each in self.curves) - 1
        steps = ", ".join(f"{each.direction} {each.state} × {each.step:.3f}" for each in self.curves if each.step)
        layer = f"layer {self.layer} of {self.cell}, {counted(self.positions, 'word')}, lags 0 to {lags}"
        return f"{layer}; {steps} per step" if steps else layer

    def _table(self) -> Iterator[Row]:
        yield "lag", *(f"{each.direction} {each.state}" for each in self.curves)
        for lag in range(max(len(each.norms) for each in self.curves)):
            yield lag, *(each.norms[lag] if lag < len(each.norms) else "" for each in self.curves)


def lag_curve(key: tuple[str, str], each: Sequence[Norms]) -> LagCurve:
    """Average norms, (P, lags + 1) per sentence, up to the last lag that any word has."""
    if any((norms[:, 0] > 0).any() for norms in each):
        each = [norms[norms[:, 0] > 0] for norms in each]  # a loss of 0 has no gradient
    width = max(norms.shape[1] for norms in each if len(norms))
    counts = np.zeros(width, np.int64)
    logs, shares, sums = np.zeros((3, width))
    with np.errstate(divide="ignore", invalid="ignore"):  # log 0 is -inf
        for norms in each:
            lags, log_norms = slice(norms.shape[1]), np.log(norms)
            counts[lags] += (~np.isnan(norms)).sum(axis=0)
            logs[lags] += np.nansum(log_norms, axis=0)
            shares[lags] += np.nansum(log_norms - log_norms[:, :1], axis=0)
            sums[lags] += np.nansum(norms, axis=0)
        last = int(np.flatnonzero(counts)[-1]) + 1
        rows = (np.exp(logs / counts), sums / counts, np.nan_to_num(np.exp(shares / counts)), counts)
    norms_, means, shares_, positions = (tuple(row[:last].tolist()) for row in rows)
    return LagCurve(*key, norms_, means, shares_, positions)
