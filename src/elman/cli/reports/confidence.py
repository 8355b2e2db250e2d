"""The confidences of ``elman evaluate``: their calibration, what is tagged above a threshold, and the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from elman.cli.tables import bold, percent
from elman.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from elman.analysis.confidence import Calibration, Coverage
    from elman.data.sentence import Sentence
    from elman.evaluation.classification import ClassEvaluation
    from elman.evaluation.tagging import TagEvaluation
    from elman.taggers.base import Target
    from elman.taggers.column_predictor import ColumnPredictor


@dataclass(frozen=True)
class ConfidenceOptions:
    """The options --calibration, --min-confidence and --plot."""

    calibration: bool
    least: float | None
    plot: str | None

    def check(self, of_model: bool) -> None:
        """Raise ConfigError, OutputError or MissingExtraError if they cannot be followed."""
        if (self.calibration or self.least is not None) and not of_model:
            raise ConfigError("--calibration and --min-confidence: tags in a file have no confidences; name a MODEL")
        if self.plot is not None:
            from elman.viz import plots

            plots.check(self.plot)

    @property
    def needed(self) -> bool:
        """Whether the confidences of all words are needed."""
        return self.calibration or self.least is not None


@dataclass(frozen=True)
class ConfidenceReport:
    """Calibration and coverage of each label column."""

    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    coverages: Mapping[str, Coverage] = field(default_factory=dict)
    of_texts: Sequence[str] = ()  # the document labels among them

    def to_json(self, name: str) -> dict[str, Any]:
        """Return what ``--json`` adds for a label column."""
        found: dict[str, Any] = {}
        if name in self.calibrations:
            found["calibration"] = self.calibrations[name].to_json()
        if name in self.coverages:
            found["coverage"] = self.coverages[name].to_json()
        return found

    def reports(self) -> str:
        """Return the report for a person, each column under its name if there are several; "" if there is none."""
        names = dict.fromkeys((*self.coverages, *self.calibrations))
        parts = []
        for name in names:
            unit = "texts" if name in self.of_texts else "words"
            lines = [*(_coverage(self.coverages[name], unit) if name in self.coverages else ())]
            if name in self.calibrations:
                lines += ([""] if lines else []) + [*_calibration(self.calibrations[name], unit)]
            parts.append("\n".join([bold(f"confidence of column {name}"), ""] * (len(names) > 1) + lines))
        return "\n\n".join(parts)


def confidence_report(
    tagger: ColumnPredictor, sentences: Sequence[Sentence], target: Target, asked: ConfidenceOptions
) -> ConfidenceReport:
    """Return what the options ask for about labelled sentences."""
    from elman.analysis import confidence

    judged = confidence.collect_confidences(tagger, sentences, target)
    return ConfidenceReport(
        confidence.calibrations(tagger, sentences, judged, target) if asked.calibration else {},
        {name: confidence.coverage(found, asked.least) for name, found in judged.items()}
        if asked.least is not None
        else {},
        tagger.text_targets,
    )


def drawn(
    asked: ConfidenceOptions, results: Mapping[str, TagEvaluation | ClassEvaluation], found: ConfidenceReport
) -> Figure | None:
    """Return the figure of --plot: a reliability diagram with --calibration, else the confusions.

    Raises ConfigError for several label columns.
    """
    if asked.plot is None:
        return None
    from elman.viz import plots

    if len(results) > 1:
        raise ConfigError(f"--plot: one picture is of one label column; choose with --target: {', '.join(results)}")
    ((name, result),) = results.items()
    if asked.calibration:
        return plots.reliability(found.calibrations[name], f"column {name}")
    return plots.confusion(result.pairs, f"column {name}")


def _coverage(found: Coverage, unit: str) -> Iterator[str]:
    width = len(f"{found.words:,}")
    done = "tagged" if unit == "words" else "labelled"
    left, left_correct = found.words - found.sure_words, found.correct - found.sure_correct
    rows = [
        (f"confidence {found.min_confidence:g} up", found.sure_words, found.words, f"{unit} are {done}"),
        ("  right there", found.sure_correct, found.sure_words, unit),
        ("  right below", left_correct, left, f"{unit} that are left un{done}"),
    ]
    for name, count, total, what in rows:
        yield f"{name:<18}{percent(count, total):>9}  {count:>{width},} of {total:>{width},} {what}"


def _calibration(found: Calibration, unit: str) -> Iterator[str]:
    raw, shown = found.raw, found.shown
    with_temperature = found.temperature != 1
    number = "of each" if found.temperature is None else f"{found.temperature:.4g}"
    after = f"temperature {number}" if with_temperature else ""
    yield bold(f"{'':<42}{'raw':>9}{after:>20}".rstrip())
    rows = [
        ("mean confidence", raw.confidence, shown.confidence),
        ("accuracy", raw.accuracy, shown.accuracy),
        ("calibration error, ten bins of equal width", raw.ece, shown.ece),
        ("calibration error, ten bins of equal mass", raw.ece_mass, shown.ece_mass),
    ]
    for name, before, now in rows:
        second = f"{100 * now:>18.2f} %" if with_temperature else ""
        yield f"{name:<42}{100 * before:>7.2f} %{second}"
    yield ""
    yield bold(f"confidence     {unit}      mean   accuracy")
    for one in shown.bins:
        means = f"{100 * one.confidence:>8.2f} %{100 * one.accuracy:>9.2f} %" if one.words else f"{'–':>10}{'–':>11}"
        yield f"{100 * one.low:>2.0f} to {100 * one.high:>3.0f} %{one.words:>9,}{means}"
