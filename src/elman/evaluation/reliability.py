"""TODO docstring."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import DataError

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The words whose confidence lies in one part of 0 … 1."""

    low: float
    high: float
    words: int
    confidence: float
    """The mean of their confidences; 0 where there are no words."""
    accuracy: float
    """The share of them with the right tag; 0 where there are no words."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Confidences, the probabilities of the tags that were given, compared with how many of these were right.

    An expected calibration error is the mean over the words of |confidence - accuracy| of their bin, from 0 to 1.
    """

    words: int
    accuracy: float
    confidence: float
    """The mean confidence."""
    ece: float
    """Over ten bins of equal width: [0, 0.1], (0.1, 0.2], … (0.9, 1]."""
    ece_mass: float
    """Over ten bins of as many words each, by rising confidence; words equally confident may fall into two."""
    bins: tuple[Bin, ...]
    """Those of equal width, empty ones too."""

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {**asdict(self), "bins": [asdict(one) for one in self.bins]}


def reliability(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> Reliability:
    """How far confidences (N,) can be believed: ``right`` (N,) says which of the tags were.

    Raises DataError where there are none.
    """
    if not len(right):
        raise DataError("no words to compare confidences with; is it the right file and column?")
    edges = np.linspace(0, 1, BINS + 1)
    which = np.clip(np.ceil(confidences * BINS).astype(np.int64) - 1, 0, BINS - 1)
    words, sure, correct = (np.bincount(which, weights=w, minlength=BINS) for w in (None, confidences, right))
    some = np.maximum(words, 1)
    bins = tuple(
        Bin(
            round(float(edges[i]), 6),
            round(float(edges[i + 1]), 6),
            int(words[i]),
            sure[i] / some[i],
            correct[i] / some[i],
        )
        for i in range(BINS)
    )
    order = np.argsort(confidences, kind="stable")
    masses = [part for part in np.array_split(order, BINS) if len(part)]
    gaps = [abs(float(confidences[part].sum() - right[part].sum())) for part in masses]
    return Reliability(
        words=len(right),
        accuracy=float(right.mean()),
        confidence=float(confidences.mean()),
        ece=float(np.abs(sure - correct).sum() / len(right)),
        ece_mass=sum(gaps) / len(right),
        bins=bins,
    )
