"""The models of the speed benchmark, trained by ``elman train`` and kept in build/bench/models.

A model's file has a digest of elman's code and of the text in its name, so a model of other code is trained again.
"""

from __future__ import annotations

import time
from pathlib import Path

from cases import text
from harness.machine import run_elman
from harness.results import DATA, WIKI, treebank
from harness.runs import code_version

EWT = treebank("en_ewt", "train")
MODELS = {
    "default": (EWT, ""),
    "fast": (EWT, "--preset fast"),
    "xpos": (EWT, "--target xpos"),
    "wiki-en": (WIKI.format("train"), "--set ensemble=1"),  # which has two networks by default
    "three columns": (EWT, "--target upos,xpos,feats"),
    "best": (EWT, "--preset best --set epochs=1"),  # its speed is measured, not its accuracy
}
"""Name -> training file, options of ``elman train``."""


def model_of(name: str, *, again: bool = False, threads: int = 2) -> tuple[Path, float]:
    """Return a model, trained if it is not kept, and the seconds of the whole process that trained it."""
    folder = text.WORK / "models"
    path = folder / f"{name}.{code_version().rpartition('+')[2]}.{text.digest()}.model".replace(" ", "-")
    start = time.perf_counter()
    if again or not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{name.replace(' ', '-')}.*.model"):
            old.unlink()
        file, options = MODELS[name]
        run_elman("train", DATA / file, "-o", path, *options.split(), "--threads", threads)
    return path, time.perf_counter() - start
