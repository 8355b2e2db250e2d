"""Training on English EWT on one core, as ``elman train`` does it, and the accuracy that comes of it.

The settings are the presets', which were chosen on dev; test is read once, when the model is there. The models are
those that the other parts tag with. A job is {"presets", "quick"}.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import speed_data
import speed_machine
from speed_measure import figure


def model_path(preset: str, quick: bool) -> Path:
    """Where a preset's model is kept."""
    return speed_data.WORK / ("models-quick" if quick else "models") / f"{preset}.model"


def train(preset: str, quick: bool, threads: int) -> float:
    """Trains and saves; the seconds of the whole process. ``quick``: one epoch."""
    path = model_path(preset, quick)
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "elman", "train", str(speed_data.treebank("train")), "-o", str(path)]
    command += ["--preset", preset, "--threads", str(threads), *(["--set", "epochs=1"] if quick else [])]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"speed.py: elman train: {done.stderr.strip()}")
    return seconds


def need_model(preset: str, quick: bool) -> Path:
    """A preset's model, trained now if the part ``train`` was left out and never ran."""
    path = model_path(preset, quick)
    if not path.exists():
        print(f"speed.py: training {preset}, which --only left out", file=sys.stderr)
        train(preset, quick, threads=2)
    return path


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Of each preset the ``seconds`` of training and ``upos``, the share of right tags on test, by precision."""
    import elman
    from elman import kernels

    seconds, upos = {}, {}
    for preset in job["presets"]:
        seconds[preset] = figure([train(preset, job["quick"], threads=1)], "s")
        upos[preset] = {
            precision: elman.load(model_path(preset, job["quick"]), threads=1, precision=precision)
            .evaluate(speed_data.treebank("test"))
            .accuracy
            for precision in ("exact", "int8")[: 2 if kernels.describe()["int8"] else 1]
        }
    return {"seconds": seconds, "upos": upos}


if __name__ == "__main__":
    speed_machine.main_of(measure)
