"""How good labels of whole texts are: accuracy, precision, recall and F1 of each class and over them, ROC-AUC."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, zip_longest
from typing import Any

from elman.errors import DataError
from elman.scores import Marks, TagScore, averages


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

    @property
    def accuracy(self) -> float:
        """Share of the texts with the right label; the micro average of precision, recall and F1 too."""
        return self.correct / self.texts

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        micro = TagScore(self.accuracy, self.accuracy, self.accuracy, self.texts)
        return {
            "texts": self.texts,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "classes": {name: asdict(score) for name, score in self.classes.items()},
            "averages": averages(micro, self.classes),
            "confusion": [
                {"gold": gold, "predicted": predicted, "count": count}
                for (gold, predicted), count in sorted(self.confusion.items(), key=lambda item: (-item[1], item[0]))
            ],
            "roc_auc": self.roc_auc,
        }


def evaluate_labels(
    gold: Iterable[str],
    predicted: Iterable[str],
    scores: Iterable[float] | None = None,
    positive: str | None = None,
) -> ClassEvaluation:
    """Compare labels with gold ones.

    ``scores``, one a text, say how much each is of the class ``positive``; with them there is a ROC-AUC.
    Raises DataError: no labels, not as many of all of them, and what ``roc_auc`` refuses.
    """
    marks = Marks()
    confusion: dict[tuple[str, str], int] = {}
    gold = list(gold)
    for number, (right, label) in enumerate(zip_longest(gold, predicted), start=1):
        if right is None or label is None:
            more = "predicted" if right is None else "gold"
            raise DataError(f"text {number}: only the {more} labels go on; expected as many of both")
        confusion[right, label] = confusion.get((right, label), 0) + 1
    if not gold:
        raise DataError("nothing to evaluate: no texts with gold labels")
    for (right, label), count in confusion.items():
        marks.there[right] += count
        marks.given[label] += count
        marks.correct[right] += count * (right == label)
    area = None
    if scores is not None:
        area = roc_auc([label == positive for label in gold], list(scores))
    return ClassEvaluation(len(gold), marks.correct.total(), marks.classes(), confusion, area)


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
