"""Runs that are stopped after a step and resumed: small ones of each kind, and the bytes of checkpoints and models."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.models import file
from elman.taggers.base import Predictor
from elman.training import checkpoint
from small_language import language

QUIET: dict[str, Any] = {"on_warning": lambda line: None}
SMALL = {"hidden": 4, "embedding": 4, "epochs": 2, "batch": 1, "ensemble": 1, "feature_embedding": 4}
OF_NUMBERS = {"hidden": 3, "epochs": 2, "batch": 1}
FEW = SMALL | {"batch": 8}
CONLLU = (
    "# newpar\n"
    "1\tCats\tcat\tNOUN\t_\tNumber=Plur\t2\tnsubj\t_\t_\n"
    "2\tran\trun\tVERB\t_\t_\t0\troot\t_\tSpaceAfter=No\n\n"
    "# newpar\n"
    "1\tThe\tthe\tDET\t_\t_\t2\tdet\t_\t_\n"
    "2\tdog\tdog\tNOUN\t_\tNumber=Sing\t0\troot\t_\t_\n\n"
)


def tagged(n: int, seed: int = 1) -> str:
    return "".join(" ".join(map("_".join, zip(*pair, strict=True))) + "\n" for pair in language(n, seed))


def texts(n: int) -> str:
    draw = random.Random(1)
    return "".join(f"{draw.choice('XY')}\t{' '.join(draw.choices(['cat', 'sun', 'rain'], k=4))}\n" for _ in range(n))


def numbers(n: int) -> str:
    draw = random.Random(2)
    return "".join("".join(f"{draw.random():.2f}\t{draw.random():.2f}\n" for _ in range(3)) + "\n" for _ in range(n))


TASKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "tag": ("t.txt", tagged(36), {"dev": "17%", "settings": SMALL}),
    "classify": ("t.tsv", texts(36), {"dev": "17%", "settings": SMALL | {"linear_share": 0.0}}),
    "pipeline": ("t.conllu", CONLLU * 8, {"task": "pipeline", "settings": SMALL}),
    "lm": ("t.raw", "a b a c b a c\n" * 8, {"task": "lm", "settings": SMALL | {"chunk": 2, "averaging": 0.4}}),
    "regress": (
        "t.num",
        numbers(36),
        {"task": "regress", "dev": "17%", "settings": OF_NUMBERS},
    ),
}
"""Runs of about 60 steps."""


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
