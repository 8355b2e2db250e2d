"""Plots of training, confusions, reliability and learning curves, with matplotlib (the extra ``plot``).

Each function returns a Figure 800 pixels wide; ``save`` writes it as PNG or SVG, always with the same bytes. No window
is opened, and matplotlib's global state is not changed.
"""

from __future__ import annotations

import io
import math
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ParamSpec

from elman.analysis.confidence import Calibration
from elman.analysis.learning_curve import Curve
from elman.errors import ConfigError, MissingExtraError
from elman.evaluation.reliability import Bin, Reliability
from elman.utils.display import visible
from elman.utils.files import check_target, write_bytes_atomically
from elman.utils.text_width import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.0  # inches
DPI = 100
MOST_CHARACTERS = 18
"""Columns of a tag beside a confusion matrix, unless two look alike."""
MOST_TAGS = 20
"""Tags in a confusion matrix; rarer ones share one row and column."""
OTHERS = "(others)"
FEW_WORDS = 30
"""Bins of a reliability diagram with fewer words are hollow."""
BLUE, ORANGE, GREEN, GREY = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#767676",
)  # told apart by the colour-blind too (Okabe, Ito)
_STYLE = {
    "svg.hashsalt": "elman",
    "font.size": 11.0,
    "axes.titlesize": 12.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
    "figure.constrained_layout.use": True,
}


_P = ParamSpec("_P")


def styled(draw: Callable[_P, Figure]) -> Callable[_P, Figure]:
    """Decorate a plot function to use elman's style without changing matplotlib's."""

    @wraps(draw)
    def styled(*args: _P.args, **kwargs: _P.kwargs) -> Figure:
        import matplotlib

        with matplotlib.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


def check(path: str) -> None:
    """Check, before any work, that a plot can be made and written.

    Raises MissingExtraError without matplotlib, ConfigError if the name does not end in .png or .svg, and OutputError
    if the file cannot be written.
    """
    check_target(path, text=_kind(path) == "svg")
    if find_spec("matplotlib") is None:
        raise MissingExtraError("matplotlib", "plot")


def save(figure: Figure, path: str) -> None:
    """Write a figure as PNG or SVG, by the extension of ``path``. Raises the same errors as ``check``."""
    import matplotlib

    kind = _kind(path)
    buffer = io.BytesIO()
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # scripts without an installed font
        # no date and no version, so that the file is reproducible
        figure.savefig(buffer, format=kind, dpi=DPI, metadata={"Date" if kind == "svg" else "Software": None})
    write_bytes_atomically(path, buffer.getvalue())


@styled
def training(record: Mapping[str, Any], name: str = "") -> Figure:
    """Plot loss and accuracy by epoch, from a training record (``Tagger.describe()["training"]``).

    Each network of an ensemble has a line, pale except for the first. Raises ConfigError if the record has no epochs.
    """
    from matplotlib.ticker import MaxNLocator

    if not record.get("losses"):
        raise ConfigError("plot: expected a network trained for one epoch or more; this model has no epochs")
    records = [record, *record.get("members", [])]
    figure, (above, below) = sized(6.4, rows=2)
    for number, member in enumerate(records):
        epochs = range(1, len(member["losses"]) + 1)
        alpha, train, dev = (0.45, None, None) if number else (1.0, "train", "dev")
        _line(above, epochs, member["losses"], BLUE, train, alpha)
        _line(below, epochs, _percents(member["train_accuracies"]), BLUE, train, alpha)
        if member["dev_accuracies"]:
            accuracies = _percents(member["dev_accuracies"])
            best = member["best_epoch"]
            _line(below, epochs, accuracies, ORANGE, dev, alpha)
            kept = f"kept: {accuracies[best - 1]:.2f} % after epoch {best}" if not number else None
            below.plot([best], [accuracies[best - 1]], "o", color=ORANGE, markersize=9, fillstyle="none", label=kept)
    networks = ""
    if len(records) > 1:
        ensemble = record.get("dev_accuracy")
        networks = f", {len(records)} networks" + (f", together {100 * ensemble:.2f} % on dev" if ensemble else "")
    title(above, f"Training{_of(name)}{networks}")
    above.set_ylabel("loss per word (nats)")
    below.set_ylabel("accuracy (%)")
    below.set_xlabel("epoch")
    for axes in (above, below):
        axes.set_xlim(0.5, max(len(member["losses"]) for member in records) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()
    above.set_ylim(bottom=0)
    return figure


@styled
def confusion(pairs: Mapping[tuple[str, str], int], name: str = "") -> Figure:
    """Plot a confusion matrix from ``TagEvaluation.pairs``: (gold, predicted) -> words.

    Rows are gold tags, in per cent. Colours follow the square root of the share, so that rare confusions are visible.
    With more than 20 tags, all but the 20 most frequent gold tags share one row and column; confusions among them are
    on its diagonal.
    """
    import numpy as np
    from matplotlib.colors import PowerNorm

    support = Counter[str]()
    for (gold, predicted), count in pairs.items():
        support[gold] += count
        support[predicted] += 0
    tags = sorted(support, key=lambda tag: (-support[tag], tag))
    if len(tags) > MOST_TAGS:
        tags = [*tags[:MOST_TAGS], OTHERS]
    ids = {tag: i for i, tag in enumerate(tags)}
    counts = np.zeros((len(tags), len(tags)))
    for (gold, predicted), count in pairs.items():
        counts[ids.get(gold, len(tags) - 1), ids.get(predicted, len(tags) - 1)] += count
    sums = counts.sum(axis=1, keepdims=True)
    shares = 100 * counts / np.maximum(sums, 1)
    figure, (axes,) = sized(max(4.2, min(8.0, 2.2 + 0.29 * len(tags))))
    image = axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, 0, 100), aspect="auto")
    small = 8 if len(tags) > 12 else 10
    for i, j in zip(*np.nonzero(counts), strict=True):
        share = shares[i, j]
        text = f"{share if share == 100 else min(share, 99):.0f}" if share >= 0.5 else "·"
        color = "white" if share > 40 else "#202020"
        axes.text(j, i, text, ha="center", va="center", fontsize=small, color=color)
    short = shortened(map(visible, tags), MOST_CHARACTERS)
    shown = [short[visible(tag)] for tag in tags]
    axes.set_xticks(range(len(tags)), shown, rotation=90 if len(tags) > 8 else 0, fontsize=small, parse_math=False)
    labels = [f"{tag}  {int(total):,}" for tag, total in zip(shown, sums[:, 0], strict=True)]
    axes.set_yticks(range(len(tags)), labels, fontsize=small, parse_math=False)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xlabel("predicted tag")
    axes.set_ylabel("gold tag and its number of words")
    correct = sum(count for (gold, predicted), count in pairs.items() if gold == predicted)
    total = sum(pairs.values())
    title(axes, f"Confusions{_of(name)}: {100 * correct / max(total, 1):.2f} % of {total:,} words correct")
    bar = figure.colorbar(image, ax=axes, ticks=[0, 1, 5, 10, 25, 50, 100], pad=0.015, fraction=0.045)
    bar.set_label("share of the words with the gold tag (%)")
    bar.outline.set_visible(False)
    return figure


@styled
def reliability(calibration: Calibration, name: str = "") -> Figure:
    """Plot a reliability diagram, without and with the temperature, and below it the distribution of confidences.

    Bins with fewer than 30 words, whose accuracy is unreliable, are hollow and not connected.
    """
    figure, (above, below) = sized(6.4, rows=2, heights=(3, 1))
    above.plot([0, 100], [0, 100], "--", color=GREY, linewidth=1.2, label="perfectly calibrated")
    label = f"raw: calibration error {100 * calibration.raw.ece:.2f} points"
    shown = calibration.shown
    if calibration.temperature != 1:
        _bins(above, calibration.raw, ORANGE, "s", label)
        number = "of each label column" if calibration.temperature is None else f"{calibration.temperature:.2f}"
        label = f"temperature {number}: calibration error {100 * shown.ece:.2f} points"
    _bins(above, shown, BLUE, "o", label)
    if any(0 < bin.words < FEW_WORDS for bin in shown.bins):
        above.plot([], [], "o", color=GREY, fillstyle="none", label=f"hollow: fewer than {FEW_WORDS} words")
    above.set_ylabel("accuracy (%)")
    above.set_ylim(-2, 102)
    above.legend(loc="lower right")
    title(above, f"Reliability{_of(name)}, {shown.words:,} words")
    middles = [50 * (bin.low + bin.high) for bin in shown.bins]
    shares = [100 * bin.words / shown.words for bin in shown.bins]
    below.bar(middles, shares, width=9, color=BLUE)
    for middle, share in zip(middles, shares, strict=True):
        if share:
            below.annotate(f"{share:.1f}", (middle, share), ha="center", va="bottom", fontsize=9)
    below.set_ylim(0, 1.2 * max(shares))
    below.set_ylabel("words (%)")
    below.set_xlabel("confidence: probability of the predicted tag (%)")
    below.set_xlim(0, 100)
    below.set_xticks(range(0, 101, 10))
    return figure


@styled
def learning_curve(curve: Curve, name: str = "") -> Figure:
    """Plot accuracy against training sentences: single runs, means, the fitted law and its forecasts."""
    import numpy as np

    figure, (axes,) = sized(5.2)
    law, forecasts = curve.law, curve.forecasts
    sentences = [point.sentences for point in curve.points]
    runs = [(point.sentences, 100 * a) for point in curve.points for a in point.accuracies]
    axes.plot(*zip(*runs, strict=True), ".", color=BLUE, alpha=0.45, label="single run")
    axes.plot(sentences, [100 * point.mean for point in curve.points], "o", color=BLUE, label="mean of the seeds")
    ends = [*sentences, *(forecast.sentences for forecast in forecasts)]
    inside = np.geomspace(sentences[0], sentences[-1], 60)
    beyond = np.geomspace(sentences[-1], ends[-1], 30)
    axes.plot(inside, [100 * law.accuracy(n) for n in inside], "-", color=BLUE, linewidth=1.2, label=_law(curve))
    axes.plot(beyond, [100 * law.accuracy(n) for n in beyond], "--", color=ORANGE, label="extrapolation")
    now = law.accuracy(sentences[-1])
    bounds = [(now, now), *((now + forecast.low, now + forecast.high) for forecast in forecasts)]
    x = [sentences[-1], *(forecast.sentences for forecast in forecasts)]
    low, high = zip(*bounds, strict=True)
    axes.fill_between(x, _percents(low), _percents(high), color=ORANGE, alpha=0.18, linewidth=0, label="95 % interval")
    for forecast in forecasts:
        text = f"×{forecast.times}: {100 * forecast.gain:+.1f}"
        position = (forecast.sentences, 100 * forecast.accuracy)
        axes.annotate(text, position, (0, 9), textcoords="offset points", ha="center", color="#a34700")
    axes.set_xscale("log", base=2)
    axes.set_xticks(ends, [f"{n:,}" for n in ends])
    axes.minorticks_off()
    axes.margins(x=0.06)
    axes.set_xlabel("training sentences (each step is twice as many)")
    axes.set_ylabel("accuracy on dev (%)")
    axes.legend(loc="lower right")
    title(axes, f"Learning curve{_of(name)}")
    return figure


def sized(height: float, rows: int = 1, heights: Sequence[float] | None = None) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure of the standard width and its axes, one below the other with a shared x axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    axes = figure.subplots(rows, 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})
    return figure, list(axes[:, 0])


def _line(axes: Axes, x: Sequence[int], y: Sequence[float], color: str, label: str | None, alpha: float) -> None:
    axes.plot(x, y, "-", color=color, alpha=alpha, label=label, marker="o", markersize=4)


def _bins(axes: Axes, measured: Reliability, color: str, marker: str, label: str) -> None:
    """Plot the mean confidence and accuracy of the bins that have words."""
    style: dict[str, Any] = {"color": color, "marker": marker, "markersize": 6}
    x, y = _positions([bin for bin in measured.bins if bin.words >= FEW_WORDS])
    axes.plot(x, y, label=label, **style)
    x, y = _positions([bin for bin in measured.bins if 0 < bin.words < FEW_WORDS])
    axes.plot(x, y, linestyle="", fillstyle="none", **style)


def _positions(bins: Sequence[Bin]) -> tuple[list[float], list[float]]:
    return _percents([bin.confidence for bin in bins]), _percents([bin.accuracy for bin in bins])


def _law(curve: Curve) -> str:
    law = curve.law
    floor = f" + {100 * law.c:.1f}" if law.c >= 0.0005 else ""
    return f"law: errors (%) = {_number(100 * law.a)} · $n^{{-{law.b:.2f}}}${floor}"


def _number(value: float) -> str:
    """Format a number with three significant digits and no exponent."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def _percents(values: Sequence[float]) -> list[float]:
    return [100 * value for value in values]


def _of(name: str) -> str:
    return f" of {name}" if name else ""


def title(axes: Axes, text: str) -> None:
    """Set the title of a plot."""
    axes.set_title(visible(text), parse_math=False)


def _kind(path: str) -> str:
    """Return ``png`` or ``svg``. Raises ConfigError for any other extension."""
    kind = path.rpartition(".")[2].lower()
    if kind not in ("png", "svg"):
        raise ConfigError(f"{path}: expected a file name that ends in .png or .svg")
    return kind
