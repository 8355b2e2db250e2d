"""Interleaved rounds and what is said of them: medians, spreads, ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Figure = dict[str, Any]  # unit, median, lowest, highest, rounds
HIGHER = ("words/s", "GFLOP/s", "MB/s")
"""Units of which more is better; of all others (ms, s, MB) less is."""


def figure(values: Sequence[float], unit: str) -> Figure:
    """The median of some rounds, the lowest and the highest, and the rounds themselves."""
    return {
        "unit": unit,
        "median": statistics.median(values),
        "lowest": min(values),
        "highest": max(values),
        "rounds": list(values),
    }


def number(value: float) -> str:
    """Three digits at least: 0.123, 12.3, 1,234."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def times_as_good(own: Figure, other: Figure) -> float:
    """How many times ``own`` is as fast, or as small, as ``other``: a ratio of medians."""
    if own["unit"] != other["unit"]:
        raise ValueError(f"{own['unit']} and {other['unit']} cannot be compared")
    ratio = float(own["median"] / other["median"])
    return ratio if own["unit"] in HIGHER else 1 / ratio


def interleaved(
    work: Mapping[str, Callable[[], object]], *, rounds: int, seconds: float, pause: float = 0.03
) -> dict[str, list[float]]:
    """Seconds of a call of each piece of work, in each round.

    Every round times all of them, beginning with another one each time, so that a slow moment of the machine meets
    all; a piece is called for about ``seconds`` in a round, or once. The pause in front of it lets the threads of the
    one before stop waiting for work; after it, a call that is not timed brings back what has left the caches.
    """
    calls = dict.fromkeys(work, 1)
    for name, call in work.items():
        call()  # compiles, allocates
        if seconds:
            start = time.perf_counter()
            call()
            calls[name] = max(1, round(seconds / max(time.perf_counter() - start, 1e-7)))
    names = list(work)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            time.sleep(pause)
            found[name].append(_timed(work[name], calls[name]))
    return found


def _timed(call: Callable[[], object], calls: int) -> float:
    if calls > 1:
        call()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def largest_error(found: Any, right: Any) -> float:
    """The largest deviation of an array, relative to the largest number in the right one."""
    return float(abs(found - right).max() / abs(right).max())


def figures(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Figure]]:
    """All figures in a result, each with the names that lead to it."""
    if isinstance(tree, Mapping):
        if "median" in tree:
            yield path, dict(tree)
        else:
            for name, value in tree.items():
                yield from figures(value, (*path, name))
