"""``Regressor``: predicts numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.models.file import Tensors
from elman.taggers.base import Predictor, Target
from elman.taggers.batches import refuse_text, whole_sentences
from elman.taggers.regression.model import Numbers, RegressionModel
from elman.taggers.regression.table import RegressionEvaluation, Table, rows_of, values_of
from elman.utils.display import shown
from elman.utils.validation import demand, front

TASK = "regress"


class Regressor(Predictor):
    """Predicts a number for each step of a sequence of numbers, without confidences."""

    task = TASK
    metric = "R²"
    _model: RegressionModel

    @property
    def inputs(self) -> tuple[str, ...]:
        """The input columns besides the first one."""
        return self._model.inputs

    def inputs_of(self, sentence: Sentence) -> list[str]:
        """Return the inputs of the model for a sequence: its rows as comma-separated text."""
        return [",".join(f"{x:.10g}" for x in row) for row in rows_of(sentence, self._model.inputs).tolist()]

    def examples(self, sentences: Iterable[Sentence], column: str) -> Iterator[tuple[list[str], list[float]]]:
        """Yield the rows of each sequence and the scaled gold values of a column; NaN for missing ones."""
        for sentence in sentences:
            values = self._model.scalings[1].scaled(values_of(sentence, column)[:, None])[:, 0]
            yield self.inputs_of(sentence), values.tolist()

    def shown_label(self, label: str, score: float) -> str:
        """Return a scaled output of the network as text, in the units of the column."""
        out = self._model.scalings[1]
        return f"{score * out.deviation[0] + out.mean[0]:.6g}"

    def predict(self, rows: Any) -> Numbers:
        """Return the (T,) numbers predicted for (T, D) numbers of a sequence, or (T,) if D is 1.

        Raises DataError if the width is not that of the training data.
        """
        return self._model.predict([self._rows(rows)])[0]

    def pipe(self, sequences: Iterable[Any], *, confidence: bool = False, columns: Target = None) -> Iterator[Any]:
        """Yield the (T,) numbers of each sequence, in order; sequences are read in batches, with constant memory.

        A sequence is as for ``predict``, or a ``Sentence`` whose words and columns ``inputs`` hold numbers.

        ``columns``  column names: yield dictionaries by name, with the numbers as text, as in files

        Raises ConfigError if ``confidence`` is set: the model has none.
        """
        refuse_text(sequences)
        if confidence:
            raise ConfigError("confidence: the model predicts numbers, and has no probabilities of them")
        predicted = self._in_batches(self._model.predict, map(self._rows, sequences))
        if columns is None:
            return predicted
        names = self.chosen(columns)
        return ({name: [f"{value:.6g}" for value in values.tolist()] for name in names} for values in predicted)

    def _rows(self, rows: Any) -> Numbers:
        """Return a sequence as (T, D) numbers. Raises DataError if it is none."""
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
        """Compare with the numbers in a column, by default the training column. Raises DataError if there are none."""
        with_rows = [sentence for sentence in whole_sentences(sentences) if sentence.words]
        if not with_rows:
            raise DataError("nothing to evaluate: no rows in it")
        return Table.of(with_rows, self._model.inputs, target or self.target).evaluation(self._model)

    def describe(self) -> dict[str, Any]:
        """Return a description of model and training data as JSON values."""
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
