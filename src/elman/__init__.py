"""Trains a recurrent tagger on your own labelled text, tags with it, and shows its work.

The names below are the public ones; each is loaded when it is first used, so that ``import elman`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes longer to load than Python to start
if TYPE_CHECKING:
    from typing import Any

    from elman.data.sentence import Sentence
    from elman.errors import ConfigError, DataError, ElmanError, MissingExtraError, ModelFileError, OutputError
    from elman.evaluation.tagging import TagEvaluation
    from elman.taggers.load import load
    from elman.taggers.tagger import Tagger
    from elman.taggers.train import find_rate, train

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "DataError",
    "ElmanError",
    "MissingExtraError",
    "ModelFileError",
    "OutputError",
    "Sentence",
    "TagEvaluation",
    "Tagger",
    "__version__",
    "find_rate",
    "load",
    "train",
]

_HOME = {
    "Sentence": "elman.data.sentence",
    "TagEvaluation": "elman.evaluation.tagging",
    "Tagger": "elman.taggers.tagger",
    "find_rate": "elman.taggers.train",
    "load": "elman.taggers.load",
    "train": "elman.taggers.train",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'elman' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME.get(name, "elman.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
