"""The tagger whose tags are numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, cast

import numpy as np

from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.models.ensemble import Ensemble
from elman.models.file import Tensors
from elman.taggers.batches import words_of
from elman.taggers.regression.model import Numbers, RegressionModel
from elman.taggers.regression.table import Evaluation, Table, rows_of, values_of
from elman.taggers.tagger import Tagger
from elman.utils.display import shown
from elman.utils.validation import demand, front

TASK = "regress"


class Regressor(Tagger):
    """Predicts numbers. As a tagger its tags are numbers as text, and it has no confidence in them."""

    task = TASK

    @property
    def model(self) -> RegressionModel:
        """What predicts."""
        return cast(RegressionModel, self._model)

    @property
    def networks(self) -> Ensemble:
        """What it is made of; its words are rows of numbers (``RegressionModel.networks``)."""
        return self.model.networks

    @property
    def tag_sets(self) -> dict[str, tuple[str, ...]]:
        """None: numbers are no set."""
        return {self.target: ()}

    def reads(self, sentence: Sentence) -> list[str]:
        """The rows of a sequence as ``networks`` read them, with commas."""
        return [",".join(f"{x:.10g}" for x in row) for row in rows_of(sentence, self.model.inputs).tolist()]

    def lessons(self, sentences: Iterable[Sentence]) -> Iterator[tuple[list[str], list[float]]]:
        """Of each sequence the rows that ``networks`` read, and what they should say, scaled; NaN: nothing."""
        for one in sentences:
            values = self.model.scalings[1].scaled(values_of(one, self.target)[:, None])[:, 0]
            yield self.reads(one), values.tolist()

    def said(self, scaled: float) -> str:
        """A number that the network says, as it stands in the column."""
        out = self.model.scalings[1]
        return f"{scaled * out.deviation[0] + out.mean[0]:.6g}"

    def known(self, word: str) -> bool:
        """Whether a number stood in the training data is not kept."""
        return False

    def predict(self, rows: Any) -> Numbers:
        """(T, D) numbers of a sequence, or (T,) where D is 1 -> the (T,) numbers predicted.

        Raises DataError for another width than that of the training data.
        """
        try:
            x = np.asarray(rows, np.float64)
        except (TypeError, ValueError):
            raise DataError(f"expected rows of numbers, got {shown(rows)}") from None
        x = x[:, None] if x.ndim == 1 else x
        width = 1 + len(self.model.inputs)
        if x.ndim != 2 or x.shape[1] != width:
            raise DataError(f"expected rows of {width} numbers, got an array of shape {x.shape}")
        return self.model.predict([x])[0]

    def tag_columns_all(self, sentences: Iterable[Sequence[str] | Sentence]) -> Iterator[dict[str, list[str]]]:
        """The numbers of each sequence as text; of bare words, where the model reads nothing else."""
        return self._in_batches(self._by_column, (self._rows(one) for one in sentences))

    def tag_all(self, sentences: Iterable[Sequence[str] | Sentence]) -> Iterator[list[str]]:
        return (found[self.target] for found in self.tag_columns_all(sentences))

    def tag(self, words: Sequence[str]) -> list[str]:
        return next(self.tag_all([words]))

    def tag_columns(self, words: Sequence[str]) -> dict[str, list[str]]:
        return next(self.tag_columns_all([words]))

    def _rows(self, one: Sequence[str] | Sentence) -> Any:
        sentence = one if isinstance(one, Sentence) else Sentence(tuple(words_of(one)))
        return rows_of(sentence, self.model.inputs)

    def _by_column(self, batch: Sequence[Any]) -> list[dict[str, list[str]]]:
        return [{self.target: [f"{value:.6g}" for value in found.tolist()]} for found in self.model.predict(batch)]

    def _by_column_with_confidences(self, batch: Sequence[Any]) -> Any:
        raise ConfigError("confidence: the model predicts numbers, and has no probabilities of them")

    _tags_and_confidences = _by_column_with_confidences

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise ConfigError(
            "a model of the task regress predicts numbers, one for each step, which have no probabilities; "
            "predict() gives them, evaluate_numbers() compares them"
        )

    probabilities: Any = _refuse
    nbest: Any = _refuse
    _text_target: Any = _refuse
    _scored: Any = _refuse

    def evaluate_numbers(self, sentences: Sequence[Sentence], target: str | None = None) -> Evaluation:
        """Compare with the numbers in a column, by default the one trained on. Raises DataError: there are none."""
        some = [sentence for sentence in sentences if sentence.words]
        if not some:
            raise DataError("nothing to evaluate: no rows in it")
        return Table.of(some, self.model.inputs, target or self.target).evaluation(self.model)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._pickled(from_record)

    def describe(self) -> dict[str, Any]:
        """What it is and what it was made from, as JSON values."""
        record, tensors = self.model.to_record()
        return {
            "task": self.task,
            "kind": self.kind,
            "targets": {self.target: []},
            "tasks": {self.target: "number"},
            "inputs": ["word", *self.model.inputs],
            "format": self.format,
            "parameters": sum(tensor.size for tensor in tensors.values()),
            "vocabulary": 0,
            "data": dict(self._data),
            "temperatures": {self.target: 1.0},
            "settings": record["settings"],
            "training": record["training"],
        }

    def to_record(self) -> tuple[dict[str, Any], Tensors]:
        """Configuration (JSON values) and tensors: all that the model file holds."""
        of_model, tensors = self.model.to_record()
        record = {"kind": self.kind, "target": self.target, "format": self.format, "data": self._data}
        return {**record, "task": {"name": TASK}, "model": of_model}, tensors


def from_record(record: Mapping[str, Any], tensors: Tensors, *, threads: int) -> Regressor:
    """A regressor of its record. Raises ModelFileError for records that do not fit together."""
    found = front(record, ("rnn",))
    demand(len(found.targets) == 1, "target: expected one column of numbers")
    model = RegressionModel.from_record(found.model, tensors)
    return Regressor(cast(Any, model), targets=found.targets, format=found.format, data=found.data, threads=threads)
