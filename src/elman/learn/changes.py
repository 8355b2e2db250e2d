"""How predictions change from one model to another: score, interval, what is fixed, what is newly broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.data.corpus import split_labels
from elman.data.correction import Correction, Labels
from elman.data.sentence import LABEL_SEPARATOR
from elman.evaluation.compare import Comparison, choose_metric, compare
from elman.evaluation.compare_runs import LEVEL
from elman.evaluation.statistics import least_p
from elman.taggers.column_predictor import ColumnPredictor
from elman.utils.json_values import JsonRecord

_NAMES = {"accuracy": "accuracy", "spans": "span F1"}


class Predictions:
    """The predictions of a model for texts, each predicted once: a mapping of texts to predicted labels by target."""

    def __init__(self, model: ColumnPredictor) -> None:
        self.model = model
        self._by_words: dict[str, dict[str, tuple[str, ...]]] = {}  # by the digest of the words

    @classmethod
    def of(cls, model: ColumnPredictor | Predictions) -> Predictions:
        """Return the predictions of a model, or these themselves."""
        return model if isinstance(model, Predictions) else cls(model)

    def add(self, texts: Iterable[Correction]) -> None:
        """Predict the texts that were not predicted before."""
        known = self._by_words
        new = {text.words_digest: text.words for text in texts if text.words_digest not in known}
        names, of_texts = self.model.targets, self.model.text_targets
        for key, row in zip(new, self.model._of_inputs(new.values(), names), strict=True):
            known[key] = {name: tuple(row[name]) for name in names}
            for name in of_texts:
                known[key][name] = split_labels(row[name][0])

    def __getitem__(self, text: Correction) -> Mapping[str, tuple[str, ...]]:
        return self._by_words[text.words_digest]


def is_right(correction: Correction, predicted: Labels) -> bool:
    """Return whether the labels of a correction are predicted; words that nobody looked at do not count."""
    for name, labels in correction.labels.items():
        of_model = predicted[name]
        if labels != of_model and (None not in labels or not all(map(_agree, labels, of_model))):
            return False
    return True


def _agree(label: str | None, predicted: str | None) -> bool:
    return label in (None, predicted)


@dataclass(frozen=True, slots=True)
class TagChange(JsonRecord):
    """Of ``gold`` words (or texts) with a label: how many were wrong and are right now, and the other way round."""

    gold: int
    fixed: int
    broken: int


@dataclass(frozen=True, slots=True)
class ColumnChange(JsonRecord):
    """The change in one column; scores run from 0 to 1, the difference is after minus before."""

    metric: str
    """``accuracy`` or ``spans`` (F1), as ``elman.compare`` chooses."""
    sentences: int
    before: float
    after: float
    low: float
    """Lower end of the 95 % interval of the difference (paired bootstrap)."""
    high: float
    p_value: float
    fixed: int
    """Number of words (or texts) that were wrong before and are right now."""
    broken: int
    """Number of words (or texts) that were right before and are wrong now."""
    tags: Mapping[str, TagChange]
    """By gold label, those with most changes first; labels without a change are left out."""

    JSON = "metric sentences before after difference interval p_value fixed broken worse tags"

    @property
    def difference(self) -> float:
        """The score after the update minus that before."""
        return self.after - self.before

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference."""
        return self.low, self.high

    @property
    def worse(self) -> bool:
        """Whether all of the interval is below 0, and there are sentences enough to show it."""
        return self.high < 0 and least_p(self.sentences) < 1 - LEVEL

    @property
    def name(self) -> str:
        """The name of the metric."""
        return _NAMES[self.metric]


@dataclass(frozen=True, slots=True)
class Flip(JsonRecord):
    """A sentence with another prediction than before, in one column; the label of a document is a tuple of one."""

    target: str
    words: tuple[str, ...]
    gold: tuple[str | None, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Change(JsonRecord):
    """The change on some labelled text, by target; the attributes are those of the first target."""

    columns: Mapping[str, ColumnChange]
    flips: tuple[Flip, ...]
    """Sentences with other predictions than before, those that are worse now first."""
    n_flips: int
    """Number of all such sentences; one that changed in several columns counts once in each."""

    JSON = "columns flips n_flips"

    @property
    def worse(self) -> bool:
        """Whether a column is significantly worse."""
        return any(column.worse for column in self.columns.values())

    @property
    def _first(self) -> ColumnChange:
        return next(iter(self.columns.values()))

    @property
    def sentences(self) -> int:
        """Number of sentences."""
        return self._first.sentences

    @property
    def before(self) -> float:
        """The score before the update."""
        return self._first.before

    @property
    def after(self) -> float:
        """The score after the update."""
        return self._first.after

    @property
    def difference(self) -> float:
        """The score after minus that before."""
        return self._first.difference

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference."""
        return self._first.interval

    @property
    def p_value(self) -> float:
        """Two-sided p-value of the bootstrap."""
        return self._first.p_value

    @property
    def fixed(self) -> int:
        """Number of words (or texts) that were wrong before and are right now."""
        return self._first.fixed

    @property
    def broken(self) -> int:
        """Number of words (or texts) that were right before and are wrong now."""
        return self._first.broken

    @property
    def tags(self) -> Mapping[str, TagChange]:
        """The changes by gold label."""
        return self._first.tags


def change(
    texts: Sequence[Correction], before: Predictions, after: Predictions, *, resamples: int, seed: int, flips: int
) -> Change | None:
    """Return the change on labelled texts that both models have predicted; None if they have no labels."""
    columns: dict[str, ColumnChange] = {}
    changed: list[Flip] = []
    for name in after.model.targets:
        rows = [_row(text, name, before, after) for text in texts if name in text.labels]
        of_text = name in after.model.text_targets
        if rows:
            if of_text:
                rows = [_joined(row) for row in rows]
            columns[name] = _column(rows, of_text, resamples, seed)
            changed += [row for row in rows if row.before != row.after]
    if not columns:
        return None
    changed.sort(key=_gain)  # stable: in the order of the text
    return Change(columns, tuple(changed[:flips]), len(changed))


def _row(text: Correction, name: str, before: Predictions, after: Predictions) -> Flip:
    old, new = before[text][name], after[text][name]
    return Flip(name, text.words, text.labels[name], old, new, text.path, text.line)


def _joined(row: Flip) -> Flip:
    """Return a row of a document label with several labels joined."""
    gold, old, new = ((LABEL_SEPARATOR.join(map(str, labels)),) for labels in (row.gold, row.before, row.after))
    return Flip(row.target, row.words, gold, old, new, row.path, row.line)


def _gain(row: Flip) -> int:
    """Return how many more labels are right than before."""
    triples = list(zip(row.gold, row.before, row.after, strict=True))
    return sum(gold == new for gold, _, new in triples) - sum(gold == old for gold, old, _ in triples)


def _column(rows: Sequence[Flip], of_text: bool, resamples: int, seed: int) -> ColumnChange:
    found = _compared(rows, of_text, resamples, seed)
    counts: Counter[str] = Counter()
    fixed: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for row in rows:
        counts.update(label for label in row.gold if label is not None)
        if row.before != row.after:
            for gold, old, new in zip(row.gold, row.before, row.after, strict=True):
                if gold is not None and old != new:
                    fixed[gold] += new == gold
                    broken[gold] += old == gold
    changed = sorted(
        (label for label in counts if fixed[label] or broken[label]),
        key=lambda label: (-fixed[label] - broken[label], label),
    )
    return ColumnChange(
        metric=found.metric,
        sentences=found.sentences,
        before=found.a,
        after=found.b,
        low=found.low,
        high=found.high,
        p_value=max(found.p_value, least_p(found.sentences)),
        fixed=fixed.total(),
        broken=broken.total(),
        tags={label: TagChange(counts[label], fixed[label], broken[label]) for label in changed},
    )


def _compared(rows: Sequence[Flip], of_text: bool, resamples: int, seed: int) -> Comparison:
    """Return the comparison of the words that have a gold label; of spans, of the sentences where all words have."""
    whole = [row for row in rows if None not in row.gold]
    options: dict[str, Any] = {"metric": "accuracy", "resamples": resamples, "seed": seed}
    if not of_text and whole and choose_metric(_looked_at(row, row.gold) for row in rows) == "spans":
        rows, options["metric"] = whole, "spans"
    gold = [_looked_at(row, row.gold) for row in rows]
    before, after = [_looked_at(row, row.before) for row in rows], [_looked_at(row, row.after) for row in rows]
    return compare(gold, before, after, **options)


def _looked_at(row: Flip, labels: Sequence[str | None]) -> Sequence[str]:
    """Return those labels of a row where somebody looked at the gold label."""
    if None not in row.gold:
        return labels  # type: ignore[return-value]
    return [label for label, gold in zip(labels, row.gold, strict=True) if label is not None and gold is not None]
