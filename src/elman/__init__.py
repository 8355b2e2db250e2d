"""Train recurrent taggers on your own labelled text, tag with them, and inspect how they work.

``__all__`` lists the public names. Each is imported on first use, so ``import elman`` takes almost no time.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes longer than starting Python
if TYPE_CHECKING:
    from typing import Any

    from elman.data.sentence import Sentence
    from elman.errors import ConfigError, DataError, ElmanError, MissingExtraError, ModelFileError, OutputError
    from elman.evaluation.classification import ClassEvaluation
    from elman.evaluation.tagging import TagEvaluation
    from elman.models.ensemble import Ensemble
    from elman.models.streaming import Stream
    from elman.taggers.base import Predictor
    from elman.taggers.language_model import LanguageEvaluation, LanguageModel
    from elman.taggers.load import load
    from elman.taggers.pipeline import Pipeline
    from elman.taggers.regression.regressor import Regressor
    from elman.taggers.regression.table import RegressionEvaluation
    from elman.taggers.segmenter import Segmenter
    from elman.taggers.structured import EncodedTagger
    from elman.taggers.tagger import Tagger, TaggerClassifier, TextClassifier
    from elman.taggers.train import find_rate, train
    from elman.training.lr_finder import RateTrial

__version__ = "0.1.0"

__all__ = [
    "ClassEvaluation",
    "ConfigError",
    "DataError",
    "ElmanError",
    "EncodedTagger",
    "Ensemble",
    "LanguageEvaluation",
    "LanguageModel",
    "MissingExtraError",
    "ModelFileError",
    "OutputError",
    "Pipeline",
    "Predictor",
    "RateTrial",
    "RegressionEvaluation",
    "Regressor",
    "Segmenter",
    "Sentence",
    "Stream",
    "TagEvaluation",
    "Tagger",
    "TaggerClassifier",
    "TextClassifier",
    "__version__",
    "find_rate",
    "load",
    "train",
]

_HOME = {
    "ClassEvaluation": "elman.evaluation.classification",
    "EncodedTagger": "elman.taggers.structured",
    "Ensemble": "elman.models.ensemble",
    "LanguageEvaluation": "elman.taggers.language_model",
    "LanguageModel": "elman.taggers.language_model",
    "Pipeline": "elman.taggers.pipeline",
    "Predictor": "elman.taggers.base",
    "RateTrial": "elman.training.lr_finder",
    "RegressionEvaluation": "elman.taggers.regression.table",
    "Regressor": "elman.taggers.regression.regressor",
    "Segmenter": "elman.taggers.segmenter",
    "Sentence": "elman.data.sentence",
    "Stream": "elman.models.streaming",
    "TagEvaluation": "elman.evaluation.tagging",
    "Tagger": "elman.taggers.tagger",
    "TaggerClassifier": "elman.taggers.tagger",
    "TextClassifier": "elman.taggers.tagger",
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
