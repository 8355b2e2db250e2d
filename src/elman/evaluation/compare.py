"""Is one tagger really better than another? The difference on the same text, and how far chance would carry it.

Paired bootstrap over sentences (Efron and Tibshirani 1993, Koehn 2004): the text is drawn anew, sentence by sentence
with repetition, thousands of times, and the difference is taken each time; the middle 95 % are its interval. Words of a
sentence stay together, since their errors do. McNemar's test (1947) looks at what just one of the two gets right.
For several runs of two settings, Welch's t test and a permutation test over the runs' scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, zip_longest
from math import sqrt
from typing import Any

import numpy as np

from elman.data.scores import check_sentence
from elman.data.spans import OUTSIDE, find_spans
from elman.errors import ConfigError, DataError
from elman.evaluation.statistics import (
    RESAMPLES,
    CountTotals,
    McNemar,
    ScorePair,
    bootstrap,
    mcnemar,
    permutation_test,
    t_quantile,
    t_test,
)
from elman.evaluation.tagging import marks_spans, require_spans
from elman.utils import limits
from elman.utils.display import shown

TEXTS_UNIT = "texts"
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two taggings A and B of the same gold text. Scores run from 0 to 1, the difference is B's less A's."""

    metric: str
    unit: str
    """What McNemar's test counts: words, gold spans, sentences, or ``TEXTS_UNIT`` for document labels."""
    sentences: int
    a: float
    b: float
    low: float
    """Lower end of the difference's 95 % interval."""
    high: float
    p_value: float
    """Two-sided, of the bootstrap: how often a resampled text would not have the better one ahead."""
    resamples: int
    seed: int
    same: bool
    """Whether A and B give the same tags throughout."""
    mcnemar: McNemar

    @property
    def difference(self) -> float:
        """B's score less A's."""
        return self.b - self.a

    @property
    def verdict(self) -> str:
        """What it means, in one plain sentence."""
        if self.same:
            return f"A and B give the same {'labels' if self.unit == TEXTS_UNIT else 'tags'}."
        name = _NAMES[self.metric]
        better, worse = ("A", "B") if self.difference < 0 else ("B", "A")
        if self.low <= 0 <= self.high:
            ahead = f"{better} is {100 * abs(self.difference):.2f} points of {name} ahead"
            found = ahead if self.difference else "they score the same"
            return f"This text does not show which is better: {found}, but on another like it {self._either()}."
        low, high = sorted((abs(self.low), abs(self.high)))
        return (
            f"{better} is better than {worse}: {100 * abs(self.difference):.2f} points of {name} on this text, and on "
            f"another like it between {100 * low:.2f} and {100 * high:.2f}; chance hardly explains that."
        )

    def _either(self) -> str:
        """What the interval means where 0 is in it."""
        return f"A could be ahead by {100 * abs(self.low):.2f} points or B by {100 * abs(self.high):.2f}"

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {
            "metric": self.metric,
            "sentences": self.sentences,
            "a": self.a,
            "b": self.b,
            "difference": self.difference,
            "interval": [self.low, self.high],
            "p_value": self.p_value,
            "resamples": self.resamples,
            "seed": self.seed,
            "mcnemar": {"unit": self.unit, **asdict(self.mcnemar)},
            "verdict": self.verdict,
        }


_NAMES = {"accuracy": "accuracy", "spans": "span F1", "sentences": "whole sentences right"}
METRICS = tuple(_NAMES)
_UNITS = {"accuracy": "words", "spans": "gold spans", "sentences": "sentences"}

TagSequence = Sequence[str]


def compare(
    gold: Iterable[TagSequence],
    a: Iterable[TagSequence],
    b: Iterable[TagSequence],
    *,
    metric: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> Comparison:
    """Compare two taggings of the same sentences.

    ``metric`` is one of ``METRICS``: accuracy of words, F1 of spans (as ``spans`` reads them), or the share of
    sentences that are right throughout; None: spans where the gold tags mark them, else accuracy. The same seed gives
    figures. Raises DataError: no words, not as many sentences or tags. Raises ConfigError: no such metric, spans
    where the gold tags mark none, a number of resamples that is not from 1 to 1,000,000, a seed below 0.
    """
    if metric is not None and metric not in METRICS:
        raise ConfigError(f"metric: {shown(metric)} does not exist; expected {', '.join(METRICS)}")
    limits.whole_number("resamples", resamples, 1, limits.RESAMPLES)
    limits.whole_number("seed", seed, 0, limits.SEED)
    triples = list(_checked(gold, a, b))
    if not triples:
        raise DataError("nothing to compare: no words with gold tags")
    metric = choose_metric([tags for tags, _, _ in triples], metric)
    rows = np.array([_COUNTS[metric](*triple) for triple in triples], np.int64)
    a_score, b_score = (float(value[0]) for value in _PAIRS[metric](rows.sum(axis=0, keepdims=True).astype(np.float64)))
    differences = bootstrap(rows[:, :-2], _PAIRS[metric], resamples, seed)
    low, high = np.quantile(differences, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]).tolist()
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    only_a, only_b = rows[:, -2:].sum(axis=0).tolist()
    return Comparison(
        metric=metric,
        unit=_UNITS[metric],
        sentences=len(triples),
        a=a_score,
        b=b_score,
        low=low,
        high=high,
        p_value=min(1.0, 2 * (tail + 1) / (resamples + 1)),
        resamples=resamples,
        seed=seed,
        same=all(list(one) == list(other) for _, one, other in triples),
        mcnemar=mcnemar(only_a, only_b),
    )


def choose_metric(gold: Iterable[TagSequence], metric: str | None = None) -> str:
    """What taggings of such gold tags are compared by: as asked, or spans where they mark them, else accuracy.

    Raises ConfigError: spans, of tags that mark none.
    """
    counts = Counter(tag for tags in gold for tag in tags)
    marking = marks_spans(counts)
    if metric == "spans" and not marking and counts.keys() - {OUTSIDE}:
        require_spans(counts, "metric spans")
    return metric or ("spans" if marking else "accuracy")


def score(gold: Iterable[TagSequence], predicted: Iterable[TagSequence], metric: str) -> float:
    """The score of one tagging, 0 to 1; ``metric`` is one of ``METRICS``. Raises DataError: no words.

    Raises ConfigError: see ``choose_metric``.
    """
    pairs = list(zip(gold, predicted, strict=True))
    for tags in chain.from_iterable(pairs):
        check_sentence(tags)
    rows = [_COUNTS[metric](tags, found, found) for tags, found in pairs if tags]
    if not rows:
        raise DataError("nothing to compare: no words with gold tags")
    choose_metric([tags for tags, _ in pairs], metric)
    return float(_PAIRS[metric](np.array(rows, np.float64).sum(axis=0, keepdims=True))[0][0])


def _checked(
    gold: Iterable[TagSequence], a: Iterable[TagSequence], b: Iterable[TagSequence]
) -> Iterable[tuple[TagSequence, TagSequence, TagSequence]]:
    for number, (tags, one, other) in enumerate(zip_longest(gold, a, b), start=1):
        if tags is None or one is None or other is None:
            raise DataError(f"sentence {number}: expected as many sentences of gold, A and B")
        for of_one in (tags, one, other):
            check_sentence(of_one)
        for name, found in (("A", one), ("B", other)):
            if len(found) != len(tags):
                raise DataError(
                    f"sentence {number}: expected {len(tags)} tags, one for each gold tag, {name} has {len(found)}"
                )
        if tags:
            yield tags, one, other


# (right in A, right in B, all, only A right, only B right) of a sentence; of spans, with those predicted
def _count_words(gold: TagSequence, a: TagSequence, b: TagSequence) -> tuple[int, ...]:
    right = [(tag == one, tag == other) for tag, one, other in zip(gold, a, b, strict=True)]
    both = right.count((True, True))
    only_a, only_b = right.count((True, False)), right.count((False, True))
    return both + only_a, both + only_b, len(gold), only_a, only_b


def _count_sentences(gold: TagSequence, a: TagSequence, b: TagSequence) -> tuple[int, ...]:
    one, other = list(a) == list(gold), list(b) == list(gold)
    return one, other, 1, one and not other, other and not one


def _count_spans(gold: TagSequence, a: TagSequence, b: TagSequence) -> tuple[int, ...]:
    there, one, other = set(find_spans(gold)), set(find_spans(a)), set(find_spans(b))
    right_a, right_b = there & one, there & other
    only = len(right_a - right_b), len(right_b - right_a)
    return len(right_a), len(one), len(right_b), len(other), len(there), *only


_COUNTS = {"accuracy": _count_words, "spans": _count_spans, "sentences": _count_sentences}


def _share_pair(totals: CountTotals) -> ScorePair:
    return totals[:, 0] / totals[:, 2], totals[:, 1] / totals[:, 2]


def _f1_pair(totals: CountTotals) -> ScorePair:
    gold = totals[:, 4]
    return 2 * totals[:, 0] / np.maximum(totals[:, 1] + gold, 1), 2 * totals[:, 2] / np.maximum(totals[:, 3] + gold, 1)


_PAIRS = {"accuracy": _share_pair, "spans": _f1_pair, "sentences": _share_pair}


@dataclass(frozen=True, slots=True)
class RunScores:
    """The scores of several runs of one setting."""

    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Their mean."""
        return sum(self.scores) / len(self.scores)

    @property
    def spread(self) -> float:
        """Their standard deviation, estimated from the sample (n - 1)."""
        return sqrt(sum((score - self.mean) ** 2 for score in self.scores) / (len(self.scores) - 1))

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {
            "scores": list(self.scores),
            "mean": self.mean,
            "spread": self.spread,
            "lowest": min(self.scores),
            "highest": max(self.scores),
        }


@dataclass(frozen=True, slots=True)
class RunsComparison:
    """Several runs of setting A and of setting B. The difference is B's mean less A's."""

    a: RunScores
    b: RunScores
    low: float
    """Lower end of the difference's 95 % interval (Welch)."""
    high: float
    welch_t: float | None
    """None where neither setting's runs differ among themselves: there is no spread to compare with."""
    welch_degrees: float | None
    welch_p: float | None
    permutation_p: float
    permutation_exact: bool
    """Whether every way to deal the scores to the settings was tried; else 10,000 by chance."""

    @property
    def difference(self) -> float:
        """B's mean less A's."""
        return self.b.mean - self.a.mean

    def verdict(self, name: str = "accuracy") -> str:
        """What it means, in one plain sentence; ``name`` is what the scores are."""
        better, worse = ("A", "B") if self.difference < 0 else ("B", "A")
        if self.low <= 0 <= self.high:
            ahead = f"{better}'s mean is {100 * abs(self.difference):.2f} points of {name} higher"
            found = ahead if self.difference else "their means are the same"
            return f"These runs do not show which is better: {found}, but with other seeds {self._either()}."
        found = f"{100 * abs(self.difference):.2f} points of {name} on average"
        return f"{better} is better than {worse} on this text: {found}, more than the luck of the seeds explains."

    def _either(self) -> str:
        """What the interval means where 0 is in it."""
        return f"A could be ahead by {100 * abs(self.low):.2f} points or B by {100 * abs(self.high):.2f}"

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {
            "a": self.a.to_json(),
            "b": self.b.to_json(),
            "difference": self.difference,
            "interval": [self.low, self.high],
            "welch": {"t": self.welch_t, "degrees_of_freedom": self.welch_degrees, "p_value": self.welch_p},
            "permutation": {"p_value": self.permutation_p, "exact": self.permutation_exact},
        }


def compare_runs(a: Sequence[float], b: Sequence[float], *, seed: int = 1) -> RunsComparison:
    """Compare the scores of several runs of two settings, for example with different seeds.

    Raises DataError: fewer than two runs of a setting, which have no spread; ConfigError: a seed below 0.
    """
    limits.whole_number("seed", seed, 0, limits.SEED)
    for name, scores in (("A", a), ("B", b)):
        if len(scores) < 2:
            raise DataError(f"runs of {name}: expected two or more, to see their spread, got {len(scores)}")
    one, other = RunScores(tuple(map(float, a))), RunScores(tuple(map(float, b)))
    difference = other.mean - one.mean
    variances = [runs.spread**2 / len(runs.scores) for runs in (one, other)]
    p_value, exact = permutation_test(one.scores, other.scores, seed)
    if not sum(variances):
        return RunsComparison(one, other, difference, difference, None, None, None, p_value, exact)
    error = sqrt(sum(variances))
    weights = zip(variances, (one, other), strict=True)
    degrees = sum(variances) ** 2 / sum(variance**2 / (len(runs.scores) - 1) for variance, runs in weights)
    t = difference / error
    reach = t_quantile(1 - _LEVEL, degrees) * error
    return RunsComparison(
        a=one,
        b=other,
        low=difference - reach,
        high=difference + reach,
        welch_t=t,
        welch_degrees=degrees,
        welch_p=t_test(t, degrees),
        permutation_p=p_value,
        permutation_exact=exact,
    )
