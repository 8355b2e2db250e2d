"""The speeds that were asked for, in speed_bars.txt, and whether a result of the speed benchmark reaches them.

``figure`` is one of FIGURES and its arguments, with ``;`` between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import getitem

from cases.sets import rows
from harness.measure import times_as_good
from harness.results import Result

ENOUGH = 0.95  # UPOS of CRFsuite, which a fast tagger must reach


def times(parts: Result, *place: str) -> float:
    """Return how many times elman's engine is as fast as the fastest whose name begins with the last argument."""
    *case, own, other = place
    engines = reduce(getitem, case, parts)["ms"]
    return min(times_as_good(engines[own], f) for name, f in engines.items() if name.startswith(other))


def of_peak(parts: Result, case: str) -> float:
    """Return elman's GFLOP/s in per cent of NumPy's matrix product in the same rounds."""
    speeds = parts["w2"][case]["gflops"]
    return 100 * float(speeds["elman"]["median"] / speeds["NumPy sgemm"]["median"])


def tagged(parts: Result, preset: str, text: str, cores: str, measure: str) -> float:
    """Return the words a second of ``elman tag``, in the faster precision."""
    rates = parts["whole"][text][measure].items()
    return max(f["median"] for name, f in rates if name.startswith(f"{preset}, ") and name.endswith(cores))


def quickest_training(parts: Result) -> float:
    """Return the seconds of the fastest preset with enough accuracy."""
    train = parts["train"]
    return min(train["seconds"][p]["median"] for p, upos in train["upos"].items() if min(upos.values()) >= ENOUGH)


FIGURES: dict[str, Callable[..., float]] = {
    "times": times,
    "of_peak": of_peak,
    "tagged": tagged,
    "median": lambda parts, *place: float(reduce(getitem, place, parts)["median"]),
    "quickest_training": quickest_training,
    # in the worse precision
    "least_upos": lambda parts: 100 * min(u for name, u in parts["whole"]["upos"].items() if name.startswith("fast, ")),
    # in the slowest setting
    "start": lambda p: max(f["median"] for way, f in p["whole"]["start"].items() if way.startswith("default, ")),
    "last_rate": lambda parts: 100 * times_as_good(parts["large"]["last"], parts["large"]["first"]),
}


@dataclass(frozen=True)
class Bar:
    """One requirement: the figure must not be below ``bar``; ``at_most``: not above it."""

    work: str
    bar: float
    unit: str
    at_most: bool
    figure: tuple[str, ...]

    @classmethod
    def of(cls, row: dict[str, str]) -> Bar:
        _, most, bar, unit = row["asked"].split(" ")
        return cls(row["work"], float(bar), unit, most == "most", tuple(row["figure"].split("; ")))

    def value(self, result: Result) -> float | None:
        """Return the figure, None if the result does not have it."""
        try:
            return FIGURES[self.figure[0]](result["parts"], *self.figure[1:])
        except (KeyError, ValueError):
            return None

    def reached(self, result: Result) -> bool | None:
        value = self.value(result)
        return None if value is None else value <= self.bar if self.at_most else value >= self.bar


BARS = tuple(map(Bar.of, rows("speed_bars.txt")))
