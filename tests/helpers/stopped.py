"""Runs that are stopped after a step and resumed: the bytes of every generation of a checkpoint, and of the models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import elman
from elman.models import file
from elman.taggers.base import Predictor
from elman.training import checkpoint

QUIET: dict[str, Any] = {"on_warning": lambda line: None}


def model_bytes(model: Predictor) -> bytes:
    return file.to_bytes(*model.to_record())


class Stopping:
    """Trains with a checkpoint after every step, and goes on from the checkpoint of any of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.path = folder / "run.checkpoint"
        self.generations: list[bytes] = []
        monkeypatch.setattr(checkpoint, "write_generation", self._keep)

    def _keep(self, path: str, previous: str, data: bytes) -> None:
        self.generations.append(data)

    def run(self, data: Any, dev: Any = None, **arguments: Any) -> bytes:
        """Return the model of a whole run; ``generations`` has what was kept after each step."""
        self.generations.clear()
        model = elman.train(data, dev, checkpoint=self.path, every=0, **QUIET, **arguments)
        return model_bytes(model)

    def resume(self, generation: bytes, **arguments: Any) -> bytes:
        """Return the model of the run that goes on from a generation."""
        self.path.write_bytes(generation)
        model = elman.train(resume=self.path, every="1h", **QUIET, **arguments)
        assert not self.path.exists()
        return model_bytes(model)
