"""Interleaved timing, and the statistics of its rounds: medians, spreads, ratios."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Figure = dict[str, Any]  # unit, median, lowest, highest, rounds
HIGHER = ("characters/s", "words/s", "sentences/s", "GFLOP/s", "MB/s")
"""Units of which more is better; of all others (ms, s, MB) less is better."""


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def figure(values: Sequence[float], unit: str) -> Figure:
    """Return median, lowest and highest of the rounds, and the rounds themselves."""
    return {
        "unit": unit,
        "median": statistics.median(values),
        "lowest": min(values),
        "highest": max(values),
        "rounds": list(values),
    }


def in_unit(times: Mapping[str, Sequence[float]], unit: str, convert: Callable[[float], float]) -> dict[str, Figure]:
    """Return a figure for each name, its seconds converted to a unit."""
    return {name: figure([convert(seconds) for seconds in rounds], unit) for name, rounds in times.items()}


def number(value: float) -> str:
    """Format with at least three digits: 0.123, 12.3, 1,234."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def spread(figure: Figure) -> str:
    """Format lowest and highest."""
    return f"{number(figure['lowest'])}–{number(figure['highest'])}"


def plural(n: int, word: str) -> str:
    return f"{n} {word}{'s' * (n > 1)}"


def times_as_good(own: Figure, other: Figure) -> float:
    """Return how many times ``own`` is as fast, or as small, as ``other``: a ratio of medians."""
    if own["unit"] != other["unit"]:
        raise ValueError(f"{own['unit']} and {other['unit']} cannot be compared")
    ratio = float(own["median"] / other["median"])
    return ratio if own["unit"] in HIGHER else 1 / ratio


def interleaved(
    work: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    seconds: float,
    pause: float = 0.03,
    before: Callable[[str], object] = lambda name: None,
) -> dict[str, list[float]]:
    """Return the seconds of one call of each piece of work, in each round.

    Every round times all pieces and starts with a different one, so that a slow moment of the machine affects all. A
    piece is called for about ``seconds`` in a round, or once if that is 0. The pause lets the threads of the previous
    piece stop waiting for work; an untimed call then brings its data back into the caches. ``before`` is called with a
    piece's name, untimed, before the piece is called.
    """
    calls = dict.fromkeys(work, 1)
    for name, call in work.items():
        before(name)
        call()  # compiles, allocates
        if seconds:
            calls[name] = max(1, round(seconds / max(_timed(call, 1), 1e-7)))
    order = list(work)
    times: dict[str, list[float]] = {name: [] for name in order}
    for turn in range(rounds):
        first = turn % len(order)
        for name in order[first:] + order[:first]:
            time.sleep(pause)
            before(name)
            if calls[name] > 1:
                work[name]()
            times[name].append(_timed(work[name], calls[name]))
    return times


def _timed(call: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def largest_error(found: Any, right: Any) -> float:
    """Return the largest deviation of an array, relative to the largest number in the right one; 0 if there is none."""
    worst = float(abs(found - right).max())
    return worst and worst / float(abs(right).max())


def figures(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Figure]]:
    """Yield all figures in a result, each with the keys that lead to it."""
    if isinstance(tree, Mapping):
        if "median" in tree:
            yield path, dict(tree)
        else:
            for name, value in tree.items():
                yield from figures(value, (*path, name))
