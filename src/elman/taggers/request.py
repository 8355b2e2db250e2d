"""``TrainRequest``: the arguments of one call of ``elman.train``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from elman.data.corpus import Data, Path
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.taggers.base import Predictor
from elman.training.run_options import RunOptions
from elman.utils.arguments import check_text, described, path_text, settings_table
from elman.utils.charsets import check_encoding
from elman.utils.display import shown
from elman.utils.limits import REPLAY, whole_number

if TYPE_CHECKING:
    from elman.training.self_training import Silver

_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
_NUMBER = re.compile(r" *(\d{1,9}|\d{0,9}[.,]\d{1,9}) *%* *", re.ASCII)


@dataclass(frozen=True)
class TrainRequest:
    """Data, task, settings and run options of one training; see ``elman.train``.

    ``dev``      dev data, or the percentage of ``data`` to hold out
    ``targets``  names of label columns; None: those of the format or the task
    ``task``     a task of ``elman.taggers.registry``; None: ``tag``, or ``classify`` if the data labels no words
    ``options``  options of the task with their values, such as ``{"features": "each"}``
    ``model``    the kind of model; None: the task's default
    ``text_column``  the column of a table that has the texts or words
    ``inputs``   columns that each word has as features of its own
    ``keep_replay``  number of training sentences that the model file keeps for ``elman learn``
    ``base``     a base model to begin with; ``like``: labelled sentences, to cut raw text into words in the same way
    ``raw``      files of raw text, to pretrain a base on, and for a teacher's tags; ``silver``: sentences of it, with
                 the teacher
    ``lexicon``  files with features of words
    ``budget``   a time, such as ``"60s"``, or seconds
    """

    data: Data
    dev: Data | float | None = None
    targets: tuple[str, ...] | None = None
    task: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    preset: str = "default"
    settings: Mapping[str, Any] = field(default_factory=dict)
    vectors: Path | None = None
    base: Path | Predictor | None = None
    like: Path | list[Sentence] | None = None
    raw: tuple[str, ...] = ()
    silver: Silver | None = None
    lexicon: tuple[str, ...] = ()
    budget: str | float | None = None
    format: str | None = None
    encoding: str = "utf-8"
    text_column: str | None = None
    inputs: tuple[str, ...] = ()
    keep_replay: int = 0
    run: RunOptions = RunOptions()

    def __post_init__(self) -> None:
        """Raise ConfigError for values of another type, DataError for a share in place of the data."""
        settings_table(self.settings)
        check_text("model", self.model)
        if self.model == "":
            raise ConfigError("model: expected the name of a kind of model, such as rnn, got ''")
        check_text("format", self.format)
        check_text("text_column", self.text_column)
        check_encoding(self.encoding)
        whole_number("keep_replay", self.keep_replay, 0, REPLAY)
        sentences = isinstance(self.like, list) and all(isinstance(one, Sentence) for one in self.like)
        like = None if sentences else self.like
        base = None if isinstance(self.base, Predictor) else self.base
        for name, path in (("vectors", self.vectors), ("base", base), ("like", like)):
            if path is not None:
                path_text(name, path)
        if self.lexicon and self.base is not None:
            raise ConfigError("base: it brings its own features of words; leave out either the base or the lexicon")
        if isinstance(self.budget, bool) or not isinstance(self.budget, str | int | float | None):
            raise ConfigError(f"budget: expected a time such as 60s, 2m or 1.5h, got {described(self.budget)}")
        if isinstance(self.data, str) and _PERCENT.fullmatch(self.data):
            raise DataError(f"train: expected a path or sentences, got the share {shown(self.data)}; dev comes second")


def data_or_share(dev: Data | None) -> Data | float | None:
    """Return a share such as ``"10%"`` as a number, other data unchanged. Raises ConfigError if it is a number."""
    if isinstance(dev, int | float):
        raise ConfigError(f"dev: expected a path, sentences, or a share such as '10%', got {shown(dev)}")
    percent = _PERCENT.fullmatch(dev) if isinstance(dev, str) else None
    if isinstance(dev, str) and not percent and _NUMBER.fullmatch(dev) and not os.path.exists(dev):
        share = float(dev.strip(" %").replace(",", "."))
        share = 100 * share if share < 1 else share
        example = f"{share:g}%" if 0 < share < 100 else "10%"
        raise ConfigError(f"dev: no file is called {shown(dev)}; a share of TRAIN has a percent sign: {example}")
    return float(percent[1]) if percent else dev
