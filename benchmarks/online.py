"""One-sentence SGD of an Elman tagger on one core: elman against PyTorch, JAX and NumPy (make bench-online).

All engines take the same step (see online_engines.py); before any timing, each one's gradient of a sentence and its
updates of fifty are held against NumPy in float64. Rounds are interleaved, so that a slow moment of the machine
meets all of them; figures are medians over rounds, with the lowest and the highest. The result goes to
results/online-COMMIT.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from online_engines import Engine, Problem, Weights

HERE = Path(__file__).resolve().parent
BARS = {"PyTorch": 15.0, "NumPy": 4.0, "JAX": 1.8}  # times as fast at hidden 128
SENTENCES, RATE, SEED = 500, 0.01, 1
TOLERANCE = {"gradient of one sentence": 1e-5, "updates of 50 sentences": 1e-4}
QUIET = 0.5  # load average above which nothing is measured

# Engines by name; the word in front of the first comma is the library.
ENGINES: dict[str, Callable[[Problem], Engine]] = {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, nargs="+", default=[64, 128, 256], help="sizes to measure")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of an engine's share of a round (default 0.5)")
    parser.add_argument("--check", action="store_true", help="check the gradients, measure nothing")
    parser.add_argument("--force", action="store_true", help="measure on a busy machine too")
    options = parser.parse_args()

    if not options.check and not options.force:
        wait_until_quiet()
    core = use_one_core()
    make_engines()
    sizes: dict[str, Any] = {}
    for hidden in options.hidden:
        deviations = check(hidden)
        if not options.check:
            sizes[str(hidden)] = {"deviation": deviations, **measure(hidden, options.rounds, options.seconds)}
            show(hidden, sizes[str(hidden)])
    if sizes:
        judge(sizes)
        save({**surroundings(core), "rounds": options.rounds, "hidden": sizes})


def wait_until_quiet() -> None:
    """Return when the machine has nothing else to do; give up after three minutes (pip may just have ended)."""
    for _ in range(36):
        if os.getloadavg()[0] <= QUIET:
            return
        print(f"waiting for a quiet machine (load {os.getloadavg()[0]:.2f})", end="\r", file=sys.stderr)
        time.sleep(5)
    sys.exit(
        f"online.py: the machine is busy (load {os.getloadavg()[0]:.2f}, wanted at most {QUIET}), so figures would "
        "mean little; try again when it is quiet, or use --force"
    )


def use_one_core() -> int | None:
    """Keep every library to one core; to be called before any is imported. Returns the core's number."""
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # settings that slow a current NumPy down
        os.environ.pop(name, None)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def make_engines() -> None:
    from elman import kernels
    from online_engines import Elman, Jax, NumPy, Torch, TorchByHand

    if kernels.describe()["backend"] != "native":
        sys.exit(f"online.py: elman's native kernels are not in use: {kernels.describe()['why']}")
    ENGINES.update(
        {
            "elman, a call an epoch": lambda p: Elman(p, call="epoch"),
            "elman, a call a sentence": lambda p: Elman(p, call="sentence"),
            "PyTorch, nn.RNN, sparse rows": lambda p: Torch(p, sparse=True),
            "PyTorch, nn.RNN, dense rows": lambda p: Torch(p, sparse=False),
            "PyTorch by hand, no autograd": TorchByHand,
            "JAX, a call an epoch, unroll 25": lambda p: Jax(p, call="epoch", unroll=25),
            "JAX, a call an epoch, unroll 5": lambda p: Jax(p, call="epoch", unroll=5),
            "JAX, a call a sentence, unroll 25": lambda p: Jax(p, call="sentence", unroll=25),
            "JAX, a call a sentence, unroll 5": lambda p: Jax(p, call="sentence", unroll=5),
            "NumPy, plain": NumPy,
        }
    )


def check(hidden: int) -> dict[str, dict[str, float]]:
    """The largest deviation of each engine from NumPy in float64, relative to the largest move of the same array.

    Exits when one is above its TOLERANCE.
    """
    from online_engines import problem

    deviations: dict[str, dict[str, float]] = {name: {} for name in ENGINES}
    for what, sentences, rate in (("gradient of one sentence", 1, 1.0), ("updates of 50 sentences", 50, RATE)):
        p = problem(hidden, sentences, rate, SEED)
        right = exact(p)
        for name, make in ENGINES.items():
            engine = make(p)
            engine.load(p.start)
            engine.epoch()
            found = engine.weights()  # at rate 1 what a sentence moves is its gradient
            worst = max(
                float(abs(found[key] - right[key]).max() / abs(p.start[key] - right[key]).max()) for key in right
            )
            deviations[name][what] = worst
            if not worst <= TOLERANCE[what]:
                sys.exit(f"online.py: hidden {hidden}: {name}: {what} is off by {worst:.1e}")
    for what, tolerance in TOLERANCE.items():
        worst = max(found[what] for found in deviations.values())
        print(f"hidden {hidden}: {what}: all engines within {worst:.1e} of float64 (allowed: {tolerance:.0e})")
    return deviations


def exact(p: Problem) -> Weights:
    """The weights after one pass, in float64."""
    from online_engines import NumPy

    oracle = NumPy(p)
    oracle.load({name: w.astype(float) for name, w in p.start.items()})
    oracle.epoch()
    return oracle.weights()


def measure(hidden: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Sentences per second of every engine: median, lowest and highest of the rounds, and the rounds themselves."""
    from online_engines import problem

    p = problem(hidden, SENTENCES, RATE, SEED)
    engines = {name: make(p) for name, make in ENGINES.items()}
    for engine in engines.values():
        timed(engine, p, 1)  # compiles, fills caches
    epochs = {name: max(1, round(seconds / timed(engine, p, 1))) for name, engine in engines.items()}
    speeds: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, engine in engines.items():
            speeds[name].append(SENTENCES * epochs[name] / timed(engine, p, epochs[name]))
    figures = {
        name: {"median": statistics.median(v), "lowest": min(v), "highest": max(v), "rounds": v}
        for name, v in speeds.items()
    }
    return {"sentences_per_second": figures, "times_as_fast": ratios(figures)}


def timed(engine: Engine, p: Problem, epochs: int) -> float:
    """Seconds of some epochs from the first weights on."""
    engine.load(p.start)
    start = time.perf_counter()
    for _ in range(epochs):
        engine.epoch()
    return time.perf_counter() - start


def ratios(figures: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """How many times elman is as fast as the fastest engine of each other library, for both ways of calling it.

    A call a sentence is held against engines that are called so too, a call an epoch against all.
    """
    times: dict[str, dict[str, float]] = {}
    for way in ("a call a sentence", "a call an epoch"):
        own = figures[f"elman, {way}"]["median"]
        fastest: dict[str, float] = {}
        for name, figure in figures.items():
            library = name.split(",")[0]
            if library != "elman" and (way == "a call an epoch" or "a call an epoch" not in name):
                fastest[library] = max(fastest.get(library, 0.0), figure["median"])
        times[way] = {library: own / speed for library, speed in fastest.items()}
    return times


def show(hidden: int, result: dict[str, Any]) -> None:
    print(f"\nhidden {hidden:<31}sentences/s    lowest   highest     µs each")
    for name, f in result["sentences_per_second"].items():
        each = 1e6 / f["median"]
        print(f"  {name:<36}{f['median']:>11,.0f}{f['lowest']:>10,.0f}{f['highest']:>10,.0f}{each:>12,.1f}")
    for way, times in result["times_as_fast"].items():
        print(f"  elman, {way}: " + ", ".join(f"{ratio:.2f} × {library}" for library, ratio in times.items()))
    print()


def judge(sizes: dict[str, Any]) -> None:
    """Say which bars are reached at hidden 128."""
    if "128" not in sizes:
        return
    for library, bar in BARS.items():
        for way, times in sizes["128"]["times_as_fast"].items():
            word = "reached" if times[library] >= bar else "MISSED"
            print(f"bar at hidden 128: {bar:>4g} × {library:<8}{way:<18}{times[library]:>6.2f} × {word}")


def surroundings(core: int | None) -> dict[str, Any]:
    """What a reader needs to judge the figures; nothing that names the machine."""
    import numpy
    from threadpoolctl import threadpool_info

    from elman.kernels import describe

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True).stdout.strip()

    measured = ("../src", "../CMakeLists.txt", ".", ":!results")
    return {
        "benchmark": "online",
        "commit": git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(git("status", "--porcelain", "--", *measured)),
        "machine": {"processor": processor(), "cores": os.cpu_count(), "pinned_to": core, "system": platform.system()},
        "versions": {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            **{name: version(name) for name in ("elman", "torch", "jax", "jaxlib")},
        },
        "elman_kernels": {key: describe()[key] for key in ("backend", "isa")},
        "blas": [
            {key: info.get(key) for key in ("internal_api", "version", "architecture", "num_threads")}
            for info in threadpool_info()
        ],
        "task": {"words": 5000, "tags": 45, "length": 25, "dtype": "float32", "sentences": SENTENCES, "rate": RATE},
        "tolerance": TOLERANCE,
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def save(result: dict[str, Any]) -> None:
    path = HERE / "results" / f"online-{result['commit'][:7] or 'unknown'}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written to {path.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
