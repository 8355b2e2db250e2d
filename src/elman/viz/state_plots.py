"""Pictures of what goes on in a network: gradients over the lag, states and gates over a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from elman.analysis.lag_curves import Lags, Measured
from elman.nn.activations import States
from elman.nn.layers import Array
from elman.utils.display import visible
from elman.viz.plots import BLUE, GREEN, GREY, ORANGE, sized, styled, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = (ORANGE, BLUE, GREEN, "#cc79a7", "#e69f00", "#56b4e9", GREY, "#000000")
MARKERS = "osD^vP*X"
MOST_WORDS = 60
"""Words that are written under a picture; of a longer sentence every second, third …"""


@styled
def lags(found: Sequence[tuple[str, Measured]], name: str = "") -> Figure:
    """‖∂loss_t/∂h_{t-k}‖ over the lag k, on a log scale: a line for each model, dashed for memory cells.

    ``found`` has the models' names; ``name`` is that of the text. Norms of 0 have no place on a log scale and are left
    out. Models with both directions have two pictures, one below the other.
    """
    from matplotlib.ticker import MaxNLocator

    directions = list(dict.fromkeys(curve.direction for _, one in found for curve in one.curves))
    figure, rows = sized(1.0 + 3.9 * len(directions), rows=len(directions))
    for axes, direction in zip(rows, directions, strict=True):
        for number, (model, one) in enumerate(found):
            for curve in one.curves:
                if curve.direction == direction:
                    places = [k for k, norm in enumerate(curve.norms) if norm > 0]
                    cell = curve.state == "c"
                    axes.plot(
                        places,
                        [curve.norms[k] for k in places],
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
        axes.set_xlabel(f"lag k: words {to} than the word t whose loss it is")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        for text in axes.legend().get_texts():
            text.set_parse_math(False)
        title(axes, f"Gradients through time{f' on {name}' if name else ''}{_way(direction, directions)}")
    return figure


def label(model: str, curve: Lags) -> str:
    """What the legend says of a curve: whose it is, and what a step leaves."""
    of = visible(f"{model}, memory cell c" if curve.state == "c" else model)
    return of if curve.step is None else f"{of}: × {curve.step:.2f} a step"


@styled
def states(words: Sequence[str], one: States, name: str = "") -> Figure:
    """Heat maps of the states of a layer over a sentence of T words, and below of its memory cells and gates."""
    shown = panels(one)
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
    rows[-1].set_xlabel("word" if one.direction == "forward" else "word (read from the end)")
    figure.suptitle(f"{visible(name)}layer {one.layer + 1}, {one.direction}", fontsize=11, parse_math=False)
    return figure


def panels(one: States) -> list[tuple[str, Array, float, float]]:
    """What is shown of a layer: what it is, the values (T, H), and the range of the colours."""
    import numpy as np

    found = [("state h", one.h)] + ([("memory cell c", one.c)] if one.c is not None else [])
    shown = []
    for what, values in found:
        most = max(1.0, float(np.quantile(np.abs(values), 0.98)))  # a few large cells would make the others pale
        shown.append((what, values, -most, most))
    return shown + [(f"{gate} gate", values, 0.0, 1.0) for gate, values in one.gates.items()]


def _way(direction: str, directions: Sequence[str]) -> str:
    return f", read {direction}" if len(directions) > 1 else ""
