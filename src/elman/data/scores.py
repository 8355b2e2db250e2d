"""Precision, recall and F1 from counts, of one class and over all: what every evaluation here is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from elman.errors import DataError
from elman.utils.display import shown


@dataclass(frozen=True, slots=True)
class TagScore:
    """One tag. A rate whose denominator is 0 (never predicted, never in gold) is 0."""

    precision: float
    """Share of the words given this tag that have it in gold."""
    recall: float
    """Share of the words with this tag in gold that were given it."""
    f1: float
    """Harmonic mean of the two."""
    support: int
    """Words with this tag in gold."""


def score(correct: int, given: int, there: int) -> TagScore:
    """The score of ``correct`` right ones among ``given`` predicted ones, where gold has ``there``; x / 0 is 0."""
    return TagScore(
        precision=correct / given if given else 0.0,
        recall=correct / there if there else 0.0,
        f1=2 * correct / (given + there) if given + there else 0.0,
        support=there,
    )


def macro(scores: Collection[TagScore]) -> TagScore:
    """The plain mean over classes: each counts alike, however rare."""
    return _mean(scores, lambda _: 1)


def weighted(scores: Collection[TagScore]) -> TagScore:
    """The mean over classes, each counting by its support."""
    return _mean(scores, lambda score: score.support)


def _mean(scores: Collection[TagScore], weight: Callable[[TagScore], int]) -> TagScore:
    total = sum(map(weight, scores)) or 1  # of nothing, or of classes that are not in gold: 0
    return TagScore(
        precision=sum(weight(score) * score.precision for score in scores) / total,
        recall=sum(weight(score) * score.recall for score in scores) / total,
        f1=sum(weight(score) * score.f1 for score in scores) / total,
        support=sum(score.support for score in scores),
    )


def check_sentence(tags: Sequence[str]) -> None:
    """Raise DataError for a tag in the place of a sentence's tags, whose letters would be counted, or for sentences."""
    if isinstance(tags, str | bytes) or (len(tags) and not isinstance(tags[0], str)):
        expected = "expected a list of sentences, each a list of tags that are texts"
        raise DataError(f"{expected}, found {shown(tags)} in place of the tags of a sentence")


class ClassCounts:
    """Counts things that gold and prediction hold, by class: right in both, given, there."""

    def __init__(self) -> None:
        self.correct: Counter[str] = Counter()
        self.given: Counter[str] = Counter()
        self.there: Counter[str] = Counter()

    def total(self) -> TagScore:
        """The score over all classes together (micro)."""
        return score(self.correct.total(), self.given.total(), self.there.total())

    def classes(self) -> dict[str, TagScore]:
        """The score of every class of gold or prediction, the most frequent in gold first."""
        names = sorted(self.there | self.given, key=lambda name: (-self.there[name], name))
        return {name: score(self.correct[name], self.given[name], self.there[name]) for name in names}


def averages(micro: TagScore, classes: Mapping[str, TagScore]) -> dict[str, dict[str, Any]]:
    """``micro``, ``macro`` and ``weighted`` as JSON values."""
    found = {"micro": micro, "macro": macro(classes.values()), "weighted": weighted(classes.values())}
    return {name: asdict(average) for name, average in found.items()}
