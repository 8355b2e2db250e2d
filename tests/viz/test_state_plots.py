"""What is in the pictures of gradients and states."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman.analysis.lag_curves import GradientReport, LagCurve
from elman.nn.activations import States
from elman.viz import plots, state_plots

pytest.importorskip("matplotlib")

CURVE = LagCurve("forward", "h", (0.4, 0.2, 0.1, 0.0), (1.0,) * 4, (1.0, 0.5, 0.25, 0.125), (9, 8, 7, 6))
ELMAN = GradientReport("elman", 1, 1, 1, (CURVE,), 9, 2, 0)
LSTM = replace(ELMAN, cell="lstm", curves=(CURVE, replace(CURVE, state="c", norms=(0.3, 0.3, 0.3, 0.3))))
BOTH = replace(ELMAN, curves=(CURVE, replace(CURVE, direction="backward", norms=(0.5,), shares=(1.0,))))
WORDS = tuple(f"word{i}" for i in range(5))


def drawn(axes: Any) -> dict[str, tuple[list[float], list[float], str]]:
    return {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()), line.get_linestyle()) for line in axes.lines
    }


def test_lags() -> None:
    figure = state_plots.lags([("a.model", ELMAN), ("b.model", LSTM)], "test.txt")
    (axes,) = figure.axes
    assert drawn(axes) == {
        "a.model: × 0.50 per step": ([0, 1, 2], [0.4, 0.2, 0.1], "-"),  # 0 has no place on a log scale
        "b.model: × 0.50 per step": ([0, 1, 2], [0.4, 0.2, 0.1], "-"),
        "b.model, memory cell c: × 0.50 per step": ([0, 1, 2, 3], [0.3] * 4, "--"),
    }
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(drawn(axes))
    first, second, third = axes.lines
    assert second.get_color() == third.get_color() != first.get_color()
    assert axes.get_yscale() == "log" and "nats" in axes.get_ylabel() and "lag k" in axes.get_xlabel()
    assert axes.get_title(loc="left") == "Gradients through time on test.txt"
    assert figure.get_size_inches()[0] * figure.dpi == 800


def test_lags_of_both_directions() -> None:
    above, below = state_plots.lags([("a", BOTH)]).axes
    assert list(drawn(below)) == ["a"] and "later" in below.get_xlabel()
    assert above.get_title(loc="left").endswith("read forward") and "earlier" in above.get_xlabel()


def lstm() -> States:
    draw = np.random.default_rng(1)
    h, c = draw.uniform(-1, 1, (5, 3)), draw.uniform(-1, 1, (5, 3))
    c[0, 0] = 40
    gates = {name: draw.uniform(0, 1, (5, 3)) for name in ("input", "forget", "output")}
    return States(0, "forward", "lstm", h, c, gates)


def test_states() -> None:
    one = lstm()
    figure = state_plots.states(WORDS, one, "m, sentence 1: ")
    maps, bars = figure.axes[:5], figure.axes[5:]
    assert [axes.get_title(loc="left") for axes in maps] == [
        "state h", "memory cell c", "input gate", "forget gate", "output gate",
    ]  # fmt: skip
    assert one.c is not None
    for axes, values in zip(maps, (one.h, one.c, *one.gates.values()), strict=True):
        (image,) = axes.images
        assert np.array_equal(image.get_array(), values.T)
    ranges = [axes.images[0].get_clim() for axes in maps]
    assert ranges[0] == (-1, 1) and ranges[2:] == [(0, 1)] * 3
    assert ranges[1][0] == -ranges[1][1] and 1 < ranges[1][1] < 40  # not all pale beside the one large cell
    assert [bar.get_ylabel() for bar in bars] == ["value"] * 2 + ["value, 0 to 1"] * 3
    assert [label.get_text() for label in maps[-1].get_xticklabels()] == list(WORDS)
    assert all(axes.get_ylabel() == "unit" for axes in maps) and maps[-1].get_xlabel() == "word"
    assert figure.get_suptitle() == "m, sentence 1: layer 1, forward"


def test_states_of_an_elman_net_over_many_words() -> None:
    one = States(0, "backward", "elman", np.zeros((130, 2)), None, {})
    words = ("strange\u202e$x^2$",) * 130
    figure = state_plots.states(words, one)
    axes, _ = figure.axes
    assert len(axes.get_xticks()) == 44 and axes.get_xticklabels()[0].get_text() == "strange\\u202e$"
    assert axes.get_xlabel() == "word (read from the end)"


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_same_picture_every_time(kind: str, tmp_path: Path) -> None:
    figures = [lambda: state_plots.lags([("a", LSTM)]), lambda: state_plots.states(WORDS, lstm())]
    for make in figures:
        for name in ("one", "two"):
            plots.save(make(), str(tmp_path / f"{name}.{kind}"))
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
