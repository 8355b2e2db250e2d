"""The sequences are what the papers say."""

from __future__ import annotations

import numpy as np
import pytest

from elman.analysis.long_lags import sequences as made
from elman.analysis.long_lags.problems import PROBLEMS, settings_for


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(5)


def test_embedded_reber(generator: np.random.Generator) -> None:
    seen = set()
    for _ in range(50):
        one = made.embedded_reber(generator)
        text = "".join(made.REBER_SYMBOLS[i] for i in [*one.inputs, one.gold[-1]])
        assert text[0] == "B" and text[-1] == "E" and text[1] == text[-2] in "TP"
        inner = text[2:-2]
        assert inner[0] == "B" and inner[-1] == "E" and inner[1] in "TP"
        assert one.legal is not None
        assert one.legal[np.arange(len(one.gold)), one.gold].all()  # what comes is legal
        assert one.legal[-2].sum() == 1  # and the last but one is certain
        np.testing.assert_array_equal(one.inputs[1:], one.gold[:-1])
        seen.add(text)
    assert len(seen) > 20


def test_lags(generator: np.random.Generator) -> None:
    one = made.long_lag(generator, 10)
    assert one.inputs.tolist()[1:] == list(range(9)) and one.inputs[0] in (9, 10) and one.gold[-1] == one.inputs[0]
    assert one.asked.all()
    one = made.random_lag(generator, 10)
    assert len(one.inputs) == 10 and one.gold[-1] == one.inputs[0] and one.asked.tolist() == [False] * 9 + [True]
    one = made.very_long_lag(generator, 20, 5)
    assert one.inputs[0] == 5 and one.inputs[1] == 7 + one.gold[-1] and one.inputs[-1] == 6
    assert len(one.inputs) >= 23 and (one.inputs[2:-1] < 5).all()


def test_two_sequences(generator: np.random.Generator) -> None:
    many = [made.two_sequences(generator, 100, 3) for _ in range(200)]
    for one in many:
        assert 100 <= len(one.inputs) <= 110
        np.testing.assert_array_equal(one.inputs[:3, 0], [2 * one.gold[-1] - 1] * 3)
    assert {float(one.gold[-1]) for one in many} == {0, 1}
    rest = np.concatenate([one.inputs[3:, 0] for one in many])
    assert rest.mean() == pytest.approx(0, abs=0.02) and rest.var() == pytest.approx(0.2, abs=0.02)
    unsure = [made.two_sequences(generator, 100, 3, noisy=True, low=0.2, unsure=0.1) for _ in range(400)]
    assert np.std([one.inputs[0, 0] for one in unsure]) > 1
    gold = np.array([one.gold[-1] for one in unsure])
    assert gold.mean() == pytest.approx(0.5, abs=0.05) and gold.var() == pytest.approx(0.1 + 0.09, abs=0.03)


@pytest.mark.parametrize("times", [False, True])
def test_adding(generator: np.random.Generator, times: bool) -> None:
    for _ in range(100):
        one = made.adding(generator, 50, times=times)
        values, marks = one.inputs.T
        places = np.flatnonzero(marks == 1)
        assert len(places) == 2 and places[0] < 10 and places[1] < 25 - 1
        assert marks[-1] == -1 and (marks[0] == -1 or places[0] == 0)
        x1, x2 = values[places]
        assert one.gold[-1] == pytest.approx(x1 * x2 if times else 0.5 + (x1 + x2) / 4, abs=1e-6)
        assert values.min() >= (0 if times else -1) and values.max() <= 1


def test_temporal_order(generator: np.random.Generator) -> None:
    seen = set()
    for _ in range(60):
        one = made.temporal_order(generator, ((10, 20), (33, 43), (66, 76)))
        places = np.flatnonzero((one.inputs == 4) | (one.inputs == 5))
        assert [10 <= places[0] <= 20, 33 <= places[1] <= 43, 66 <= places[2] <= 76] == [True] * 3
        assert one.gold[-1] == sum((one.inputs[p] - 4) << i for i, p in enumerate(places))
        assert one.inputs[0] == 6 and one.inputs[-1] == 7 and 100 <= len(one.inputs) <= 110
        seen.add(int(one.gold[-1]))
    assert seen == set(range(8))


def test_copying(generator: np.random.Generator) -> None:
    one = made.copying(generator, 30)
    np.testing.assert_array_equal(one.gold[-10:], one.inputs[:10])
    assert one.inputs.tolist().count(9) == 1 and one.inputs[39] == 9
    assert one.asked.sum() == 10 and len(one.inputs) == 50


def test_digits(generator: np.random.Generator) -> None:
    pytest.importorskip("sklearn")
    one = made.a_digit(generator, False)
    assert one.inputs.shape == (64, 1) and 0 <= one.gold[-1] <= 9 and one.inputs.max() <= 1
    plain, permuted = made.held_out_digits(False), made.held_out_digits(True)
    assert len(plain.lengths) == 360
    np.testing.assert_array_equal(plain.gold, permuted.gold)
    np.testing.assert_allclose(np.sort(plain.inputs[:64], axis=0), np.sort(permuted.inputs[:64], axis=0))
    assert (plain.inputs[:64] != permuted.inputs[:64]).any()


def test_every_problem_makes_sequences_that_fit(generator: np.random.Generator) -> None:
    assert len({problem.name for problem in PROBLEMS}) == len(PROBLEMS)
    for problem in PROBLEMS:
        if "digits" in problem.name:
            pytest.importorskip("sklearn")
        one = problem.make(generator)
        if problem.numbers:
            assert one.inputs.shape == (int(one.lengths[0]), problem.inputs)
        else:
            assert one.inputs.max() < problem.inputs
        if problem.outputs:
            assert one.gold[one.asked].max() < problem.outputs
        assert problem.published or problem.most
        assert settings_for(problem, "gru").cell == "gru"
