"""Spans in BIO tags, and how good predicted ones are: as the conlleval script of the CoNLL shared tasks counts.

Tags are B-type (a span begins), I-type (it goes on), with BIOES also E-type (it ends) and S-type (it is one word),
and O. Reading is lenient, as conlleval is: I- or E- after O, after another type or after a span's end begins a span.
A tag without such a prefix, an address label for example, is its own type: a run of equal ones is a span.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from elman.errors import DataError
from elman.metrics import TagScore

OUTSIDE = "O"
_PREFIXES = ("B", "I", "E", "S")


class Span(NamedTuple):
    """The words ``start`` to ``end`` of a sentence, counted from 0, ``end`` not among them."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class SpanEvaluation:
    """Predicted spans compared with gold ones; a span is right when its start, end and type all are.

    A rate whose denominator is 0 is 0.
    """

    gold: int
    predicted: int
    correct: int
    types: Mapping[str, TagScore]
    """Every type of gold or prediction, the most frequent in gold first."""

    @property
    def precision(self) -> float:
        """Share of the predicted spans that are right."""
        return _score(self.correct, self.predicted, self.gold).precision

    @property
    def recall(self) -> float:
        """Share of the gold spans that were found."""
        return _score(self.correct, self.predicted, self.gold).recall

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return _score(self.correct, self.predicted, self.gold).f1


def spans(tags: Iterable[str]) -> list[Span]:
    """The spans of a sentence's tags, in order."""
    found: list[Span] = []
    start, type = 0, ""
    before = OUTSIDE  # the prefix of the word before
    for end, tag in enumerate([*tags, OUTSIDE]):
        prefix, of = _parts(tag)
        if prefix in ("I", "E") and before in ("B", "I") and of == type:
            before = prefix
            continue
        if before != OUTSIDE:
            found.append(Span(start, end, type))
        start, type, before = end, of, prefix
    return found


def evaluate_spans(gold: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]) -> SpanEvaluation:
    """Compare the spans of predicted tags with those of gold tags, sentence by sentence, read one by one.

    Raises DataError: another number of sentences, a sentence with another number of tags.
    """
    right: Counter[str] = Counter()
    there: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for number, (gold_tags, tags) in enumerate(zip_longest(gold, predicted), start=1):
        if gold_tags is None or tags is None:
            more = "predicted" if gold_tags is None else "gold"
            raise DataError(f"sentence {number}: only the {more} tags go on; expected as many sentences in both")
        if len(gold_tags) != len(tags):
            expected = f"expected {len(gold_tags)} tags, one for each gold tag, found {len(tags)}"
            raise DataError(f"sentence {number}: {expected}")
        gold_spans, found = set(spans(gold_tags)), set(spans(tags))
        there.update(span.type for span in gold_spans)
        given.update(span.type for span in found)
        right.update(span.type for span in gold_spans & found)
    return SpanEvaluation(
        gold=there.total(),
        predicted=given.total(),
        correct=right.total(),
        types={
            type: _score(right[type], given[type], there[type])
            for type in sorted(there | given, key=lambda type: (-there[type], type))
        },
    )


def _parts(tag: str) -> tuple[str, str]:
    """(prefix, type) of a tag."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, _, type = tag.partition("-")
    return (prefix, type) if prefix in _PREFIXES else ("I", tag)


def _score(correct: int, given: int, there: int) -> TagScore:
    return TagScore(
        precision=correct / given if given else 0.0,
        recall=correct / there if there else 0.0,
        f1=2 * correct / (given + there) if given + there else 0.0,
        support=there,
    )
