"""Learning curves: nested subsets, the law, what it lets expect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest

import elman
from elman.analysis import learning_curve as curve
from elman.analysis.learning_curve import Law, Point, fitted, learning_curve, measure, sizes, subset
from elman.data.corpus import ReadOptions
from elman.errors import ConfigError
from elman.scale.cluster import open_cluster
from made_up import two_columns


def sentences(n: int, seed: int) -> list[elman.Sentence]:
    return [elman.Sentence(tuple(words), {"pos": tuple(tags)}) for words, tags, _ in two_columns(n, seed)]


def points(law: Law, noise: float = 0.0, seed: int = 0, seeds: int = 3) -> list[Point]:
    draw = np.random.default_rng(seed)
    return [
        Point(n, 10 * n, tuple(1 - (1 - law.accuracy(n)) * np.exp(noise * draw.standard_normal(seeds))))
        for n in (500, 1000, 2000, 4000, 8000)
    ]


def test_sizes_double() -> None:
    assert sizes(16, 4) == [2, 4, 8, 16]
    assert sizes(12_544, 5) == [784, 1568, 3136, 6272, 12_544]
    with pytest.raises(ConfigError, match="5 points need 32 training sentences, got 20"):
        sizes(20, 5)


def test_subsets_are_nested_and_in_order() -> None:
    everything = list(range(100))
    some = [subset(everything, n, 7) for n in (10, 30, 100)]
    assert set(some[0]) < set(some[1]) < set(some[2])
    assert some[2] == everything
    assert all(part == sorted(part) for part in some)
    assert subset(everything, 30, 8) != some[1]


@pytest.mark.parametrize("law", [Law(2.0, 0.4, 0.0), Law(5.0, 0.6, 0.02), Law(0.9, 0.2, 0.01)])
def test_the_law_is_found(law: Law) -> None:
    found = fitted(points(law))
    for n in (500, 8000, 16_000):
        assert found.law.accuracy(n) == pytest.approx(law.accuracy(n), abs=1e-3)
    twice = found.forecasts[0]
    assert (twice.times, twice.sentences) == (2, 16_000)
    assert twice.gain == pytest.approx(law.accuracy(16_000) - law.accuracy(8000), abs=1e-3)
    assert twice.low <= twice.gain <= twice.high < twice.low + 0.003


def test_wild_scores_give_numbers() -> None:
    wild = [Point(n, n, scores) for n, scores in ((13, (0.6, 0.8)), (26, (0.8, 1.0)), (52, (1.0, 1.0)))]
    for forecast in fitted(wild).forecasts:
        assert np.isfinite([forecast.accuracy, forecast.gain, forecast.low, forecast.high]).all()


def test_intervals_hold_the_truth_mostly() -> None:
    law = Law(2.0, 0.4, 0.02)
    true = law.accuracy(16_000) - law.accuracy(8000)
    inside = 0
    for seed in range(16):
        twice = fitted(points(law, noise=0.03, seed=seed)).forecasts[0]
        inside += twice.low <= true <= twice.high
    assert inside >= 14


def test_more_noise_gives_a_wider_interval() -> None:
    law = Law(2.0, 0.4, 0.02)
    widths = [(f := fitted(points(law, noise, seed=1)).forecasts[0]).high - f.low for noise in (0.01, 0.1)]
    assert widths[1] > 3 * widths[0]


def test_a_flat_curve_and_a_perfect_one_promise_nothing() -> None:
    flat = fitted([Point(n, n, (0.9,)) for n in (10, 20, 40)])
    assert flat.forecasts[0].gain == pytest.approx(0, abs=1e-6)
    falling = fitted([Point(n, n, (a,)) for n, a in ((10, 0.9), (20, 0.89), (40, 0.88))])
    assert falling.law.a == 0 and falling.forecasts[0].gain == 0
    assert fitted([Point(n, n, (1.0, 1.0)) for n in (10, 20, 40)]).forecasts[1].gain == pytest.approx(0, abs=1e-5)


def test_one_seed_has_no_deviation() -> None:
    assert Point(1, 1, (0.5,)).deviation is None
    assert Point(1, 1, (0.5, 0.7)).deviation == pytest.approx(0.1 * 2**0.5)


def test_measure_trains_each_size_with_each_seed() -> None:
    seen: list[tuple[int, int]] = []

    def accuracies(runs: Iterable[tuple[int, int]]) -> Iterator[float]:
        for size, seed in runs:
            seen.append((size, seed))
            yield 1 - 1 / size - seed / 1000

    found = measure([["a", "b"]] * 40, 3, [5, 6], accuracies)
    assert [point.accuracies for point in found.points] == [
        (1 - 1 / n - 0.005, 1 - 1 / n - 0.006) for n in (10, 20, 40)
    ]
    assert seen == [(10, 5), (10, 6), (20, 5), (20, 6), (40, 5), (40, 6)]
    assert [(point.sentences, point.words) for point in found.points] == [(10, 20), (20, 40), (40, 80)]
    for n_points, seeds in ((2, [1]), (3, [])):
        with pytest.raises(ConfigError, match="3 points or more and one seed or more"):
            measure([["a"]] * 40, n_points, seeds, accuracies)


def test_of_a_model_from_sentences() -> None:
    lines: list[str] = []
    doubts: list[str] = []
    found = learning_curve(
        sentences(32, 1),
        sentences(20, 2),
        ReadOptions(),
        points=3,
        seeds=2,
        tell=lines.append,
        warn=doubts.append,
        model="hmm",
    )
    assert [point.sentences for point in found.points] == [8, 16, 32]
    assert lines[0] == "training 1 of 6: 8 of 32 sentences, seed 1" and len(lines) == 6
    assert all("in the training data" in doubt for doubt in doubts) and len(doubts) <= 1
    whole = elman.train(sentences(32, 1), sentences(20, 2), model="hmm", on_warning=lambda text: None)
    assert set(found.points[-1].accuracies) == {whole.describe()["data"]["dev_accuracy"]}
    assert json.loads(json.dumps(found.to_json()))["points"][0].keys() == {
        "sentences",
        "words",
        "accuracies",
        "mean",
        "deviation",
    }


def test_what_auto_chooses_for_all_holds_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    class Done:
        interrupted = False

        def describe(self) -> dict[str, Any]:
            return {"data": {"dev_accuracy": 0.5}}

    def train(*given: Any, **named: Any) -> Done:
        seen.append(named)
        return Done()

    monkeypatch.setattr(curve, "train", train)
    learning_curve(sentences(40, 1), "20%", ReadOptions(), points=3, seeds=1, settings={"hidden": 8})
    assert len(seen) == 3 and all(named["settings"] == seen[0]["settings"] for named in seen)
    settings = seen[0]["settings"]
    assert (
        settings.keys() >= {"features", "decoder", "ensemble", "class_weight_power", "hidden"}
        and "epochs" not in settings
    )
    assert (settings["features"], settings["decoder"], settings["hidden"]) == ("affixes", "crf", 8)
    Done.interrupted = True
    with pytest.raises(KeyboardInterrupt):
        learning_curve(sentences(40, 1), "20%", ReadOptions(), points=3, seeds=1)


def test_runs_in_processes_make_the_same_curve() -> None:
    train, dev, lines, more = sentences(32, 1), sentences(20, 2), list[str](), list[str]()
    options: Any = {"points": 3, "seeds": 2, "preset": "fast", "settings": {"epochs": 1, "hidden": 8}}
    doubts: list[list[str]] = [[], []]
    here = elman.curve(train, dev, **options, on_progress=lines.append, on_warning=doubts[0].append)
    with open_cluster("local:2") as cluster:
        there = elman.curve(
            train, dev, **options, on_progress=more.append, on_warning=doubts[1].append, map=cluster.ordered
        )
    assert there.to_json() == here.to_json()
    assert lines == more and doubts[0] == doubts[1]
