"""The metrics of the CoNLL 2018 shared task on CoNLL-U, from their published definition.

https://universaldependencies.org/conll18/evaluation.html; Zeman et al. 2018, CoNLL 2018 Shared Task. Gold and predicted
files hold the same text, each cut into sentences, tokens and words in its own way. Tokens and sentences are right where
they are the same characters (spaces do not count). The other metrics go by words, which are aligned first: those that
are tokens where they are the same characters; around a multiword token of either side, by the longest common
subsequence of forms. Of G gold words, P predicted ones, A aligned pairs and C right pairs, precision is C / P, recall
C / G and aligned accuracy C / A. Text is held until both sides end a sentence at the same character, so memory stays
small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import and_, eq
from typing import Any

from elman.data.conllu_tokens import ROOT, TokenStretch, has_tree, multiword_tokens
from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.utils.display import shown

_OF_RANGES = ("Tokens", "Sentences", "Words")
_OF_TAGS = ("UPOS", "XPOS", "UFeats", "AllTags", "Lemmas")
_OF_CONTENT = ("CLAS", "MLAS", "BLEX")
_OF_TREES = ("UAS", "LAS", *_OF_CONTENT)
METRICS = (*_OF_RANGES, *_OF_TAGS, *_OF_TREES)
FUNCTIONAL = frozenset("aux cop mark det clf case cc".split())
"""Relations of function words, which MLAS counts with the content word they belong to."""
CONTENT = frozenset(
    "nsubj obj iobj csubj ccomp xcomp obl vocative expl dislocated advcl advmod discourse nmod appos nummod acl amod "
    "conj fixed flat compound list parataxis orphan goeswith reparandum root dep".split()
)
"""Relations of content words. ``punct`` is neither."""
_UNALIGNED = -2
_UNKNOWN = "_"


@dataclass(frozen=True, slots=True)
class Conll18Metric:
    """One metric. A rate whose denominator is 0 is 0."""

    correct: int
    gold: int
    predicted: int
    aligned: int | None
    """Aligned words that it is about; None for Tokens, Sentences and Words themselves."""

    @property
    def precision(self) -> float:
        """Share of what was predicted that is right."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of gold that was found."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return 2 * self.correct / (self.predicted + self.gold) if self.predicted + self.gold else 0.0

    @property
    def aligned_accuracy(self) -> float | None:
        """Share of the aligned words that are right."""
        if self.aligned is None:
            return None
        return self.correct / self.aligned if self.aligned else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {
            "correct": self.correct,
            "gold": self.gold,
            "predicted": self.predicted,
            "aligned": self.aligned,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "aligned_accuracy": self.aligned_accuracy,
        }


def evaluate(gold: Iterable[Sentence], predicted: Iterable[Sentence]) -> dict[str, Conll18Metric]:
    """The metrics by name, in the order of ``METRICS``; those of trees only where both sides have a HEAD.

    Sentences come from CoNLL-U; those without words are passed over. Raises DataError with path and line: other text
    than in gold, no words, what ``Stretch.add`` refuses.
    """
    tally = _Tally()
    trees = True
    for one, other, pairs in _stretches(_Side(gold), _Side(predicted)):
        trees = one.trees and other.trees
        tally.add(one, other, pairs)
    if not tally.gold["Words"]:
        raise DataError("nothing to evaluate: no words in gold")
    return {name: tally.metric(name) for name in METRICS if trees or name not in _OF_TREES}


def format_table(metrics: dict[str, Conll18Metric]) -> str:
    """The shared task's table: percentages with two digits."""
    lines = ["Metric     | Precision |    Recall |  F1 Score | AligndAcc", "-----------+" * 4 + "-----------"]
    for name, metric in metrics.items():
        rates = "|".join(f"{100 * rate:10.2f} " for rate in (metric.precision, metric.recall, metric.f1))
        aligned = "" if metric.aligned_accuracy is None else f"{100 * metric.aligned_accuracy:10.2f}"
        lines.append(f"{name:11}|{rates}|{aligned}")
    return "\n".join(lines)


class _Side:
    """The sentences with words of one side, of which the next can be looked at."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self._sentences = (sentence for sentence in sentences if sentence.words)
        self.next = next(self._sentences, None)
        self.trees = self.next is not None and has_tree(self.next)

    def move(self, stretch: TokenStretch) -> None:
        """Add the next sentence to a stretch, if there is one."""
        if self.next is not None:
            stretch.add(self.next)
            self.next = next(self._sentences, None)

    def begins_with_multiword(self) -> bool:
        return self.next is not None and 0 in multiword_tokens(self.next)


def _stretches(gold: _Side, predicted: _Side) -> Iterator[tuple[TokenStretch, TokenStretch, list[tuple[int, int]]]]:
    """Both sides from one place to the next where both end a sentence, and the pairs of aligned words."""
    while gold.next or predicted.next:
        one, other = TokenStretch(gold.trees), TokenStretch(predicted.trees)
        checked = 0
        while True:
            gold.move(one)
            predicted.move(other)
            checked = _check_text(one, other, checked)
            while len(one.text) != len(other.text):
                shorter, stretch = (gold, one) if len(one.text) < len(other.text) else (predicted, other)
                if shorter.next is None:
                    raise _ended(one, other)
                shorter.move(stretch)
                checked = _check_text(one, other, checked)
            pairs, g, o = _aligned(one, other)
            # words left over on one side may still be aligned in the range of a multiword token that follows
            left, left_other = g < len(one.words), o < len(other.words)
            if not (left and predicted.begins_with_multiword()) and not (left_other and gold.begins_with_multiword()):
                break
        yield one, other, pairs


def _ended(gold: TokenStretch, other: TokenStretch) -> DataError:
    """The error of a side that ends too early."""
    longer, end, side = (
        (gold, len(other.text), "predicted") if len(gold.text) > len(other.text) else (other, len(gold.text), "gold")
    )
    where, text = longer.place(end)
    return DataError(f"{where}: the {side} text ends where this goes on with {_start(text)}; expected the same text")


def _check_text(gold: TokenStretch, predicted: TokenStretch, checked: int) -> int:
    """How far both are known to hold the same text. Raises DataError where they do not."""
    end = min(len(gold.text), len(predicted.text))
    if gold.text[checked:end] == predicted.text[checked:end]:
        return end
    at = next(i for i in range(checked, end) if gold.text[i] != predicted.text[i])
    where, found = predicted.place(at)
    there, expected = gold.place(at)
    raise DataError(f"{where}: expected the text {_start(expected)}, as in {there}, found {_start(found)}")


def _start(text: str) -> str:
    return shown(text, 20)


class _Tally:
    def __init__(self) -> None:
        self.correct: Counter[str] = Counter()
        self.gold: Counter[str] = Counter()
        self.predicted: Counter[str] = Counter()
        self.aligned: Counter[str] = Counter()

    def metric(self, name: str) -> Conll18Metric:
        """A metric; of the words, or of those that it is about."""
        of = name if name in _OF_RANGES else "CLAS" if name in _OF_CONTENT else "Words"
        aligned = None if name in _OF_RANGES else self.aligned[of]
        return Conll18Metric(self.correct[name], self.gold[of], self.predicted[of], aligned)

    def add(self, gold: TokenStretch, other: TokenStretch, pairs: Sequence[tuple[int, int]]) -> None:
        """Count two stretches of the same text, whose words are aligned."""
        for name, ours, theirs in (
            ("Tokens", gold.tokens, other.tokens),
            ("Sentences", gold.sentences, other.sentences),
        ):
            self.gold[name] += len(ours)
            self.predicted[name] += len(theirs)
            self.correct[name] += len(ours) if ours == theirs else len(set(ours) & set(theirs))
        self.gold["Words"] += len(gold.words)
        self.predicted["Words"] += len(other.words)
        self.aligned["Words"] += len(pairs)
        self.correct["Words"] += len(pairs)
        first, second = [g for g, _ in pairs], [o for _, o in pairs]
        upos = _equal(gold.upos, first, other.upos, second)
        xpos = _equal(gold.xpos, first, other.xpos, second)
        feats = _equal(gold.feats, first, other.feats, second)
        lemmas = [gold.lemmas[g] in (_UNKNOWN, other.lemmas[o]) for g, o in pairs]
        self.correct["UPOS"] += sum(upos)
        self.correct["XPOS"] += sum(xpos)
        self.correct["UFeats"] += sum(feats)
        self.correct["AllTags"] += sum(map(and_, map(and_, upos, xpos), feats))
        self.correct["Lemmas"] += sum(lemmas)
        if gold.trees and other.trees:
            self._add_trees(gold, other, (first, second), (list(map(and_, upos, feats)), lemmas))

    def _add_trees(
        self,
        gold: TokenStretch,
        other: TokenStretch,
        pairs: tuple[Sequence[int], Sequence[int]],
        right: tuple[Sequence[bool], Sequence[bool]],
    ) -> None:
        """``right``: of each pair, whether UPOS and features both are, and whether the lemma is."""
        first, second = pairs
        tags, lemmas = right
        to_gold = [_UNALIGNED] * len(other.words)
        for g, o in zip(first, second, strict=True):
            to_gold[o] = g
        to_gold.append(ROOT)  # where the index ROOT, -1, finds it
        heads = [gold.parents[g] == to_gold[other.parents[o]] for g, o in zip(first, second, strict=True)]
        attached = list(map(and_, heads, _equal(gold.deprels, first, other.deprels, second)))
        in_gold = [deprel in CONTENT for deprel in gold.deprels]
        content = [in_gold[g] for g in first]
        found = list(map(and_, attached, content))
        self.gold["CLAS"] += sum(in_gold)
        self.predicted["CLAS"] += sum([deprel in CONTENT for deprel in other.deprels])
        self.aligned["CLAS"] += sum(content)
        self.correct["UAS"] += sum(heads)
        self.correct["LAS"] += sum(attached)
        self.correct["CLAS"] += sum(found)
        self.correct["BLEX"] += sum(map(and_, found, lemmas))
        ours, theirs = _function_words(gold, range(len(gold.words))), _function_words(other, to_gold)
        for g, o in compress(zip(first, second, strict=True), map(and_, found, tags)):
            self.correct["MLAS"] += ours.get(g) == theirs.get(o)


def _equal(one: Sequence[str], first: Sequence[int], other: Sequence[str], second: Sequence[int]) -> list[bool]:
    return list(map(eq, [one[i] for i in first], [other[i] for i in second]))


def _function_words(side: TokenStretch, in_gold: Sequence[int]) -> dict[int, list[tuple[int, str, str, str]]]:
    """Word -> its function words: where they are in gold, relation, UPOS, features."""
    found: dict[int, list[tuple[int, str, str, str]]] = {}
    for i, deprel in enumerate(side.deprels):
        if deprel in FUNCTIONAL:
            word = (in_gold[i], deprel, side.upos[i], side.feats[i])
            found.setdefault(side.parents[i], []).append(word)
    return found


def _aligned(gold: TokenStretch, other: TokenStretch) -> tuple[list[tuple[int, int]], int, int]:
    """Pairs of indices of words that are aligned, in order, and how far that came on each side."""
    same = gold.words == other.words and gold.in_multiword == other.in_multiword
    if same and (gold.forms == other.forms or not any(gold.in_multiword)):
        n = len(gold.words)
        return list(zip(range(n), range(n), strict=True)), n, n
    pairs: list[tuple[int, int]] = []
    g = o = 0
    while g < len(gold.words) and o < len(other.words):
        if gold.in_multiword[g] or other.in_multiword[o]:
            start, start_other, g, o = _region(gold, other, g, o)
            for i, j in _common(gold.forms[start:g], other.forms[start_other:o]):
                pairs.append((start + i, start_other + j))
        elif gold.words[g] == other.words[o]:
            pairs.append((g, o))
            g, o = g + 1, o + 1
        elif gold.words[g][0] <= other.words[o][0]:
            g += 1
        else:
            o += 1
    return pairs, g, o


def _region(gold: TokenStretch, other: TokenStretch, g: int, o: int) -> tuple[int, int, int, int]:
    """The words of the smallest range that no multiword token sticks out of and that begins with one, at g or o.

    (first of gold, first of the other, the two behind it). A plain word that has begun before the range is left out;
    others that have are taken in, as the task's own program does.
    """
    if gold.in_multiword[g]:
        start, end = gold.words[g]
        o += not other.in_multiword[o] and other.words[o][0] < start
    else:
        start, end = other.words[o]
        g += gold.words[g][0] < start
    first, first_other = g, o
    while _within(gold, g, end) or _within(other, o, end):
        if o >= len(other.words) or (g < len(gold.words) and gold.words[g][0] <= other.words[o][0]):
            end = max(end, gold.words[g][1]) if gold.in_multiword[g] else end
            g += 1
        else:
            end = max(end, other.words[o][1]) if other.in_multiword[o] else end
            o += 1
    return first, first_other, g, o


def _within(side: TokenStretch, word: int, end: int) -> bool:
    """Whether a word belongs to a range that ends there: a plain one wholly, a multiword token's if it begins in it."""
    return word < len(side.words) and (
        side.words[word][0] < end if side.in_multiword[word] else side.words[word][1] <= end
    )


def _common(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of positions in the longest common subsequence of two lists of forms; case does not matter."""
    one, other = [form.lower() for form in one], [form.lower() for form in other]
    longest = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in reversed(range(len(one))):
        for j in reversed(range(len(other))):
            together = 1 + longest[i + 1][j + 1] if one[i] == other[j] else 0
            longest[i][j] = max(together, longest[i + 1][j], longest[i][j + 1])
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif longest[i][j] == longest[i + 1][j]:
            i += 1
        else:
            j += 1
