"""Train recurrent taggers on your own labelled text, tag with them, and inspect how they work.

``__all__`` lists the public names. Each is imported on first use, so ``import elman`` takes almost no time.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes longer than starting Python
if TYPE_CHECKING:
    from typing import Any

    from elman.analysis.errors import ErrorAnalysis
    from elman.analysis.functions import attributions, compare, curve, find_errors, gradients
    from elman.analysis.gradients import Attribution
    from elman.analysis.lag_curves import GradientReport
    from elman.analysis.learning_curve import Curve
    from elman.analysis.search.results import SearchResult
    from elman.analysis.search.search import search
    from elman.data.checks.report import CheckReport
    from elman.data.convert import ConversionResult
    from elman.data.functions import check, convert
    from elman.data.sentence import Sentence
    from elman.errors import ConfigError, DataError, ElmanError, MissingExtraError, ModelFileError, OutputError
    from elman.evaluation.classification import ClassEvaluation
    from elman.evaluation.compare import Comparison
    from elman.evaluation.tagging import TagEvaluation
    from elman.integrations.onnx.export import export_onnx
    from elman.integrations.onnx.inputs import onnx_inputs
    from elman.integrations.progress_bar import ProgressBar
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
    "Attribution",
    "CheckReport",
    "ClassEvaluation",
    "Comparison",
    "ConfigError",
    "ConversionResult",
    "Curve",
    "DataError",
    "ElmanError",
    "EncodedTagger",
    "Ensemble",
    "ErrorAnalysis",
    "GradientReport",
    "LanguageEvaluation",
    "LanguageModel",
    "MissingExtraError",
    "ModelFileError",
    "OutputError",
    "Pipeline",
    "Predictor",
    "ProgressBar",
    "RateTrial",
    "RegressionEvaluation",
    "Regressor",
    "SearchResult",
    "Segmenter",
    "Sentence",
    "Stream",
    "TagEvaluation",
    "Tagger",
    "TaggerClassifier",
    "TextClassifier",
    "__version__",
    "attributions",
    "check",
    "compare",
    "convert",
    "curve",
    "export_onnx",
    "find_errors",
    "find_rate",
    "gradients",
    "load",
    "onnx_inputs",
    "search",
    "train",
]

_HOME = {
    "Attribution": "elman.analysis.gradients",
    "CheckReport": "elman.data.checks.report",
    "ClassEvaluation": "elman.evaluation.classification",
    "Comparison": "elman.evaluation.compare",
    "ConversionResult": "elman.data.convert",
    "Curve": "elman.analysis.learning_curve",
    "EncodedTagger": "elman.taggers.structured",
    "Ensemble": "elman.models.ensemble",
    "ErrorAnalysis": "elman.analysis.errors",
    "GradientReport": "elman.analysis.lag_curves",
    "LanguageEvaluation": "elman.taggers.language_model",
    "LanguageModel": "elman.taggers.language_model",
    "Pipeline": "elman.taggers.pipeline",
    "Predictor": "elman.taggers.base",
    "ProgressBar": "elman.integrations.progress_bar",
    "RateTrial": "elman.training.lr_finder",
    "RegressionEvaluation": "elman.taggers.regression.table",
    "Regressor": "elman.taggers.regression.regressor",
    "SearchResult": "elman.analysis.search.results",
    "Segmenter": "elman.taggers.segmenter",
    "Sentence": "elman.data.sentence",
    "Stream": "elman.models.streaming",
    "TagEvaluation": "elman.evaluation.tagging",
    "Tagger": "elman.taggers.tagger",
    "TaggerClassifier": "elman.taggers.tagger",
    "TextClassifier": "elman.taggers.tagger",
    "attributions": "elman.analysis.functions",
    "check": "elman.data.functions",
    "compare": "elman.analysis.functions",
    "convert": "elman.data.functions",
    "curve": "elman.analysis.functions",
    "export_onnx": "elman.integrations.onnx.export",
    "find_errors": "elman.analysis.functions",
    "find_rate": "elman.taggers.train",
    "gradients": "elman.analysis.functions",
    "load": "elman.taggers.load",
    "onnx_inputs": "elman.integrations.onnx.inputs",
    "search": "elman.analysis.search.search",
    "train": "elman.taggers.train",
}


_MODULES = ("learn", "scale")
"""Modules that are attributes of the package without an import."""


def __getattr__(name: str) -> Any:
    if name not in __all__ and name not in _MODULES:
        raise AttributeError(f"module 'elman' has no attribute {name!r}")
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"elman.{name}")
    value = getattr(import_module(_HOME.get(name, "elman.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
