"""Statistical tests: bootstrap over sentences, McNemar's test, permutation test, Student's t."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, erfc, exp, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

CountRows = NDArray[np.int64]
"""(sentences, counts)."""
CountTotals = NDArray[np.float64]
"""(texts, counts): the rows of each resampled text, summed."""
ScorePair = tuple[NDArray[np.float64], NDArray[np.float64]]
"""(texts,) scores of A and of B."""

RESAMPLES = 10_000
_MAX_WEIGHTS = 4_000_000  # in memory at a time: 32 MB
_MAX_EXACT_MCNEMAR = 1_000
_MAX_EXACT_SPLITS = 20_000


@dataclass(frozen=True, slots=True)
class McNemar:
    """The items that only A or only B gets right, and the p-value of McNemar's test."""

    only_a: int
    only_b: int
    p_value: float
    exact: bool
    """Whether the binomial distribution was used; else chi-squared with continuity correction."""


def bootstrap(
    rows: CountRows, score: Callable[[CountTotals], ScorePair], resamples: int, seed: int
) -> NDArray[np.float64]:
    """Return (resamples,) differences B - A on texts of equally many sentences, drawn with replacement."""
    # sentences with the same counts are interchangeable, so the number of each kind is drawn instead of each sentence
    kinds, times = np.unique(rows, axis=0, return_counts=True)
    share = times / len(rows)
    counts = kinds.astype(np.float64)  # float products are faster, and exact for these numbers
    rng = np.random.default_rng(seed)
    step = max(1, _MAX_WEIGHTS // len(kinds))
    parts = []
    for start in range(0, resamples, step):
        drawn = rng.multinomial(len(rows), share, size=min(step, resamples - start)).astype(np.float64)
        a, b = score(drawn @ counts)
        parts.append(b - a)
    return np.concatenate(parts)


def least_p(sentences: int) -> float:
    """Return the least two-sided p-value that a paired test of some sentences can have.

    If the sign of each difference is chance, all of n sentences differ in one direction with probability 2^(1 - n). The
    bootstrap does not know this: on one sentence it never sees another difference.
    """
    return min(1.0, 2.0 ** (1 - sentences))


def mcnemar(only_a: int, only_b: int) -> McNemar:
    """Return McNemar's two-sided test of the numbers of items that only A and only B gets right.

    Exact, by the binomial distribution, for up to 1,000 items; above by chi-squared with continuity correction (Edwards
    1948).
    """
    n, few = only_a + only_b, min(only_a, only_b)
    if n <= _MAX_EXACT_MCNEMAR:
        tail = sum(comb(n, k) for k in range(few + 1))
        return McNemar(only_a, only_b, min(1.0, 2 * tail / 2**n), True)
    chi_squared = max(0, abs(only_a - only_b) - 1) ** 2 / n
    return McNemar(only_a, only_b, erfc(sqrt(chi_squared / 2)), False)


def permutation_test(a: Sequence[float], b: Sequence[float], seed: int) -> tuple[float, bool]:
    """Return (two-sided p-value, whether exact) of the difference of means under random assignment of the scores."""
    scores = np.array([*a, *b])
    n, total = len(a), float(scores.sum())
    exact = comb(len(scores), n) <= _MAX_EXACT_SPLITS
    if exact:
        sums = np.array([sum(group) for group in combinations(scores.tolist(), n)])
    else:
        rng = np.random.default_rng(seed)
        sums = rng.permuted(np.tile(scores, (RESAMPLES, 1)), axis=1)[:, :n].sum(axis=1)
    differences = np.abs((total - sums) / len(b) - sums / n)
    observed = abs(float(np.mean(b)) - float(np.mean(a)))
    n_extreme = int((differences >= observed * (1 - 1e-12) - 1e-15).sum())  # summation order changes the last digits
    return (n_extreme / len(sums) if exact else (n_extreme + 1) / (len(sums) + 1)), exact


def t_test(t: float, degrees: float) -> float:
    """Return the two-sided p-value of Student's t: regularized incomplete beta of ν / (ν + t²) at (ν/2, 1/2)."""
    return _incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t))


def t_quantile(p: float, degrees: float) -> float:
    """Return the t whose two-sided p-value is ``p``."""
    low, high = 0.0, 1.0
    while t_test(high, degrees) > p:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if t_test(middle, degrees) > p else (low, middle)
    return (low + high) / 2


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Return I_x(a, b) by its continued fraction (DLMF 8.17.22) with Lentz's method."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # the fraction converges slowly here; use the other tail
        return 1 - _incomplete_beta(b, a, 1 - x)
    tiny = 1e-300
    c, d, fraction = 1.0, 0.0, 1.0
    for i in range(10_000):
        m = i // 2
        if i == 0:
            term = 1.0
        elif i % 2:
            term = -(a + m) * (a + b + m) * x / ((a + i - 1) * (a + i))
        else:
            term = m * (b - m) * x / ((a + i - 1) * (a + i))
        d = 1 / ((1 + term * d) or tiny)
        c = (1 + term / c) or tiny
        fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    return front * (fraction - 1) / a
