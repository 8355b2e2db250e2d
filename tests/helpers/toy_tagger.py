"""Taggers of three sentences."""

from __future__ import annotations

from typing import Any

from elman.taggers.tagger import Tagger
from elman.taggers.train import train

TEXT = [
    [("the", "D"), ("dog", "N"), ("barks", "V")],
    [("a", "D"), ("cat", "N"), ("sleeps", "V")],
    [("the", "D"), ("cat", "N"), ("barks", "V")],
]
DEV = [[("a", "D"), ("dog", "N"), ("sleeps", "V")]]
KINDS = ["hmm", "frequent", "rnn"]
RNN: dict[str, Any] = {"hidden": 4, "embedding": 3, "epochs": 2}


def toy(kind: str = "hmm", **options: Any) -> Tagger:
    """Train a tagger of a kind."""
    if kind == "rnn":
        options["settings"] = RNN | options.get("settings", {})
    return train(TEXT, options.pop("dev", DEV), model=kind, **options)
