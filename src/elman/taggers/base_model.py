"""Base models: networks pretrained on raw text, with which training begins. They predict nothing themselves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

from elman.config import Config
from elman.data.corpus import Path
from elman.errors import ConfigError
from elman.models import file
from elman.models.file import Tensors
from elman.models.rnn import RecurrentModel
from elman.taggers.base import Predictor
from elman.utils.validation import demand, front

TASK = "pretrain"


class BaseModel(Predictor):
    """A network pretrained on raw text. Its ``tags`` are the words that it learned to fill in."""

    task = TASK
    predicts = False
    reads_sentences = False
    _model: RecurrentModel

    def __init__(self, model: RecurrentModel, *, data: Mapping[str, Any], threads: int = 1) -> None:
        super().__init__(model, targets=("word",), format="text", data=data, threads=threads)

    def _task_record(self) -> dict[str, Any]:
        return {"name": TASK}

    @classmethod
    def from_record(cls, record: Mapping[str, Any], tensors: Tensors, *, threads: int = 1) -> Self:
        """Return the inverse of ``to_record``. Raises ModelFileError if the record is malformed."""
        found = front(record, ("rnn",))
        demand(list(found.targets) == ["word"], "target: expected word, which a base model fills in")
        model = RecurrentModel.from_record(found.model, tensors)
        check_base(model)
        return cls(model, data=found.data, threads=threads)


def check_base(model: RecurrentModel) -> None:
    """Raise ModelFileError if another network cannot begin with the weights of this one."""
    network, lexicon = model.config.network, model.lexicon
    single = network.ensemble == 1 and model.tasks == ("tag",) and network.decoder == "softmax"
    demand(single and model.graph_column is None, "model: expected one network that fills in words")
    plain = lexicon.characters is None and not lexicon.vectors.width and lexicon.token_features is None
    demand(plain and network.embedding > 0, "model: expected a base of word embeddings and sub-word features alone")
    fits = network.direction == "forward" or network.layers == 1
    demand(fits, "model settings: expected layers=1 or direction=forward in a base")


def read_base(base: Path | Predictor) -> RecurrentModel:
    """Return the network of a base model, or of its file.

    Raises ModelFileError for another file, ConfigError for a model of another task.
    """
    from elman.taggers.load import of_content

    name = name_of(base)
    model = base if isinstance(base, Predictor) else of_content(name, file.read(name), base=True)
    if not isinstance(model, BaseModel):
        raise ConfigError(
            f"{name}: expected a base model, which elman pretrain writes, found one of the task {model.task}"
        )
    return model._model


LEARNING_RATE = 0.5
"""The learning rate of a network that begins with a base, as a share of the usual one: by dev of English EWT."""
BEST_LAYERS = 2
"""Layers of a network of the preset ``best`` that begins with a base of one: the second reads what the base learned."""
TAKEN = ("cell", "direction", "hidden", "features", "feature_embedding", "residual")
"""Settings of the network that are those of the base."""


def name_of(base: Path | Predictor) -> str:
    """Return how messages name a base model: by its file, if it has one."""
    return "raw text" if isinstance(base, Predictor) else os.fspath(base)


def with_base(
    config: Config, base: RecurrentModel, called: str, settings: Mapping[str, Any], preset: str = "default"
) -> Config:
    """Return the settings of a network that begins with a base: its size and cell, and smaller steps.

    ``called`` is how messages name the base, ``settings`` are those that were asked for.

    Raises ConfigError if one of these is not as the base has it.
    """
    of_base = base.config.network
    taken: dict[str, Any] = {name: getattr(of_base, name) for name in TAKEN}
    least = BEST_LAYERS if preset == "best" and "layers" not in settings else config.network.layers
    taken["layers"] = max(least, of_base.layers)
    for name, value in taken.items():
        if name in settings and getattr(config.network, name) not in (value, "auto"):
            raise ConfigError(
                f"{name}: the base {called} has {getattr(of_base, name)}, got "
                f"{getattr(config.network, name)}; leave it out, or pretrain another base"
            )
    if "learning_rate" not in settings:
        taken["learning_rate"] = LEARNING_RATE * config.training.learning_rate
    return config.with_settings(taken)
