"""Spans as the Python package seqeval (1.2) finds them, in its default mode and in its strict one, and its report.

The default mode goes by the rules of conlleval with S added: a tag's first character is its letter, and what stands
behind the hyphen its type. The strict mode holds to one scheme: a span that does not begin or end as the scheme says
is none at all. Both are stated here as tables; what they yield is compared with the package in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from operator import eq
from typing import Any

from elman.data.schemes import scheme_by_name
from elman.data.scores import TagScore, macro, weighted
from elman.data.spans import Span, SpanEvaluation, SpanEvaluator
from elman.errors import ConfigError, DataError
from elman.utils.display import shown, visible

_OUTSIDE = "O"
_NO_TYPE = "_"


def lenient_spans(tags: Sequence[str]) -> list[Span]:
    """The spans of a sentence in the default mode."""
    found: list[Span] = []
    start = 0
    before, of = _OUTSIDE, ""
    for i, tag in enumerate([*tags, _OUTSIDE]):
        letter, type = tag[0], tag[1:].split("-", maxsplit=1)[-1] or _NO_TYPE
        changed = of != type
        if before in "ES" or before + letter in _ENDS or (before not in "O." and changed):
            found.append(Span(start, i, of))
        if letter in "BS" or (before in "ESO" and letter in "EI") or (letter not in "O." and changed):
            start = i
        before, of = letter, type
    return found


_ENDS = {"BB", "BS", "BO", "IB", "IS", "IO"}


@dataclass(frozen=True, slots=True)
class _Rules:
    """A scheme of the strict mode. Each rule is two letters and how their types must be: = same, ! other, ? either.

    ``letters``  that are allowed
    ``starts``   a span starts with the second
    ``inside``   it goes on with the second
    ``ends``     it has ended with the first; one that stops otherwise is none
    """

    letters: str
    starts: str
    inside: str
    ends: str


_STRICT = {
    "iob1": _Rules("IOB", "OI? II! BI? IB= BB=", "BI= II=", "II! IO? IB? BO? BI! BB="),
    "iob2": _Rules("IOB", "*B?", "BI= II=", "IO? II! IB? BO? BI! BB?"),
    "ioe1": _Rules("IOE", "OI? II! EI? EE=", "II= IE=", "II! IO? IE! EI= EE="),
    "ioe2": _Rules("IOE", "OI? OE? EI? EE? II! IE!", "IE= II=", "E*?"),
    "bioes": _Rules("IOBES", "*B? *S?", "BI= BE= II= IE=", "S*? E*?"),
    "bilou": _Rules("BILOU", "*B? *U?", "BI= BL= II= IL=", "U*? L*?"),
}
STRICT_SCHEMES = tuple(_STRICT)


def strict_spans(tags: Sequence[str], scheme: str) -> list[Span]:
    """The spans of a sentence in the strict mode; ``scheme`` is one of ``STRICT_SCHEMES``.

    Raises DataError for a tag that the scheme does not have.
    """
    rules = _STRICT[scheme]
    for tag in tags:
        if tag[0] not in rules.letters:
            raise DataError(
                f"the tag {shown(tag)} is not of {scheme.upper()}, whose letters are {', '.join(rules.letters)}"
            )
    extended = [*tags, _OUTSIDE]
    found: list[Span] = []
    i, before = 0, _OUTSIDE
    while i < len(extended):
        start = i
        i += 1
        if _fits(rules.starts, before, extended[start]):
            while _fits(rules.inside, extended[i - 1], extended[i]):  # O at the end fits nowhere
                i += 1
            if _fits(rules.ends, extended[i - 1], extended[i]):
                found.append(Span(start, i, _type(extended[start])))
        before = extended[i - 1]
    return found


@lru_cache(maxsize=1 << 16)
def _fits(rules: str, before: str, tag: str) -> bool:
    same = "=" if _type(before) == _type(tag) else "!"
    return any(
        rule[0] in ("*", before[0]) and rule[1] in ("*", tag[0]) and rule[2] in ("?", same) for rule in rules.split()
    )


def _type(tag: str) -> str:
    return tag[1:].strip("-") or _NO_TYPE


def span_finder(scheme: str | None) -> Callable[[Sequence[str]], list[Span]]:
    """The way spans are found: the default mode, or the strict one where a scheme is named.

    Raises ConfigError for a scheme that the strict mode does not have.
    """
    if scheme is None:
        return lenient_spans
    name = scheme_by_name(scheme)
    if name not in _STRICT:
        raise ConfigError(f"scheme: {shown(scheme)} has no strict mode; {', '.join(_STRICT)} have")
    return partial(strict_spans, scheme=name)


class SeqevalReport:
    """Counts sentence after sentence. Raises ConfigError: see ``finder``."""

    def __init__(self, scheme: str | None = None) -> None:
        self._scheme = scheme and scheme_by_name(scheme)
        self._tally = SpanEvaluator(span_finder(scheme))
        self._words = self._right = 0

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one sentence; there is a predicted tag for each gold tag. Raises DataError: see ``strict``."""
        self._tally.add(gold, predicted)
        self._words += len(gold)
        self._right += sum(map(eq, gold, predicted))

    def result(self) -> SpanEvaluation:
        """All that was counted so far. Raises DataError where no word was."""
        if not self._words:
            raise DataError("nothing to evaluate: no words with gold tags; is it the right file and column?")
        return self._tally.result()

    def text(self) -> str:
        """seqeval's classification report."""
        return report(self.result())

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``; rates from 0 to 1."""
        found = self.result().to_json()
        return {
            "mode": "default" if self._scheme is None else "strict",
            "scheme": self._scheme,
            "tokens": self._words,
            "correct": self._right,
            "accuracy": self._right / self._words,
            "spans": found,
        }


def report(result: SpanEvaluation) -> str:
    """seqeval's classification report with two digits, without the blank line at its end."""
    types = {visible(type): _rounded_as_there(score) for type, score in sorted(result.types.items())}
    width = max(map(len, [*types, "weighted avg"]))
    lines = [f"{'':>{width}} " + "".join(f" {name:>9}" for name in ("precision", "recall", "f1-score", "support")), ""]
    lines += _rows(types, width)
    lines.append("")
    means = {
        "micro": _rounded_as_there(result.micro),
        "macro": macro(types.values()),
        "weighted": weighted(types.values()),
    }
    lines += _rows({f"{name} avg": score for name, score in means.items()}, width)
    return "\n".join(lines)


def _rounded_as_there(score: TagScore) -> TagScore:
    """With F1 by seqeval's order of operations: in 0.625 it decides the digit that is printed."""
    f1 = 2.0 * score.precision * score.recall / ((score.precision + score.recall) or 1)
    return replace(score, f1=f1)


def _rows(scores: Mapping[str, TagScore], width: int) -> list[str]:
    return [
        f"{name:>{width}} "
        + "".join(f" {rate:>9.2f}" for rate in (score.precision, score.recall, score.f1))
        + f" {score.support:>9}"
        for name, score in scores.items()
    ]
