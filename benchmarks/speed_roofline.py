"""Tables of the speed page that set what was measured against the machine's limits: the roofline and the growth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.measure import number, plural
from harness.results import Result

Table = tuple[list[str], list[list[str]]]  # head, rows
FLOP = 6
"""FLOP of a training step for each multiply-add of the forward pass: three products of the same size."""


def growth(parts: Result) -> Table:
    """Return time and memory by the size of the text, of the parts ``rates``, ``large`` and ``billion``."""
    rows = []
    for name, row in parts.get("rates", {}).items():
        if " words, " in name:
            rows.append(_size(row["words"], row["seconds"]["median"], row["memory"]["median"]))
    if "large" in parts:
        large = parts["large"]
        for sample in (_nearest(large, 1e8), large["course"][-1]):
            words = large["words"] * sample["position"] / large["bytes"]
            rows.append(_size(words, sample["seconds"], sample["peak_mb"]))
    if "billion" in parts:
        row = parts["billion"]
        rows.append(_size(row["words"], row["seconds"]["median"], row["memory"]["median"]))
    return ["words", "seconds", "µs a word", "memory, MB"], rows


def _nearest(large: dict[str, Any], words: float) -> dict[str, Any]:
    place = words / large["words"] * large["bytes"]
    return min(large["course"], key=lambda sample: abs(sample["position"] - place))


def _size(words: float, seconds: float, memory: float) -> list[str]:
    return [f"{words:,.0f}", number(seconds), number(1e6 * seconds / words), number(memory)]


def roofline(parts: Result) -> Table:
    """Return for each job its work, the least time for that on this machine, the time measured, and the share."""
    rows = [*_tagging(parts), *_steps(parts), *_trainings(parts)]
    head = ["", "work", "limit", "time at the limit", "measured", "share of the limit"]
    return head, [[*row[:3], *(f"{number(value)} {row[3]}" for value in row[4:6]), _share(*row[4:6])] for row in rows]


def _share(least: float, measured: float) -> str:
    return f"{100 * least / measured:.0f} %"


def trained(parts: Result) -> list[dict[str, Any]]:
    """Return the trainings of all parts that have some."""
    return [job for name in ("jobs", "parse", "pipeline") for job in parts.get(name, {}).values()]


def _machine(parts: Result) -> dict[str, float]:
    """Return the peaks of a core that were measured."""
    found: dict[str, float] = parts.get("roofline", {}).get("peaks", {})
    return found


def _tagging(parts: Result) -> Iterator[tuple[Any, ...]]:
    """Yield title, work, limit, unit, least and measured time of a word, for tagging in 8 bits."""
    machine = _machine(parts)
    if "int8_a_cycle" not in machine:
        return
    H, K = (parts["roofline"]["model"][name] for name in ("hidden", "tags"))
    products, row = 2 * H * 4 * H + 2 * H * K, 2 * 4 * H * 2  # a row of the table has 16 bits for a gate
    cycles, limit = products / machine["int8_a_cycle"], f"{machine['int8_a_cycle']:.0f} multiply-adds of 8 bits a cycle"
    measured = {}
    for cores in (1, 2):
        name = plural(cores, "core")
        rate = parts.get("rates", {}).get(f"test × 40, {name}")
        if rate:
            measured[f"`elman tag`, {name}"] = 1e6 / rate["without_start"]["median"], cores
    kernel = parts.get("w3", {}).get("64 × 25, 1 thread", {}).get("rate", {}).get("elman int8")
    if kernel:
        measured["tagging in memory, 64 × 25, 1 core"] = 1e6 / kernel["median"], 1
    for name, (microseconds, cores) in measured.items():
        spent = microseconds * cores * 1e3 * machine["ghz"]
        yield f"{name}: products of a word", f"{products:,} multiply-adds", limit, "cycles", cycles, spent
        bandwidth = f"{machine['copy_gb_s']:.0f} GB/s of copying"
        least = row / machine["copy_gb_s"]
        yield (
            f"{name}: the word's row of the table",
            f"{row:,} bytes",
            bandwidth,
            "ns",
            least,
            1e3 * microseconds * cores,
        )


def _float32(machine: dict[str, float], cores: int) -> tuple[float, str]:
    """Return the GFLOP/s that so many cores can do, and their description."""
    most = 2 * machine["float32_a_cycle"] * machine["ghz"] * cores
    return most, f"{number(most)} GFLOP/s of float32 on {plural(cores, 'core')}"


def _steps(parts: Result) -> Iterator[tuple[Any, ...]]:
    machine = _machine(parts)
    for case, found in parts.get("w2", {}).items():
        if "float32_a_cycle" in machine and "elman" in found["ms"]:
            most, limit = _float32(machine, 2 if case.endswith("2 threads") else 1)
            gflop, measured = found["gflop_a_step"], found["ms"]["elman"]["median"]
            yield f"training step, {case}", f"{gflop:.2f} GFLOP", limit, "ms", 1e3 * gflop / most, measured


def _trainings(parts: Result) -> Iterator[tuple[Any, ...]]:
    """Yield the jobs of training: the products of all words of all epochs."""
    machine = _machine(parts)
    for job in trained(parts):
        if "float32_a_cycle" in machine and job["products"]:
            gflop = FLOP * job["products"]["multiply_adds"] * job["products"]["words"] / 1e9
            most, limit = _float32(machine, 2)
            yield f"training, {job['title']}", f"{gflop:,.0f} GFLOP", limit, "s", gflop / most, job["seconds"]["median"]
