"""What a model of any task predicts; importable by the processes of a pool."""

from __future__ import annotations

from typing import Any

from elman.taggers.base import Predictor
from elman.taggers.column_predictor import ColumnPredictor
from elman.taggers.language_model import LanguageModel
from elman.taggers.pipeline import Pipeline
from elman.taggers.regression.regressor import Regressor
from elman.taggers.segmenter import Segmenter

WORDS = ["Cats", "ran", "."]


def said(model: Predictor) -> Any:
    """What a model says of something."""
    if isinstance(model, Segmenter):
        return model.segment("Cats ran. Cats ran.")
    if isinstance(model, LanguageModel):
        return model.sample(20)
    if isinstance(model, Regressor):
        return model.predict([0.1, 0.3]).tolist()
    if isinstance(model, Pipeline):
        return [one.columns for one in model.sentences(["Cats ran. Cats ran."])]
    assert isinstance(model, ColumnPredictor)
    return model.predict([WORDS], columns=model.targets)[0]
