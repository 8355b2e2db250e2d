"""Expected calibration error and its bins, by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from elman.errors import DataError
from elman.evaluation.reliability import reliability


def test_reliability_by_hand() -> None:
    p = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.6, 0.1, 0.0, 1.0])
    right = np.array([True, True, True, False, True, False, False, False, True])
    found = reliability(p, right)
    assert (found.words, found.accuracy) == (9, pytest.approx(5 / 9))
    assert found.confidence == pytest.approx(p.mean())
    assert [one.words for one in found.bins] == [2, 0, 0, 0, 0, 2, 0, 0, 0, 5]
    assert [(one.low, one.high) for one in found.bins[:2]] == [(0, 0.1), (0.1, 0.2)]
    assert found.bins[9].confidence == pytest.approx((4 * 0.95 + 1) / 5) and found.bins[9].accuracy == 0.8
    assert found.bins[5].accuracy == 0.5 and found.bins[1].accuracy == found.bins[1].confidence == 0
    assert found.ece == pytest.approx((abs(0.1 - 0) + abs(1.15 - 1) + abs(4.8 - 4)) / 9)
    # nine words: a bin each
    assert found.ece_mass == pytest.approx(np.abs(p - right).sum() / 9)
    assert json.loads(json.dumps(found.to_json()))["bins"][9]["words"] == 5


def test_perfect_confidence_has_no_error() -> None:
    draw = np.random.default_rng(1)
    p = draw.random(200_000)
    found = reliability(p, draw.random(200_000) < p)
    assert found.ece < 0.005 and found.ece_mass < 0.005
    over = reliability(np.sqrt(p), draw.random(200_000) < p)
    assert over.ece == pytest.approx(1 / 6, abs=0.01) == over.ece_mass


def test_bins_of_equal_mass_by_hand() -> None:
    p = np.repeat(np.linspace(0.05, 0.95, 10), 2)
    right = np.tile([True, False], 10)
    assert reliability(p, right).ece_mass == pytest.approx(np.abs(np.linspace(0.05, 0.95, 10) - 0.5).mean())


def test_nothing_to_compare() -> None:
    with pytest.raises(DataError, match="no words"):
        reliability(np.zeros(0), np.zeros(0, bool))
