"""How reliable confidences are: expected calibration error and reliability diagram.

Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks": expected calibration error with bins
of equal width; bins of equal mass are those of Nguyen and O'Connor 2015.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elman.errors import DataError
from elman.utils.json_values import JsonRecord
from elman.utils.summary import Row, Summary, counted, percent

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The words whose confidence lies in one interval of [0, 1]."""

    low: float
    high: float
    words: int
    confidence: float
    """Their mean confidence; 0 for no words."""
    accuracy: float
    """The share of them with the correct tag; 0 for no words."""


@dataclass(frozen=True, slots=True, repr=False)
class Reliability(JsonRecord, Summary):
    """Confidences, the probabilities of predicted tags, compared with how often these are correct.

    An expected calibration error is the mean over the words of |confidence - accuracy| of their bin, from 0 to 1.
    """

    words: int
    accuracy: float
    confidence: float
    """The mean confidence."""
    ece: float
    """With ten bins of equal width: [0, 0.1], (0.1, 0.2], … (0.9, 1]."""
    ece_mass: float
    """With ten bins of equally many words, by rising confidence; words of equal confidence may fall into two bins."""
    bins: tuple[Bin, ...]
    """The bins of equal width, including empty ones."""

    def _summary(self) -> str:
        sure = f"accuracy {percent(self.accuracy)}, mean confidence {percent(self.confidence)}"
        return f"{sure}, calibration error {percent(self.ece)} of {counted(self.words, 'word')}"

    def _table(self) -> Iterator[Row]:
        yield "confidence", "words", "mean", "accuracy"
        for each in self.bins:
            yield f"{each.low:.1f}–{each.high:.1f}", each.words, percent(each.confidence), percent(each.accuracy)


def reliability(confidences: NDArray[np.float64], correct: NDArray[np.bool_]) -> Reliability:
    """Compare confidences (N,) with whether each prediction is ``correct`` (N,). Raises DataError for no words."""
    if not len(correct):
        raise DataError("no words to compare confidences with; is it the right file and column?")
    edges = np.linspace(0, 1, BINS + 1)
    bin_of_word = np.clip(np.ceil(confidences * BINS).astype(np.int64) - 1, 0, BINS - 1)
    words, confidence_sums, n_correct = (
        np.bincount(bin_of_word, weights=weights, minlength=BINS) for weights in (None, confidences, correct)
    )
    divisors = np.maximum(words, 1)
    bins = tuple(
        Bin(
            round(float(edges[i]), 6),
            round(float(edges[i + 1]), 6),
            int(words[i]),
            confidence_sums[i] / divisors[i],
            n_correct[i] / divisors[i],
        )
        for i in range(BINS)
    )
    order = np.argsort(confidences, kind="stable")
    masses = [part for part in np.array_split(order, BINS) if len(part)]
    gaps = [abs(float(confidences[part].sum() - correct[part].sum())) for part in masses]
    return Reliability(
        words=len(correct),
        accuracy=float(correct.mean()),
        confidence=float(confidences.mean()),
        ece=float(np.abs(confidence_sums - n_correct).sum() / len(correct)),
        ece_mass=sum(gaps) / len(correct),
        bins=bins,
    )
