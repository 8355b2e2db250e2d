"""How good labels of whole texts are: accuracy, precision, recall and F1 of each class and over them, ROC-AUC."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, zip_longest
from typing import Any

from elman.data.scores import ClassCounts, TagScore, averages
from elman.data.sentence import LABEL_SEPARATOR
from elman.data.targets import CLASSIFY
from elman.errors import DataError
from elman.utils.display import shown


@dataclass(frozen=True, slots=True)
class ClassEvaluation:
    """Predicted labels compared with gold ones, one each a text."""

    texts: int
    correct: int
    classes: Mapping[str, TagScore]
    """Every class of gold or prediction, the most frequent in gold first."""
    confusion: Mapping[tuple[str, str], int]
    """(gold, predicted) -> texts; pairs that never occur are left out."""
    roc_auc: float | None = None
    """For two classes with scores: how probable it is that a text of the positive class scores above another one."""
    positive: str | None = None
    """That class."""
    several: TagScore | None = None
    """Where texts have several labels at once: precision, recall and F1 over all of these labels; else None."""

    @property
    def pairs(self) -> Mapping[tuple[str, str], int]:
        """``confusion``, under the name that an evaluation of tags has for it."""
        return self.confusion

    @property
    def accuracy(self) -> float:
        """Share of the texts with the right label, or all the right ones and no other.

        Where there is one label each it is the micro average of precision, recall and F1 too.
        """
        return self.correct / self.texts

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        micro = self.several or TagScore(self.accuracy, self.accuracy, self.accuracy, self.texts)
        return {
            "texts": self.texts,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "several": self.several is not None,
            "classes": {name: asdict(score) for name, score in self.classes.items()},
            "averages": averages(micro, self.classes),
            "confusion": [
                {"gold": gold, "predicted": predicted, "count": count}
                for (gold, predicted), count in sorted(self.confusion.items(), key=lambda item: (-item[1], item[0]))
            ],
            "roc_auc": self.roc_auc,
        }


class LabelEvaluator:
    """Counts the labels that a model gives to texts, one by one.

    ``labels``  those it knows; where there are two, one each, the ROC-AUC is that of the later one
    ``task``    what they are (``elman.models.base``)
    """

    def __init__(self, labels: Sequence[str], task: str) -> None:
        self._positive = labels[1] if task == CLASSIFY and len(labels) == 2 else None
        self._gold: list[str] = []
        self._given: list[str] = []
        self._scores: list[float] = []

    def add(self, gold: str, given: str, confidence: float) -> None:
        """One more text, with the probability of the label that it was given."""
        self._gold.append(gold)
        self._given.append(given)
        self._scores.append(confidence if given == self._positive else 1 - confidence)

    def result(self) -> ClassEvaluation:
        """What they come to. Raises DataError where there are none."""
        both = self._positive is not None and len(set(self._gold)) == 2 and self._positive in self._gold
        return evaluate_labels(self._gold, self._given, self._scores if both else None, self._positive)


def evaluate_labels(
    gold: Iterable[str],
    predicted: Iterable[str],
    scores: Iterable[float] | None = None,
    positive: str | None = None,
) -> ClassEvaluation:
    """Compare labels with gold ones. Where gold has several for a text, joined with ``|``, each counts by itself.

    ``scores``, one a text, say how much each is of the class ``positive``; with them there is a ROC-AUC.
    Raises DataError: no labels, not as many of all of them, and what ``roc_auc`` refuses.
    """
    marks = ClassCounts()
    confusion: dict[tuple[str, str], int] = {}
    gold = list(gold)
    for number, (right, label) in enumerate(zip_longest(gold, predicted), start=1):
        if right is None or label is None:
            more = "predicted" if right is None else "gold"
            raise DataError(f"text {number}: only the {more} labels go on; expected as many of both")
        if not (isinstance(right, str) and isinstance(label, str)):
            raise DataError(f"text {number}: expected labels that are texts, found {shown(right)} and {shown(label)}")
        confusion[right, label] = confusion.get((right, label), 0) + 1
    if not gold:
        raise DataError("nothing to evaluate: no texts with gold labels")
    correct = sum(count for (right, label), count in confusion.items() if right == label)
    several = any(LABEL_SEPARATOR in label or not label for pair in confusion for label in pair)
    for (right, label), count in confusion.items():
        wanted, given = ({*filter(None, one.split(LABEL_SEPARATOR))} if several else {one} for one in (right, label))
        for name in wanted | given:
            marks.there[name] += count * (name in wanted)
            marks.given[name] += count * (name in given)
            marks.correct[name] += count * (name in wanted & given)
    area = None
    if scores is not None:
        area = roc_auc([label == positive for label in gold], list(scores))
    micro = marks.total() if several else None
    return ClassEvaluation(len(gold), correct, marks.classes(), confusion, area, positive, micro)


def roc_auc(positive: Sequence[bool], scores: Sequence[float]) -> float:
    """The area under the ROC curve: the share of pairs of a positive and a negative that the scores put in order.

    Pairs with the same score count half, so that ties neither help nor harm (Mann and Whitney 1947).
    Raises DataError: not as many scores, a score that is not a number, positive or negative ones alone.
    """
    if len(positive) != len(scores):
        raise DataError(f"ROC-AUC: expected {len(positive)} scores, one for each text, got {len(scores)}")
    if any(math.isnan(score) for score in scores):
        raise DataError("ROC-AUC: a score is not a number (nan)")
    n_positive = sum(positive)
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        raise DataError("ROC-AUC: expected texts of both classes, got one only")
    below = twice = 0  # negatives with a lower score; pairs in order, times two
    for _, group in groupby(sorted(zip(scores, positive, strict=True)), key=lambda pair: pair[0]):
        labels = [label for _, label in group]
        here = sum(labels)
        twice += here * (2 * below + len(labels) - here)
        below += len(labels) - here
    return twice / (2 * n_positive * n_negative)
