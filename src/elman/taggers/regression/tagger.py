"""``Regressor``: predicts numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.models.file import Tensors
from elman.taggers.base import Predictor, Target
from elman.taggers.regression.model import Numbers, RegressionModel
from elman.taggers.regression.table import RegressionEvaluation, Table, rows_of, values_of
from elman.utils.display import shown
from elman.utils.validation import demand, front

TASK = "regress"


class Regressor(Predictor):
    """Predicts a number for each step of a sequence of numbers. It has no confidence in them."""

    task = TASK
    _model: RegressionModel

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that are read beside the first one."""
        return self._model.inputs

    def reads(self, sentence: Sentence) -> list[str]:
        """The rows of a sequence as ``networks`` read them, with commas."""
        return [",".join(f"{x:.10g}" for x in row) for row in rows_of(sentence, self._model.inputs).tolist()]

    def lessons(self, sentences: Iterable[Sentence]) -> Iterator[tuple[list[str], list[float]]]:
        """Of each sequence the rows that ``networks`` read, and what they should say, scaled; NaN: nothing."""
        for one in sentences:
            values = self._model.scalings[1].scaled(values_of(one, self.target)[:, None])[:, 0]
            yield self.reads(one), values.tolist()

    def said(self, scaled: float) -> str:
        """A number that the network says, as it stands in the column."""
        out = self._model.scalings[1]
        return f"{scaled * out.deviation[0] + out.mean[0]:.6g}"

    def predict(self, rows: Any) -> Numbers:
        """Return the (T,) numbers predicted for (T, D) numbers of a sequence, or (T,) if D is 1.

        Raises DataError for another width than that of the training data.
        """
        return self._model.predict([self._rows(rows)])[0]

    def pipe(self, sequences: Iterable[Any], *, confidence: bool = False, columns: Target = None) -> Iterator[Any]:
        """Yield the (T,) numbers of each sequence, in order, read and predicted in batches: memory stays flat.

        A sequence is as for ``predict``, or a ``Sentence`` whose words and columns ``inputs`` hold numbers.

        ``columns``  names of columns: yield dictionaries by name, with the numbers as text, as files have them
        Raises ConfigError for ``confidence``: the model has none.
        """
        if confidence:
            raise ConfigError("confidence: the model predicts numbers, and has no probabilities of them")
        found = self._in_batches(self._model.predict, map(self._rows, sequences))
        if columns is None:
            return found
        names = self.chosen(columns)
        return ({name: [f"{value:.6g}" for value in values.tolist()] for name in names} for values in found)

    def _rows(self, rows: Any) -> Numbers:
        """Return a sequence as (T, D) numbers."""
        if isinstance(rows, Sentence):
            return rows_of(rows, self.inputs)
        try:
            x = np.asarray(rows, np.float64)
        except (TypeError, ValueError):
            raise DataError(f"expected rows of numbers, got {shown(rows)}") from None
        x = x[:, None] if x.ndim == 1 else x
        width = 1 + len(self.inputs)
        if x.ndim != 2 or x.shape[1] != width:
            raise DataError(f"expected rows of {width} numbers, got an array of shape {x.shape}")
        return x

    def evaluate(self, sentences: Sequence[Sentence], *, target: str | None = None) -> RegressionEvaluation:
        """Compare with the numbers in a column, by default the one trained on. Raises DataError: there are none."""
        some = [sentence for sentence in sentences if sentence.words]
        if not some:
            raise DataError("nothing to evaluate: no rows in it")
        return Table.of(some, self._model.inputs, target or self.target).evaluation(self._model)

    def describe(self) -> dict[str, Any]:
        """Return what it is and what it was trained on, as JSON values."""
        return {**super().describe(), "inputs": ["word", *self.inputs]}

    def _task_record(self) -> dict[str, Any]:
        return {"name": TASK}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""
        found = front(record, ("rnn",))
        demand(len(found.targets) == 1, "target: expected one column of numbers")
        model = RegressionModel.from_record(found.model, tensors)
        return cls(model, targets=found.targets, format=found.format, data=found.data, threads=threads)

    def _content(self) -> str:
        return f"{self.target} from {', '.join(['the first column', *self.inputs])}"
