"""What chance would do: known values, enumeration, and a bootstrap that draws every sentence."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from elman.evaluation.statistics import (
    CountTotals,
    ScorePair,
    bootstrap,
    least_p,
    mcnemar,
    permutation_test,
    t_quantile,
    t_test,
)


@pytest.mark.parametrize(
    ("t", "degrees", "p"),  # from printed tables of Student's t
    [(12.706, 1, 0.05), (4.303, 2, 0.05), (2.571, 5, 0.05), (2.228, 10, 0.05), (3.169, 10, 0.01), (1.96, 1e6, 0.05)],
)
def test_t(t: float, degrees: float, p: float) -> None:
    assert t_test(t, degrees) == pytest.approx(p, rel=2e-3)
    assert t_test(-t, degrees) == t_test(t, degrees)
    assert t_quantile(p, degrees) == pytest.approx(t, rel=1e-3)


def test_t_at_its_ends() -> None:
    assert t_test(0, 3) == 1
    assert t_test(1e9, 3) < 1e-20
    assert t_test(1, 1) == pytest.approx(0.5)  # Cauchy's quartile


@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_is_the_binomial_test(a: int, b: int) -> None:
    found = mcnemar(a, b)
    n = a + b
    as_rare = sum(comb(n, k) for k in range(n + 1) if comb(n, k) <= comb(n, a)) / 2**n
    assert found.exact and (found.only_a, found.only_b) == (a, b)
    assert found.p_value == pytest.approx(as_rare)


def test_mcnemar_of_many() -> None:
    found = mcnemar(700, 800)
    assert not found.exact
    assert found.p_value == pytest.approx(0.01058, rel=1e-3)  # chi-squared (100 - 1)² / 1500 = 6.534, 1 degree
    assert mcnemar(501, 500).p_value == 1
    assert mcnemar(500, 500).exact


SCORES = st.lists(st.integers(0, 8), min_size=1, max_size=3)


@given(SCORES, SCORES)
@settings(deadline=None)
def test_permutations_by_enumeration(a: list[int], b: list[int]) -> None:
    far = abs(np.mean(b) - np.mean(a))
    everything = list(itertools.permutations([*a, *b]))
    as_far = sum(abs(np.mean(dealt[len(a) :]) - np.mean(dealt[: len(a)])) > far - 1e-9 for dealt in everything)
    p, exact = permutation_test(a, b, seed=1)
    assert exact
    assert p == pytest.approx(as_far / len(everything))


def test_permutations_by_chance() -> None:
    a, b = list(range(10)), list(range(3, 13))
    p, exact = permutation_test(a, b, seed=1)
    assert not exact
    assert p == permutation_test(a, b, seed=1)[0]
    assert p == pytest.approx(0.043, abs=0.01)  # t test: 0.040


def share(totals: CountTotals) -> ScorePair:
    return totals[:, 0] / totals[:, 2], totals[:, 1] / totals[:, 2]


def test_bootstrap_is_that_of_sentences_drawn_one_by_one() -> None:
    rng = np.random.default_rng(5)
    n = rng.integers(1, 20, 300)
    rows = np.stack([rng.binomial(n, 0.8), rng.binomial(n, 0.85), n], axis=1)
    found = bootstrap(rows, share, 4_000, seed=2)
    drawn = rows[rng.integers(0, len(rows), (4_000, len(rows)))].sum(axis=1).astype(float)
    a, b = share(drawn)
    assert found.mean() == pytest.approx((b - a).mean(), abs=1e-3)
    assert np.quantile(found, [0.025, 0.975]) == pytest.approx(np.quantile(b - a, [0.025, 0.975]), abs=2e-3)


def test_bootstrap_in_several_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.evaluation.statistics._MAX_WEIGHTS", 10)
    rows = np.array([[1, 0, 2], [0, 1, 3], [1, 1, 1]])
    assert bootstrap(rows, share, 25, seed=1).shape == (25,)
    assert np.array_equal(bootstrap(rows, share, 25, seed=1), bootstrap(rows, share, 25, seed=1))


def test_least_p_is_that_of_the_sign_test() -> None:
    assert [least_p(n) for n in (0, 1, 2, 5, 6)] == [1.0, 1.0, 0.5, 0.0625, 0.03125]
    assert [least_p(n) for n in range(1, 30)] == [mcnemar(0, n).p_value for n in range(1, 30)]
