"""Is one tagger really better than another? The difference on the same text, and its confidence interval.

Paired bootstrap over sentences (Efron and Tibshirani 1993, Koehn 2004): the text is resampled thousands of times,
sentence by sentence with replacement, and the difference is computed each time; the middle 95 % are its interval. Words
of a sentence stay together, since their errors are correlated. McNemar's test (1947) looks at the items that only one
of the two gets right. For several runs of two settings: Welch's t test and a permutation test over the scores of the
runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, zip_longest
from math import sqrt
from typing import Any

import numpy as np

from elman.data.sentence import Sentence, check_tag_list
from elman.data.spans import OUTSIDE, find_spans
from elman.errors import ConfigError, DataError
from elman.evaluation.conll18 import KEYS, sentence_results
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
from elman.utils.json_values import JsonRecord
from elman.utils.summary import Row, Summary, p_value, percent

TEXTS_UNIT = "texts"
"""The unit of McNemar's test for document labels."""
_LEVEL = 0.95


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(JsonRecord, Summary):
    """Two taggings A and B of the same gold text. Scores run from 0 to 1, the difference is B minus A."""

    metric: str
    unit: str
    """What McNemar's test counts: words, gold spans, sentences, or ``TEXTS_UNIT`` for document labels."""
    sentences: int
    a: float
    b: float
    low: float
    """Lower end of the 95 % interval of the difference."""
    high: float
    p_value: float
    """Two-sided p-value of the bootstrap: how often the better tagger is not ahead on a resampled text."""
    resamples: int
    seed: int
    same: bool
    """Whether A and B predict the same tags throughout."""
    mcnemar: McNemar

    JSON = "metric sentences a b difference interval p_value resamples seed mcnemar verdict"

    @property
    def difference(self) -> float:
        """The score of B minus that of A."""
        return self.b - self.a

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference."""
        return self.low, self.high

    @property
    def verdict(self) -> str:
        """The result in one plain sentence."""
        if self.same:
            return f"A and B give the same {'labels' if self.unit == TEXTS_UNIT else 'tags'}."
        name = _NAMES[self.metric]
        better, worse = ("A", "B") if self.difference < 0 else ("B", "A")
        if self.low <= 0 <= self.high:
            ahead = f"{better} is {100 * abs(self.difference):.2f} points of {name} ahead"
            result = ahead if self.difference else "they score the same"
            return f"This text does not show which is better: {result}, but on another like it {_either(self)}."
        low, high = sorted((abs(self.low), abs(self.high)))
        return (
            f"{better} is better than {worse}: {100 * abs(self.difference):.2f} points of {name} on this text, and on "
            f"another like it between {100 * low:.2f} and {100 * high:.2f}; chance hardly explains that."
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``."""
        return JsonRecord.to_json(self) | {"mcnemar": {"unit": self.unit, **asdict(self.mcnemar)}}

    def _summary(self) -> str:
        scores = f"{self.metric} A {percent(self.a)}, B {percent(self.b)}"
        return f"{scores}, B - A from {100 * self.low:+.2f} to {100 * self.high:+.2f}, {p_value(self.p_value)}"

    def _table(self) -> Iterator[Row]:
        yield "", _NAMES[self.metric]
        yield from (("A", percent(self.a)), ("B", percent(self.b)), ("B - A", f"{100 * self.difference:+.2f}"))
        yield "95 % interval", f"{100 * self.low:+.2f} to {100 * self.high:+.2f}"
        yield "bootstrap", p_value(self.p_value)
        yield f"McNemar, {self.unit}", p_value(self.mcnemar.p_value)
        yield self.verdict, ""


def _either(comparison: Comparison | RunsComparison) -> str:
    """Describe an interval that contains 0."""
    low, high = comparison.interval
    return f"A could be ahead by {100 * abs(low):.2f} points or B by {100 * abs(high):.2f}"


METRICS = ("accuracy", "spans", "sentences")
CONLLU_METRICS = {key: name for name, key in KEYS.items() if name != "Sentences"}
"""The metrics of ``compare_conllu``, with their names in the CoNLL 2018 shared task."""
_NAMES = {"accuracy": "accuracy", "spans": "span F1", "sentences": "whole sentences right"} | CONLLU_METRICS
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

    ``metric`` is one of ``METRICS``: accuracy of words, F1 of spans (as ``find_spans`` reads them), or the share of
    sentences without an error; None: spans if the gold tags mark them, else accuracy. The same seed gives the same
    figures. Raises DataError for no words, or if the numbers of sentences or tags differ; ConfigError for an unknown
    metric, spans without span tags in gold, a number of resamples outside of 1 to 1,000,000, or a negative seed.
    """
    if metric is not None and metric not in METRICS:
        raise ConfigError(f"metric: {shown(metric)} does not exist; expected {', '.join(METRICS)}")
    _check_draws(resamples, seed)
    triples = list(_checked(gold, a, b))
    if not triples:
        raise DataError("nothing to compare: no words with gold tags")
    metric = choose_metric([tags for tags, _, _ in triples], metric)
    rows = [_COUNTS[metric](*triple) for triple in triples]
    same = all(list(tags_a) == list(tags_b) for _, tags_a, tags_b in triples)
    return _compared(rows, metric, _UNITS[metric], same, resamples, seed)


def compare_conllu(
    gold: Iterable[Sentence],
    a: Iterable[Sentence],
    b: Iterable[Sentence],
    *,
    metric: str = "las",
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> Comparison:
    """Compare two analyses of the same text by the F1 of a metric of the CoNLL 2018 shared task: ``las``, ``upos`` …

    Sentences come from CoNLL-U, and A and B may cut the text into others than gold; the bootstrap draws gold sentences.
    Raises DataError for another text or no tree, ConfigError for an unknown metric or options as in ``compare``.
    """
    if metric not in CONLLU_METRICS:
        raise ConfigError(f"metric: {shown(metric)} does not exist; expected {', '.join(CONLLU_METRICS)}")
    _check_draws(resamples, seed)
    sentences, *sides = map(list, (gold, a, b))
    results = [list(sentence_results(sentences, side, CONLLU_METRICS[metric])) for side in sides]
    rows = []
    for result_a, result_b in zip(*results, strict=True):
        correct_a, correct_b = result_a.correct, result_b.correct
        only = [(x and not y, y and not x) for x, y in zip(correct_a, correct_b, strict=True)]
        counts = sum(correct_a), result_a.predicted, sum(correct_b), result_b.predicted, len(correct_a)
        rows.append((*counts, sum(x for x, _ in only), sum(y for _, y in only)))
    if not rows:
        raise DataError("nothing to compare: no words in gold")
    unit = {"tokens": "tokens", "clas": "content words", "mlas": "content words", "blex": "content words"}
    same = [(s.words, s.columns) for s in sides[0]] == [(s.words, s.columns) for s in sides[1]]
    return _compared(rows, metric, unit.get(metric, "words"), same, resamples, seed)


def _check_draws(resamples: int, seed: int) -> None:
    limits.whole_number("resamples", resamples, 1, limits.RESAMPLES)
    limits.whole_number("seed", seed, 0, limits.SEED)


def _compared(
    counts: Sequence[tuple[int, ...]], metric: str, unit: str, same: bool, resamples: int, seed: int
) -> Comparison:
    """Return the comparison of sentences whose ``counts`` are as described at ``_count_words``."""
    rows = np.array(counts, np.int64)
    pair = _PAIRS.get(metric, _f1_pair)
    a_score, b_score = (float(value[0]) for value in pair(rows.sum(axis=0, keepdims=True).astype(np.float64)))
    differences = bootstrap(rows[:, :-2], pair, resamples, seed)
    low, high = np.quantile(differences, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]).tolist()
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    only_a, only_b = rows[:, -2:].sum(axis=0).tolist()
    return Comparison(
        metric=metric,
        unit=unit,
        sentences=len(rows),
        a=a_score,
        b=b_score,
        low=low,
        high=high,
        p_value=min(1.0, 2 * (tail + 1) / (resamples + 1)),
        resamples=resamples,
        seed=seed,
        same=same,
        mcnemar=mcnemar(only_a, only_b),
    )


def choose_metric(gold: Iterable[TagSequence], metric: str | None = None) -> str:
    """Return the metric to compare taggings by: ``metric``, else spans if the gold tags mark them, else accuracy.

    Raises ConfigError for spans if the gold tags mark none.
    """
    counts = Counter(tag for tags in gold for tag in tags)
    marking = marks_spans(counts)
    if metric == "spans" and not marking and counts.keys() - {OUTSIDE}:
        require_spans(counts, "metric spans")
    return metric or ("spans" if marking else "accuracy")


def score(gold: Iterable[TagSequence], predicted: Iterable[TagSequence], metric: str) -> float:
    """Return the score of one tagging, 0 to 1; ``metric`` is one of ``METRICS``.

    Raises DataError for no words, ConfigError as in ``choose_metric``.
    """
    pairs = list(zip(gold, predicted, strict=True))
    for tags in chain.from_iterable(pairs):
        check_tag_list(tags)
    rows = [_COUNTS[metric](tags, predicted_tags, predicted_tags) for tags, predicted_tags in pairs if tags]
    if not rows:
        raise DataError("nothing to compare: no words with gold tags")
    choose_metric([tags for tags, _ in pairs], metric)
    return float(_PAIRS[metric](np.array(rows, np.float64).sum(axis=0, keepdims=True))[0][0])


def _checked(
    gold: Iterable[TagSequence], a: Iterable[TagSequence], b: Iterable[TagSequence]
) -> Iterable[tuple[TagSequence, TagSequence, TagSequence]]:
    for number, (tags, tags_a, tags_b) in enumerate(zip_longest(gold, a, b), start=1):
        if tags is None or tags_a is None or tags_b is None:
            raise DataError(f"sentence {number}: expected as many sentences of gold, A and B")
        for sequence in (tags, tags_a, tags_b):
            check_tag_list(sequence)
        for name, predicted in (("A", tags_a), ("B", tags_b)):
            if len(predicted) != len(tags):
                raise DataError(
                    f"sentence {number}: expected {len(tags)} tags, one for each gold tag, {name} has {len(predicted)}"
                )
        if tags:
            yield tags, tags_a, tags_b


# Counts of a sentence: (correct in A, correct in B, all, correct in A only, correct in B only). For spans:
# (correct in A, predicted by A, correct in B, predicted by B, gold, correct in A only, correct in B only).
def _count_words(gold: TagSequence, a: TagSequence, b: TagSequence) -> tuple[int, ...]:
    correct = [(gold_tag == tag_a, gold_tag == tag_b) for gold_tag, tag_a, tag_b in zip(gold, a, b, strict=True)]
    both = correct.count((True, True))
    only_a, only_b = correct.count((True, False)), correct.count((False, True))
    return both + only_a, both + only_b, len(gold), only_a, only_b


def _count_sentences(gold: TagSequence, a: TagSequence, b: TagSequence) -> tuple[int, ...]:
    correct_a, correct_b = list(a) == list(gold), list(b) == list(gold)
    return correct_a, correct_b, 1, correct_a and not correct_b, correct_b and not correct_a


def _count_spans(gold: TagSequence, a: TagSequence, b: TagSequence) -> tuple[int, ...]:
    gold_spans, spans_a, spans_b = set(find_spans(gold)), set(find_spans(a)), set(find_spans(b))
    correct_a, correct_b = gold_spans & spans_a, gold_spans & spans_b
    only = len(correct_a - correct_b), len(correct_b - correct_a)
    return len(correct_a), len(spans_a), len(correct_b), len(spans_b), len(gold_spans), *only


_COUNTS = {"accuracy": _count_words, "spans": _count_spans, "sentences": _count_sentences}


def _share_pair(totals: CountTotals) -> ScorePair:
    return totals[:, 0] / totals[:, 2], totals[:, 1] / totals[:, 2]


def _f1_pair(totals: CountTotals) -> ScorePair:
    gold = totals[:, 4]
    return 2 * totals[:, 0] / np.maximum(totals[:, 1] + gold, 1), 2 * totals[:, 2] / np.maximum(totals[:, 3] + gold, 1)


_PAIRS = {"accuracy": _share_pair, "spans": _f1_pair, "sentences": _share_pair}


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
            return f"These runs do not show which is better: {result}, but with other seeds {_either(self)}."
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
    half_width = t_quantile(1 - _LEVEL, degrees) * standard_error
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
