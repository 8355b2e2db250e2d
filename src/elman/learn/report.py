"""``UpdateReport``: what a model learned from corrections, and what it forgot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from elman.data.correction import Correction, Labels
from elman.evaluation.statistics import RESAMPLES
from elman.learn.changes import Change, Predictions, change, is_right
from elman.taggers.column_predictor import ColumnPredictor
from elman.utils.json_values import JsonRecord, as_json
from elman.utils.summary import Row, Summary, counted, p_value, percent

__all__ = ["Change", "Earlier", "Naive", "Outcome", "Predictions", "UpdateReport", "make_report"]

FLIPS = 20
"""Number of sentences with changed predictions that a report lists."""


@dataclass(frozen=True)
class Outcome(Correction):
    """A correction, with the predictions of the updated model for its targets, and whether the old ones were right."""

    predicted: Labels = field(default_factory=dict)
    was_right: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``."""
        where = {"path": self.path, "line": self.line} if self.path else {}
        after = {"predicted": as_json(self.predicted), "was_right": self.was_right}
        return {**where, **super().to_json(), **after}


@dataclass(frozen=True)
class Earlier:
    """The corrections of earlier updates: those that the updated model gets right, and those it does not."""

    kept: list[Outcome] = field(default_factory=list)
    broken: list[Outcome] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.kept) + len(self.broken)

    @property
    def newly_broken(self) -> list[Outcome]:
        """The corrections that the model got right before the update."""
        return [outcome for outcome in self.broken if outcome.was_right]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``."""
        broken = [outcome.to_json() for outcome in self.broken]
        return {"kept": len(self.kept), "broken": broken, "newly_broken": len(self.newly_broken)}


@dataclass(frozen=True)
class Naive(JsonRecord):
    """The same figures of naive fine-tuning: steps on the corrections alone, without replay."""

    learned: int
    not_learned: int
    earlier_broken: int
    heldout: Change | None
    replayed: Change | None


@dataclass(repr=False)
class UpdateReport(JsonRecord, Summary):
    """What an update learned and forgot.

    ``learned``, ``not_learned``  the corrections that the model now gets right, and the others
    ``earlier``    the corrections of earlier updates, kept and broken
    ``heldout``    the change on held-out text; ``replayed``: on the sentences that were learned again; None without any
    ``naive``      the same of naive fine-tuning; None if it was not tried
    ``new_words``, ``new_tags``  the words that got a row, and the labels that got an output, by target
    ``alpha``      the share of the new parameters in the model, the rest are the old ones
    ``steps``, ``seconds``  number of updates of the parameters, and the time the whole update took
    ``notes``      what else is worth knowing: contradicted corrections, what was missing
    """

    learned: list[Outcome]
    not_learned: list[Outcome]
    earlier: Earlier
    heldout: Change | None = None
    replayed: Change | None = None
    naive: Naive | None = None
    new_words: list[str] = field(default_factory=list)
    new_tags: dict[str, list[str]] = field(default_factory=dict)
    alpha: float | None = None
    steps: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def worse(self) -> bool:
        """Whether the model is significantly worse on held-out text: all of the 95 % interval is below 0."""
        return self.heldout is not None and self.heldout.worse

    def to_json(self) -> dict[str, Any]:
        """Return plain values for ``json.dumps``; without ``seconds``, so that the same update gives the same."""
        return {
            "learned": len(self.learned),
            "not_learned": [outcome.to_json() for outcome in self.not_learned],
            "earlier": self.earlier.to_json(),
            "heldout": as_json(self.heldout),
            "replayed": as_json(self.replayed),
            "naive": as_json(self.naive),
            "worse": self.worse,
            "new_words": list(self.new_words),
            "new_tags": as_json(self.new_tags),
            "alpha": self.alpha,
            "steps": self.steps,
            "notes": list(self.notes),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return ``to_json``."""
        return self.to_json()

    def _summary(self) -> str:
        n_corrections = len(self.learned) + len(self.not_learned)
        parts = [f"{len(self.learned):,} of {counted(n_corrections, 'correction')} learned"]
        if len(self.earlier):
            parts.append(f"{len(self.earlier.kept):,} of {len(self.earlier):,} earlier ones kept")
        if self.heldout is not None:
            parts.append(f"held-out {_points(self.heldout.difference)}{', significantly worse' * self.worse}")
        return ", ".join(parts)

    def _table(self) -> Iterator[Row]:
        n_corrections = len(self.learned) + len(self.not_learned)
        yield "", "before", "after", "difference", "fixed", "newly broken"
        was_right = sum(outcome.was_right for outcome in (*self.learned, *self.not_learned))
        yield "corrections", f"{was_right:,} of {n_corrections:,}", f"{len(self.learned):,}", "", "", ""
        if len(self.earlier):
            outcomes = (*self.earlier.kept, *self.earlier.broken)
            before = f"{sum(outcome.was_right for outcome in outcomes):,} of {len(outcomes):,}"
            yield "earlier corrections", before, f"{len(self.earlier.kept):,}", "", "", len(self.earlier.newly_broken)
        for name, found in (("held-out", self.heldout), ("replayed", self.replayed)):
            for target, column in found.columns.items() if found is not None else ():
                scores = percent(column.before), percent(column.after), _points(column.difference)
                yield f"{name}, {target} {column.name}", *scores, column.fixed, column.broken
                ends = f"{_points(column.low)} to {_points(column.high)}"
                yield "95 % interval", "", "", ends, p_value(column.p_value), ""
        yield from ((note, "", "", "", "", "") for note in self.notes)


def make_report(
    old: ColumnPredictor | Predictions,
    new: ColumnPredictor | Predictions,
    corrections: Sequence[Correction],
    earlier: Sequence[Correction] = (),
    heldout: Sequence[Correction] = (),
    replayed: Sequence[Correction] = (),
    *,
    naive: ColumnPredictor | Predictions | None = None,
    resamples: int = RESAMPLES,
    seed: int = 1,
    flips: int = FLIPS,
    **about: Any,
) -> UpdateReport:
    """Return the report of an update from the model ``old`` to ``new``. Each model predicts each text once.

    ``corrections``, ``earlier``  the new corrections, and those of earlier updates that still stand
    ``heldout``, ``replayed``     labelled sentences; none: there is no such text
    ``naive``                     the model of naive fine-tuning
    ``resamples``, ``seed``       of the bootstrap; ``flips``: the largest number of changed sentences to list
    ``about``                     the fields of ``UpdateReport`` that it takes as they are
    """
    before, after = Predictions.of(old), Predictions.of(new)
    texts = [*corrections, *earlier, *heldout, *replayed]
    before.add(texts)
    after.add(texts)
    learned, not_learned = _outcomes(corrections, before, after)
    options = {"resamples": resamples, "seed": seed, "flips": flips}
    of_naive = None
    if naive is not None:
        predictions = Predictions.of(naive)
        predictions.add(texts)
        right, wrong = _outcomes(corrections, before, predictions)
        of_naive = Naive(
            len(right),
            len(wrong),
            len(_outcomes(earlier, before, predictions)[1]),
            change(heldout, before, predictions, **options),
            change(replayed, before, predictions, **options),
        )
    return UpdateReport(
        learned,
        not_learned,
        Earlier(*_outcomes(earlier, before, after)),
        heldout=change(heldout, before, after, **options),
        replayed=change(replayed, before, after, **options),
        naive=of_naive,
        **about,
    )


def _outcomes(
    corrections: Iterable[Correction], before: Predictions, after: Predictions
) -> tuple[list[Outcome], list[Outcome]]:
    """Return the corrections that a model gets right, and the others."""
    right: list[Outcome] = []
    wrong: list[Outcome] = []
    for correction in corrections:
        predicted = after[correction]
        outcome = Outcome(
            correction.words,
            correction.labels,
            correction.path,
            correction.line,
            predicted={name: predicted[name] for name in correction.labels},
            was_right=is_right(correction, before[correction]),
        )
        (right if is_right(correction, predicted) else wrong).append(outcome)
    return right, wrong


def _points(difference: float) -> str:
    return f"{100 * difference:+.2f}"
