"""The plot of a search: every score, a colour for each rung, the best marked, very bad ones below."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.analysis.search.results import Outcome, SearchResult

pytest.importorskip("matplotlib")

from elman.viz import plots, search_plot


def outcome(trial: int, rung: str, score: float | None) -> Outcome:
    return Outcome(trial, rung, 3, {"hidden": trial}, score, "-" if score is None else f"{100 * score:g} %", 1.0, 1.0)


def found(metric: str = "accuracy") -> SearchResult:
    drawn = [("1", 1, 0.9), ("1/9", 2, 0.8), ("1/9", 3, 0.1), ("1/9", 4, 0.82), ("1/9", 5, None), ("1", 4, 0.95)]
    made = tuple(outcome(trial, rung, score) for rung, trial, score in drawn)
    return SearchResult(made, "default", {}, {"hidden": 1}, metric)


def test_scores_and_the_best(tmp_path: Path) -> None:
    figure = search_plot.search(found())
    (axes,) = figure.axes
    lines = {str(line.get_label()): line for line in axes.lines}
    assert set(lines) == {"1/9 of the epochs", "trained in full", "trial 1: 90 %", "best: trial 4, 95 %"}
    assert list(lines["1/9 of the epochs"].get_xdata()) == [2, 3, 4]
    assert list(lines["trained in full"].get_ydata()) == pytest.approx([90, 95])
    assert axes.get_ylabel() == "accuracy on dev (%)"
    assert 10 < axes.get_ylim()[0] < 80 and axes.get_ylim()[1] > 95
    plots.save(figure, str(tmp_path / "s.svg"))
    assert (tmp_path / "s.svg").read_bytes().startswith(b"<?xml")


def test_scores_that_are_no_shares() -> None:
    assert search_plot.search(found("R²")).axes[0].get_ylabel() == "R² on dev"
    assert search_plot.search(found("perplexity")).axes[0].get_ylabel() == "1 / perplexity on dev"
