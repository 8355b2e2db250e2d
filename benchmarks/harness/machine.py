"""The machine: whether it is free, what it is, and how a measurement gets processes and cores of its own."""

from __future__ import annotations

import json
import os
import platform
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from harness.results import ROOT

BUSY = 0.15  # cores that other processes may use before the machine counts as busy
THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONPATH", "ELMAN_KERNELS", "ELMAN_ISA")
"""Environment variables that would change what is measured; the first two slow down a current NumPy."""
AVX2 = {"ELMAN_ISA": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
AVX2 |= {"MKL_ENABLE_INSTRUCTIONS": "AVX2", "OPENBLAS_CORETYPE": "Haswell"}
"""Restricts elman, PyTorch and NumPy to AVX2. ONNX Runtime cannot be restricted."""
WORKER = Path(__file__).resolve().parents[1] / "worker.py"


def busy_seconds(stat: str) -> float:
    """Return the CPU seconds since boot in which cores were not idle, from the text of /proc/stat.

    Time that the host of a virtual machine took away counts too: it was not available.
    """
    user, nice, system, _idle, _wait, irq, softirq, stolen = map(int, stat.split("\n")[0].split()[1:9])
    return (user + nice + system + irq + softirq + stolen) / os.sysconf("SC_CLK_TCK")


class Others:
    """Measures how many cores are kept busy by processes other than this one and its children."""

    def __init__(self) -> None:
        self._start = self._now()

    def cores(self) -> float | None:
        """Return the mean since this object was made; None if unknown. Children count once they have ended."""
        now = self._now()
        if now is None or self._start is None:
            return None
        return max(0.0, (now[1] - self._start[1]) / max(now[0] - self._start[0], 1e-3))

    @staticmethod
    def _now() -> tuple[float, float] | None:
        try:
            busy = busy_seconds(Path("/proc/stat").read_text())
        except (OSError, ValueError):
            return None
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.monotonic(), busy - sum(u.ru_utime + u.ru_stime for u in used)


def require_quiet(force: bool, seconds: float = 1.0, patience: int = 10) -> float | None:
    """Return the cores that others keep busy, measured over ``seconds``. Exits if too many are, unless forced."""
    for _ in range(1 if force else patience):
        others = Others()
        time.sleep(seconds)
        busy = others.cores()
        if force or busy is None or busy <= BUSY:
            return busy
        print(f"waiting: other processes keep {busy:.2f} cores busy", file=sys.stderr)
    sys.exit(
        f"the machine is busy: other processes use {busy:.2f} of its cores, at most {BUSY} are allowed; figures would "
        "mean little. Try again when it is quiet, or use OPTIONS=--force"
    )


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment without the variables that would change figures."""
    return {name: value for name, value in os.environ.items() if name not in UNSET} | more


@contextmanager
def on_cores(n: int) -> Iterator[None]:
    """Restrict processes started in this context to the last n cores: the first one serves most interrupts."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-n:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run_job(
    module: str, job: dict[str, Any], environment: dict[str, str] | None = None, *, capture: bool = False
) -> Any:
    """Return ``module.measure(job)``, run in a process of its own on ``job["threads"]`` cores.

    With ``capture``, standard error becomes the message of the error. Raises RuntimeError if the process fails and
    KeyboardInterrupt if it was interrupted.
    """
    threads = job.get("threads", os.cpu_count() or 1)
    env = clean_environment(**dict.fromkeys(THREAD_SETTINGS, str(threads)) | (environment or {}))
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE if capture else None, "text": True}
    with on_cores(threads):
        done = subprocess.run([sys.executable, WORKER, module], input=json.dumps(job), env=env, **pipes)
    if done.returncode in (130, -signal.SIGINT):
        raise KeyboardInterrupt
    if done.returncode:
        said = (done.stderr or "").strip()
        raise RuntimeError(said or f"{module} failed (status {done.returncode}) on {json.dumps(job)[:200]}")
    return json.loads(done.stdout)


def run_elman(*arguments: object, environment: dict[str, str] | None = None) -> str:
    """Run the ``elman`` command and return its standard output. Raises RuntimeError if it fails."""
    command = [*map(str, elman(*arguments))]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if done.returncode:
        raise RuntimeError(f"elman {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


class Usage(NamedTuple):
    seconds: float  # wall time
    cpu: float  # seconds of user and system time
    memory: float  # largest resident memory, MB


def usage(
    command: Sequence[object], folder: Path = ROOT, *, cores: int | None = None, out: Path | None = None
) -> Usage:
    """Run a command in a folder and return what it used; its standard output goes to a file, or is discarded.

    The memory counts from what this process holds, so the caller should be a small one. Raises RuntimeError if the
    command fails.
    """
    words = list(map(str, command))
    env = clean_environment(**dict.fromkeys(THREAD_SETTINGS, str(cores or usable_cores())))
    with on_cores(cores or usable_cores()), open(out or os.devnull, "wb") as file:
        start = time.perf_counter()
        with subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=file, env=env) as process:
            _, status, used = os.wait4(process.pid, 0)
            seconds, process.returncode = time.perf_counter() - start, os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: status {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6)


def elman(*arguments: object) -> list[object]:
    """Return the command that runs ``elman``."""
    return [sys.executable, "-m", "elman", *arguments]


def memory(pid: int) -> tuple[float, float] | None:
    """Return resident memory now and the largest so far, in MB; None if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    kb = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if "kB" in rest}
    return (kb["VmRSS"] * 1024 / 1e6, kb["VmHWM"] * 1024 / 1e6) if "VmHWM" in kb else None


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def version_of(library: str) -> str:
    """Return the version of an installed library; PackageNotFoundError if it is not installed.

    That of elman is the package's own, whatever the name of its distribution is.
    """
    if library == "elman":
        from elman import __version__

        return __version__
    return version(library)


def versions(libraries: Sequence[str]) -> dict[str, str]:
    """Return the versions of Python and of those libraries that are installed."""
    found = {"python": platform.python_version()}
    for name in libraries:
        with suppress(PackageNotFoundError):
            found[name] = version_of(name)
    return found


def record(libraries: Sequence[str] = ()) -> dict[str, Any]:
    """Return what a reader needs to judge the figures: date, commit, machine, versions, kernels.

    With ``libraries``, their versions and NumPy's BLAS too. Nothing identifies the machine.
    """
    from elman.kernels import describe

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6)
    machine = {"processor": processor(), "cores": os.cpu_count(), "usable_cores": usable_cores(), "memory_mb": memory}
    measured = ("src", "CMakeLists.txt", "benchmarks", ":!benchmarks/results")
    about = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(git("status", "--porcelain", "--", *measured)),
        "machine": machine | {"system": platform.system()},
        "versions": versions(("numpy", *libraries)),
        "kernels": describe() | {"why": ""},
    }
    if libraries:
        from threadpoolctl import threadpool_info

        keys = ("internal_api", "version", "architecture")
        about["blas"] = [{key: info.get(key) for key in keys} for info in threadpool_info()][:1]
    return about


def circumstances(others: Others, libraries: Sequence[str] = ()) -> dict[str, Any]:
    """Return ``record``, and whether other processes used the machine since ``others`` was made."""
    load, cores = os.getloadavg(), others.cores()
    return record(libraries) | {"others": cores, "busy": cores is None or cores > BUSY, "load": load}
