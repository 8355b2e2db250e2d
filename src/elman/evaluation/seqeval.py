"""Spans and report of the Python package seqeval (1.2), in its default and its strict mode.

The default mode follows the rules of conlleval with S added: the first character of a tag is its letter, and the part
after the hyphen its type. The strict mode follows one scheme: a span that does not begin or end as the scheme says does
not count at all. Both are written here as tables; tests compare them with the package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from operator import eq
from typing import Any

from elman.data.schemes import scheme_by_name
from elman.data.spans import Span
from elman.errors import ConfigError, DataError
from elman.evaluation.scores import TagScore, macro, weighted
from elman.evaluation.span_scores import SpanEvaluation, SpanEvaluator
from elman.utils.display import shown, visible

_OUTSIDE = "O"
_NO_TYPE = "_"


def lenient_spans(tags: Sequence[str]) -> list[Span]:
    """Return the spans of a sentence in the default mode."""
    spans: list[Span] = []
    start = 0
    last_letter, last_type = _OUTSIDE, ""
    for i, tag in enumerate([*tags, _OUTSIDE]):
        letter, type = tag[0], tag[1:].split("-", maxsplit=1)[-1] or _NO_TYPE
        changed = last_type != type
        if last_letter in "ES" or last_letter + letter in _ENDS or (last_letter not in "O." and changed):
            spans.append(Span(start, i, last_type))
        if letter in "BS" or (last_letter in "ESO" and letter in "EI") or (letter not in "O." and changed):
            start = i
        last_letter, last_type = letter, type
    return spans


_ENDS = {"BB", "BS", "BO", "IB", "IS", "IO"}


@dataclass(frozen=True, slots=True)
class _Rules:
    """A scheme of the strict mode. Each rule is two letters and how their types relate: = same, ! different, ? either.

    ``letters``  the allowed letters
    ``starts``   a span starts at the second letter
    ``inside``   a span continues with the second letter
    ``ends``     a span has ended with the first letter; a span that stops otherwise does not count
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
    """Return the spans of a sentence in the strict mode; ``scheme`` is one of ``STRICT_SCHEMES``.

    Raises DataError for a tag that the scheme does not have.
    """
    rules = _STRICT[scheme]
    for tag in tags:
        if tag[0] not in rules.letters:
            raise DataError(
                f"the tag {shown(tag)} is not of {scheme.upper()}, whose letters are {', '.join(rules.letters)}"
            )
    extended = [*tags, _OUTSIDE]
    spans: list[Span] = []
    i, last_tag = 0, _OUTSIDE
    while i < len(extended):
        start = i
        i += 1
        if _fits(rules.starts, last_tag, extended[start]):
            while _fits(rules.inside, extended[i - 1], extended[i]):  # stops at the final O
                i += 1
            if _fits(rules.ends, extended[i - 1], extended[i]):
                spans.append(Span(start, i, _type(extended[start])))
        last_tag = extended[i - 1]
    return spans


@lru_cache(maxsize=1 << 16)
def _fits(rules: str, before: str, tag: str) -> bool:
    same = "=" if _type(before) == _type(tag) else "!"
    return any(
        rule[0] in ("*", before[0]) and rule[1] in ("*", tag[0]) and rule[2] in ("?", same) for rule in rules.split()
    )


def _type(tag: str) -> str:
    return tag[1:].strip("-") or _NO_TYPE


def span_finder(scheme: str | None) -> Callable[[Sequence[str]], list[Span]]:
    """Return the function that finds spans: that of the strict mode if a scheme is named, else of the default mode.

    Raises ConfigError for a scheme that the strict mode does not have.
    """
    if scheme is None:
        return lenient_spans
    name = scheme_by_name(scheme)
    if name not in _STRICT:
        raise ConfigError(f"scheme: {shown(scheme)} has no strict mode; {', '.join(_STRICT)} have")
    return partial(strict_spans, scheme=name)


class SeqevalReport:
    """Scores spans sentence by sentence. Raises ConfigError for a scheme without strict mode."""

    def __init__(self, scheme: str | None = None) -> None:
        self._scheme = scheme and scheme_by_name(scheme)
        self._spans = SpanEvaluator(span_finder(scheme))
        self._words = self._correct = 0

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one sentence with as many predicted as gold tags. Raises the errors of ``strict_spans``."""
        self._spans.add(gold, predicted)
        self._words += len(gold)
        self._correct += sum(map(eq, gold, predicted))

    def result(self) -> SpanEvaluation:
        """Return the scores of all sentences counted so far. Raises DataError for no words."""
        if not self._words:
            raise DataError("nothing to evaluate: no words with gold tags; is it the right file and column?")
        return self._spans.result()

    def text(self) -> str:
        """Return seqeval's classification report."""
        return report(self.result())

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``; rates from 0 to 1."""
        spans = self.result().to_json()
        return {
            "mode": "default" if self._scheme is None else "strict",
            "scheme": self._scheme,
            "tokens": self._words,
            "correct": self._correct,
            "accuracy": self._correct / self._words,
            "spans": spans,
        }


def report(result: SpanEvaluation) -> str:
    """Return seqeval's classification report with two digits, without the final blank line."""
    types = {visible(type): _with_seqeval_f1(score) for type, score in sorted(result.types.items())}
    width = max(map(len, [*types, "weighted avg"]))
    lines = [f"{'':>{width}} " + "".join(f" {name:>9}" for name in ("precision", "recall", "f1-score", "support")), ""]
    lines += _rows(types, width)
    lines.append("")
    means = {
        "micro": _with_seqeval_f1(result.micro),
        "macro": macro(types.values()),
        "weighted": weighted(types.values()),
    }
    lines += _rows({f"{name} avg": score for name, score in means.items()}, width)
    return "\n".join(lines)


def _with_seqeval_f1(score: TagScore) -> TagScore:
    """Compute F1 in seqeval's order of operations: for 0.625 it decides the printed digit."""
    f1 = 2.0 * score.precision * score.recall / ((score.precision + score.recall) or 1)
    return replace(score, f1=f1)


def _rows(scores: Mapping[str, TagScore], width: int) -> list[str]:
    return [
        f"{name:>{width}} "
        + "".join(f" {rate:>9.2f}" for rate in (score.precision, score.recall, score.f1))
        + f" {score.support:>9}"
        for name, score in scores.items()
    ]
