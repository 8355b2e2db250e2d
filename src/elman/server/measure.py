"""What the model gets right: of sentences that are set aside, beside the first model, and of earlier corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import eq
from typing import TYPE_CHECKING, Any

from elman.data.corpus import split_labels
from elman.data.correction import Correction
from elman.evaluation.compare import compare
from elman.evaluation.statistics import least_p
from elman.server.events import Event, Values
from elman.server.tagging import predict

if TYPE_CHECKING:
    from elman.taggers.column_predictor import ColumnPredictor

RESAMPLES = 1_000
"""Resamples of the bootstrap: it runs after each correction."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction that is in force: the event's number, the words, and what was before and after."""

    seq: int
    id: str
    words: tuple[str, ...]
    before: Values
    after: Values

    @staticmethod
    def of(event: Event, words: tuple[str, ...]) -> Corrected:
        """Return the correction of an event, with the words as the model reads them."""
        return Corrected(event.seq, event.sentence, words, event.before, event.after)

    def correction(self) -> Correction:
        """Return what a model learns of it."""
        columns = {name: tags for name, tags in self.after.columns.items() if any(tag is not None for tag in tags)}
        parts = {name: split_labels(label) for name, label in self.after.labels.items() if label is not None}
        return Correction(self.words, columns | {name: tuple(sorted(each)) for name, each in parts.items()})

    @property
    def says_something(self) -> bool:
        """Whether it has a tag or a label."""
        labels = self.after.labels.values()
        return any(label is not None for label in labels) or any(map(any, self.after.columns.values()))

    def changed(self) -> list[tuple[str, int]]:
        """Return what it changed: columns with places of words, document labels with -1."""
        found = [
            (name, i)
            for name, tags in self.after.columns.items()
            for i, (tag, old) in enumerate(zip(tags, self.before.columns.get(name, (None,) * len(tags)), strict=False))
            if tag is not None and tag != old
        ]
        labels = self.after.labels.items()
        return found + [(name, -1) for name, label in labels if label and label != self.before.labels.get(name)]


def compare_models(
    first: ColumnPredictor, present: ColumnPredictor, corrections: Sequence[Corrected]
) -> dict[str, Any] | None:
    """Compare two models on corrected sentences that neither was trained on; None if there are no such words.

    An item is a tag of a word, or a label of a text. The interval and p are of the bootstrap over sentences; p is not
    less than the sentences that differ can show.
    """
    rows: list[tuple[list[str], list[str], list[str]]] = []
    words = [correction.words for correction in corrections]
    found = [predict(model, words, model.targets, False) for model in (first, present)]
    texts = set(present.text_targets)
    for correction, old, new in zip(corrections, *found, strict=True):
        gold: list[str] = []
        sides: tuple[list[str], list[str]] = ([], [])
        for name in present.word_targets:
            for i, tag in enumerate(correction.after.columns.get(name, ())):
                if tag is not None:
                    gold.append(tag)
                    for side, row in zip(sides, (old, new), strict=True):
                        side.append(row[name][i] if name in row else "")
        for name in texts:
            if correction.after.labels.get(name):
                gold.append(str(correction.after.labels[name]))
                for side, row in zip(sides, (old, new), strict=True):
                    side.append(row.get(name, ""))
        if gold:
            rows.append((gold, *sides))
    if not rows:
        return None
    result = compare(*zip(*rows, strict=True), metric="accuracy", resamples=RESAMPLES)
    differ = sum(sum(map(eq, gold, old)) != sum(map(eq, gold, new)) for gold, old, new in rows)
    return {
        "sentences": len(rows),
        "items": sum(len(gold) for gold, _, _ in rows),
        "before": result.a,
        "after": result.b,
        "p": 1.0 if result.same else max(result.p_value, least_p(differ)),
        "low": result.low,
        "high": result.high,
    }


def right_items(model: ColumnPredictor, corrections: Sequence[Corrected]) -> set[tuple[int, str, int]]:
    """Return which of the changed words and labels the model gives as corrected: (event, column, word)."""
    rows = predict(model, [correction.words for correction in corrections], model.targets, False)
    texts = set(model.text_targets)
    right = set()
    for correction, row in zip(corrections, rows, strict=True):
        for name, i in correction.changed():
            if name in texts:
                same = row.get(name) == correction.after.labels[name]
            else:
                same = name in row and row[name][i] == correction.after.columns[name][i]
            if same:
                right.add((correction.seq, name, i))
    return right
