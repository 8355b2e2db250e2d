"""Plots of a network at work: gradients by lag, and states and gates over a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from elman.analysis.lag_curves import GradientReport, LagCurve
from elman.nn.activations import States
from elman.nn.layers import Array
from elman.utils.display import visible
from elman.viz.plots import BLUE, GREEN, GREY, ORANGE, sized, styled, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = (ORANGE, BLUE, GREEN, "#cc79a7", "#e69f00", "#56b4e9", GREY, "#000000")
MARKERS = "osD^vP*X"
MOST_WORDS = 60
"""Maximum number of words written under a plot; longer sentences show every second, third … word."""


@styled
def lags(reports: Sequence[tuple[str, GradientReport]], name: str = "") -> Figure:
    """Plot ‖∂loss_t/∂h_{t-k}‖ by lag k on a log scale: one line per model, dashed for memory cells.

    ``reports`` are pairs of model name and report; ``name`` is the name of the text. Norms of 0 are omitted.
    Bidirectional models have two plots, one below the other.
    """
    from matplotlib.ticker import MaxNLocator

    directions = list(dict.fromkeys(curve.direction for _, report in reports for curve in report.curves))
    figure, rows = sized(1.0 + 3.9 * len(directions), rows=len(directions))
    for axes, direction in zip(rows, directions, strict=True):
        for number, (model, report) in enumerate(reports):
            for curve in report.curves:
                if curve.direction == direction:
                    positive = [k for k, norm in enumerate(curve.norms) if norm > 0]
                    cell = curve.state == "c"
                    axes.plot(
                        positive,
                        [curve.norms[k] for k in positive],
                        label=label(model, curve),
                        color=COLORS[number % len(COLORS)],
                        marker=MARKERS[number % len(MARKERS)],
                        markersize=5,
                        linestyle="--" if cell else "-",
                        fillstyle="none" if cell else "full",
                    )
        axes.set_yscale("log")
        to, sign = ("earlier", "-") if direction == "forward" else ("later", "+")
        axes.set_ylabel(f"$\\|\\partial$loss$_t$ / $\\partial h_{{t{sign}k}}\\|$  (nats per unit of state)")
        axes.set_xlabel(f"lag k: words {to} than word t")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for text in axes.legend().get_texts():
            text.set_parse_math(False)
        title(axes, f"Gradients through time{f' on {name}' if name else ''}{_way(direction, directions)}")
    return figure


def label(model: str, curve: LagCurve) -> str:
    """Return the legend of a curve: its model and the factor per step."""
    source = visible(f"{model}, memory cell c" if curve.state == "c" else model)
    return source if curve.step is None else f"{source}: × {curve.step:.2f} per step"


@styled
def states(words: Sequence[str], layer: States, name: str = "") -> Figure:
    """Plot heat maps of a layer's states over a sentence of T words, and below its memory cells and gates."""
    shown = panels(layer)
    width = max(len(words), 1)
    figure, rows = sized(0.9 + 2.1 * len(shown) + 0.35 * (len(shown) == 1), rows=len(shown))
    for axes, (what, values, low, high) in zip(rows, shown, strict=True):
        cmap = "RdBu_r" if low < 0 else "viridis"
        image = axes.imshow(values.T, cmap=cmap, vmin=low, vmax=high, aspect="auto", interpolation="nearest")
        axes.grid(False)
        axes.set_ylabel("unit")
        title(axes, what)
        ends = "both" if abs(values).max() > high else "neither"
        bar = figure.colorbar(image, ax=axes, pad=0.015, fraction=0.045, extend=ends)
        bar.set_label("value, 0 to 1" if low == 0 else "value")
        bar.outline.set_visible(False)
    every = -(-width // MOST_WORDS)
    plain = [visible(word)[:14] for word in words]
    small = 10 if width <= 20 else 8 if width <= 40 else 7
    rows[-1].set_xticks(range(0, width, every), plain[::every], rotation=90, fontsize=small, parse_math=False)
    rows[-1].set_xlabel("word" if layer.direction == "forward" else "word (read from the end)")
    figure.suptitle(f"{visible(name)}layer {layer.layer + 1}, {layer.direction}", fontsize=11, parse_math=False)
    return figure


def panels(layer: States) -> list[tuple[str, Array, float, float]]:
    """Return the panels of a layer: title, values (T, H), and the range of the colour scale."""
    import numpy as np

    states = [("state h", layer.h)] + ([("memory cell c", layer.c)] if layer.c is not None else [])
    shown = []
    for what, values in states:
        limit = max(1.0, float(np.quantile(np.abs(values), 0.98)))  # clip a few large cells
        shown.append((what, values, -limit, limit))
    return shown + [(f"{gate} gate", values, 0.0, 1.0) for gate, values in layer.gates.items()]


def _way(direction: str, directions: Sequence[str]) -> str:
    return f", read {direction}" if len(directions) > 1 else ""
