"""Is one tagger really better than another? The difference on the same text, and its confidence interval.

Paired bootstrap over sentences (Efron and Tibshirani 1993, Koehn 2004): the text is resampled thousands of times,
sentence by sentence with replacement, and the difference is computed each time; the middle 95 % are its interval. Words
of a sentence stay together, since their errors are correlated. McNemar's test (1947) looks at the items that only one
of the two gets right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, zip_longest
from typing import Any

import numpy as np

from elman.data.sentence import Sentence, check_tag_list
from elman.data.spans import OUTSIDE, find_spans
from elman.errors import ConfigError, DataError
from elman.evaluation.compare_runs import LEVEL, either_ahead
from elman.evaluation.conll18 import KEYS, sentence_results
from elman.evaluation.statistics import (
    RESAMPLES,
    CountTotals,
    McNemar,
    ScorePair,
    bootstrap,
    mcnemar,
)
from elman.evaluation.tagging import marks_spans, require_spans
from elman.utils import limits
from elman.utils.display import shown
from elman.utils.json_values import JsonRecord
from elman.utils.summary import Row, Summary, p_value, percent

TEXTS_UNIT = "texts"
"""The unit of McNemar's test for document labels."""


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
            other = either_ahead(self.interval)
            return f"This text does not show which is better: {result}, but on another like it {other}."
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
    low, high = np.quantile(differences, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
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
    counts = Counter(chain.from_iterable(gold))
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
