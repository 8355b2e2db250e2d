"""Draws the figures of the course and fills in its measured numbers: ``python docs/course/figures.py``.

Needs the extras plot and demo. A figure is drawn again only if this file or what it measures has changed, since another
version of matplotlib writes other bytes. The table of results is that of results.json, which ``elman tutorial compare
--json`` has printed.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from elman.cli.commands.demo_data import treebank
from elman.tutorial import slides
from elman.tutorial.slides import Net, Training

FOLDER = Path(__file__).parent
STYLE = {
    "svg.fonttype": "none",  # text stays text: small files, and words that can be searched
    "svg.hashsalt": "elman",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
BLUE, RED, GREY = "#2660a4", "#c1440e", "#777777"
STEPS = 11
"""How many steps back the vanishing gradient is measured."""


def sigmoid() -> Figure:
    """Slides 8 and 19: the step function, the sigmoid, and its derivative."""
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    a = np.linspace(-10, 10, 201)
    left.plot(a, a >= 0, color=GREY, linestyle=":", label="step function")
    left.plot(a, slides.sigmoid(a), color=BLUE, label="sigmoid")
    left.set(xlabel="w·φ(x)", ylabel="P(y = 1 | x)")
    left.legend(frameon=False)
    right.plot(a, slides.sigmoid_gradient(a), color=BLUE)
    right.set(xlabel="w·φ(x)", ylabel="derivative", ylim=(0, 0.26))
    return figure


def unrolled() -> Figure:
    """Slides 4 and 15: the recurrent net, a copy for each word, all with the same weights."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = _canvas(figure.subplots(), 4.6)
    for t, (word, tag) in enumerate((("natural", "JJ"), ("language", "NN"), ("processing", "NN"), ("is", "VBZ"))):
        _box(axes, t, 0, word, GREY)
        _box(axes, t, 1, f"h{t + 1}", BLUE)
        _box(axes, t, 2, f"p{t + 1}: {tag}", RED)
        _arrow(axes, (t, 0), (t, 1), GREY, "w_rx" if t == 0 else "")
        _arrow(axes, (t, 1), (t, 2), GREY, "w_oh" if t == 0 else "")
        if t:
            _arrow(axes, (t - 1, 1), (t, 1), BLUE, "w_rh")
    return figure


def bptt() -> Figure:
    """Slides 26 and 27: the way of one output error by BPTT with n = 2, and of all errors by the full gradient."""
    figure = Figure(figsize=(7, 5.2), layout="constrained")
    for axes, n in zip(figure.subplots(2, 1), (2, None), strict=True):
        _canvas(axes, 4.6)
        title = (
            "BPTT, n = 2: the error of one output alone, two δ_r" if n else "full gradient: all errors, one way back"
        )
        axes.set_title(title, fontsize=10)
        for t in range(4):
            _box(axes, t, 0, f"x{t + 1}", GREY)
            _box(axes, t, 1, f"h{t + 1}", BLUE)
            if n is None or t == 3:
                _box(axes, t, 2, f"δ_o,{t + 1}", RED)
                _arrow(axes, (t, 2), (t, 1), RED, "")
            if t and (n is None or t == 3):
                _arrow(axes, (t, 1), (t - 1, 1), RED, "δ_r")
            if n is None or t >= 2:  # the weights that these errors change
                _arrow(axes, (t, 1), (t, 0), RED, "Δw_rx")
    return figure


def vanishing() -> Figure:
    """Slide 29, measured: how much of the last word's error arrives k steps back, before and after training."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    for name, color in (("untrained", GREY), ("trained", BLUE)):
        low, middle, high = measured()[name]
        axes.plot(range(STEPS), middle, color=color, marker="o", markersize=3, label=name)
        axes.fill_between(range(STEPS), low, high, color=color, alpha=0.2, linewidth=0)
    axes.set(yscale="log", xlabel="steps back", ylabel="length of δ_r, relative", xticks=range(STEPS))
    axes.legend(frameon=False)
    return figure


@cache
def measured() -> dict[str, NDArray[np.float64]]:
    """Return the tenths at both ends and the median of the lengths of δ_r' of the last word's error, by steps back.

    Of 358 sentences of the demo treebank, by a net before and after training; three significant digits.
    """
    data = treebank()
    sentences = [(list(s.words), list(s.columns["upos"])) for s in data.train[:800]]
    training = Training(iterations=4)
    net, x_ids, y_ids = slides.train(sentences, training)
    untrained = slides.create_net(len(x_ids), training.hidden, len(y_ids), training.seed)
    found: dict[str, list[list[float]]] = {"untrained": [], "trained": []}
    for sentence in data.held_out:
        tags = [y_ids.get(tag) for tag in sentence.columns["upos"]]
        if len(sentence) >= STEPS and tags[-1] is not None:
            words = [x_ids.get(word) for word in sentence.words]
            for name, of in (("untrained", untrained), ("trained", net)):
                found[name].append(_lengths(of, words, tags[-1]))
    assert len(found["trained"]) == 358
    quantiles = {name: np.quantile(rows, (0.1, 0.5, 0.9), axis=0) for name, rows in found.items()}
    return {name: np.array([[float(f"{x:.3g}") for x in row] for row in rows]) for name, rows in quantiles.items()}


def _lengths(net: Net, words: list[int | None], tag: int) -> list[float]:
    small, x, _ = slides.one_sentence(net, words)
    h, p, _ = slides.forward_rnn(small, x)
    error = np.dot(slides.softmax_gradient(p[-1], tag), small.w_oh)
    lengths = []
    for t in range(len(x) - 1, len(x) - 1 - STEPS, -1):
        error_ = error * (1 - h[t] ** 2)
        lengths.append(float(np.linalg.norm(error_)))
        error = np.dot(error_, small.w_rh)
    return [length / lengths[0] for length in lengths]


def _canvas(axes: Axes, width: float) -> Axes:
    axes.set(xlim=(-0.6, width - 1), ylim=(-0.4, 2.4))
    axes.axis("off")
    return axes


def _box(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": color}
    axes.text(x, y, text, ha="center", va="center", bbox=box, zorder=3)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], color: str, text: str) -> None:
    properties = {"arrowstyle": "-|>", "color": color, "shrinkA": 16, "shrinkB": 16}
    axes.annotate("", end, start, arrowprops=properties)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    if start[0] == end[0]:
        axes.text(x + 0.04, y, text, fontsize=8, color=color, va="center")
    else:
        axes.text(x, y + 0.08, text, fontsize=8, color=color, ha="center")


FIGURES = {draw.__name__: draw for draw in (sigmoid, unrolled, bptt, vanishing)}


def draw(folder: Path) -> None:
    """Write the figures into a folder, those that are not there as they would be drawn."""
    source = Path(__file__).read_text(encoding="utf-8")
    for name, figure in FIGURES.items():
        path = folder / f"{name}.svg"
        content = source + (str(measured()) if figure is vanishing else "")
        digest = sha256(content.encode()).hexdigest()
        if not path.exists() or digest not in path.read_text(encoding="utf-8"):
            with matplotlib.rc_context(STYLE):
                figure().savefig(path, metadata={"Date": None, "Creator": None, "Identifier": digest})


def fading() -> str:
    """What vanishing.svg shows, in a sentence."""
    trained, untrained = (100 * measured()[name][1] for name in ("trained", "untrained"))
    shares = [f"{trained[k]:.2g} % after {k} steps (untrained: {untrained[k]:.2g} %)" for k in (5, 10)]
    return f"The median of what arrives is {shares[0]} and {shares[1]}."


def results_table() -> str:
    """The table of the results page."""
    lines = [
        "| model | right | lowest, highest | of unknown words | δ_r a word | training |",
        "|---|---|---|---|---|---|",
    ]
    for row in json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))["rows"]:
        net = row["errors_per_word"] is not None
        spread = f"{100 * row['lowest']:.2f}, {100 * row['highest']:.2f}" if net else ""
        errors, seconds = (f"{row['errors_per_word']:.2f}", f"{row['seconds']:.1f} s") if net else ("", "counts only")
        shares = f"{100 * row['accuracy']:.2f} % | {spread} | {100 * row['unknown_accuracy']:.1f} %"
        lines.append(f"| {row['model']} | {shares} | {errors} | {seconds} |")
    return "\n".join(lines)


def fill(text: str, name: str, content: str) -> str:
    """Return a page with what stands between the marks of this name replaced."""
    start = f"<!-- {name}: written by figures.py -->\n"
    before, _, rest = text.partition(start)
    return f"{before}{start}\n{content}\n\n<!-- end -->{rest.partition('<!-- end -->')[2]}"


if __name__ == "__main__":
    draw(FOLDER)
    for page, name, content in (("vanishing-gradients", "measured", fading()), ("results", "results", results_table())):
        path = FOLDER / f"{page}.md"
        path.write_text(fill(path.read_text(encoding="utf-8"), name, content), encoding="utf-8", newline="\n")
