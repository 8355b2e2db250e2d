"""The network that reads and predicts numbers, and the scaling of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from elman.config import Config, NetworkConfig
from elman.data.targets import NUMBER
from elman.errors import ConfigError, DataError, ModelFileError
from elman.features.lexicon import Lexicon
from elman.models import constraints, dtype, network_record
from elman.models.base import CHUNK, Model
from elman.models.ensemble import Ensemble
from elman.models.file import Tensors
from elman.models.heads import Heads
from elman.nn import decoders
from elman.nn.bags import Bags
from elman.nn.batch import by_length, packed
from elman.nn.encoder import Parameters
from elman.nn.network import Inputs, Network
from elman.utils.display import shown
from elman.utils.validation import demand, is_number, is_texts, training

Numbers = NDArray[np.float64]
SETTINGS: Mapping[str, Any] = {"embedding": 0, "features": "none", "decoder": "softmax", "constraints": "none"}
"""Fixed settings of a network without words."""


@dataclass(frozen=True)
class Scaling:
    """Means and standard deviations of D columns; a column that never changes has deviation 1."""

    mean: Numbers
    deviation: Numbers

    @classmethod
    def of(cls, x: Numbers) -> Scaling:
        """Compute the scaling of numbers (N, D), ignoring NaN."""
        deviation = np.nanstd(x, axis=0)
        return cls(np.nanmean(x, axis=0), np.where(deviation > 0, deviation, 1.0))

    def scaled(self, x: Numbers) -> NDArray[np.float32]:
        """Return scaled numbers (N, D), as the network reads them."""
        return np.asarray((x - self.mean) / self.deviation, np.float32)

    def to_record(self) -> list[list[float]]:
        """Return means and deviations as JSON values."""
        return [self.mean.tolist(), self.deviation.tolist()]

    @classmethod
    def from_record(cls, record: Any, width: int) -> Scaling:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""
        both: list[Any] = record if isinstance(record, list) and len(record) == 2 else [None, None]
        whole = all(isinstance(row, list) and len(row) == width and all(map(is_number, row)) for row in both)
        whole = whole and all(deviation > 0 for deviation in both[1])
        demand(whole, f"model scaling: expected means and deviations of {width} columns")
        return cls(np.array(both[0], np.float64), np.array(both[1], np.float64))


def inputs_of(x: NDArray[np.float32]) -> Inputs:
    """Return the network's inputs for rows of numbers (N, D)."""
    n = np.arange(len(x), dtype=np.int32)
    return Inputs(n, n, Bags(np.zeros(0, np.int32), np.zeros(len(x) + 1, np.int32)), numbers=x)


@dataclass(frozen=True)
class Rows:
    """A substitute for the lexicon: each word is a row of numbers as text, separated by commas."""

    scaling: Scaling

    def network(self, config: NetworkConfig, tags: int) -> Network:
        """Return the network that reads these rows."""
        return Network(config, 1, 0, tags, numbers=len(self.scaling.mean))

    def read(self, words: Sequence[str]) -> Inputs:
        """Return the network's inputs for N rows. Raises DataError if a row has the wrong number of numbers."""
        width = len(self.scaling.mean)
        try:
            x = np.array([list(map(float, word.split(","))) for word in words], np.float64)
        except ValueError:
            x = np.zeros((0, 0))
        if x.shape != (len(words), width) or not np.isfinite(x).all():
            numbers = "numbers" if width == 1 else f"rows of {width} numbers with commas between them"
            raise DataError(f"expected {numbers}, found {shown(' '.join(words))}")
        return inputs_of(self.scaling.scaled(x))


class _Heads(Heads):
    def _decoder(self, *about: Any) -> decoders.Decoder:
        return decoders.SquaredError(1, None)


class RegressionModel(Model):
    """The network, the scalings of inputs and outputs, and the names of the input columns besides the words."""

    kind = "rnn"
    tag_sets = ((),)
    tasks = (NUMBER,)

    def __init__(
        self, config: Config, inputs: Sequence[str], scalings: tuple[Scaling, Scaling], parameters: Parameters
    ) -> None:
        self.config, self.inputs, self.scalings, self.parameters = config, tuple(inputs), scalings, parameters
        self.network = Rows(scalings[0]).network(config.network, 1)
        self.training: dict[str, Any] = {}

    @property
    def ensemble(self) -> Ensemble:
        """The model as a network of words, which are rows of numbers; its single tag is the scaled prediction."""
        heads = _Heads(self.config, ((NUMBER,),), (constraints.NONE,))
        return Ensemble(self.config, cast(Lexicon, Rows(self.scalings[0])), heads, [self.parameters])

    def predict(self, sequences: Sequence[Numbers]) -> list[Numbers]:
        """Return the (T,) numbers predicted for each sequence (T, D)."""
        lengths = np.array([len(rows) for rows in sequences], np.int64)
        ends = np.cumsum(lengths)
        x = self.scalings[0].scaled(np.concatenate(sequences)) if sequences else np.zeros((0, 1), np.float32)
        predicted = np.zeros(len(x), np.float64)
        for items in by_length(lengths, CHUNK):
            batch, positions = packed(lengths, ends, items)
            predicted[positions] = self.network.forward(self.parameters, inputs_of(x[positions]), batch)[0][:, 0]
        out = self.scalings[1]
        return np.split(predicted * out.deviation[0] + out.mean[0], ends[:-1]) if sequences else []

    def choose_precision(self, precision: str) -> None:
        """Set ``precision``; ``auto`` is ``exact``. Raises ConfigError if it is int8."""
        if precision == "int8":
            raise ConfigError("precision int8: numbers are computed exactly; expected auto or exact")
        super().choose_precision(precision)

    def to_record(self) -> tuple[dict[str, Any], Tensors]:
        """Return configuration and tensors for the model file."""
        record = {
            "inputs": list(self.inputs),
            "scalings": [scaling.to_record() for scaling in self.scalings],
            "settings": self.config.to_dict(),
            "training": self.training,
        }
        return record, dtype.stored(dict(self.parameters), self.config.network.dtype)

    @classmethod
    def from_record(cls, config: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the parts are malformed or inconsistent."""
        inputs, scalings = config.get("inputs"), config.get("scalings")
        if not isinstance(inputs, list) or not is_texts(inputs):
            raise ModelFileError("model: expected a list of input columns")
        if not isinstance(scalings, list) or len(scalings) != 2:
            raise ModelFileError("model: expected scalings of inputs and outputs")
        _, of_settings = network_record.settings(config.get("settings"))
        settings, of_training = Config.from_dict(of_settings), training(config.get("training"))
        demand(without_words(settings) is None, f"model settings: expected {without_words(settings)}")
        both = Scaling.from_record(scalings[0], 1 + len(inputs)), Scaling.from_record(scalings[1], 1)
        model = cls(settings, inputs, both, {})
        network_record.check_forms(model.network.shapes(), dtype.forms(tensors), settings.network.dtype)
        model.parameters, model.training = dtype.restored(tensors), of_training
        return model


def without_words(config: Config) -> str | None:
    """Return the required settings of a network without words that are violated; None if there are none."""
    wrong = next((name for name, value in SETTINGS.items() if getattr(config.network, name) != value), None)
    if wrong is not None:
        return f"{wrong}={SETTINGS[wrong]}; its steps are numbers, not words"
    if config.network.ensemble != 1 or config.training.distill_teachers or config.network.characters:
        return "ensemble=1, distill_teachers=0 and characters=0"
    return None
