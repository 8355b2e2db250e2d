"""Sequences of numbers: read from text columns, and compared with predictions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.taggers.regression.model import Numbers, RegressionModel
from elman.utils.display import shown
from elman.utils.summary import Row, Summary, counted

NOTHING = ("_", "")


@dataclass(frozen=True, repr=False)
class RegressionEvaluation(Summary):
    """Metrics of predicted numbers against ``values`` gold numbers.

    ``rmse``  root mean squared error; ``mae`` mean absolute error; ``r2`` coefficient of determination
    """

    values: int
    rmse: float
    mae: float
    r2: float

    @classmethod
    def of(cls, gold: Numbers, predicted: Numbers) -> RegressionEvaluation:
        """Compare (N,) numbers. Raises DataError if there are none."""
        if not len(gold):
            raise DataError("nothing to evaluate: no numbers in the column that is to be predicted")
        error, deviation = predicted - gold, gold - gold.mean()
        mse, variance = float((error**2).mean()), float((deviation**2).mean())
        return cls(len(gold), math.sqrt(mse), float(np.abs(error).mean()), 1 - mse / variance if variance else 0.0)

    def to_json(self) -> dict[str, Any]:
        """Return the metrics as JSON values."""
        return {"values": self.values, "rmse": self.rmse, "mae": self.mae, "r2": self.r2}

    def _summary(self) -> str:
        return f"RMSE {self.rmse:.4g}, MAE {self.mae:.4g}, R² {self.r2:.4f} of {counted(self.values, 'value')}"

    def _table(self) -> Iterator[Row]:
        yield "values", "RMSE", "MAE", "R²"
        yield self.values, self.rmse, self.mae, self.r2


@dataclass(frozen=True)
class Table:
    """Concatenated sequences: rows (N, D), values (N,) with NaN for missing ones, lengths (S,)."""

    rows: Numbers
    values: Numbers
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, sentences: Sequence[Sentence], inputs: Sequence[str], target: str) -> Table:
        """Build the table from sentences. Raises DataError if a field is no number or a column is missing."""
        rows = np.concatenate([rows_of(sentence, inputs) for sentence in sentences])
        values = np.concatenate([values_of(sentence, target) for sentence in sentences])
        return cls(rows, values, np.array([len(sentence) for sentence in sentences], np.int64))

    def evaluation(self, model: RegressionModel) -> RegressionEvaluation:
        """Evaluate a model on the table."""
        predicted = model.predict(np.split(self.rows, np.cumsum(self.lengths)[:-1]))
        has_value = ~np.isnan(self.values)
        return RegressionEvaluation.of(self.values[has_value], np.concatenate(predicted)[has_value])


def rows_of(sentence: Sentence, inputs: Sequence[str]) -> Numbers:
    """Return the inputs (T, D) of a sequence. Raises DataError if a field is no number or a column is missing."""
    columns = [sentence.words, *(_column(sentence, name) for name in inputs)]
    return np.stack([_numbers(sentence, values, gaps=False) for values in columns], axis=1)


def values_of(sentence: Sentence, target: str) -> Numbers:
    """Return the target values (T,) of a sequence, NaN for missing ones."""
    return _numbers(sentence, _column(sentence, target), gaps=True)


def _column(sentence: Sentence, name: str) -> Sequence[str]:
    if name not in sentence.columns:
        names = ", ".join(sentence.columns) or "none"
        where = {"path": sentence.path or None, "line": sentence.line or None}
        raise DataError(f"no column {shown(name)}, which the model needs; there is: {names}", **cast(Any, where))
    return sentence.columns[name]


def _numbers(sentence: Sentence, values: Sequence[str], *, gaps: bool) -> Numbers:
    numbers = np.empty(len(values))
    for i, value in enumerate(values):
        if gaps and value in NOTHING:
            numbers[i] = math.nan
            continue
        try:
            numbers[i] = float(value)
        except ValueError:
            numbers[i] = math.nan
        if not math.isfinite(numbers[i]):
            row = sentence.line + sentence.rows[i] if sentence.rows else sentence.line
            expected = "a number or _" if gaps else "a number"
            raise DataError(f"expected {expected}, found {shown(value)}", path=sentence.path or None, line=row or None)
    return numbers
