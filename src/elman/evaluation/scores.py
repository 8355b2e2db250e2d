"""Precision, recall and F1 from counts, for one class and averaged over classes."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from elman.utils.json_values import JsonRecord
from elman.utils.summary import Row, Summary, percent


@dataclass(frozen=True, slots=True)
class TagScore:
    """Scores of one tag. A ratio with denominator 0 (never predicted, never in gold) is 0."""

    precision: float
    """Share of the words predicted to have this tag that have it in gold."""
    recall: float
    """Share of the words with this tag in gold that were predicted to have it."""
    f1: float
    """Harmonic mean of precision and recall."""
    support: int
    """Words with this tag in gold."""


def score(correct: int, predicted: int, gold: int) -> TagScore:
    """Return the score for ``correct`` items among ``predicted`` predicted and ``gold`` gold ones; x / 0 is 0."""
    return TagScore(
        precision=correct / predicted if predicted else 0.0,
        recall=correct / gold if gold else 0.0,
        f1=2 * correct / (predicted + gold) if predicted + gold else 0.0,
        support=gold,
    )


def score_rows(name: str, scores: Mapping[str, TagScore]) -> Iterator[Row]:
    """Yield the rows of a table for a notebook, headings first; ``name`` says what is scored."""
    yield name, "precision", "recall", "F1", "support"
    for key, of in scores.items():
        yield key, percent(of.precision), percent(of.recall), percent(of.f1), of.support


def macro(scores: Collection[TagScore]) -> TagScore:
    """Return the unweighted mean over classes."""
    return _mean(scores, lambda _: 1)


def weighted(scores: Collection[TagScore]) -> TagScore:
    """Return the mean over classes weighted by support."""
    return _mean(scores, lambda score: score.support)


def _mean(scores: Collection[TagScore], weight: Callable[[TagScore], int]) -> TagScore:
    total = sum(map(weight, scores)) or 1  # no classes, or none in gold: every mean is 0
    return TagScore(
        precision=sum(weight(score) * score.precision for score in scores) / total,
        recall=sum(weight(score) * score.recall for score in scores) / total,
        f1=sum(weight(score) * score.f1 for score in scores) / total,
        support=sum(score.support for score in scores),
    )


class ClassCounts:
    """Counts of correct, predicted and gold items by class."""

    def __init__(self) -> None:
        self.correct: Counter[str] = Counter()
        self.predicted: Counter[str] = Counter()
        self.gold: Counter[str] = Counter()

    def update(self, gold: Iterable[str], predicted: Iterable[str], correct: Iterable[str]) -> None:
        """Count the class of each gold, predicted and correct item."""
        self.gold.update(gold)
        self.predicted.update(predicted)
        self.correct.update(correct)

    def totals(self) -> tuple[int, int, int]:
        """Return the numbers of gold, predicted and correct items."""
        return self.gold.total(), self.predicted.total(), self.correct.total()

    def total(self) -> TagScore:
        """Return the score over all classes together (micro average)."""
        return score(self.correct.total(), self.predicted.total(), self.gold.total())

    def classes(self) -> dict[str, TagScore]:
        """Return the score of every gold or predicted class, the most frequent in gold first."""
        names = sorted(self.gold | self.predicted, key=lambda name: (-self.gold[name], name))
        return {name: score(self.correct[name], self.predicted[name], self.gold[name]) for name in names}


def averages(micro: TagScore, classes: Mapping[str, TagScore]) -> dict[str, TagScore]:
    """Return the averages over classes by name: ``micro``, ``macro`` and ``weighted``."""
    return {"micro": micro, "macro": macro(classes.values()), "weighted": weighted(classes.values())}


@dataclass(frozen=True, slots=True, repr=False)
class MatchScores(JsonRecord, Summary):
    """Predicted items compared with gold ones: spans of words, brackets of trees. A ratio with denominator 0 is 0."""

    gold: int
    predicted: int
    correct: int

    @property
    @abstractmethod
    def classes(self) -> Mapping[str, TagScore]:
        """The score of every gold or predicted class of items."""

    @property
    def micro(self) -> TagScore:
        """The score over all items."""
        return score(self.correct, self.predicted, self.gold)

    @property
    def precision(self) -> float:
        """Share of the predicted items that are correct."""
        return self.micro.precision

    @property
    def recall(self) -> float:
        """Share of the gold items that were predicted."""
        return self.micro.recall

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return self.micro.f1

    @property
    def averages(self) -> Mapping[str, TagScore]:
        """The micro, macro and weighted average."""
        return averages(self.micro, self.classes)
