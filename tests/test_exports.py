"""The declared public surface."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import elman

PUBLIC = {
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
}


def test_the_public_names() -> None:
    assert set(elman.__all__) == PUBLIC
    assert dir(elman) == sorted(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC - {"__version__"}))
def test_every_name_is_there_and_documented(name: str) -> None:
    value = getattr(elman, name)
    assert value.__name__ == name
    assert value.__module__.startswith("elman.")
    assert value.__doc__
    assert getattr(elman, name) is value


def test_every_error_is_public_and_has_the_same_root() -> None:
    from elman import errors

    names = {name for name, value in vars(errors).items() if getattr(value, "__module__", "") == errors.__name__}
    names = {name for name in names if isinstance(getattr(errors, name), type)}
    assert names <= PUBLIC
    assert all(issubclass(getattr(elman, name), elman.ElmanError) for name in names)


def test_no_other_name() -> None:
    with pytest.raises(AttributeError, match="module 'elman' has no attribute 'tran'"):
        elman.tran  # type: ignore[attr-defined]  # noqa: B018


def test_every_method_of_a_tagger_is_documented() -> None:
    for name, value in vars(elman.Tagger).items():
        if not name.startswith("_"):
            assert value.__doc__, name


def test_the_version_is_the_projects() -> None:
    project = Path(__file__).parents[1] / "pyproject.toml"
    assert elman.__version__ == tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
