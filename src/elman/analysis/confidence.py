"""How far a tagger's confidences can be believed on labelled text, and what is left above a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence
from elman.evaluation.reliability import Reliability, reliability
from elman.taggers.base import Target
from elman.taggers.columns import ColumnPredictor
from elman.utils.limits import real_number


@dataclass(frozen=True, slots=True)
class Calibration:
    """The confidences of one label column without and with its temperature.

    ``temperature``  None of a column that a task makes of several label columns, each with its own
    """

    temperature: float | None
    raw: Reliability
    """With a temperature of 1."""
    shown: Reliability
    """With the model's own: what every command shows."""

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {"temperature": self.temperature, "raw": self.raw.to_json(), "shown": self.shown.to_json()}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is tagged, and how well, when words with a confidence below ``least`` are left untagged."""

    least: float
    words: int
    correct: int
    """Of all words."""
    sure_words: int
    sure_correct: int

    @property
    def coverage(self) -> float:
        """The share of the words that keep their tag."""
        return self.sure_words / self.words

    @property
    def accuracy(self) -> float | None:
        """Accuracy over these; None where there are none."""
        return self.sure_correct / self.sure_words if self.sure_words else None

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {
            "min_confidence": self.least,
            "words": self.words,
            "sure_words": self.sure_words,
            "sure_correct": self.sure_correct,
            "coverage": self.coverage,
            "accuracy": self.accuracy,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """The words of one label column: the confidences (N,) of their tags, and which of them are right (N,)."""

    confidences: NDArray[np.float64]
    right: NDArray[np.bool_]


def judge(tagger: ColumnPredictor, sentences: Sequence[Sentence], target: Target = None) -> dict[str, Judged]:
    """Tag labelled sentences; the confidences of each label column, as ``Tagger.evaluate`` chooses them."""
    confidences: dict[str, list[float]] = {}
    right: dict[str, list[bool]] = {}
    for columns in tagger.compare(sentences, target=target):
        for name, found in columns.items():
            confidences.setdefault(name, []).extend(found.confidences)
            right.setdefault(name, []).extend(a == b for a, b in zip(found.gold, found.tags, strict=True))
    return {name: Judged(np.array(confidences[name]), np.array(right[name])) for name in right}


def calibrations(
    tagger: ColumnPredictor, sentences: Sequence[Sentence], shown: Mapping[str, Judged], target: Target = None
) -> dict[str, Calibration]:
    """The calibration of each label column; ``shown`` is what ``judge`` found of these sentences."""
    raw = shown if set(tagger.temperatures.values()) == {1.0} else judge(tagger.uncalibrated(), sentences, target)
    return {
        name: Calibration(
            tagger.temperature(name),
            reliability(raw[name].confidences, raw[name].right),
            reliability(found.confidences, found.right),
        )
        for name, found in shown.items()
    }


def coverage(judged: Judged, least: float) -> Coverage:
    """What is left of the words when those of a confidence below ``least`` are. Raises ConfigError: not from 0 to 1."""
    real_number("min-confidence", least, 0, 1)
    sure = judged.confidences >= least
    return Coverage(least, len(sure), int(judged.right.sum()), int(sure.sum()), int(judged.right[sure].sum()))
