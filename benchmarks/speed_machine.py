"""The machine: whether it is free, what it is, how a part of the benchmark gets its cores to itself."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BUSY = 0.15  # cores that others may use before the machine counts as busy
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONPATH", "ELMAN_KERNELS", "ELMAN_ISA")
"""Settings of somebody's shell that would change what is measured; the first two slow a current NumPy down."""
AVX2 = {
    "ELMAN_ISA": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
"""What keeps elman, PyTorch and NumPy to AVX2. ONNX Runtime cannot be told."""
LIBRARIES = ("elman", "numpy", "torch", "onnxruntime", "onnx", "python-crfsuite", "nltk", "spacy", "matplotlib")


def busy_seconds(stat: str) -> float:
    """CPU seconds of all cores that were not idle, since the start, from the text of /proc/stat.

    Time that the machine's host took away counts too: it was not to be had.
    """
    user, nice, system, _idle, _wait, irq, softirq, stolen = map(int, stat.split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq + stolen) / os.sysconf("SC_CLK_TCK")


class Others:
    """How many cores processes other than this one and its children keep busy; None where that cannot be known."""

    def __init__(self) -> None:
        self._start = self._now()

    def cores(self) -> float | None:
        """Since this object was made. Children count when they have ended."""
        now = self._now()
        if now is None or self._start is None:
            return None
        (seconds, busy), (seconds_then, busy_then) = now, self._start
        return max(0.0, (busy - busy_then) / max(seconds - seconds_then, 1e-3))

    @staticmethod
    def _now() -> tuple[float, float] | None:
        try:
            busy = busy_seconds(Path("/proc/stat").read_text())
        except (OSError, ValueError):
            return None
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.monotonic(), busy - sum(u.ru_utime + u.ru_stime for u in used)


def require_quiet(force: bool, seconds: float = 1.0, patience: int = 10) -> float | None:
    """The cores that others keep busy, measured over ``seconds``. Exits when that is too much, unless forced."""
    for _ in range(1 if force else patience):
        others = Others()
        time.sleep(seconds)
        busy = others.cores()
        if busy is None or busy <= BUSY:
            return busy
        if not force:
            print(f"speed.py: waiting, others keep {busy:.2f} cores busy", file=sys.stderr)
    if force:
        return busy
    sys.exit(
        f"speed.py: the machine is busy: other processes use {busy:.2f} of its cores, wanted at most {BUSY}; "
        "figures would mean little. Try again when it is quiet, or use OPTIONS=--force, which the result will say"
    )


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what would change the figures."""
    return {name: value for name, value in os.environ.items() if name not in UNSET} | more


def run_part(module: str, job: dict[str, Any], environment: dict[str, str] | None = None) -> Any:
    """What a part's ``measure`` returns for a job, in a process of its own on ``job["threads"]`` cores."""
    threads = job.get("threads", os.cpu_count() or 1)
    settings = dict.fromkeys(THREAD_SETTINGS, str(threads)) | (environment or {})
    command = [sys.executable, str(HERE / f"{module}.py")]
    environment = clean_environment(**settings)
    with on_cores(threads):
        done = subprocess.run(command, input=json.dumps(job), stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"speed.py: {module} failed (status {done.returncode}) on {json.dumps(job)[:200]}")
    return json.loads(done.stdout)


@contextmanager
def on_cores(n: int) -> Iterator[None]:
    """Processes that are started meanwhile get the last n of the cores: the first one serves most interrupts."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-n:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def main_of(measure: Any) -> None:
    """A part's main program: a job as JSON on standard input, its result as JSON on standard output."""
    if len(sys.argv) > 1:
        sys.exit(f"{Path(sys.argv[0]).name} is a part of speed.py and is started by it; see make bench")
    job = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, sys.stderr  # what libraries print is not the result
    result = measure(job)
    json.dump(result, out)


def surroundings() -> dict[str, Any]:
    """What a reader needs to judge the figures; nothing that names the machine."""
    import numpy
    from threadpoolctl import threadpool_info

    from elman.kernels import describe
    from online import processor

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True).stdout.strip()

    measured = ("../src", "../CMakeLists.txt", ".", ":!results")
    return {
        "commit": git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(git("status", "--porcelain", "--", *measured)),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "memory_mb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6),
            "system": platform.system(),
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "kernels": describe() | {"why": ""},
        "blas": [
            {key: info.get(key) for key in ("internal_api", "version", "architecture")} for info in threadpool_info()
        ][: 1 if numpy else 0],
    }
