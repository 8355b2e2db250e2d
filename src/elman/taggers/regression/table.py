"""Sequences of numbers: read from columns of text, and compared with what was predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.taggers.regression.model import Numbers, RegressionModel
from elman.utils.display import shown

NOTHING = ("_", "")


@dataclass(frozen=True)
class RegressionEvaluation:
    """How far ``values`` numbers are from what they should be.

    ``rmse``  the root of the mean squared error; ``mae`` the mean distance; ``r2`` the share of the variance explained
    """

    values: int
    rmse: float
    mae: float
    r2: float

    @classmethod
    def of(cls, gold: Numbers, found: Numbers) -> RegressionEvaluation:
        """Of (N,) numbers. Raises DataError: none."""
        if not len(gold):
            raise DataError("nothing to evaluate: no numbers in the column that is to be predicted")
        error, spread = found - gold, gold - gold.mean()
        squares, whole = float((error**2).mean()), float((spread**2).mean())
        return cls(len(gold), math.sqrt(squares), float(np.abs(error).mean()), 1 - squares / whole if whole else 0.0)

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {"values": self.values, "rmse": self.rmse, "mae": self.mae, "r2": self.r2}


@dataclass(frozen=True)
class Table:
    """Sequences laid end to end: rows (N, D), values (N,) with NaN where there is none, lengths (S,)."""

    rows: Numbers
    values: Numbers
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, sentences: Sequence[Sentence], inputs: Sequence[str], target: str) -> Table:
        """Raises DataError: a field that is no number."""
        rows = np.concatenate([rows_of(sentence, inputs) for sentence in sentences])
        values = np.concatenate([values_of(sentence, target) for sentence in sentences])
        return cls(rows, values, np.array([len(sentence) for sentence in sentences], np.int64))

    def evaluation(self, model: RegressionModel) -> RegressionEvaluation:
        """How far a model is from the values."""
        found = model.predict(np.split(self.rows, np.cumsum(self.lengths)[:-1]))
        there = ~np.isnan(self.values)
        return RegressionEvaluation.of(self.values[there], np.concatenate(found)[there])


def rows_of(sentence: Sentence, inputs: Sequence[str]) -> Numbers:
    """The inputs (T, D) of a sequence. Raises DataError: a field that is no number, a column that is not there."""
    columns = [sentence.words, *(_column(sentence, name) for name in inputs)]
    return np.stack([_numbers(sentence, values, gaps=False) for values in columns], axis=1)


def values_of(sentence: Sentence, target: str) -> Numbers:
    """The values (T,) of a sequence, NaN where there is none."""
    return _numbers(sentence, _column(sentence, target), gaps=True)


def _column(sentence: Sentence, name: str) -> Sequence[str]:
    if name not in sentence.columns:
        there = ", ".join(sentence.columns) or "none"
        where = {"path": sentence.path or None, "line": sentence.line or None}
        raise DataError(f"no column {shown(name)}, which the model needs; there is: {there}", **cast(Any, where))
    return sentence.columns[name]


def _numbers(sentence: Sentence, values: Sequence[str], *, gaps: bool) -> Numbers:
    found = np.empty(len(values))
    for i, value in enumerate(values):
        if gaps and value in NOTHING:
            found[i] = math.nan
            continue
        try:
            found[i] = float(value)
        except ValueError:
            found[i] = math.nan
        if not math.isfinite(found[i]):
            row = sentence.line + sentence.rows[i] if sentence.rows else sentence.line
            expected = "a number or _" if gaps else "a number"
            raise DataError(f"expected {expected}, found {shown(value)}", path=sentence.path or None, line=row or None)
    return found
