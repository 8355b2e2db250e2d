"""What was asked for, and whether a result reaches it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from speed_measure import times_as_good

Result = dict[str, Any]
ENOUGH = 0.95  # UPOS that CRFsuite reaches, and that a quick tagger may not be below


@dataclass(frozen=True)
class Bar:
    """One thing that was asked for. ``found`` raises KeyError where the result does not have it.

    ``unit`` is written behind the number; ``at_most``: the number may not be above the bar, otherwise not below.
    """

    work: str
    bar: float
    found: Callable[[Result], float]
    unit: str = "×"
    at_most: bool = False

    def value(self, result: Result) -> float | None:
        try:
            return self.found(result["parts"])
        except (KeyError, ValueError):
            return None

    def reached(self, result: Result) -> bool | None:
        value = self.value(result)
        return None if value is None else value <= self.bar if self.at_most else value >= self.bar


def times(place: tuple[str, ...], own: str, other: str) -> Callable[[Result], float]:
    """How many times elman's engine is as fast as the fastest of those whose names begin with ``other``."""

    def found(parts: Result) -> float:
        case = parts
        for name in place:
            case = case[name]
        engines = case["ms"]
        return min(times_as_good(engines[own], f) for name, f in engines.items() if name.startswith(other))

    return found


def of_peak(case: str) -> Callable[[Result], float]:
    """elman's GFLOP/s in per cent of NumPy's matrix product in the same rounds."""

    def found(parts: Result) -> float:
        speeds = parts["w2"][case]["gflops"]
        return 100 * float(speeds["elman"]["median"] / speeds["NumPy sgemm"]["median"])

    return found


def tagged(preset: str, text: str, cores: int, measure: str) -> Callable[[Result], float]:
    """Words a second of ``elman tag``, in whichever precision is faster."""

    def found(parts: Result) -> float:
        rates = parts["whole"][text][measure]
        end = f"{cores} core{'s' * (cores > 1)}"
        return max(f["median"] for name, f in rates.items() if name.startswith(f"{preset}, ") and name.endswith(end))

    return found


def least_upos(preset: str) -> Callable[[Result], float]:
    """UPOS on test in per cent, of the precision that is worse."""
    return lambda parts: 100 * min(u for name, u in parts["whole"]["upos"].items() if name.startswith(f"{preset}, "))


def quickest_training(parts: Result) -> float:
    """Seconds of the preset that is there first with enough accuracy."""
    train = parts["train"]
    return min(train["seconds"][p]["median"] for p, upos in train["upos"].items() if min(upos.values()) >= ENOUGH)


def start(parts: Result) -> float:
    """Seconds of a whole process that tags a sentence with the preset default, in the slowest way to ask for it."""
    return max(f["median"] for name, f in parts["whole"]["start"].items() if name.startswith("default, "))


def loading(how: str) -> Callable[[Result], float]:
    """Milliseconds of loading the model of the preset default."""
    return lambda parts: float(parts["whole"]["load"][how]["median"])


def _threads(n: int) -> str:
    return f"{n} thread{'s' * (n > 1)}"


def _steps() -> Iterator[Bar]:
    for layers, bars in ((1, (1.4, 1.5)), (2, (1.2, 1.35))):
        for n, bar in zip((1, 2), bars, strict=True):
            case = f"{layers} layer{'s' * (layers > 1)}, {_threads(n)}"
            yield Bar(f"training step, {case}: PyTorch", bar, times(("w2", case), "elman", "PyTorch"))
            yield Bar(f"training step, {case}: of the sgemm peak", 90, of_peak(case), "%")
    for n in (1, 2):
        case = f"EWT's lengths, {_threads(n)}"
        packed = times(("w2", case), "elman", "PyTorch nn.LSTM, packed")
        yield Bar(f"training step, {case}: PyTorch, packed", 1.8, packed)


def _tagging() -> Iterator[Bar]:
    for n in (1, 2):
        case = ("w3", f"64 × 25, {_threads(n)}")
        name = f"tagging, {case[1]}"
        yield Bar(f"{name}: exact, ONNX Runtime fp32", 1.7, times(case, "elman exact", "ONNX Runtime fp32"))
        yield Bar(f"{name}: int8, ONNX Runtime fp32", 3, times(case, "elman int8", "ONNX Runtime fp32"))
        yield Bar(f"{name}: int8, ONNX Runtime int8", 1.5, times(case, "elman int8", "ONNX Runtime int8"))
    for n in (1, 2):
        case = ("w3", f"1 × 25, {_threads(n)}")
        name = f"tagging, {case[1]}"
        yield Bar(f"{name}: int8, ONNX Runtime fp32", 2, times(case, "elman int8", "ONNX Runtime fp32"))
        yield Bar(f"{name}: int8, ONNX Runtime int8", 1, times(case, "elman int8", "ONNX Runtime int8"))


def _processes() -> Iterator[Bar]:
    for text, title in (("test10", "EWT test × 10"), ("all", "all of EWT once")):
        one, two = (tagged("default", text, n, m) for n, m in ((1, "without_start"), (2, "with_start")))
        yield Bar(f"`elman tag`, {title}: default, one core, without start-up", 500_000, one, "words/s")
        yield Bar(f"`elman tag`, {title}: default, two cores, with start-up", 900_000, two, "words/s")
        fast = tagged("fast", text, 2, "with_start")
        yield Bar(f"`elman tag`, {title}: fast, two cores, with start-up", 1_000_000, fast, "words/s")
    yield Bar("UPOS on test, fast", 100 * ENOUGH, least_upos("fast"), "%")
    yield Bar("start to the first tag of a sentence", 0.2, start, "s", at_most=True)
    yield Bar("loading the default model, `elman tag`", 30, loading("tag"), "ms", True)
    yield Bar("loading the default model, `elman.load`", 30, loading("first"), "ms", True)
    yield Bar(f"training to {100 * ENOUGH:g} UPOS on test, one core", 40, quickest_training, "s", at_most=True)
    yield Bar("tagging 1 GB: memory", 150, lambda p: float(p["large"]["peak"]["median"]), "MB", at_most=True)
    yield Bar(
        "tagging 1 GB: rate of the last 100 MB, of the first",
        95,
        lambda p: 100 * times_as_good(p["large"]["last"], p["large"]["first"]),
        "%",
    )


def _narrow() -> Iterator[Bar]:
    steps, tagging = ("1 layer", "2 layers", "EWT's lengths"), ("64 × 25", "1 × 25", "64, EWT's lengths")
    for n in (1, 2):
        for kind, cases, own in (("step", steps, "elman"), ("tag", tagging, "elman exact")):
            for case in (f"{case}, {_threads(n)}" for case in cases):
                title = "training step" if kind == "step" else "tagging"
                yield Bar(f"AVX2: {title}, {case}: PyTorch", 1, times(("avx2", kind, case), own, "PyTorch"))


BARS = (*_steps(), *_tagging(), *_processes(), *_narrow())
