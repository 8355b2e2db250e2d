"""The speeds that were asked for, and whether a result of the speed benchmark reaches them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import getitem

from harness.measure import plural, times_as_good
from harness.results import Result

ENOUGH = 0.95  # UPOS of CRFsuite, which a fast tagger must reach


@dataclass(frozen=True)
class Bar:
    """One requirement: ``found``, of the parts of a result, must not be below ``bar``; ``at_most``: not above it."""

    work: str
    bar: float
    found: Callable[[Result], float]
    unit: str = "×"
    at_most: bool = False

    def value(self, result: Result) -> float | None:
        """Return the figure, None if the result does not have it."""
        try:
            return self.found(result["parts"])
        except (KeyError, ValueError):
            return None

    def reached(self, result: Result) -> bool | None:
        value = self.value(result)
        return None if value is None else value <= self.bar if self.at_most else value >= self.bar


def times(place: tuple[str, ...], own: str, other: str) -> Callable[[Result], float]:
    """Return how many times elman's engine is as fast as the fastest whose name begins with ``other``."""

    def found(parts: Result) -> float:
        engines = reduce(getitem, place, parts)["ms"]
        return min(times_as_good(engines[own], f) for name, f in engines.items() if name.startswith(other))

    return found


def of_peak(case: str) -> Callable[[Result], float]:
    """Return elman's GFLOP/s in per cent of NumPy's matrix product in the same rounds."""

    def found(parts: Result) -> float:
        speeds = parts["w2"][case]["gflops"]
        return 100 * float(speeds["elman"]["median"] / speeds["NumPy sgemm"]["median"])

    return found


def tagged(preset: str, text: str, cores: int, measure: str) -> Callable[[Result], float]:
    """Return the words a second of ``elman tag``, in the faster precision."""

    def found(parts: Result) -> float:
        rates, end = parts["whole"][text][measure], plural(cores, "core")
        return max(f["median"] for name, f in rates.items() if name.startswith(f"{preset}, ") and name.endswith(end))

    return found


def least_upos(parts: Result) -> float:
    """Return UPOS of ``fast`` on test in per cent, in the worse precision."""
    return 100 * min(upos for name, upos in parts["whole"]["upos"].items() if name.startswith("fast, "))


def quickest_training(parts: Result) -> float:
    """Return the seconds of the fastest preset with enough accuracy."""
    train = parts["train"]
    return min(train["seconds"][p]["median"] for p, upos in train["upos"].items() if min(upos.values()) >= ENOUGH)


def start(parts: Result) -> float:
    """Return the seconds of a process that tags one sentence with the preset default, in the slowest setting."""
    return max(f["median"] for name, f in parts["whole"]["start"].items() if name.startswith("default, "))


def median_of(*place: str) -> Callable[[Result], float]:
    return lambda parts: float(reduce(getitem, place, parts)["median"])


def _steps() -> Iterator[Bar]:
    for layers, bars in ((1, (1.4, 1.5)), (2, (1.2, 1.35))):
        for n, bar in zip((1, 2), bars, strict=True):
            case = f"{plural(layers, 'layer')}, {plural(n, 'thread')}"
            yield Bar(f"training step, {case}: PyTorch", bar, times(("w2", case), "elman", "PyTorch"))
            yield Bar(f"training step, {case}: of the sgemm peak", 90, of_peak(case), "%")
    for case in ("EWT's lengths, 1 thread", "EWT's lengths, 2 threads"):
        packed = times(("w2", case), "elman", "PyTorch nn.LSTM, packed")
        yield Bar(f"training step, {case}: PyTorch, packed", 1.8, packed)


def _tagging() -> Iterator[Bar]:
    for size, bars in (
        ("64 × 25", (("exact", "fp32", 1.7), ("int8", "fp32", 3), ("int8", "int8", 1.5))),
        ("1 × 25", (("int8", "fp32", 2), ("int8", "int8", 1))),
    ):
        for n in (1, 2):
            case = f"{size}, {plural(n, 'thread')}"
            for own, other, bar in bars:
                other = f"ONNX Runtime {other}"
                yield Bar(f"tagging, {case}: {own}, {other}", bar, times(("w3", case), f"elman {own}", other))


def _processes() -> Iterator[Bar]:
    for text, title in (("test10", "EWT test × 10"), ("all", "all of EWT once")):
        for preset, cores, without, bar in (("default", 1, "out", 5e5), ("default", 2, "", 9e5), ("fast", 2, "", 1e6)):
            work = f"`elman tag`, {title}: {preset}, {('one', 'two')[cores - 1]} core{'s' * (cores > 1)}"
            rate = tagged(preset, text, cores, f"with{without}_start")
            yield Bar(f"{work}, with{without} start-up", bar, rate, "words/s")
    yield Bar("UPOS on test, fast", 100 * ENOUGH, least_upos, "%")
    yield Bar("start to the first tag of a sentence", 0.2, start, "s", at_most=True)
    yield Bar("loading the default model, `elman tag`", 30, median_of("whole", "load", "tag"), "ms", True)
    yield Bar("loading the default model, `elman.load`", 30, median_of("whole", "load", "first"), "ms", True)
    yield Bar(f"training to {100 * ENOUGH:g} UPOS on test, one core", 40, quickest_training, "s", at_most=True)
    yield Bar("tagging 1 GB: memory", 150, median_of("large", "peak"), "MB", at_most=True)
    course = "tagging 1 GB: rate of the last 100 MB, of the first"
    yield Bar(course, 95, lambda p: 100 * times_as_good(p["large"]["last"], p["large"]["first"]), "%")


def _narrow() -> Iterator[Bar]:
    steps, tagging = ("1 layer", "2 layers", "EWT's lengths"), ("64 × 25", "1 × 25", "64, EWT's lengths")
    for n in (1, 2):
        for case in (f"{size}, {plural(n, 'thread')}" for size in steps):
            own = times(("avx2", "step", case), "elman", "PyTorch")
            yield Bar(f"AVX2: training step, {case}: PyTorch", 1, own)
        for case in (f"{size}, {plural(n, 'thread')}" for size in tagging):
            own = times(("avx2", "tag", case), "elman exact", "PyTorch")
            yield Bar(f"AVX2: tagging, {case}: PyTorch", 1, own)


BARS = (*_steps(), *_tagging(), *_processes(), *_narrow())
