"""Find spans in BIO tags, and score predicted spans the way the conlleval script of the CoNLL shared tasks does.

Tags are B-type (a span begins), I-type (it continues), O, and with BIOES also E-type (it ends) and S-type (a span of
one word). BILOU writes L and U for E and S, BMES writes M for I. Reading is lenient like conlleval: I- or E- after O,
after another type or after the end of a span begins a span. A tag without such a prefix, for example an address label,
is its own type: a run of equal tags is a span.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from elman.data.scores import ClassCounts, TagScore, averages, check_sentence, score, score_rows
from elman.errors import DataError
from elman.utils.json_values import JsonRecord
from elman.utils.summary import Row, Summary, percent

OUTSIDE = "O"
TYPED_TAG = re.compile(r"O|[BIESLUM]-\S+")
"""O, or a tag that certainly marks a span: a prefix and a type."""
_PREFIXES = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S", "M": "I"}


class Span(NamedTuple):
    """The words ``start`` to ``end`` (exclusive) of a sentence, counted from 0."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True, repr=False)
class SpanEvaluation(JsonRecord, Summary):
    """Predicted spans compared with gold ones; a span is correct if start, end and type are.

    A ratio with denominator 0 is 0.
    """

    gold: int
    predicted: int
    correct: int
    types: Mapping[str, TagScore]
    """The score of every gold or predicted type, the most frequent in gold first."""

    JSON = "gold predicted correct precision recall f1 types averages"

    @property
    def micro(self) -> TagScore:
        """The score over all spans."""
        return score(self.correct, self.predicted, self.gold)

    @property
    def precision(self) -> float:
        """Share of the predicted spans that are correct."""
        return self.micro.precision

    @property
    def recall(self) -> float:
        """Share of the gold spans that were predicted."""
        return self.micro.recall

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return self.micro.f1

    @property
    def averages(self) -> Mapping[str, TagScore]:
        """The micro, macro and weighted average."""
        return averages(self.micro, self.types)

    def _summary(self) -> str:
        of = f"{self.correct:,} correct of {self.predicted:,} predicted and {self.gold:,} gold"
        return f"F1 {percent(self.f1)}, {of}"

    def _table(self) -> Iterator[Row]:
        return score_rows("type", self.types)


def find_spans(tags: Iterable[str]) -> list[Span]:
    """Return the spans that the tags of a sentence mark, in order."""
    tags = list(tags)
    spans: list[Span] = []
    if tags.count(OUTSIDE) == len(tags):  # most sentences of most texts
        return spans
    start, type = 0, ""
    last_prefix = OUTSIDE  # the prefix of the word before
    for end, tag in enumerate([*tags, OUTSIDE]):
        prefix, next_type = _parts(tag)
        if prefix in ("I", "E") and last_prefix in ("B", "I") and next_type == type:
            last_prefix = prefix
            continue
        if last_prefix != OUTSIDE:
            spans.append(Span(start, end, type))
        start, type, last_prefix = end, next_type, prefix
    return spans


class SpanEvaluator:
    """Scores spans sentence by sentence, in memory that grows only with the number of types.

    ``find`` returns the spans that tags mark; the default is conlleval's reading.
    """

    def __init__(self, find: Callable[[Sequence[str]], Sequence[Span]] = find_spans) -> None:
        self._find = find
        self._counts = ClassCounts()

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one sentence with as many predicted as gold tags. Raises DataError if either is not a list."""
        check_sentence(gold)
        check_sentence(predicted)
        gold_spans = set(self._find(gold))
        spans = gold_spans if list(gold) == list(predicted) else set(self._find(predicted))
        if gold_spans or spans:
            types = ([span.type for span in some] for some in (gold_spans, spans, gold_spans & spans))
            self._counts.update(*types)

    def result(self) -> SpanEvaluation:
        """Return the scores of all sentences counted so far."""
        return SpanEvaluation(*self._counts.totals(), types=self._counts.classes())


def evaluate_spans(gold: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]) -> SpanEvaluation:
    """Compare the spans of predicted tags with those of gold tags, sentence by sentence, read lazily.

    Raises DataError if the numbers of sentences differ, or the numbers of tags of a sentence.
    """
    evaluator = SpanEvaluator()
    for number, (gold_tags, tags) in enumerate(zip_longest(gold, predicted), start=1):
        if gold_tags is None or tags is None:
            longer = "predicted" if gold_tags is None else "gold"
            raise DataError(f"sentence {number}: only the {longer} tags go on; expected as many sentences in both")
        check_sentence(gold_tags)
        check_sentence(tags)
        if len(gold_tags) != len(tags):
            expected = f"expected {len(gold_tags)} tags, one for each gold tag, found {len(tags)}"
            raise DataError(f"sentence {number}: {expected}")
        evaluator.add(gold_tags, tags)
    return evaluator.result()


def _parts(tag: str) -> tuple[str, str]:
    """Return the prefix (B, I, E, S or O) and the type of a tag."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, _, type = tag.partition("-")
    return (_PREFIXES[prefix], type) if prefix in _PREFIXES else ("I", tag)


def are_span_tags(text: str, n_words: int) -> bool:
    """Return whether a text consists of ``n_words`` span tags separated by single spaces."""
    return text.count(" ") == n_words - 1 and all(map(TYPED_TAG.fullmatch, text.split(" ")))
