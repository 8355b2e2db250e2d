"""Pictures: training, confusions, reliability, learning curve. They need matplotlib, ``pip install 'elman[plot]'``.

Each function makes a Figure 800 points wide from what a command found; ``save`` writes it as PNG or SVG, the same bytes
every time. No window is opened and no state of matplotlib's own is changed.
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

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.0  # inches
DPI = 100
MOST_TAGS = 20
"""Tags in a confusion matrix; the rarer ones are shown together."""
OTHERS = "(others)"
FEW_WORDS = 30
"""In a bin of reliability."""
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
    """Draws in our style, and leaves matplotlib's own as it is."""

    @wraps(draw)
    def styled(*given: _P.args, **named: _P.kwargs) -> Figure:
        import matplotlib

        with matplotlib.rc_context(_STYLE):
            return draw(*given, **named)

    return styled


def check(path: str) -> None:
    """Look, before there is work, whether a picture can be made and written.

    Raises MissingExtraError: no matplotlib; ConfigError: another ending than .png or .svg; OutputError: no such folder.
    """
    check_target(path, text=_kind(path) == "svg")
    if find_spec("matplotlib") is None:
        raise MissingExtraError("matplotlib", "plot")


def save(figure: Figure, path: str) -> None:
    """Write a figure as PNG or SVG, by the ending of ``path``. Raises as ``check`` does."""
    import matplotlib

    kind = _kind(path)
    written = io.BytesIO()
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # of scripts that no font here has
        # no date and no version: the same figure is the same file
        figure.savefig(written, format=kind, dpi=DPI, metadata={"Date" if kind == "svg" else "Software": None})
    write_bytes_atomically(path, written.getvalue())


@styled
def training(record: Mapping[str, Any], name: str = "") -> Figure:
    """Loss and accuracy by epoch, from the record of a network's training (``Tagger.describe()["training"]``).

    Several networks have a line each, all but the first one's pale. Raises ConfigError for a model that has no epochs.
    """
    from matplotlib.ticker import MaxNLocator

    if not record.get("losses"):
        raise ConfigError("plot: expected a network that was trained for an epoch or more; this model has no epochs")
    records = [record, *record.get("members", [])]
    figure, (above, below) = sized(6.4, rows=2)
    for number, one in enumerate(records):
        epochs = range(1, len(one["losses"]) + 1)
        first = {"alpha": 1.0} if not number else {"alpha": 0.45}
        _line(above, epochs, one["losses"], BLUE, "train" if not number else None, **first)
        _line(below, epochs, _percents(one["train_accuracies"]), BLUE, "train" if not number else None, **first)
        if one["dev_accuracies"]:
            dev = _percents(one["dev_accuracies"])
            best = one["best_epoch"]
            _line(below, epochs, dev, ORANGE, "dev" if not number else None, **first)
            kept = f"kept: {dev[best - 1]:.2f} % after epoch {best}" if not number else None
            below.plot([best], [dev[best - 1]], "o", color=ORANGE, markersize=9, fillstyle="none", label=kept)
    several = ""
    if len(records) > 1:
        together = record.get("dev_accuracy")
        several = f", {len(records)} networks" + (f", together {100 * together:.2f} % on dev" if together else "")
    title(above, f"Training{_of(name)}{several}")
    above.set_ylabel("loss per word (nats)")
    below.set_ylabel("accuracy (%)")
    below.set_xlabel("epoch")
    for axes in (above, below):
        axes.set_xlim(0.5, max(len(one["losses"]) for one in records) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()
    above.set_ylim(bottom=0)
    return figure


@styled
def confusion(pairs: Mapping[tuple[str, str], int], name: str = "") -> Figure:
    """What is taken for what, from ``Evaluation.pairs``: (gold, predicted) -> words. Rows, gold tags, sum to 100 %.

    Colours go by the square root of the share, so that rare confusions are seen. With more than 20 tags, those that are
    not among the 20 most frequent in gold stand in one row and column together, confusions among them on the diagonal.
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
    place = {tag: i for i, tag in enumerate(tags)}
    counts = np.zeros((len(tags), len(tags)))
    for (gold, predicted), count in pairs.items():
        counts[place.get(gold, len(tags) - 1), place.get(predicted, len(tags) - 1)] += count
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
    shown = [_short(tag) for tag in tags]
    axes.set_xticks(range(len(tags)), shown, rotation=90 if len(tags) > 8 else 0, fontsize=small, parse_math=False)
    labels = [f"{tag}  {int(total):,}" for tag, total in zip(shown, sums[:, 0], strict=True)]
    axes.set_yticks(range(len(tags)), labels, fontsize=small, parse_math=False)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xlabel("tag given")
    axes.set_ylabel("right tag, and how many words have it")
    right = sum(count for (gold, predicted), count in pairs.items() if gold == predicted)
    total = sum(pairs.values())
    title(axes, f"Confusions{_of(name)}: {100 * right / max(total, 1):.2f} % of {total:,} words right")
    bar = figure.colorbar(image, ax=axes, ticks=[0, 1, 5, 10, 25, 50, 100], pad=0.015, fraction=0.045)
    bar.set_label("share of the words with the right tag (%)")
    bar.outline.set_visible(False)
    return figure


@styled
def reliability(found: Calibration, name: str = "") -> Figure:
    """Accuracy against confidence in ten bins, without and with the temperature; below, where the words are.

    Bins of fewer than 30 words, whose accuracy says little, are hollow and stand by themselves.
    """
    figure, (above, below) = sized(6.4, rows=2, heights=(3, 1))
    above.plot([0, 100], [0, 100], "--", color=GREY, linewidth=1.2, label="as sure as right")
    raw = f"raw: calibration error {100 * found.raw.ece:.2f} points"
    if found.temperature != 1:
        _bins(above, found.raw, ORANGE, "s", raw)
        number = "of each label column" if found.temperature is None else f"{found.temperature:.2f}"
        raw = f"temperature {number}: calibration error {100 * found.shown.ece:.2f} points"
    _bins(above, found.shown, BLUE, "o", raw)
    if any(0 < one.words < FEW_WORDS for one in found.shown.bins):
        above.plot([], [], "o", color=GREY, fillstyle="none", label=f"hollow: fewer than {FEW_WORDS} words")
    above.set_ylabel("accuracy (%)")
    above.set_ylim(-2, 102)
    above.legend(loc="lower right")
    title(above, f"Reliability{_of(name)}, {found.shown.words:,} words")
    middles = [50 * (one.low + one.high) for one in found.shown.bins]
    shares = [100 * one.words / found.shown.words for one in found.shown.bins]
    below.bar(middles, shares, width=9, color=BLUE)
    for middle, share in zip(middles, shares, strict=True):
        if share:
            below.annotate(f"{share:.1f}", (middle, share), ha="center", va="bottom", fontsize=9)
    below.set_ylim(0, 1.2 * max(shares))
    below.set_ylabel("words (%)")
    below.set_xlabel("confidence: probability of the tag given (%)")
    below.set_xlim(0, 100)
    below.set_xticks(range(0, 101, 10))
    return figure


@styled
def learning_curve(found: Curve, name: str = "") -> Figure:
    """Accuracy against training sentences: each training, the mean, the law, and what it lets expect."""
    import numpy as np

    figure, (axes,) = sized(5.2)
    sentences = [point.sentences for point in found.points]
    each = [(point.sentences, 100 * a) for point in found.points for a in point.accuracies]
    axes.plot(*zip(*each, strict=True), ".", color=BLUE, alpha=0.45, label="one training")
    axes.plot(sentences, [100 * point.mean for point in found.points], "o", color=BLUE, label="mean of the seeds")
    ends = [*sentences, *(ahead.sentences for ahead in found.forecasts)]
    inside = np.geomspace(sentences[0], sentences[-1], 60)
    beyond = np.geomspace(sentences[-1], ends[-1], 30)
    axes.plot(inside, [100 * found.law.accuracy(n) for n in inside], "-", color=BLUE, linewidth=1.2, label=_law(found))
    axes.plot(beyond, [100 * found.law.accuracy(n) for n in beyond], "--", color=ORANGE, label="carried forward")
    now = found.law.accuracy(sentences[-1])
    bounds = [(now, now), *((now + ahead.low, now + ahead.high) for ahead in found.forecasts)]
    at = [sentences[-1], *(ahead.sentences for ahead in found.forecasts)]
    low, high = zip(*bounds, strict=True)
    axes.fill_between(at, _percents(low), _percents(high), color=ORANGE, alpha=0.18, linewidth=0, label="95 % interval")
    for ahead in found.forecasts:
        text = f"×{ahead.times}: {100 * ahead.gain:+.1f}"
        place = (ahead.sentences, 100 * ahead.accuracy)
        axes.annotate(text, place, (0, 9), textcoords="offset points", ha="center", color="#a34700")
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
    """A figure of the usual width and its axes, one below the other, which share x."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    axes = figure.subplots(rows, 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})
    return figure, list(axes[:, 0])


def _line(axes: Axes, x: Sequence[int], y: Sequence[float], color: str, label: str | None, alpha: float) -> None:
    axes.plot(x, y, "-", color=color, alpha=alpha, label=label, marker="o", markersize=4)


def _bins(axes: Axes, found: Reliability, color: str, marker: str, label: str) -> None:
    """The bins that have words: where they are on average."""
    look: dict[str, Any] = {"color": color, "marker": marker, "markersize": 6}
    x, y = _places([one for one in found.bins if one.words >= FEW_WORDS])
    axes.plot(x, y, label=label, **look)
    x, y = _places([one for one in found.bins if 0 < one.words < FEW_WORDS])
    axes.plot(x, y, linestyle="", fillstyle="none", **look)


def _places(bins: Sequence[Bin]) -> tuple[list[float], list[float]]:
    return _percents([one.confidence for one in bins]), _percents([one.accuracy for one in bins])


def _law(found: Curve) -> str:
    law = found.law
    floor = f" + {100 * law.c:.1f}" if law.c >= 0.0005 else ""
    return f"law: errors (%) = {_number(100 * law.a)} · $n^{{-{law.b:.2f}}}${floor}"


def _number(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def _percents(values: Sequence[float]) -> list[float]:
    return [100 * value for value in values]


def _of(name: str) -> str:
    return f" of {name}" if name else ""


def _short(tag: str) -> str:
    """A tag that leaves room for the picture, without line breaks."""
    plain = visible(tag)
    return plain if len(plain) <= 14 else plain[:13] + "…"


def title(axes: Axes, text: str) -> None:
    axes.set_title(visible(text), parse_math=False)


def _kind(path: str) -> str:
    """``png`` or ``svg``. Raises ConfigError for a file of another ending."""
    kind = path.rpartition(".")[2].lower()
    if kind not in ("png", "svg"):
        raise ConfigError(f"{path}: expected the name of a picture that ends in .png or .svg")
    return kind
