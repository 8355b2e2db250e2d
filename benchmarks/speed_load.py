"""Loading a model: the first time in a process, and again. A job is {"model"}; milliseconds."""

from __future__ import annotations

import statistics
import time
from typing import Any

import speed_machine


def measure(job: dict[str, Any]) -> dict[str, float]:
    import elman
    from elman import kernels, recurrent

    assert recurrent  # imported before the clock starts
    kernels.describe()
    times = []
    for _ in range(8):
        start = time.perf_counter()
        elman.load(job["model"])
        times.append(1e3 * (time.perf_counter() - start))
    return {"first": times[0], "again": statistics.median(times[1:])}


if __name__ == "__main__":
    speed_machine.main_of(measure)
