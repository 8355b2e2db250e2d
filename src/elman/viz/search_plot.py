"""The plot of a search for settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elman.analysis.search.results import SearchResult
from elman.viz.plots import BLUE, GREEN, GREY, ORANGE, sized, styled, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARTS = {"1/9": GREY, "1/3": GREEN, "1": BLUE}
"""The colour of each rung."""
SPREADS = 3.0
"""Scores further below the median of all than this many times the distance of the quartiles are not on the plot."""


@styled
def search(found: SearchResult) -> Figure:
    """Plot the score on dev of every training by its trial, a colour for each rung, and mark the best.

    Very bad trials are below the plot.
    """
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    scores = [each.score for each in found.outcomes if each.score is not None]
    figure, (axes,) = sized(4.8)
    scale = 100 if found.metric == "accuracy" else 1
    for rung, color in PARTS.items():
        on_rung = [each for each in found.outcomes if each.rung == rung]
        points = [(each.trial, scale * each.score) for each in on_rung if each.score is not None]
        if points:
            label = "trained in full" if rung == "1" else f"{rung} of the epochs"
            axes.plot(*zip(*points, strict=True), "o", color=color, markersize=5, label=label)
    first, best = next(each for each in found.outcomes if each.trial == 1), found.best
    assert first.score is not None and best.score is not None  # trial 1 cannot fail
    axes.axhline(scale * first.score, color=GREY, linestyle="--", linewidth=1.0, label=f"trial 1: {first.shown}")
    label = f"best: trial {best.trial}, {best.shown}"
    axes.plot([best.trial], [scale * best.score], "o", color=ORANGE, markersize=12, fillstyle="none", label=label)
    low, middle, high = np.quantile(scores, [0.25, 0.5, 0.75])
    bottom = max(min(scores), middle - SPREADS * max(high - low, 1e-4))
    margin = 0.05 * (max(scores) - bottom) or 0.01
    axes.set_ylim(scale * (bottom - margin), scale * (max(scores) + margin))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("trial")
    units = {"accuracy": "accuracy on dev (%)", "perplexity": "1 / perplexity on dev"}
    axes.set_ylabel(units.get(found.metric, f"{found.metric} on dev"))
    axes.legend(loc="lower right")
    title(axes, "Search for settings")
    return figure
