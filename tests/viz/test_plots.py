"""What is in the pictures, and that they are the same every time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman.analysis.confidence import Calibration
from elman.analysis.learning_curve import Curve, Law, Point, fitted
from elman.errors import ConfigError, MissingExtraError, OutputError
from elman.evaluation.reliability import reliability
from elman.viz import plots

RECORD: dict[str, Any] = {
    "losses": [0.9, 0.4, 0.3],
    "train_accuracies": [0.7, 0.9, 0.95],
    "dev_accuracies": [0.6, 0.85, 0.84],
    "best_epoch": 2,
}
PAIRS = {("N", "N"): 90, ("N", "V"): 10, ("V", "V"): 20, ("X", "N"): 1}


def lines(axes: Any) -> dict[str, tuple[list[float], list[float]]]:
    """(x, y) of each line that the legend names."""
    shown = [line for line in axes.lines if not line.get_label().startswith("_")]
    return {
        line.get_label(): (np.round(line.get_xdata(), 6).tolist(), np.round(line.get_ydata(), 6).tolist())
        for line in shown
    }


def legend(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def found(temperature: float = 1.5) -> Calibration:
    p = np.array([0.95, 0.95, 0.65, 0.65] * 20 + [0.25, 0.25])
    right = np.array([True, True, True, False] * 20 + [True, False])
    return Calibration(temperature, reliability(p + 0.04, right), reliability(p, right))


def curve() -> Curve:
    law = Law(2.0, 0.5, 0.02)
    return fitted([Point(n, n, (law.accuracy(n) + 0.001, law.accuracy(n) - 0.001)) for n in (100, 200, 400)])


FIGURES: dict[str, Callable[[], Any]] = {
    "training": lambda: plots.training(RECORD),
    "confusion": lambda: plots.confusion(PAIRS),
    "reliability": lambda: plots.reliability(found()),
    "curve": lambda: plots.learning_curve(curve()),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_picture_has_axes_units_and_is_the_same_file_each_time(name: str, tmp_path: Path) -> None:
    figure = FIGURES[name]()
    axes = figure.axes
    assert figure.get_size_inches()[0] * figure.dpi == 800
    assert axes[0].get_title(loc="left") and all(one.get_ylabel() for one in axes)
    assert any(one.get_xlabel() for one in axes)
    if name != "curve":
        assert any("%" in one.get_ylabel() for one in axes)
    for one, again in (("a.png", "b.PNG"), ("a.svg", "b.svg")):
        plots.save(FIGURES[name](), str(tmp_path / one))
        plots.save(FIGURES[name](), str(tmp_path / again))
        assert (tmp_path / one).read_bytes() == (tmp_path / again).read_bytes()
    data = (tmp_path / "a.png").read_bytes()
    assert data.startswith(b"\x89PNG") and int.from_bytes(data[16:20], "big") == 800
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert svg.startswith("<?xml") and "<dc:date>" not in svg and 'href="http' not in svg


def test_training() -> None:
    above, below = plots.training(RECORD, "my.model").axes
    assert above.get_title(loc="left") == "Training of my.model"
    assert lines(above) == {"train": ([1, 2, 3], [0.9, 0.4, 0.3])}
    assert lines(below) == {
        "train": ([1, 2, 3], [70, 90, 95]),
        "dev": ([1, 2, 3], [60, 85, 84]),
        "kept: 85.00 % after epoch 2": ([2], [85]),
    }
    assert legend(below) == list(lines(below))
    assert (above.get_ylabel(), below.get_ylabel(), below.get_xlabel()) == (
        "loss per word (nats)",
        "accuracy (%)",
        "epoch",
    )


def test_training_of_several_and_without_dev() -> None:
    above, below = plots.training({**RECORD, "members": [RECORD], "dev_accuracy": 0.9}).axes
    assert above.get_title(loc="left") == "Training, 2 networks, together 90.00 % on dev"
    assert len(above.lines) == 2 and legend(above) == ["train"] and len(below.lines) == 6
    assert above.lines[0].get_alpha() > above.lines[1].get_alpha()
    without = plots.training({**RECORD, "dev_accuracies": [], "members": [{**RECORD, "dev_accuracies": []}]})
    assert legend(without.axes[1]) == ["train"] and without.axes[0].get_title(loc="left") == "Training, 2 networks"
    with pytest.raises(ConfigError, match="no epochs"):
        plots.training({})


def test_confusion() -> None:
    axes, bar = plots.confusion(PAIRS, "upos").axes
    assert axes.get_title(loc="left") == "Confusions of upos: 90.91 % of 121 words correct"
    (image,) = axes.images
    assert image.get_array().tolist() == [[90, 10, 0], [0, 100, 0], [100, 0, 0]]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["N", "V", "X"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["N  100", "V  20", "X  1"]
    assert [text.get_text() for text in axes.texts] == ["90", "10", "100", "100"]
    assert "share" in bar.get_ylabel() and "%" in bar.get_ylabel()


def test_confusion_of_many_strange_and_rare_tags(tmp_path: Path) -> None:
    tags = [f"PRP${i}$_{'long' * i}" for i in range(30)] + ["a\nb", "漢字"]
    pairs = {(tag, tag): 1000 - 10 * i for i, tag in enumerate(tags)} | {(tags[0], tags[1]): 2, (tags[31], tags[0]): 1}
    figure = plots.confusion(pairs)
    shown = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert len(shown) == 21 and shown[0] == "PRP$0$_" and shown[-1] == "(others)"
    assert max(map(len, shown)) == plots.MOST_CHARACTERS and len(set(shown)) == 21
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts.count("·") == 2 and "99" in texts  # nearly all is not all
    plots.save(figure, str(tmp_path / "a.png"))
    alike = [f"StreetName{kind}{'x' * 30}Directional" for kind in ("Pre", "Post")]
    both = plots.confusion({(alike[0], alike[1]): 1, (alike[1], alike[0]): 1})
    assert len({text.get_text() for text in both.axes[0].get_xticklabels()}) == 2
    few = plots.confusion({("漢字", "漢字"): 1, ("a\nb", "漢字"): 1})
    plots.save(few, str(tmp_path / "a.svg"))
    assert few.axes[0].get_yticklabels()[0].get_text() == "a\\nb  1"


def test_reliability() -> None:
    above, below = plots.reliability(found(), "upos").axes
    assert above.get_title(loc="left") == "Reliability of upos, 82 words"
    shown = lines(above)
    raw, after = (
        f"raw: calibration error {100 * found().raw.ece:.2f} points",
        "temperature 1.50: calibration error 10.37 points",
    )
    assert list(shown) == ["perfectly calibrated", raw, after, "hollow: fewer than 30 words"] == legend(above)
    assert shown[after] == ([65, 95], [50, 100])
    hollow = [line for line in above.lines if line.get_fillstyle() == "none"]
    assert [np.round(line.get_xdata(), 6).tolist() for line in hollow] == [[29], [25], []]
    assert [round(bar.get_height(), 2) for bar in below.patches] == [0, 0, 2.44, 0, 0, 0, 48.78, 0, 0, 48.78]
    assert [text.get_text() for text in below.texts] == ["2.4", "48.8", "48.8"]
    assert below.get_ylabel() == "words (%)" and "(%)" in below.get_xlabel()
    same = Calibration(1.0, *[reliability(np.full(40, 0.8), np.arange(40) % 5 > 0)] * 2)
    assert legend(plots.reliability(same).axes[0]) == ["perfectly calibrated", "raw: calibration error 0.00 points"]


def test_learning_curve() -> None:
    whole = curve()
    (axes,) = plots.learning_curve(whole, "dev.txt").axes
    assert axes.get_title(loc="left") == "Learning curve of dev.txt"
    shown = lines(axes)
    assert shown["single run"][0] == [100, 100, 200, 200, 400, 400]
    assert shown["mean of the seeds"] == ([100, 200, 400], [round(100 * p.mean, 6) for p in whole.points])
    assert shown["extrapolation"][0][-1] == 1600
    assert shown["extrapolation"][1][-1] == pytest.approx(100 * whole.forecasts[1].accuracy)
    assert [
        label for label in legend(axes) if re.fullmatch(r"law: errors \(%\) = \d+ · \$n\^\{-0\.5\d\}\$ \+ 2\.\d", label)
    ]
    assert "95 % interval" in legend(axes)
    assert [text.get_text()[:2] for text in axes.texts] == ["×2", "×4"]
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(100 * (whole.law.accuracy(400) + whole.forecasts[1].high))
    assert [text.get_text() for text in axes.get_xticklabels()] == ["100", "200", "400", "800", "1,600"]


def test_a_flat_curve_is_drawn_too(tmp_path: Path) -> None:
    flat = fitted([Point(n, n, (0.9,)) for n in (10, 20, 40)])
    plots.save(plots.learning_curve(flat), str(tmp_path / "a.png"))
    falling = fitted([Point(n, n, (a,)) for n, a in ((10, 0.9), (20, 0.89), (40, 0.88))])
    assert any("= 0 · " in label for label in legend(plots.learning_curve(falling).axes[0]))


def test_drawing_changes_no_state() -> None:
    import matplotlib._pylab_helpers

    before, windows = dict(matplotlib.rcParams), matplotlib._pylab_helpers.Gcf.get_all_fig_managers()
    for make in FIGURES.values():
        make()
    assert dict(matplotlib.rcParams) == before
    assert matplotlib._pylab_helpers.Gcf.get_all_fig_managers() == windows


def test_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.jpg", "png", "a"):
        with pytest.raises(ConfigError, match=r"ends in \.png or \.svg"):
            plots.check(str(tmp_path / name))
    with pytest.raises(OutputError, match="no folder"):
        plots.check(str(tmp_path / "nowhere" / "a.png"))
    plots.check(str(tmp_path / "a.png"))
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[plot\]' in"):
        plots.check(str(tmp_path / "a.png"))
