"""Several runs of two settings compared: Welch's t test and a permutation test over their scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from elman.errors import DataError
from elman.evaluation.statistics import permutation_test, t_quantile, t_test
from elman.utils import limits
from elman.utils.json_values import JsonRecord
from elman.utils.summary import Row, Summary, percent

LEVEL = 0.95


def either_ahead(interval: tuple[float, float]) -> str:
    """Describe an interval of the difference B - A that contains 0."""
    low, high = interval
    return f"A could be ahead by {100 * abs(low):.2f} points or B by {100 * abs(high):.2f}"


@dataclass(frozen=True, slots=True, repr=False)
class RunScores(JsonRecord, Summary):
    """The scores of several runs of one setting."""

    scores: tuple[float, ...]

    JSON = "scores mean spread lowest highest"

    @property
    def lowest(self) -> float:
        """The lowest score."""
        return min(self.scores)

    @property
    def highest(self) -> float:
        """The highest score."""
        return max(self.scores)

    @property
    def mean(self) -> float:
        """The mean score."""
        return sum(self.scores) / len(self.scores)

    @property
    def spread(self) -> float:
        """The sample standard deviation (n - 1)."""
        return sqrt(sum((score - self.mean) ** 2 for score in self.scores) / (len(self.scores) - 1))

    def _summary(self) -> str:
        return f"{percent(self.mean)} ± {100 * self.spread:.2f}, {len(self.scores)} runs"

    def _table(self) -> Iterator[Row]:
        yield "run", "score"
        yield from ((number, percent(each)) for number, each in enumerate(self.scores, start=1))


@dataclass(frozen=True, slots=True, repr=False)
class RunsComparison(JsonRecord, Summary):
    """Several runs of setting A and of setting B. The difference is the mean of B minus that of A."""

    a: RunScores
    b: RunScores
    low: float
    """Lower end of the 95 % interval of the difference (Welch)."""
    high: float
    welch_t: float | None
    """None if the runs of each setting have equal scores, so that there is no spread."""
    welch_degrees: float | None
    welch_p: float | None
    permutation_p: float
    permutation_exact: bool
    """Whether all assignments of scores to settings were tried; else 10,000 random ones."""

    JSON = "a b difference interval welch permutation"

    @property
    def difference(self) -> float:
        """The mean of B minus that of A."""
        return self.b.mean - self.a.mean

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference."""
        return self.low, self.high

    @property
    def welch(self) -> dict[str, float | None]:
        """Welch's t test: ``t``, ``degrees_of_freedom`` and ``p_value``."""
        return {"t": self.welch_t, "degrees_of_freedom": self.welch_degrees, "p_value": self.welch_p}

    @property
    def permutation(self) -> dict[str, float | bool]:
        """The permutation test: ``p_value``, and whether it is ``exact``."""
        return {"p_value": self.permutation_p, "exact": self.permutation_exact}

    def verdict(self, name: str = "accuracy") -> str:
        """Return the result in one plain sentence; ``name`` is the name of the metric."""
        better, worse = ("A", "B") if self.difference < 0 else ("B", "A")
        if self.low <= 0 <= self.high:
            ahead = f"{better}'s mean is {100 * abs(self.difference):.2f} points of {name} higher"
            result = ahead if self.difference else "their means are the same"
            return (
                f"These runs do not show which is better: {result}, but with other seeds {either_ahead(self.interval)}."
            )
        result = f"{100 * abs(self.difference):.2f} points of {name} on average"
        return f"{better} is better than {worse} on this text: {result}, more than the luck of the seeds explains."

    def _summary(self) -> str:
        means = f"A {percent(self.a.mean)} ({len(self.a.scores)} runs), B {percent(self.b.mean)} ({len(self.b.scores)})"
        return f"{means}, B - A from {100 * self.low:+.2f} to {100 * self.high:+.2f}"

    def _table(self) -> Iterator[Row]:
        yield "", "runs", "mean", "standard deviation"
        for name, runs in (("A", self.a), ("B", self.b)):
            yield name, len(runs.scores), percent(runs.mean), f"{100 * runs.spread:.2f}"
        yield "B - A", "", f"{100 * self.difference:+.2f}", f"{100 * self.low:+.2f} to {100 * self.high:+.2f}"
        yield self.verdict(), "", "", ""


def compare_runs(a: Sequence[float], b: Sequence[float], *, seed: int = 1) -> RunsComparison:
    """Compare the scores of several runs of two settings, for example with different seeds.

    Raises DataError for fewer than two runs of a setting, which have no spread; ConfigError for a negative seed.
    """
    limits.whole_number("seed", seed, 0, limits.SEED)
    for name, scores in (("A", a), ("B", b)):
        if len(scores) < 2:
            raise DataError(f"runs of {name}: expected two or more, to see their spread, got {len(scores)}")
    runs_a, runs_b = RunScores(tuple(map(float, a))), RunScores(tuple(map(float, b)))
    difference = runs_b.mean - runs_a.mean
    variances = [runs.spread**2 / len(runs.scores) for runs in (runs_a, runs_b)]
    p_value, exact = permutation_test(runs_a.scores, runs_b.scores, seed)
    if not sum(variances):
        return RunsComparison(runs_a, runs_b, difference, difference, None, None, None, p_value, exact)
    standard_error = sqrt(sum(variances))
    weights = zip(variances, (runs_a, runs_b), strict=True)
    degrees = sum(variances) ** 2 / sum(variance**2 / (len(runs.scores) - 1) for variance, runs in weights)
    t = difference / standard_error
    half_width = t_quantile(1 - LEVEL, degrees) * standard_error
    return RunsComparison(
        a=runs_a,
        b=runs_b,
        low=difference - half_width,
        high=difference + half_width,
        welch_t=t,
        welch_degrees=degrees,
        welch_p=t_test(t, degrees),
        permutation_p=p_value,
        permutation_exact=exact,
    )
