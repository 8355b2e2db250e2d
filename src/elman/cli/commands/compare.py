"""``elman compare``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from elman.cli.gold import Gold, How, gold, is_model, matched, no_gold, of_file, of_model, read, values
from elman.cli.options import (
    Notes,
    checked_format,
    encoding_option,
    format_option,
    seed_option,
    target_option,
    threads_option,
)
from elman.cli.reports.scores import cell
from elman.cli.say import say, say_json
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError, DataError, while_reading
from elman.utils import limits

if TYPE_CHECKING:
    from elman.evaluation.compare import Comparison, RunsComparison, RunScores
    from elman.taggers.columns import ColumnPredictor

_METRICS = ("accuracy", "spans", "sentences")
_NAMES = {"accuracy": "accuracy", "spans": "span F1", "sentences": "whole sentences"}
_WIDTH = 30


@dataclass(frozen=True)
class _Options:
    runs: bool
    metric: str | None
    resamples: int
    seed: int
    as_json: bool
    predicted_format: str | None
    predicted_target: str | None
    format: str | None
    target: str | None
    encoding: str
    threads: int | None

    @property
    def how(self) -> How:
        """How GOLD is read."""
        return How(self.format, self.target, self.encoding)

    @property
    def how_predicted(self) -> How:
        """How tagged files are read."""
        return How(self.predicted_format, self.predicted_target, self.encoding)


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="[GOLD] A B")
@click.option("--runs", is_flag=True, help="A and B are several runs each: files with commas between, or a pattern.")
@click.option(
    "--metric",
    type=click.Choice(_METRICS),
    help="What counts: right words, F1 of spans, sentences right throughout; by default spans, where tags mark them.",
)
@click.option(
    "--resamples",
    type=click.IntRange(1, limits.RESAMPLES),
    default=10_000,
    show_default=True,
    metavar="N",
    help="Of the bootstrap.",
)
@seed_option("Of chance.")
@click.option(
    "--predicted-format",
    callback=checked_format,
    metavar="FORMAT",
    help="Format of A and B; tags: nothing but tags, a sentence a line.",
)
@click.option("--predicted-target", metavar="COLUMN", help="Column of the tags in A and B.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@format_option("GOLD")
@target_option
@encoding_option
@threads_option
def compare(files: tuple[str, ...], **given: Any) -> None:
    """Say whether A or B is better, and whether that is more than chance.

    A and B are tagged files or models, GOLD has the right tags. The difference comes with its 95 % interval, by
    bootstrap over sentences, and with McNemar's test.

    With --runs A and B are runs of two settings, with several seeds: models or tagged files and GOLD, or, without
    GOLD, what elman evaluate --json printed of each.

    \b
      elman compare test.conllu tagged-a.conllu tagged-b.conllu
      elman compare test.conllu a.model b.model
      elman compare --runs test.conllu 'small-*.model' 'large-*.model'
      elman compare --runs a1.json,a2.json,a3.json b1.json,b2.json,b3.json
    """
    options = _Options(**given)
    expected = (2, 3) if options.runs else (3,)
    if len(files) not in expected:
        names = "A and B, or GOLD, A and B" if options.runs else "GOLD, A and B"
        raise click.UsageError(f"expected {names}, found {len(files)}")
    notes = Notes()
    if options.runs:
        _compare_runs(files, options, notes)
    else:
        _compare_two(files, options, notes)
    notes.show()


def _compare_two(files: Sequence[str], options: _Options, notes: Notes) -> None:
    from elman.evaluation.compare import TEXTS_UNIT, compare

    right = _gold(files[0], files[1:], options, notes)
    a, b = (_tags(path, right, options, notes) for path in files[1:])
    tags = _gold_tags(right, options.metric, notes)
    found = compare(tags, a, b, metric=options.metric, resamples=options.resamples, seed=options.seed)
    if right.columns[0] in right.keys.texts:
        found = replace(found, unit=TEXTS_UNIT)
    if options.as_json:
        say_json({"files": dict(zip("ab", files[1:], strict=True)), **found.to_json()})
    else:
        say(_report(found, files[1], files[2]))


def _compare_runs(files: Sequence[str], options: _Options, notes: Notes) -> None:
    from elman.evaluation.compare import choose_metric, compare_runs, score
    from elman.utils.files import input_files

    sides = [[path for item in side.split(",") for path in input_files([item])] for side in files[-2:]]
    metric = options.metric
    if len(files) == 2:
        metric = metric or _metric_of(sides[0][0])
        scores = [[_score_in(path, metric) for path in side] for side in sides]
    else:
        right = _gold(files[0], [path for side in sides for path in side], options, notes)
        tags = _gold_tags(right, metric, notes)
        metric = choose_metric(tags, metric)
        scores = [[score(tags, _tags(path, right, options, notes), metric) for path in side] for side in sides]
    found = compare_runs(*scores, seed=options.seed)
    verdict = found.verdict(_NAMES[metric])
    if options.as_json:
        head = {"metric": metric, "files": dict(zip("ab", sides, strict=True))}
        say_json({**head, **found.to_json(), "seed": options.seed, "verdict": verdict})
    else:
        say(_report_runs(found, _NAMES[metric], verdict))


def _gold(path: str, others: Sequence[str], options: _Options, notes: Notes) -> Gold:
    """The gold sentences, all of them, with the one column that counts: the models' own where there are models."""
    model = next(filter(is_model, others), None)
    tagger = None if model is None or options.target is not None else _load(model, options, notes)
    right = gold(read(path, options.how, notes), options.how, tagger)
    if len(right.columns) > 1:
        raise ConfigError(f"compare: one label column at a time; choose with --target from {', '.join(right.columns)}")
    return replace(right, sentences=list(right.sentences))


def _load(model: str, options: _Options, notes: Notes) -> ColumnPredictor:
    from elman.cli.raw_text import with_columns
    from elman.taggers.load import load

    return with_columns(load(model, threads=options.threads, on_note=notes.add))


def _gold_tags(right: Gold, metric: str | None, notes: Notes) -> list[Sequence[str]]:
    from elman.evaluation.tagging import describe_stray_tags

    (column,) = right.columns
    tags: list[Sequence[str]] = [values(sentence, right.keys)[0] for sentence in right.sentences]
    if all(set(found) == {NO_TAG} for found in tags):
        raise no_gold(right.path, column)
    odd = describe_stray_tags(Counter(tag for found in tags for tag in found)) if column in right.keys.words else None
    if odd is not None and metric is None:
        notes.warn(f"{right.path}: column {column}: {odd}, so words are compared, not spans; mend it")
    return tags


def _tags(path: str, right: Gold, options: _Options, notes: Notes) -> list[Sequence[str]]:
    """The tags that a model or a file gives to the gold words."""
    if is_model(path):
        rows = of_model(_load(path, options, notes), right)
    else:
        rows = of_file(path, options.how_predicted, right, notes, options.target)
    return [matched(row)[0] for row in rows]


def _metric_of(path: str) -> str:
    """What results are compared by: spans, where the first has them."""
    return "spans" if _result(path).get("spans") else "accuracy"


def _score_in(path: str, metric: str) -> float:
    """A score that elman evaluate --json has printed."""
    record = _result(path)
    of_spans = record.get("spans")
    scores = {
        "accuracy": record.get("accuracy"),
        "spans": of_spans.get("f1") if isinstance(of_spans, dict) else None,
        "sentences": record.get("sentence_accuracy"),
    }
    score = scores[metric]
    if not (isinstance(score, int | float) and 0 <= score <= 1):
        raise DataError(f"no {_NAMES[metric]} in it; expected what elman evaluate --json prints", path=path)
    return float(score)


def _result(path: str) -> dict[str, Any]:
    try:
        with while_reading(path), open(path, encoding="utf-8") as file:
            record = json.load(file)
    except (ValueError, RecursionError):  # not JSON, or not UTF-8
        record = None
    if not isinstance(record, dict):
        found = "expected what elman evaluate --json prints; to compare models or tagged files, name GOLD first"
        raise DataError(found, path=path)
    return record


def _report(found: Comparison, a: str, b: str) -> str:
    from elman.evaluation.compare import TEXTS_UNIT

    mcnemar = found.mcnemar
    items = TEXTS_UNIT if found.unit == TEXTS_UNIT else "sentences"
    alone = f"only A right: {mcnemar.only_a:,}, only B right: {mcnemar.only_b:,} {found.unit}"
    return "\n".join(
        [
            f"{_NAMES[found.metric]}, {found.sentences:,} {items}",
            f"  A           {100 * found.a:>6.2f} %  {cell(a, _WIDTH).rstrip()}",
            f"  B           {100 * found.b:>6.2f} %  {cell(b, _WIDTH).rstrip()}",
            f"  difference  {100 * found.difference:>+6.2f}    {_interval(found.low, found.high)}",
            f"  bootstrap   {_p(found.p_value)}  {found.resamples:,} resamples of the {items}",
            f"  McNemar     {_p(mcnemar.p_value)}  {alone}",
            "",
            click.wrap_text(found.verdict, 80),
        ]
    )


def _report_runs(found: RunsComparison, name: str, verdict: str) -> str:
    welch = "none: no run differs from another of its setting" if found.welch_p is None else _p(found.welch_p)
    exact = "all ways to deal the runs" if found.permutation_exact else "10,000 random ways to deal the runs"
    return "\n".join(
        [
            f"{name}, mean of the runs ± standard deviation",
            f"  A            {_runs(found.a)}",
            f"  B            {_runs(found.b)}",
            f"  difference   {100 * found.difference:>+6.2f}  {_interval(found.low, found.high)}",
            f"  Welch        {welch}",
            f"  permutation  {_p(found.permutation_p)}  {exact}",
            "",
            click.wrap_text(verdict, 80),
        ]
    )


def _runs(runs: RunScores) -> str:
    ends = f"{100 * min(runs.scores):.2f} to {100 * max(runs.scores):.2f}"
    return f"{100 * runs.mean:>6.2f} ± {100 * runs.spread:.2f} %  {len(runs.scores)} runs, {ends}"


def _interval(low: float, high: float) -> str:
    return f"95 % interval {100 * low:+.2f} to {100 * high:+.2f}"


def _p(value: float) -> str:
    return f"p = {value:.4f}" if value >= 0.0001 else "p < 0.0001"
