"""Spans in BIO tags, and how good predicted ones are: as the conlleval script of the CoNLL shared tasks counts.

Tags are B-type (a span begins), I-type (it goes on), with BIOES also E-type (it ends) and S-type (it is one word),
which BILOU calls L and U, and O; BMES calls I M. Reading is lenient, as conlleval is: I- or E- after O, after another
type or after a span's end begins a span. A tag without such a prefix, an address label for example, is its own type: a
run of equal ones is a span.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from elman.data.scores import ClassCounts, TagScore, averages, check_sentence, score
from elman.errors import DataError

OUTSIDE = "O"
_PREFIXES = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S", "M": "I"}


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
    def micro(self) -> TagScore:
        """Of all spans together."""
        return score(self.correct, self.predicted, self.gold)

    @property
    def precision(self) -> float:
        """Share of the predicted spans that are right."""
        return self.micro.precision

    @property
    def recall(self) -> float:
        """Share of the gold spans that were found."""
        return self.micro.recall

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return self.micro.f1

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return {
            "gold": self.gold,
            "predicted": self.predicted,
            "correct": self.correct,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "types": {type: asdict(score) for type, score in self.types.items()},
            "averages": averages(self.micro, self.types),
        }


def find_spans(tags: Iterable[str]) -> list[Span]:
    """The spans of a sentence's tags, in order."""
    tags = list(tags)
    found: list[Span] = []
    if tags.count(OUTSIDE) == len(tags):  # most sentences of most texts
        return found
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


class SpanEvaluator:
    """Counts spans sentence after sentence, in memory that grows with the number of types only.

    ``find`` says which spans tags mark; ``spans`` is conlleval's way.
    """

    def __init__(self, find: Callable[[Sequence[str]], Sequence[Span]] = find_spans) -> None:
        self._find = find
        self._marks = ClassCounts()

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one sentence; there is a predicted tag for each gold tag. Raises DataError for what is no sentence."""
        check_sentence(gold)
        check_sentence(predicted)
        there = set(self._find(gold))
        given = there if list(gold) == list(predicted) else set(self._find(predicted))
        if there or given:
            self._marks.there.update([span.type for span in there])
            self._marks.given.update([span.type for span in given])
            self._marks.correct.update([span.type for span in there & given])

    def result(self) -> SpanEvaluation:
        """All that was counted so far."""
        marks = self._marks
        return SpanEvaluation(marks.there.total(), marks.given.total(), marks.correct.total(), types=marks.classes())


def evaluate_spans(gold: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]) -> SpanEvaluation:
    """Compare the spans of predicted tags with those of gold tags, sentence by sentence, read one by one.

    Raises DataError: another number of sentences, a sentence with another number of tags.
    """
    tally = SpanEvaluator()
    for number, (gold_tags, tags) in enumerate(zip_longest(gold, predicted), start=1):
        if gold_tags is None or tags is None:
            more = "predicted" if gold_tags is None else "gold"
            raise DataError(f"sentence {number}: only the {more} tags go on; expected as many sentences in both")
        check_sentence(gold_tags)
        check_sentence(tags)
        if len(gold_tags) != len(tags):
            expected = f"expected {len(gold_tags)} tags, one for each gold tag, found {len(tags)}"
            raise DataError(f"sentence {number}: {expected}")
        tally.add(gold_tags, tags)
    return tally.result()


def _parts(tag: str) -> tuple[str, str]:
    """(prefix, type) of a tag."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    prefix, _, type = tag.partition("-")
    return (_PREFIXES[prefix], type) if prefix in _PREFIXES else ("I", tag)


TYPED_TAG = re.compile(r"O|[BIESLUM]-\S+")
"""A tag of spans, for certain: with a type."""


def are_span_tags(text: str, n_words: int) -> bool:
    """Whether a text is span tags with spaces between them, one for each of so many words."""
    return text.count(" ") == n_words - 1 and all(map(TYPED_TAG.fullmatch, text.split(" ")))
