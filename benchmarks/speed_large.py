"""A large file through ``elman tag``: memory and rate from its beginning to its end.

A job is {"bytes", "end", "quick"}. Where the process is in its file, and what memory it holds, is read from /proc every
fifth of a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import speed_data
import speed_machine
from speed_measure import figure
from speed_train import need_model

EVERY = 0.2  # seconds
SHOWN = 60  # samples that are kept in the result


class Sample(NamedTuple):
    seconds: float
    position: int  # bytes read of the file
    rss_mb: float  # MB: 10⁶ bytes
    peak_mb: float  # of it so far


def samples(process: subprocess.Popen[bytes], path: Path) -> list[Sample]:
    """Until the process ends, where it is in its file. Its end is the end of the file."""
    found: list[Sample] = []
    begin = time.perf_counter()
    while process.poll() is None:
        place, held = position(process.pid, path), memory(process.pid)
        if place is not None and held is not None:
            found.append(Sample(time.perf_counter() - begin, place, *held))
        time.sleep(EVERY)
    held = (found[-1].rss_mb, found[-1].peak_mb) if found else (0.0, 0.0)
    return [*found, Sample(time.perf_counter() - begin, path.stat().st_size, *held)]


def position(pid: int, path: Path) -> int | None:
    """How far a process has read a file; None where it has not opened it or is gone."""
    try:
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            if os.path.realpath(fd) == str(path.resolve()):
                return int(Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        pass
    return None


def memory(pid: int) -> tuple[float, float] | None:
    """Resident memory now and the most so far, in MB; None when the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    kb = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest}
    return (kb["VmRSS"] * 1024 / 1e6, kb["VmHWM"] * 1024 / 1e6) if "VmHWM" in kb else None


def rates(found: Sequence[Sample], end: int) -> tuple[float, float]:
    """MB/s of the first and of the last ``end`` bytes."""
    import numpy as np

    seconds, places = (np.array(column) for column in ([s.seconds for s in found], [s.position for s in found]))

    def when(place: float) -> float:
        return float(np.interp(place, places, seconds))

    size = places[-1]
    return end / 1e6 / (when(places[0] + end) - seconds[0]), end / 1e6 / (seconds[-1] - when(size - end))


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Rates in MB/s and words/s, the peak of the memory and its course. The output is thrown away."""
    if not Path("/proc/self/fdinfo").exists():
        raise SystemExit("speed.py: the part large needs /proc, which Linux has")
    path, model = speed_data.large_file(job["bytes"]), need_model("default", job["quick"])
    words = 0
    with path.open("rb") as file:  # brings the file into memory, too
        while block := file.read(1 << 24):
            words += block.count(b" ") + block.count(b"\n")
    command = [sys.executable, "-m", "elman", "tag", str(model), str(path), "--threads", str(job["threads"])]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        found = samples(process, path)
        assert process.stderr is not None
        said = process.stderr.read().decode()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"speed.py: elman tag: {said.strip()}")
    first, last = rates(found, job["end"])
    return {
        "bytes": path.stat().st_size,
        "words": words,
        "end": job["end"],
        "all": figure([words / seconds], "words/s"),
        "first": figure([first], "MB/s"),
        "last": figure([last], "MB/s"),
        "peak": figure([found[-1].peak_mb], "MB"),
        "course": [sample._asdict() for sample in found[:: max(1, len(found) // SHOWN)]],
    }


if __name__ == "__main__":
    speed_machine.main_of(measure)
