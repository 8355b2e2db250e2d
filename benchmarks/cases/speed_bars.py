"""The speeds that were asked for, in speed_bars.txt, and whether a result of the speed benchmark reaches them.

``figure`` is one of FIGURES and its arguments, with ``;`` between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import getitem

from cases.sets import rows
from cases.step import SAME
from harness.measure import times_as_good
from harness.results import Result

ENOUGH = 0.95  # UPOS of CRFsuite, which a fast tagger must reach


def times(parts: Result, *place: str) -> float:
    """Return how many times elman's engine is as fast as the fastest whose name begins with the last argument."""
    *case, own, other = place
    engines = reduce(getitem, case, parts)["ms"]
    return min(times_as_good(engines[own], f) for name, f in engines.items() if name.startswith(other))


def of_peak(parts: Result, case: str) -> float:
    """Return elman's GFLOP/s in per cent of NumPy's products of the same shapes in the same rounds."""
    speeds = parts["w2"][case]["gflops"]
    return 100 * float(speeds["elman"]["median"] / peak(speeds))


def peak(speeds: Result) -> float:
    """Return the GFLOP/s of the products of the same shapes, computed in the faster way. Raises ValueError if none."""
    return max(float(speed["median"]) for name, speed in speeds.items() if name.startswith(SAME))


def ratio(parts: Result, *places: str) -> float:
    """Return the ratio of two medians, whose places have ``/`` between them."""
    at = places.index("/")
    return median(parts, *places[:at]) / median(parts, *places[at + 1 :])


def median(parts: Result, *place: str) -> float:
    return float(reduce(getitem, place, parts)["median"])


def of_sweep(parts: Result, vary: str, value: str, own: str, other: str) -> float:
    """Return how many times elman's engine is as fast as the one whose name begins so, at a point of the sweep."""
    speeds = parts["sweep"]["tag"][vary][value]
    return float(speeds[own]["median"] / max(f["median"] for name, f in speeds.items() if name.startswith(other)))


def least_of_sweep(parts: Result, own: str, other: str) -> float:
    points = ((vary, value) for vary, values in parts["sweep"]["tag"].items() for value in values)
    return min(of_sweep(parts, *point, own, other) for point in points)


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
    "median": median,
    "ratio": ratio,
    "per_cent": lambda parts, *places: 100 * ratio(parts, *places),
    "of_sweep": of_sweep,
    "least_of_sweep": least_of_sweep,
    # a single figure, without rounds
    "seconds": lambda parts, *place: float(reduce(getitem, place, parts)["seconds"]),
    "online": lambda parts, hidden, way, library: float(parts["online"][hidden]["times_as_fast"][way][library]),
    "most_memory": lambda parts: max(
        f["memory"]["median"] for name, f in parts["formats"].items() if "Parquet" not in name
    ),
    "quickest_training": quickest_training,
    # in the worse precision
    "least_upos": lambda parts: 100 * min(u for name, u in parts["whole"]["upos"].items() if name.startswith("fast, ")),
    # in the slowest setting
    "start": lambda p: max(f["median"] for way, f in p["whole"]["start"].items() if way.startswith("default, ")),
    "last_rate": lambda parts: 100 * times_as_good(parts["large"]["last"], parts["large"]["first"]),
}


def _found(figure: Sequence[str], result: Result) -> float | None:
    try:
        return FIGURES[figure[0]](result["parts"], *figure[1:])
    except (KeyError, ValueError):
        return None


@dataclass(frozen=True)
class Bar:
    """One requirement: the figure must not be below ``bar``; ``at_most``: not above it.

    ``beside``  name and figure of another library in the same unit, or nothing
    """

    work: str
    bar: float
    unit: str
    at_most: bool
    figure: tuple[str, ...]
    beside: tuple[str, ...]

    @classmethod
    def of(cls, row: dict[str, str]) -> Bar:
        _, most, bar, unit = row["asked"].split(" ")
        return cls(
            row["work"],
            float(bar),
            unit,
            most == "most",
            *(tuple(row[name].split("; ")) for name in ("figure", "beside")),
        )

    def value(self, result: Result) -> float | None:
        """Return the figure, None if the result does not have it."""
        return _found(self.figure, result)

    def peer(self, result: Result) -> tuple[str, float] | None:
        """Return name and figure of the other library, None if there is none or the result does not have it."""
        name, *figure = self.beside
        value = _found(figure, result) if figure else None
        return None if value is None else (name, value)

    def reached(self, result: Result) -> bool | None:
        value = self.value(result)
        return None if value is None else value <= self.bar if self.at_most else value >= self.bar


BARS = tuple(map(Bar.of, rows("speed_bars.txt")))
