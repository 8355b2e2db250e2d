"""Learn from corrections: update a trained model, and report what it has learned and what it has forgotten.

new, report = elman.learn.update(model, "corrections.conllu", replay="train.conllu", heldout="dev.conllu")
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from elman.data.correction import Correction
    from elman.learn.corrections import read
    from elman.learn.learner import Learner, update
    from elman.learn.report import UpdateReport, make_report
    from elman.learn.retraining import retrain
    from elman.models.history import History

__all__ = ["Correction", "History", "Learner", "UpdateReport", "make_report", "read", "retrain", "update"]

_HOME = {
    "Correction": "elman.data.correction",
    "History": "elman.models.history",
    "Learner": "elman.learn.learner",
    "UpdateReport": "elman.learn.report",
    "make_report": "elman.learn.report",
    "read": "elman.learn.corrections",
    "retrain": "elman.learn.retraining",
    "update": "elman.learn.learner",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'elman.learn' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
