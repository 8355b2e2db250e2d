"""Scores of document labels: accuracy, precision, recall and F1 per class and averaged, ROC-AUC."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any

from elman.data.sentence import LABEL_SEPARATOR
from elman.data.targets import CLASSIFY
from elman.errors import DataError
from elman.evaluation.scores import ClassCounts, TagScore, averages, score_rows
from elman.utils.display import shown
from elman.utils.json_values import JsonRecord
from elman.utils.summary import Row, Summary, counted, percent


@dataclass(frozen=True, slots=True, repr=False)
class ClassEvaluation(JsonRecord, Summary):
    """Predicted document labels compared with gold ones."""

    texts: int
    correct: int
    classes: Mapping[str, TagScore]
    """The score of every gold or predicted class, the most frequent in gold first."""
    confusion: Mapping[tuple[str, str], int]
    """(gold, predicted) -> number of texts; pairs that never occur are left out."""
    roc_auc: float | None = None
    """For two classes with scores: the probability that a positive text scores above a negative one."""
    positive: str | None = None
    """The positive class of ``roc_auc``."""
    several: TagScore | None = None
    """If texts have several labels: precision, recall and F1 over all labels; else None."""

    JSON = "texts correct accuracy several classes averages confusion roc_auc"

    @property
    def pairs(self) -> Mapping[tuple[str, str], int]:
        """The same as ``confusion``, under the name that it has in ``TagEvaluation``."""
        return self.confusion

    @property
    def accuracy(self) -> float:
        """Share of the texts whose labels are exactly the gold ones.

        If every text has one label, this equals the micro average of precision, recall and F1.
        """
        return self.correct / self.texts

    @property
    def averages(self) -> Mapping[str, TagScore]:
        """The micro, macro and weighted average."""
        micro = self.several or TagScore(self.accuracy, self.accuracy, self.accuracy, self.texts)
        return averages(micro, self.classes)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``."""
        confusion = [
            {"gold": gold, "predicted": predicted, "count": count}
            for (gold, predicted), count in sorted(self.confusion.items(), key=lambda item: (-item[1], item[0]))
        ]
        # super() fails in a dataclass with slots
        return JsonRecord.to_json(self) | {"several": self.several is not None, "confusion": confusion}

    def _summary(self) -> str:
        parts = [f"{percent(self.accuracy)} of {counted(self.texts, 'text')}"]
        parts.append(f"macro F1 {percent(self.averages['macro'].f1)}")
        if self.roc_auc is not None:
            parts.append(f"ROC-AUC {self.roc_auc:.4f}")
        return ", ".join(parts)

    def _table(self) -> Iterator[Row]:
        return score_rows("class", self.classes)


class LabelEvaluator:
    """Scores the document labels of a model, text by text.

    ``labels``  the labels of the model; if there are two, one per text, ROC-AUC is that of the second
    ``task``    the kind of labels (``elman.data.targets``)
    """

    def __init__(self, labels: Sequence[str], task: str) -> None:
        self._positive = labels[1] if task == CLASSIFY and len(labels) == 2 else None
        self._gold: list[str] = []
        self._predicted: list[str] = []
        self._scores: list[float] = []

    def add(self, gold: str, predicted: str, confidence: float) -> None:
        """Count one text; ``confidence`` is the probability of the predicted label."""
        self._gold.append(gold)
        self._predicted.append(predicted)
        self._scores.append(confidence if predicted == self._positive else 1 - confidence)

    def result(self) -> ClassEvaluation:
        """Return the scores of all texts counted so far. Raises DataError if there are none."""
        both = self._positive is not None and len(set(self._gold)) == 2 and self._positive in self._gold
        return evaluate_labels(self._gold, self._predicted, self._scores if both else None, self._positive)


def evaluate_labels(
    gold: Iterable[str],
    predicted: Iterable[str],
    scores: Iterable[float] | None = None,
    positive: str | None = None,
) -> ClassEvaluation:
    """Compare predicted document labels with gold ones. Labels of a text joined with ``|`` are scored one by one.

    ``scores``, one per text, say how likely the class ``positive`` is; with them ROC-AUC is computed. Raises DataError
    for no labels, different numbers of texts, and the errors of ``roc_auc``.
    """
    counts = ClassCounts()
    confusion: dict[tuple[str, str], int] = {}
    gold = list(gold)
    for number, (gold_label, predicted_label) in enumerate(zip_longest(gold, predicted), start=1):
        if gold_label is None or predicted_label is None:
            longer = "predicted" if gold_label is None else "gold"
            raise DataError(f"text {number}: only the {longer} labels go on; expected as many of both")
        if not (isinstance(gold_label, str) and isinstance(predicted_label, str)):
            raise DataError(
                f"text {number}: expected labels that are texts, found {shown(gold_label)} and {shown(predicted_label)}"
            )
        confusion[gold_label, predicted_label] = confusion.get((gold_label, predicted_label), 0) + 1
    if not gold:
        raise DataError("nothing to evaluate: no texts with gold labels")
    correct = sum(count for (gold_label, predicted_label), count in confusion.items() if gold_label == predicted_label)
    several = any(LABEL_SEPARATOR in label or not label for pair in confusion for label in pair)
    for (gold_label, predicted_label), count in confusion.items():
        expected, found = (
            {*filter(None, joined.split(LABEL_SEPARATOR))} if several else {joined}
            for joined in (gold_label, predicted_label)
        )
        for name in expected | found:
            counts.gold[name] += count * (name in expected)
            counts.predicted[name] += count * (name in found)
            counts.correct[name] += count * (name in expected & found)
    auc = None
    if scores is not None:
        auc = roc_auc([label == positive for label in gold], list(scores))
    micro = counts.total() if several else None
    return ClassEvaluation(len(gold), correct, counts.classes(), confusion, auc, positive, micro)


def roc_auc(positive: Sequence[bool], scores: Sequence[float]) -> float:
    """Return the area under the ROC curve: the share of (positive, negative) pairs that the scores rank correctly.

    Pairs with equal scores count half (Mann and Whitney 1947). Raises DataError if there are not as many scores, a
    score is not a number, or all texts are of one class.
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
        n_positive_here = sum(labels)
        twice += n_positive_here * (2 * below + len(labels) - n_positive_here)
        below += len(labels) - n_positive_here
    return twice / (2 * n_positive * n_negative)
