"""Calibration and coverage of a tagger on labelled sentences."""

from __future__ import annotations

import numpy as np
import pytest

import elman
from elman.analysis.confidence import ConfidenceSample, calibrations, collect_confidences, coverage
from elman.errors import ConfigError
from made_up import two_columns


def sentences(n: int, seed: int) -> list[elman.Sentence]:
    return [
        elman.Sentence(tuple(words), {"pos": tuple(tags), "entity": tuple(spans)})
        for words, tags, spans in two_columns(n, seed)
    ]


@pytest.fixture(scope="module")
def tagger() -> elman.Tagger:
    settings = {"hidden": 8, "embedding": 8, "feature_embedding": 8, "epochs": 2, "ensemble": 1}
    return elman.train(
        sentences(30, 1), sentences(30, 2), settings=settings, target=["pos", "entity"], on_warning=lambda text: None
    )


def test_judged_words_are_those_of_evaluate(tagger: elman.Tagger) -> None:
    gold = sentences(20, 3)
    found = collect_confidences(tagger, gold, ["entity", "pos"])
    assert list(found) == ["entity", "pos"]
    for name, evaluation in tagger.evaluate(gold, columns=tagger.targets).items():
        assert (len(found[name].correct), found[name].correct.sum()) == (evaluation.tokens, evaluation.correct)
        sure = [p for columns in tagger.pipe(gold, confidence=True, columns=tagger.targets) for p in columns[name][1]]
        assert found[name].confidences.tolist() == sure


def test_calibrations_before_and_after(tagger: elman.Tagger) -> None:
    gold = sentences(20, 3)
    found = calibrations(tagger, gold, collect_confidences(tagger, gold))
    assert list(found) == ["pos", "entity"]
    raw = calibrations(tagger.uncalibrated(), gold, collect_confidences(tagger.uncalibrated(), gold))
    for name, one in found.items():
        assert one.temperature == tagger.temperatures[name] != 1
        assert one.raw == raw[name].raw == raw[name].shown != one.shown
        assert one.raw.accuracy == one.shown.accuracy
        assert one.to_json() == {
            "temperature": one.temperature,
            "raw": one.raw.to_json(),
            "shown": one.shown.to_json(),
        }


def test_a_column_that_is_made_of_several() -> None:
    """Features one by one have a temperature each; those of a tree too."""
    feats = ("A=x|B=y", "A=x", "_", "B=y")
    gold = [elman.Sentence(("a", "b", "c", "d"), {"feats": feats}, format="conllu")] * 8
    settings = {"hidden": 8, "embedding": 8, "feature_embedding": 8, "epochs": 4, "ensemble": 1}
    tagger = elman.train(gold, gold, settings=settings, task="morphology:features=each", on_warning=lambda text: None)
    each = tagger.temperatures
    assert set(each) == {"feats.A", "feats.B"} and each["feats.A"] != each["feats.B"]
    found = calibrations(tagger, gold, collect_confidences(tagger, gold))
    assert found["feats"].temperature is None and found["feats"].to_json()["temperature"] is None
    assert (
        calibrations(tagger.uncalibrated(), gold, collect_confidences(tagger.uncalibrated(), gold))["feats"].temperature
        == 1
    )
    assert tagger.gives("feats", "_") and tagger.gives("feats", "A=x") and not tagger.gives("feats", "x")


def test_coverage_by_hand() -> None:
    judged = ConfidenceSample(np.array([0.2, 0.95, 0.96, 1.0]), np.array([True, True, False, True]))
    found = coverage(judged, 0.95)
    assert (found.words, found.correct, found.sure_words, found.sure_correct) == (4, 3, 3, 2)
    assert (found.coverage, found.accuracy) == (0.75, 2 / 3)
    assert coverage(judged, 0).to_json() == {
        "min_confidence": 0,
        "words": 4,
        "sure_words": 4,
        "sure_correct": 3,
        "coverage": 1.0,
        "accuracy": 0.75,
    }
    nothing = coverage(ConfidenceSample(np.array([0.5]), np.array([True])), 1)
    assert (nothing.coverage, nothing.accuracy) == (0, None)


@pytest.mark.parametrize("least", [-0.1, 1.01, float("nan")])
def test_a_threshold_that_is_none(least: float) -> None:
    with pytest.raises(ConfigError, match="from 0 to 1"):
        coverage(ConfidenceSample(np.ones(1), np.ones(1, bool)), least)
