"""Loading a model: as ``elman tag`` does for plain text, by ``elman.load``, and by that again.

A job is {"model"}; milliseconds. What has to be imported is imported before the clock starts.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import speed_machine


def measure(job: dict[str, Any]) -> dict[str, float]:
    import elman
    from elman import kernels
    from elman.models import rnn as recurrent
    from elman.taggers import fast_lines as light

    assert recurrent
    kernels.describe()
    kernels.native_core()
    start = time.perf_counter()
    light.load(job["model"])
    tag = 1e3 * (time.perf_counter() - start)
    times = []
    for _ in range(8):
        start = time.perf_counter()
        elman.load(job["model"])
        times.append(1e3 * (time.perf_counter() - start))
    return {"tag": tag, "first": times[0], "again": statistics.median(times[1:])}


if __name__ == "__main__":
    speed_machine.main_of(measure)
