"""The metrics of the CoNLL 2018 shared task on CoNLL-U, implemented from their published definition.

https://universaldependencies.org/conll18/evaluation.html; Zeman et al. 2018, CoNLL 2018 Shared Task. Gold and predicted
files hold the same text, each segmented into sentences, tokens and words in its own way. Tokens and sentences are
correct if they are the same characters (spaces do not count). The other metrics are about words, which are aligned
first: words that are tokens if they are the same characters; around a multiword token of either side, by the longest
common subsequence of forms. With G gold words, P predicted ones, A aligned pairs and C correct pairs, precision is C /
P, recall C / G and aligned accuracy C / A. Text is kept until both sides end a sentence at the same character, so
memory stays small.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import and_, eq
from typing import NamedTuple

from elman.data.conllu_tokens import ROOT, TokenStretch, has_tree, multiword_tokens
from elman.data.sentence import Sentence, error_at
from elman.errors import DataError
from elman.utils.display import shown
from elman.utils.json_values import JsonRecord
from elman.utils.summary import Row, Summary, percent

RANGE_METRICS = ("Tokens", "Sentences", "Words")
_TAG_METRICS = ("UPOS", "XPOS", "UFeats", "AllTags", "Lemmas")
_CONTENT_METRICS = ("CLAS", "MLAS", "BLEX")
_TREE_METRICS = ("UAS", "LAS", *_CONTENT_METRICS)
METRICS = (*RANGE_METRICS, *_TAG_METRICS, *_TREE_METRICS)
KEYS = {name: "feats" if name == "UFeats" else name.lower() for name in METRICS}
"""Every metric with its name in JSON and on the command line."""
FUNCTIONAL = frozenset("aux cop mark det clf case cc".split())
"""Relations of function words, which MLAS scores together with their content word."""
CONTENT = frozenset(
    "nsubj obj iobj csubj ccomp xcomp obl vocative expl dislocated advcl advmod discourse nmod appos nummod acl amod "
    "conj fixed flat compound list parataxis orphan goeswith reparandum root dep".split()
)
"""Relations of content words. ``punct`` is neither."""
_UNALIGNED = -2
_UNKNOWN_LEMMA = "_"


@dataclass(frozen=True, slots=True, repr=False)
class Conll18Metric(JsonRecord, Summary):
    """The counts of one metric. A ratio with denominator 0 is 0."""

    correct: int
    gold: int
    predicted: int
    aligned: int | None
    """The number of aligned words that the metric is about; None for Tokens, Sentences and Words themselves."""

    JSON = "correct gold predicted aligned precision recall f1 aligned_accuracy"

    @property
    def precision(self) -> float:
        """Share of the predicted items that are correct."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold items that were predicted."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.correct / (self.predicted + self.gold) if self.predicted + self.gold else 0.0

    @property
    def aligned_accuracy(self) -> float | None:
        """Share of the aligned words that are correct."""
        if self.aligned is None:
            return None
        return self.correct / self.aligned if self.aligned else 0.0

    def _summary(self) -> str:
        return f"F1 {percent(self.f1)}, precision {percent(self.precision)}, recall {percent(self.recall)}"

    def _table(self) -> Iterable[Row]:
        yield "correct", "gold", "predicted", "precision", "recall", "F1"
        yield self.correct, self.gold, self.predicted, *map(percent, (self.precision, self.recall, self.f1))


def evaluate(gold: Iterable[Sentence], predicted: Iterable[Sentence]) -> dict[str, Conll18Metric]:
    """Return the metrics by name, in the order of ``METRICS``; those of trees only if both sides have a HEAD.

    Sentences come from CoNLL-U; those without words are skipped. Raises DataError with path and line if the text
    differs from gold, there are no words, or ``TokenStretch.add`` refuses a sentence.
    """
    counter = _MetricCounter()
    trees = True
    for gold_stretch, predicted_stretch, pairs in _stretches(_Side(gold), _Side(predicted)):
        trees = gold_stretch.trees and predicted_stretch.trees
        counter.add(gold_stretch, predicted_stretch, pairs)
    if not counter.gold["Words"]:
        raise DataError("nothing to evaluate: no words in gold")
    return {name: counter.metric(name) for name in METRICS if trees or name not in _TREE_METRICS}


class SentenceResult(NamedTuple):
    """The words of a gold sentence that a metric is about, and how many of the predicted ones lie in it."""

    correct: list[bool]
    """Whether each gold word (of Tokens: token) is correct."""
    predicted: int


def sentence_results(gold: Iterable[Sentence], predicted: Iterable[Sentence], metric: str) -> Iterator[SentenceResult]:
    """Yield the result of each gold sentence in a metric of ``METRICS`` other than Sentences.

    Its sums over all sentences are the counts of ``evaluate``. Raises DataError as ``evaluate`` does, or if it is a
    metric of trees and a side has no HEAD.
    """
    for gold_stretch, predicted_stretch, pairs in _stretches(_Side(gold), _Side(predicted)):
        sides = gold_stretch, predicted_stretch
        for side, name in zip(sides, ("gold", "prediction"), strict=True):
            if metric in _TREE_METRICS and not side.trees:
                raise error_at(side.sources[0], 0, f"HEAD: no tree, which {metric} is about; expected one in {name}")
        ranges = [side.tokens if metric == "Tokens" else side.words for side in sides]
        counted = [[True] * len(of_side) for of_side in ranges]
        if metric in _CONTENT_METRICS:
            counted = [_content(side) for side in sides]
        if metric == "Tokens":
            found = set(predicted_stretch.tokens)
            correct = [token in found for token in gold_stretch.tokens]
        else:
            correct = [False] * len(gold_stretch.words)
            right = [True] * len(pairs) if metric == "Words" else _correct(*sides, pairs)[metric]
            for (g, _), is_right in zip(pairs, right, strict=True):
                correct[g] = is_right
        starts = [start for start, _ in gold_stretch.sentences]
        results = [SentenceResult([], 0) for _ in starts]
        for (start, _), counts, is_right in zip(ranges[0], counted[0], correct, strict=True):
            if counts:
                results[bisect_right(starts, start) - 1].correct.append(is_right)
        in_sentence = Counter(
            bisect_right(starts, start) - 1 for (start, _), counts in zip(ranges[1], counted[1], strict=True) if counts
        )
        yield from (result._replace(predicted=in_sentence[i]) for i, result in enumerate(results))


def format_table(metrics: dict[str, Conll18Metric]) -> str:
    """Return the table of the shared task: percentages with two digits."""
    lines = ["Metric     | Precision |    Recall |  F1 Score | AligndAcc", "-----------+" * 4 + "-----------"]
    for name, metric in metrics.items():
        rates = "|".join(f"{100 * rate:10.2f} " for rate in (metric.precision, metric.recall, metric.f1))
        aligned = "" if metric.aligned_accuracy is None else f"{100 * metric.aligned_accuracy:10.2f}"
        lines.append(f"{name:11}|{rates}|{aligned}")
    return "\n".join(lines)


class _Side:
    """The sentences of gold or prediction that have words, with one sentence of look-ahead."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self._sentences = (sentence for sentence in sentences if sentence.words)
        self.next = next(self._sentences, None)
        self.trees = self.next is not None and has_tree(self.next)

    def move(self, stretch: TokenStretch) -> None:
        """Add the next sentence, if any, to a stretch."""
        if self.next is not None:
            stretch.add(self.next)
            self.next = next(self._sentences, None)

    def begins_with_multiword(self) -> bool:
        return self.next is not None and 0 in multiword_tokens(self.next)


def _stretches(gold: _Side, predicted: _Side) -> Iterator[tuple[TokenStretch, TokenStretch, list[tuple[int, int]]]]:
    """Yield parallel stretches that end a sentence at the same character on both sides, and their aligned words."""
    while gold.next or predicted.next:
        gold_stretch, predicted_stretch = TokenStretch(gold.trees), TokenStretch(predicted.trees)
        checked = 0
        while True:
            gold.move(gold_stretch)
            predicted.move(predicted_stretch)
            checked = _check_text(gold_stretch, predicted_stretch, checked)
            while len(gold_stretch.text) != len(predicted_stretch.text):
                gold_is_short = len(gold_stretch.text) < len(predicted_stretch.text)
                side, stretch = (gold, gold_stretch) if gold_is_short else (predicted, predicted_stretch)
                if side.next is None:
                    raise _ended(gold_stretch, predicted_stretch)
                side.move(stretch)
                checked = _check_text(gold_stretch, predicted_stretch, checked)
            pairs, g, p = _aligned(gold_stretch, predicted_stretch)
            # words left over on one side may still be aligned within a multiword token that follows
            gold_open = g < len(gold_stretch.words) and predicted.begins_with_multiword()
            predicted_open = p < len(predicted_stretch.words) and gold.begins_with_multiword()
            if not gold_open and not predicted_open:
                break
        yield gold_stretch, predicted_stretch, pairs


def _ended(gold: TokenStretch, predicted: TokenStretch) -> DataError:
    """Return the error for a side that ends too early."""
    gold_is_long = len(gold.text) > len(predicted.text)
    longer, shorter, side = (gold, predicted, "predicted") if gold_is_long else (predicted, gold, "gold")
    where, text = longer.place(len(shorter.text))
    return DataError(f"{where}: the {side} text ends where this goes on with {_start(text)}; expected the same text")


def _check_text(gold: TokenStretch, predicted: TokenStretch, checked: int) -> int:
    """Return up to which character both texts are known to be equal. Raises DataError if they differ."""
    end = min(len(gold.text), len(predicted.text))
    if gold.text[checked:end] == predicted.text[checked:end]:
        return end
    at = next(i for i in range(checked, end) if gold.text[i] != predicted.text[i])
    where, found = predicted.place(at)
    gold_where, expected = gold.place(at)
    raise DataError(f"{where}: expected the text {_start(expected)}, as in {gold_where}, found {_start(found)}")


def _start(text: str) -> str:
    return shown(text, 20)


class _MetricCounter:
    def __init__(self) -> None:
        self.correct: Counter[str] = Counter()
        self.gold: Counter[str] = Counter()
        self.predicted: Counter[str] = Counter()
        self.aligned: Counter[str] = Counter()

    def metric(self, name: str) -> Conll18Metric:
        """Return a metric; its gold and predicted items are all words, or those that it is about."""
        base = name if name in RANGE_METRICS else "CLAS" if name in _CONTENT_METRICS else "Words"
        aligned = None if name in RANGE_METRICS else self.aligned[base]
        return Conll18Metric(self.correct[name], self.gold[base], self.predicted[base], aligned)

    def add(self, gold: TokenStretch, predicted: TokenStretch, pairs: Sequence[tuple[int, int]]) -> None:
        """Count two stretches of the same text, given the aligned pairs of word indices."""
        for name, gold_ranges, predicted_ranges in (
            ("Tokens", gold.tokens, predicted.tokens),
            ("Sentences", gold.sentences, predicted.sentences),
        ):
            self.gold[name] += len(gold_ranges)
            self.predicted[name] += len(predicted_ranges)
            same = gold_ranges == predicted_ranges
            self.correct[name] += len(gold_ranges) if same else len(set(gold_ranges) & set(predicted_ranges))
        self.gold["Words"] += len(gold.words)
        self.predicted["Words"] += len(predicted.words)
        self.aligned["Words"] += len(pairs)
        self.correct["Words"] += len(pairs)
        for name, correct in _correct(gold, predicted, pairs).items():
            self.correct[name] += sum(correct)
        if gold.trees and predicted.trees:
            in_gold = _content(gold)
            self.gold["CLAS"] += sum(in_gold)
            self.predicted["CLAS"] += sum(_content(predicted))
            self.aligned["CLAS"] += sum([in_gold[g] for g, _ in pairs])


def _content(side: TokenStretch) -> list[bool]:
    return [deprel in CONTENT for deprel in side.deprels]


def _correct(gold: TokenStretch, predicted: TokenStretch, pairs: Sequence[tuple[int, int]]) -> dict[str, list[bool]]:
    """Return by metric whether each pair of aligned words is correct; metrics of trees only if both sides have them."""
    gold_words, predicted_words = [g for g, _ in pairs], [p for _, p in pairs]
    upos = _equal(gold.upos, gold_words, predicted.upos, predicted_words)
    xpos = _equal(gold.xpos, gold_words, predicted.xpos, predicted_words)
    feats = _equal(gold.feats, gold_words, predicted.feats, predicted_words)
    lemmas = [gold.lemmas[g] in (_UNKNOWN_LEMMA, predicted.lemmas[p]) for g, p in pairs]
    tags = list(map(and_, upos, feats))
    correct = {
        "UPOS": upos,
        "XPOS": xpos,
        "UFeats": feats,
        "AllTags": list(map(and_, xpos, tags)),
        "Lemmas": lemmas,
    }
    if not (gold.trees and predicted.trees):
        return correct
    to_gold = [_UNALIGNED] * len(predicted.words)
    for g, p in pairs:
        to_gold[p] = g
    to_gold.append(ROOT)  # found by the index ROOT, -1
    heads = [gold.parents[g] == to_gold[predicted.parents[p]] for g, p in pairs]
    attached = list(map(and_, heads, _equal(gold.deprels, gold_words, predicted.deprels, predicted_words)))
    in_gold = _content(gold)
    content = list(map(and_, attached, [in_gold[g] for g in gold_words]))
    gold_functions = _function_words(gold, range(len(gold.words)))
    predicted_functions = _function_words(predicted, to_gold)
    functions = [
        right and gold_functions.get(g) == predicted_functions.get(p)
        for (g, p), right in zip(pairs, map(and_, content, tags), strict=True)
    ]
    trees = {
        "UAS": heads,
        "LAS": attached,
        "CLAS": content,
        "MLAS": functions,
        "BLEX": list(map(and_, content, lemmas)),
    }
    return correct | trees


def _equal(
    gold: Sequence[str], gold_words: Sequence[int], predicted: Sequence[str], predicted_words: Sequence[int]
) -> list[bool]:
    return list(map(eq, [gold[i] for i in gold_words], [predicted[i] for i in predicted_words]))


def _function_words(side: TokenStretch, in_gold: Sequence[int]) -> dict[int, list[tuple[int, str, str, str]]]:
    """Return the function words of each word as (index in gold, relation, UPOS, features)."""
    functions: dict[int, list[tuple[int, str, str, str]]] = {}
    for i, deprel in enumerate(side.deprels):
        if deprel in FUNCTIONAL:
            word = (in_gold[i], deprel, side.upos[i], side.feats[i])
            functions.setdefault(side.parents[i], []).append(word)
    return functions


def _aligned(gold: TokenStretch, predicted: TokenStretch) -> tuple[list[tuple[int, int]], int, int]:
    """Return the pairs of indices of aligned words, in order, and the index reached on each side."""
    same = gold.words == predicted.words and gold.in_multiword == predicted.in_multiword
    if same and (gold.forms == predicted.forms or not any(gold.in_multiword)):
        n = len(gold.words)
        return list(zip(range(n), range(n), strict=True)), n, n
    pairs: list[tuple[int, int]] = []
    g = p = 0
    while g < len(gold.words) and p < len(predicted.words):
        if gold.in_multiword[g] or predicted.in_multiword[p]:
            start, start_predicted, g, p = _region(gold, predicted, g, p)
            for i, j in _common(gold.forms[start:g], predicted.forms[start_predicted:p]):
                pairs.append((start + i, start_predicted + j))
        elif gold.words[g] == predicted.words[p]:
            pairs.append((g, p))
            g, p = g + 1, p + 1
        elif gold.words[g][0] <= predicted.words[p][0]:
            g += 1
        else:
            p += 1
    return pairs, g, p


def _region(gold: TokenStretch, predicted: TokenStretch, g: int, p: int) -> tuple[int, int, int, int]:
    """Return the smallest region at words g and p that begins with a multiword token and cuts none.

    The result is (first gold word, first predicted word, end in gold, end in predicted). A plain word that began before
    the region is left out; other words that did are included, as in the program of the shared task.
    """
    if gold.in_multiword[g]:
        start, end = gold.words[g]
        p += not predicted.in_multiword[p] and predicted.words[p][0] < start
    else:
        start, end = predicted.words[p]
        g += gold.words[g][0] < start
    first, first_predicted = g, p
    while _within(gold, g, end) or _within(predicted, p, end):
        if p >= len(predicted.words) or (g < len(gold.words) and gold.words[g][0] <= predicted.words[p][0]):
            end = max(end, gold.words[g][1]) if gold.in_multiword[g] else end
            g += 1
        else:
            end = max(end, predicted.words[p][1]) if predicted.in_multiword[p] else end
            p += 1
    return first, first_predicted, g, p


def _within(side: TokenStretch, word: int, end: int) -> bool:
    """Return whether a word belongs to a region that ends at ``end``.

    A plain word has to end in it, a word of a multiword token has to begin in it.
    """
    return word < len(side.words) and (
        side.words[word][0] < end if side.in_multiword[word] else side.words[word][1] <= end
    )


def _common(gold: Sequence[str], predicted: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield pairs of positions in the longest common subsequence of two lists of forms, ignoring case."""
    gold, predicted = [form.lower() for form in gold], [form.lower() for form in predicted]
    longest = [[0] * (len(predicted) + 1) for _ in range(len(gold) + 1)]
    for i in reversed(range(len(gold))):
        for j in reversed(range(len(predicted))):
            together = 1 + longest[i + 1][j + 1] if gold[i] == predicted[j] else 0
            longest[i][j] = max(together, longest[i + 1][j], longest[i][j + 1])
    i = j = 0
    while i < len(gold) and j < len(predicted):
        if gold[i] == predicted[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif longest[i][j] == longest[i + 1][j]:
            i += 1
        else:
            j += 1
