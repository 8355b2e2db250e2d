"""Draws the sweep of the speed benchmark: GFLOP/s by size, and the roof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cases.sweep import BASE, INPUT
from harness.results import DOCS

STYLE = {  # colour, line, mark
    "elman": ("#c1272d", "-", "o"),
    "elman exact": ("#c1272d", "-", "o"),
    "elman int8": ("#f28e2b", "-", "o"),
    "ONNX Runtime fp32, 1 thread": ("#1f77b4", "-", "s"),
    "ONNX Runtime int8, 1 thread": ("#76b7e8", "-", "s"),
    "PyTorch nn.LSTM": ("#4d4d4d", "-", "^"),
    "PyTorch fp32": ("#4d4d4d", "-", "^"),
}
TITLES = {"step": "training step", "tag": "tagging"}
LEGENDS = {"step": "outside right upper", "tag": "outside right lower"}
AXES = {"hidden": "hidden units", "batch": "sentences in a batch", "length": "words in a sentence", "tags": "tags"}


def roof(kind: str, vary: str, value: int, peak: float, bandwidth: dict[str, float]) -> float:
    """GFLOP/s that nothing in float32 which multiplies everything out can pass.

    The recurrent products go step by step, and each step reads the recurrent weights once for the whole batch: 2 FLOP
    for 4 bytes and a sentence, so batch / 2 for a byte. All the rest is one large product and goes at the peak. In
    training one of the recurrent products' three is large too, the weights' gradient.
    """
    size = BASE | {vary: value}
    H = size["hidden"]
    stepwise = min(peak, size["batch"] / 2 * bandwidth[str(H)])
    rest = INPUT + size["tags"] / 4  # 2H · tags beside 2 · 4H · input
    if kind == "step":
        return 3 * (rest + H) / ((3 * rest + H) / peak + 2 * H / stepwise)
    return (rest + H) / (rest / peak + H / stepwise)


def draw(sweep: dict[str, Any], folder: Path = DOCS) -> None:
    """Write the picture in both formats; the same figures give the same bytes of SVG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with matplotlib.rc_context({"svg.hashsalt": "elman", "font.size": 9, "axes.spines.top": False}):
        picture, rows = pyplot.subplots(2, len(AXES), figsize=(13, 6.4), sharey="row", layout="constrained")
        for kind, row in zip(TITLES, rows, strict=True):
            for vary, axis in zip(AXES, row, strict=True):
                _panel(axis, kind, vary, sweep)
            row[0].set_ylabel(f"{TITLES[kind]}, GFLOP/s")
            picture.legend(*row[0].get_legend_handles_labels(), loc=LEGENDS[kind], frameon=False)
        for end, how in (("svg", {"metadata": {"Date": None}}), ("png", {"dpi": 110, "metadata": {"Software": None}})):
            picture.savefig(folder / f"speed.{end}", **how)
        pyplot.close(picture)


def _panel(axis: Any, kind: str, vary: str, sweep: dict[str, Any]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    points, peak = sweep[kind][vary], max(figure["median"] for figure in sweep["peak"].values())
    values = [int(value) for value in points]
    for engine in next(iter(points.values())):
        colour, line, mark = STYLE[engine]
        speeds = [points[str(value)][engine]["median"] for value in values]
        axis.plot(values, speeds, color=colour, linestyle=line, marker=mark, markersize=4, label=engine)
    roofs = [roof(kind, vary, value, peak, sweep["bandwidth"]) for value in values]
    axis.plot(values, roofs, color="black", linestyle="--", linewidth=1, label="roof of float32")
    axis.set(xscale="log", yscale="log", xlabel=AXES[vary])
    axis.set_xticks(values, [str(value) for value in values])
    axis.grid(True, alpha=0.3)
    axis.xaxis.set_major_formatter(ScalarFormatter())
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_formatter(ScalarFormatter())
    axis.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    axis.yaxis.set_minor_formatter(ScalarFormatter())
