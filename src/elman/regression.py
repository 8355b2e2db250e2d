"""Numbers in, a number out, at every step: a recurrent network with squared error, for logs of sensors and the like.

A step is a row of the file: its word and its other columns are the inputs, one column is to be predicted. Where that
is ``_`` or empty there is nothing to learn or to compare: a sequence may have one value, at its end.

Inputs and outputs are scaled to mean 0 and variance 1 of the training data. The network, its training and its settings
are those of the tagger, without words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from elman import automatic, decoders, randomness, storage, trainer
from elman.batching import by_length
from elman.config import Config
from elman.encoder import Gradients, Parameters
from elman.errors import ConfigError, DataError, ModelFileError
from elman.features import Bags
from elman.layers import Noise
from elman.model_file import Tensors
from elman.network import Inputs, Network
from elman.networks import CHUNK, packed
from elman.sentence import Sentence
from elman.tagger import Tagger
from elman.trainer import Place, Tally

TASK = "regress"
NOTHING = ("_", "")
SETTINGS: Mapping[str, Any] = {"embedding": 0, "features": "none", "decoder": "softmax", "constraints": "none"}
"""What a network without words has."""
OWN: Mapping[str, Any] = {"ensemble": 1, "hidden": 64, "epochs": 30, "dropout": 0.0, "unknown": 0.0, "balance": 0.0}
"""What differs from the presets of taggers, unless it is set."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Scaling:
    """Means and standard deviations of D columns; a column that never changes has deviation 1."""

    mean: Numbers
    deviation: Numbers

    @classmethod
    def of(cls, x: Numbers) -> Scaling:
        """Those of (N, D) numbers, those that are NaN aside."""
        deviation = np.nanstd(x, axis=0)
        return cls(np.nanmean(x, axis=0), np.where(deviation > 0, deviation, 1.0))

    def scaled(self, x: Numbers) -> NDArray[np.float32]:
        """Numbers (N, D) as the network reads them."""
        return np.asarray((x - self.mean) / self.deviation, np.float32)

    def to_record(self) -> list[list[float]]:
        """JSON values."""
        return [self.mean.tolist(), self.deviation.tolist()]

    @classmethod
    def from_record(cls, record: Any, width: int) -> Scaling:
        """The inverse of ``to_record``. Raises ModelFileError for other values."""
        try:
            mean, deviation = (np.array(row, np.float64) for row in record)
        except (TypeError, ValueError):
            mean = deviation = np.zeros(0)
        if not (mean.shape == deviation.shape == (width,) and np.isfinite(mean).all() and (deviation > 0).all()):
            raise ModelFileError(f"model scaling: expected means and deviations of {width} columns")
        return cls(mean, deviation)


@dataclass(frozen=True)
class Evaluation:
    """How far ``values`` numbers are from what they should be.

    ``rmse``  the root of the mean squared error; ``mae`` the mean distance; ``r2`` the share of the variance explained
    """

    values: int
    rmse: float
    mae: float
    r2: float

    @classmethod
    def of(cls, gold: Numbers, found: Numbers) -> Evaluation:
        """Of (N,) numbers. Raises DataError: none."""
        if not len(gold):
            raise DataError("nothing to evaluate: no numbers in the column that is to be predicted")
        error, spread = found - gold, gold - gold.mean()
        squares, whole = float((error**2).mean()), float((spread**2).mean())
        return cls(len(gold), math.sqrt(squares), float(np.abs(error).mean()), 1 - squares / whole if whole else 0.0)

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {"values": self.values, "rmse": self.rmse, "mae": self.mae, "r2": self.r2}


class RegressionModel:
    """The network, how numbers are scaled, and the names of the columns that are read beside the words."""

    kind = "rnn"
    tags = ()

    def __init__(
        self, config: Config, inputs: Sequence[str], scalings: tuple[Scaling, Scaling], parameters: Parameters
    ) -> None:
        self.config, self.inputs, self.scalings, self.parameters = config, tuple(inputs), scalings, parameters
        self.network = Network(config.network, 1, 0, 1, numbers=1 + len(inputs))
        self.training: dict[str, Any] = {}

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended its training."""
        return bool(self.training.get("interrupted", False))

    @property
    def dev_accuracy(self) -> float | None:
        """R² on dev, of the epoch that was kept; None without a dev set."""
        scores = self.training.get("dev_accuracies")
        return scores[self.training["best_epoch"] - 1] if scores else None

    def predict(self, sequences: Sequence[Numbers]) -> list[Numbers]:
        """For each sequence (T, D) its (T,) numbers."""
        lengths = np.array([len(one) for one in sequences], np.int64)
        ends = np.cumsum(lengths)
        x = self.scalings[0].scaled(np.concatenate(sequences)) if sequences else np.zeros((0, 1), np.float32)
        found = np.zeros(len(x), np.float64)
        for some in by_length(lengths, CHUNK):
            batch, rows = packed(lengths, ends, some)
            found[rows] = self.network.forward(self.parameters, inputs_of(x[rows]), batch)[0][:, 0]
        out = self.scalings[1]
        return np.split(found * out.deviation[0] + out.mean[0], ends[:-1]) if sequences else []

    def choose_precision(self, precision: str) -> None:
        """``auto`` and ``exact`` are one here. Raises ConfigError for int8."""
        if precision == "int8":
            raise ConfigError("precision int8: numbers are computed exactly; expected auto or exact")

    def to_record(self) -> tuple[dict[str, Any], Tensors]:
        """Configuration and tensors for the model file."""
        record = {
            "inputs": list(self.inputs),
            "scalings": [scaling.to_record() for scaling in self.scalings],
            "settings": self.config.to_dict(),
            "training": self.training,
        }
        return record, storage.stored(dict(self.parameters), self.config.network.storage)

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors) -> RegressionModel:
        """The inverse of ``to_record``. Raises ModelFileError for records that do not fit together."""
        inputs, settings, scalings = record.get("inputs"), record.get("settings"), record.get("scalings")
        if not isinstance(inputs, list) or not all(isinstance(name, str) for name in inputs):
            raise ModelFileError("model: expected a list of input columns")
        if not isinstance(scalings, list) or len(scalings) != 2 or not isinstance(record.get("training"), dict):
            raise ModelFileError("model: expected scalings of inputs and outputs, and a training record")
        try:
            config = Config.from_dict(cast(Any, settings))
        except (ConfigError, TypeError, AttributeError) as error:
            raise ModelFileError(f"model settings: {error}") from None
        both = Scaling.from_record(scalings[0], 1 + len(inputs)), Scaling.from_record(scalings[1], 1)
        model = cls(config, inputs, both, {})
        shapes = model.network.shapes()
        if {name: tensor.shape for name, tensor in tensors.items()} != shapes:
            raise ModelFileError(f"model tensors: expected {', '.join(shapes)} in the shapes of the settings")
        model.parameters = storage.restored(dict(tensors), config.network.storage)
        model.training = record["training"]
        return model


class Regressing(trainer.Items):
    """The training of numbers, as a task for the trainer: rows (N, D) and values (N,), NaN where there is none."""

    def __init__(self, model: RegressionModel, train: Table, dev: Table | None) -> None:
        self.model, self.parameters, self.dev = model, model.parameters, dev
        self.lengths, self.ends = train.lengths, np.cumsum(train.lengths)
        self.x = model.scalings[0].scaled(train.rows)
        self.y = model.scalings[1].scaled(train.values[:, None])[:, 0]
        self.decoder = decoders.Squares(1, None)

    def gradients(self, items: NDArray[np.int64], words: int, place: Place) -> tuple[Tally, Gradients]:
        training = self.model.config.training
        batch, rows = packed(self.lengths, self.ends, items)
        noise = Noise(place.stream(randomness.DROPOUT), training.dropout, 0.0, training.dropout_kind == "variational")
        network = self.model.network
        scores, backprop = network.forward(
            self.parameters, inputs_of(self.x[rows]), batch, bptt=training.bptt, noise=noise
        )
        there = ~np.isnan(self.y[rows])
        found = self.decoder.loss(self.parameters, scores, np.where(there, self.y[rows], scores[:, 0]), batch)
        scale = np.float32(1 / words if training.loss == "mean" else 1)
        dscores, _ = found.backprop(np.full(len(rows), scale, np.float32))
        return Tally(float(found.losses.sum()), len(rows), 0), backprop(dscores)

    def online(self, items: NDArray[np.int64], rates: NDArray[np.float64], place: Place) -> Tally | None:
        return None

    def score(self) -> float | None:
        """R² on dev; None without it."""
        return None if self.dev is None else self.dev.evaluation(self.model).r2


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

    def evaluation(self, model: RegressionModel) -> Evaluation:
        """How far a model is from the values."""
        found = model.predict(np.split(self.rows, np.cumsum(self.lengths)[:-1]))
        there = ~np.isnan(self.values)
        return Evaluation.of(self.values[there], np.concatenate(found)[there])


class Regressor(Tagger):
    """Predicts numbers. As a tagger its tags are numbers as text, and it has no confidence in them."""

    task = TASK

    @property
    def model(self) -> RegressionModel:
        """What predicts."""
        return cast(RegressionModel, self._model)

    @property
    def tag_sets(self) -> dict[str, tuple[str, ...]]:
        """None: numbers are no set."""
        return {self.target: ()}

    def known(self, word: str) -> bool:
        """Whether a number stood in the training data is not kept."""
        return False

    def predict(self, rows: Any) -> Numbers:
        """(T, D) numbers of a sequence, or (T,) where D is 1 -> the (T,) numbers predicted.

        Raises DataError for another width than that of the training data.
        """
        x = np.asarray(rows, np.float64)
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

    def _rows(self, one: Sequence[str] | Sentence) -> Any:
        sentence = one if isinstance(one, Sentence) else Sentence(tuple(one))
        return rows_of(sentence, self.model.inputs)

    def _by_column(self, batch: Sequence[Any]) -> list[dict[str, list[str]]]:
        return [{self.target: [f"{value:.6g}" for value in found.tolist()]} for found in self.model.predict(batch)]

    def _by_column_with_confidences(self, batch: Sequence[Any]) -> Any:
        raise ConfigError("confidence: the model predicts numbers, and has no probabilities of them")

    _tags_and_confidences = _by_column_with_confidences

    def nbest(self, words: Sequence[str], most: int, target: str | None = None) -> Any:
        raise ConfigError("nbest: the model predicts numbers, one for each step")

    def evaluate_numbers(self, sentences: Sequence[Sentence], target: str | None = None) -> Evaluation:
        """Compare with the numbers in a column, by default the one trained on. Raises DataError: there are none."""
        some = [sentence for sentence in sentences if sentence.words]
        if not some:
            raise DataError("nothing to evaluate: no rows in it")
        return Table.of(some, self.model.inputs, target or self.target).evaluation(self.model)

    def about(self, *, format: str, **data: Any) -> Regressor:
        own = {**self._data, **data}
        return Regressor(self._model, targets=self.targets, format=format, data=own, threads=self.threads)

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


@dataclass(frozen=True)
class Run:
    """How a training is run: see ``elman.training.train``."""

    seed: int = 1
    threads: int = 1
    on_progress: Any = None


def train(
    sentences: Sequence[Sentence], dev: Sequence[Sentence] | None, target: str, config: Config, run: Run
) -> Regressor:
    """Train on sequences of numbers. Raises DataError: a field that is no number, no value at all; ConfigError."""
    for name, value in SETTINGS.items():
        if getattr(config.network, name) != value:
            raise ConfigError(f"task regress: expected {name}={value}; its steps are numbers, not words")
    if config.network.ensemble != 1 or config.training.distill or config.network.characters:
        raise ConfigError("task regress: expected ensemble=1, distill=0 and characters=0")
    inputs = [name for name in sentences[0].columns if name != target]
    table = Table.of(sentences, inputs, target)
    if np.isnan(table.values).all():
        raise DataError(f"no numbers in column {target}: nothing to learn", path=sentences[0].path or None)
    scalings = Scaling.of(table.rows), Scaling.of(table.values[:, None])
    config = automatic.resolve(config, [])
    empty = RegressionModel(config, inputs, scalings, {})
    parameters = empty.network.start(randomness.stream(run.seed, randomness.START))
    model = RegressionModel(config, inputs, scalings, parameters)
    task = Regressing(model, table, None if dev is None else Table.of(dev, inputs, target))
    record = trainer.fit(task, config.training, seed=run.seed, threads=run.threads, on_progress=run.on_progress)
    for w in parameters.values():
        w[...] = storage.rounded(w) if config.network.storage == "float16" else w
    model.training = {"seed": run.seed, **vars(record)}
    data = {
        "sentences": len(sentences),
        "words": len(table.rows),
        "dev_sentences": None if dev is None else len(dev),
        "dev_accuracy": model.dev_accuracy,
        "held_out": None,
    }
    return Regressor(cast(Any, model), targets=(target,), format=sentences[0].format, data=data, threads=run.threads)


def from_record(record: Mapping[str, Any], tensors: Tensors, *, threads: int) -> Regressor:
    """A regressor of its record. Raises ModelFileError for records that do not fit together."""
    data, target, of_model = record.get("data"), record.get("target"), record.get("model")
    if not isinstance(data, dict) or not isinstance(target, str) or not isinstance(of_model, dict):
        raise ModelFileError("expected a target, data and a model, as training writes them")
    model = RegressionModel.from_record(of_model, tensors)
    return Regressor(cast(Any, model), targets=(target,), format=str(record.get("format")), data=data, threads=threads)


def inputs_of(x: NDArray[np.float32]) -> Inputs:
    """What the network reads of rows of numbers (N, D)."""
    n = np.arange(len(x), dtype=np.int32)
    return Inputs(n, n, Bags(np.zeros(0, np.int32), np.zeros(len(x) + 1, np.int32)), numbers=x)


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
        raise DataError(f"no column {name!r}, which the model needs; there is: {there}", **cast(Any, where))
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
            raise DataError(f"expected {expected}, found {value[:40]!r}", path=sentence.path or None, line=row or None)
    return found
