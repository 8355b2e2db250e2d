"""Calibration of a tagger's confidences on labelled text, and accuracy above a confidence threshold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence
from elman.evaluation.reliability import Reliability, reliability
from elman.taggers.base import Target
from elman.taggers.column_predictor import ColumnPredictor
from elman.utils.limits import real_number
from elman.utils.summary import Row, Summary, percent


@dataclass(frozen=True, slots=True, repr=False)
class Calibration(Summary):
    """The confidences of one label column without and with its temperature.

    ``temperature``  None if a task derives the column from several label columns, each with its own temperature
    """

    temperature: float | None
    raw: Reliability
    """With a temperature of 1."""
    shown: Reliability
    """With the model's temperature, as all commands show confidences."""

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {"temperature": self.temperature, "raw": self.raw.to_json(), "shown": self.shown.to_json()}

    def _summary(self) -> str:
        temperature = "several temperatures" if self.temperature is None else f"temperature {self.temperature:.3f}"
        return f"calibration error {percent(self.shown.ece)}, {percent(self.raw.ece)} without; {temperature}"

    def _table(self) -> Iterator[Row]:
        yield "", "accuracy", "mean confidence", "calibration error"
        for name, each in (("uncalibrated", self.raw), ("calibrated", self.shown)):
            yield name, percent(each.accuracy), percent(each.confidence), percent(each.ece)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage and accuracy of the words with a confidence of at least ``min_confidence``."""

    min_confidence: float
    words: int
    correct: int
    sure_words: int
    """Words with at least that confidence."""
    sure_correct: int

    @property
    def coverage(self) -> float:
        """The share of words with at least that confidence."""
        return self.sure_words / self.words

    @property
    def accuracy(self) -> float | None:
        """Their accuracy; None if there are none."""
        return self.sure_correct / self.sure_words if self.sure_words else None

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {
            "min_confidence": self.min_confidence,
            "words": self.words,
            "sure_words": self.sure_words,
            "sure_correct": self.sure_correct,
            "coverage": self.coverage,
            "accuracy": self.accuracy,
        }


@dataclass(frozen=True, slots=True)
class ConfidenceSample:
    """The confidences (N,) of predicted tags of one label column, and whether each is correct (N,)."""

    confidences: NDArray[np.float64]
    correct: NDArray[np.bool_]


def collect_confidences(
    tagger: ColumnPredictor, sentences: Sequence[Sentence], target: Target = None
) -> dict[str, ConfidenceSample]:
    """Tag labelled sentences and return the confidences of each label column that ``target`` selects."""
    confidences: dict[str, list[float]] = {}
    correct: dict[str, list[bool]] = {}
    for columns in tagger.compare(sentences, target=target):
        for name, pair in columns.items():
            confidences.setdefault(name, []).extend(pair.confidences)
            correct.setdefault(name, []).extend(a == b for a, b in zip(pair.gold, pair.tags, strict=True))
    return {name: ConfidenceSample(np.array(confidences[name]), np.array(correct[name])) for name in correct}


def calibrations(
    tagger: ColumnPredictor, sentences: Sequence[Sentence], shown: Mapping[str, ConfidenceSample], target: Target = None
) -> dict[str, Calibration]:
    """Return the calibration of each label column; ``shown`` is the result of ``collect_confidences``."""
    raw = (
        shown
        if set(tagger.temperatures.values()) == {1.0}
        else collect_confidences(tagger.uncalibrated(), sentences, target)
    )
    return {
        name: Calibration(
            tagger.temperature(name),
            reliability(raw[name].confidences, raw[name].correct),
            reliability(sample.confidences, sample.correct),
        )
        for name, sample in shown.items()
    }


def coverage(sample: ConfidenceSample, min_confidence: float) -> Coverage:
    """Return coverage and accuracy above a threshold. Raises ConfigError if it is not between 0 and 1."""
    real_number("min-confidence", min_confidence, 0, 1)
    sure, correct = sample.confidences >= min_confidence, sample.correct
    return Coverage(min_confidence, len(sure), int(correct.sum()), int(sure.sum()), int(correct[sure].sum()))
