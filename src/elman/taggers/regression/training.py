"""Train on numbers, with the trainer of the taggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.config import Config, preset
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.models import dtype
from elman.nn.batch import packed
from elman.nn.decoders import SquaredError
from elman.nn.encoder import Gradients
from elman.nn.initialization import initialize
from elman.nn.layers import DropoutNoise
from elman.taggers.prepare import read_all, split
from elman.taggers.regression.model import SETTINGS, RegressionModel, Scaling, inputs_of, without_words
from elman.taggers.regression.regressor import Regressor
from elman.taggers.regression.table import Table
from elman.taggers.request import TrainRequest
from elman.training import auto_settings, trainer
from elman.training.run_options import RunOptions
from elman.training.task import Items, LossTotals, StepKey
from elman.utils import seeding

OWN: Mapping[str, Any] = {
    "ensemble": 1,
    "hidden": 64,
    "epochs": 30,
    "dropout": 0.0,
    "unk_dropout": 0.0,
    "class_weight_power": 0.0,
}
"""Defaults of the task that differ from the preset ``default``."""


class Regressing(Items):
    """Regression as a task for the trainer: rows (N, D) and values (N,), NaN for missing ones."""

    def __init__(self, model: RegressionModel, train: Table, dev: Table | None) -> None:
        self.model, self.parameters, self.dev = model, model.parameters, dev
        self.lengths, self.ends = train.lengths, np.cumsum(train.lengths)
        self.x = model.scalings[0].scaled(train.rows)
        self.y = model.scalings[1].scaled(train.values[:, None])[:, 0]
        self.decoder = SquaredError(1, None)

    def gradients(self, items: NDArray[np.int64], words: int, place: StepKey) -> tuple[LossTotals, Gradients]:
        training = self.model.config.training
        batch, rows = packed(self.lengths, self.ends, items)
        kind = training.dropout_kind
        noise = DropoutNoise(
            place.draws(seeding.DROPOUT), training.dropout, 0.0, kind != "plain", layers=kind == "layers"
        )
        network = self.model.network
        scores, backprop = network.forward(
            self.parameters, inputs_of(self.x[rows]), batch, bptt=training.bptt, noise=noise
        )
        gold = np.where(np.isnan(self.y[rows]), scores[:, 0], self.y[rows])  # no loss for missing values
        loss = self.decoder.loss(self.parameters, scores, gold, batch)
        scale = np.float32(1 / words if training.loss == "mean" else 1)
        dscores, _ = loss.backprop(np.full(len(rows), scale, np.float32))
        return LossTotals(float(loss.losses.sum()), len(rows), 0), backprop(dscores)

    def score(self) -> float | None:
        """Return R² on dev; None without a dev set."""
        return None if self.dev is None else self.dev.evaluation(self.model).r2


def train(request: TrainRequest) -> Regressor:
    """Train on sequences of numbers. Raises DataError if a field is no number or there are no values."""
    sentences, dev = read_all(request)
    names = request.targets or tuple(sentences[0].columns)[-1:]
    if not names:
        raise DataError("expected two columns or more, numbers and one to be predicted", path=sentences[0].path or None)
    sentences, dev_sentences, held_out = split(sentences, dev)
    of_task = {**SETTINGS, **(OWN if request.preset == "default" else {"ensemble": 1})}
    config = preset(request.preset).with_settings({**of_task, **request.settings})
    model, words = _fit(sentences, dev_sentences, names[0], config, request.run)
    data = {
        "sentences": len(sentences),
        "words": words,
        "dev_sentences": None if dev_sentences is None else len(dev_sentences),
        "dev_accuracy": model.dev_accuracy,
        "held_out": held_out,
    }
    options: dict[str, Any] = {"format": sentences[0].format, "data": data, "threads": request.run.threads}
    return Regressor(model, targets=names[:1], **options)


def _fit(
    sentences: Sequence[Sentence], dev: Sequence[Sentence] | None, target: str, config: Config, run: RunOptions
) -> tuple[RegressionModel, int]:
    """Return the trained model and the number of training rows."""
    required = without_words(config)
    if required is not None:
        raise ConfigError(f"task regress: expected {required}")
    inputs = [name for name in sentences[0].columns if name != target]
    table = Table.of(sentences, inputs, target)
    if np.isnan(table.values).all():
        raise DataError(f"no numbers in column {target}: nothing to learn", path=sentences[0].path or None)
    scalings = Scaling.of(table.rows), Scaling.of(table.values[:, None])
    config = auto_settings.resolve(config, [])
    empty = RegressionModel(config, inputs, scalings, {})
    parameters = initialize(empty.network, seeding.stream(run.seed, seeding.START))
    model = RegressionModel(config, inputs, scalings, parameters)
    task = Regressing(model, table, None if dev is None else Table.of(dev, inputs, target))
    record = trainer.fit(
        task,
        config.training,
        seed=run.seed,
        threads=run.threads,
        on_progress=run.on_progress,
        section=run.section("network"),
    )
    for w in parameters.values():
        w[...] = dtype.rounded(w) if config.network.dtype == "float16" else w
    model.training = {"seed": run.seed, **vars(record)}
    return model, len(table.rows)
