"""What the machine can do at most, measured by peaks.c, and what a word costs the model of ``default``.

A job is {"part": "prepare"}, or {"threads": 1}.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from cases import text
from cases.models import model_of

SOURCE = Path(__file__).with_name("peaks.c")


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return ``peaks`` of one core (empty without a C compiler or on another processor) and the ``model``'s sizes."""
    model = model_of("default")[0]
    if job.get("part") == "prepare":
        return {}
    import elman

    described = elman.load(model, threads=1).describe()
    network = described["settings"]["network"]
    sizes = {"hidden": network["hidden"], "tags": len(described["tags"])}
    return {"peaks": peaks(), "model": sizes}


def peaks() -> dict[str, float]:
    """Return the clock in GHz, multiply-adds a cycle of float32 and of 8 bits, and the GB/s of copying."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None or os.uname().machine not in ("x86_64", "amd64"):
        return {}
    program = text.WORK / "peaks"
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", str(SOURCE), "-o", str(program)], check=True)
    found: dict[str, float] = json.loads(subprocess.run([program], check=True, capture_output=True).stdout)
    return found
