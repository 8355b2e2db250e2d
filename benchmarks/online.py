"""One-sentence SGD of an Elman tagger on one core: elman against PyTorch, JAX and NumPy (make bench-online).

All engines take the same step (see peers/one_sentence.py). Before any timing, each one's gradient of a sentence and its
updates of fifty are compared with NumPy in float64. Rounds are interleaved; figures are medians over rounds, with the
lowest and the highest. The result is written to results/online-COMMIT.json.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from harness.machine import THREAD_SETTINGS, UNSET, record, require_quiet
from harness.measure import Figure, figure, interleaved
from harness.results import RESULTS, options, shown_path, write_json

BARS = {"PyTorch": 15.0, "NumPy": 4.0, "JAX": 1.8}  # times as fast, at hidden 128
SENTENCES, RATE, SEED = 500, 0.01, 1
TOLERANCE = {"gradient of one sentence": 1e-5, "updates of 50 sentences": 1e-4}
TASK = {"words": 5000, "tags": 45, "length": 25, "dtype": "float32", "sentences": SENTENCES, "rate": RATE}

Makers = dict[str, Callable[[Any], Any]]  # Problem -> Engine


def main() -> None:
    flags: dict[str, Any] = {"rounds": (7, "interleaved rounds"), "seconds": (0.5, "of an engine in a round")}
    flags |= {
        "check": (False, "check the gradients, measure nothing"),
        "force": (False, "measure on a busy machine too"),
    }
    given = options(__doc__, hidden=("64,128,256", "sizes to measure"), **flags)
    if not given.check:
        require_quiet(given.force, patience=180)
    core, makers = use_one_core(), engine_makers()
    sizes: dict[str, Any] = {}
    for hidden in given.hidden.split(","):
        deviations = check(makers, int(hidden))
        if not given.check:
            sizes[hidden] = {"deviation": deviations, **measure(makers, int(hidden), given.rounds, given.seconds)}
            show(hidden, sizes[hidden])
    if sizes:
        about = {"benchmark": "online", **record(("elman", "torch", "jax", "jaxlib"))}
        about["machine"]["pinned_to"] = core
        path = RESULTS / f"online-{about['commit'][:7] or 'unknown'}.json"
        write_json(path, {**about, "task": TASK, "tolerance": TOLERANCE, "rounds": given.rounds, "hidden": sizes})
        print(f"written to {shown_path(path)}")


def use_one_core() -> int | None:
    """Restrict all libraries to one core, before any is imported. Returns the core's number."""
    for name in UNSET:
        os.environ.pop(name, None)
    os.environ.update(dict.fromkeys(THREAD_SETTINGS, "1"))
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def engine_makers() -> Makers:
    """Return the engines by name; the word before the first comma is the library."""
    from elman import kernels
    from peers.one_sentence import Elman, Jax, NumPy, Torch, TorchByHand

    if kernels.describe()["backend"] != "native":
        sys.exit(f"online.py: elman's native kernels are not in use: {kernels.describe()['why']}")
    calls, unrolled = ("epoch", "sentence"), (25, 5)
    return {
        **{f"elman, a call {'an' if c == 'epoch' else 'a'} {c}": partial(Elman, call=c) for c in calls},
        "PyTorch, nn.RNN, sparse rows": partial(Torch, sparse=True),
        "PyTorch, nn.RNN, dense rows": partial(Torch, sparse=False),
        "PyTorch by hand, no autograd": TorchByHand,
        **{f"JAX, a call an epoch, unroll {n}": partial(Jax, call="epoch", unroll=n) for n in unrolled},
        **{f"JAX, a call a sentence, unroll {n}": partial(Jax, call="sentence", unroll=n) for n in unrolled},
        "NumPy, plain": NumPy,
    }


def check(makers: Makers, hidden: int) -> dict[str, dict[str, float]]:
    """Return the largest deviation of each engine from NumPy in float64, relative to the largest move of an array.

    Exits if one is above its TOLERANCE.
    """
    from peers.one_sentence import NumPy, problem

    deviations: dict[str, dict[str, float]] = {name: {} for name in makers}
    for (what, tolerance), (sentences, rate) in zip(TOLERANCE.items(), ((1, 1.0), (50, RATE)), strict=True):
        p = problem(hidden, sentences, rate, SEED)
        exact = NumPy(p)
        exact.load({name: w.astype(float) for name, w in p.start.items()})
        exact.epoch()
        right = exact.weights()
        for name, make in makers.items():
            engine = make(p)
            engine.load(p.start)
            engine.epoch()
            found = engine.weights()  # at rate 1 the move of a sentence is its gradient
            worst = max(float(abs(found[k] - right[k]).max() / abs(p.start[k] - right[k]).max()) for k in right)
            deviations[name][what] = worst
            if not worst <= tolerance:
                sys.exit(f"online.py: hidden {hidden}: {name}: {what} is off by {worst:.1e}")
        worst = max(found[what] for found in deviations.values())
        print(f"hidden {hidden}: {what}: all engines within {worst:.1e} of float64 (allowed: {tolerance:.0e})")
    return deviations


def measure(makers: Makers, hidden: int, rounds: int, seconds: float) -> dict[str, Any]:
    """Return the sentences a second of every engine, and how many times elman is as fast as the others."""
    from peers.one_sentence import problem

    p = problem(hidden, SENTENCES, RATE, SEED)
    engines = {name: make(p) for name, make in makers.items()}
    work = {name: engine.epoch for name, engine in engines.items()}
    times = interleaved(work, rounds=rounds, seconds=seconds, before=lambda name: engines[name].load(p.start))
    speeds = {name: figure([SENTENCES / s for s in own], "sentences/s") for name, own in times.items()}
    return {"sentences_per_second": speeds, "times_as_fast": ratios(speeds)}


def ratios(speeds: dict[str, Figure]) -> dict[str, dict[str, float]]:
    """Return how many times elman is as fast as the fastest engine of each other library, for both ways of calling it.

    A call a sentence is compared with engines that are called so too, a call an epoch with all.
    """
    times: dict[str, dict[str, float]] = {}
    for way in ("a call a sentence", "a call an epoch"):
        fastest: dict[str, float] = {}
        for name, speed in speeds.items():
            library = name.split(",")[0]
            if library != "elman" and (way == "a call an epoch" or "a call an epoch" not in name):
                fastest[library] = max(fastest.get(library, 0.0), speed["median"])
        times[way] = {library: speeds[f"elman, {way}"]["median"] / speed for library, speed in fastest.items()}
    return times


def show(hidden: str, result: dict[str, Any]) -> None:
    """Print the speeds, how many times elman is as fast, and at hidden 128 which bars are reached."""
    print(f"\nhidden {hidden:<31}sentences/s    lowest   highest     µs each")
    for name, f in result["sentences_per_second"].items():
        each = 1e6 / f["median"]
        print(f"  {name:<36}{f['median']:>11,.0f}{f['lowest']:>10,.0f}{f['highest']:>10,.0f}{each:>12,.1f}")
    for way, times in result["times_as_fast"].items():
        print(f"  elman, {way}: " + ", ".join(f"{ratio:.2f} × {library}" for library, ratio in times.items()))
        for library, bar in BARS.items() if hidden == "128" else ():
            print(f"    bar: {bar:>4g} × {library:<8}{'reached' if times[library] >= bar else 'MISSED'}")


if __name__ == "__main__":
    main()
