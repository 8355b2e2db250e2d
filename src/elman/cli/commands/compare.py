"""``elman compare``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from elman.cli.gold import Gold, gold, labels_of, no_gold, of_file, of_model, predicted_tags, read
from elman.cli.loading import is_model, load_model
from elman.cli.notes import Notes
from elman.cli.options import (
    Choice,
    PredictedOptions,
    RunOptions,
    argument,
    command,
    json_option,
    option,
    seed_option,
    whole_number,
)
from elman.cli.say import say, say_json
from elman.cli.tables import cell
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError, DataError, while_reading
from elman.utils import limits

if TYPE_CHECKING:
    from elman.evaluation.compare import Comparison, RunsComparison, RunScores
    from elman.taggers.columns import ColumnPredictor

_METRICS = ("accuracy", "spans", "sentences")
_NAMES = {"accuracy": "accuracy", "spans": "span F1", "sentences": "whole sentences"}
_WIDTH = 30


@dataclass(frozen=True, kw_only=True)
class Options(PredictedOptions, RunOptions):
    """The options of ``elman compare``."""

    files: tuple[str, ...] = argument("[GOLD] A B", nargs=-1, required=True)
    runs: bool = option(
        "--runs", is_flag=True, help="A and B are several runs each: files with commas between, or a pattern."
    )
    metric: str | None = option(
        "--metric",
        type=Choice(_METRICS),
        help="What counts: correct words, F1 of spans, correct sentences; by default spans, if tags mark them.",
    )
    resamples: int = option(
        "--resamples",
        default=10_000,
        show_default=True,
        **whole_number(1, limits.RESAMPLES),
        help="Resamples of the bootstrap.",
    )
    seed: int = seed_option()
    json: bool = json_option()


@command(Options)
def compare(options: Options) -> None:
    """Test whether A is better than B.

    A and B are tagged files or models, GOLD has the gold tags. The difference comes with its 95 % interval, by
    bootstrap over sentences, and with McNemar's test.

    With --runs A and B are runs of two settings, with several seeds: models or tagged files and GOLD, or, without
    GOLD, what elman evaluate --json printed of each.

    \b
      elman compare test.conllu tagged-a.conllu tagged-b.conllu
      elman compare test.conllu a.model b.model
      elman compare --runs test.conllu 'small-*.model' 'large-*.model'
      elman compare --runs a1.json,a2.json,a3.json b1.json,b2.json,b3.json
    """
    files = options.files
    expected = (2, 3) if options.runs else (3,)
    if len(files) not in expected:
        names = "A and B, or GOLD, A and B" if options.runs else "GOLD, A and B"
        raise click.UsageError(f"expected {names}, found {len(files)}")
    notes = options.notes()
    if options.runs:
        _compare_runs(files, options, notes)
    else:
        _compare_two(files, options, notes)
    notes.show()


def _compare_two(files: Sequence[str], options: Options, notes: Notes) -> None:
    from elman.evaluation.compare import TEXTS_UNIT, compare

    labelled = _gold(files[0], files[1:], options, notes)
    a, b = (_tags(path, labelled, options, notes) for path in files[1:])
    gold_tags = _gold_tags(labelled, options.metric, notes)
    found = compare(gold_tags, a, b, metric=options.metric, resamples=options.resamples, seed=options.seed)
    if labelled.columns[0] in labelled.keys.texts:
        found = replace(found, unit=TEXTS_UNIT)
    if options.json:
        say_json({"files": dict(zip("ab", files[1:], strict=True)), **found.to_json()})
    else:
        say(_report(found, files[1], files[2]))


def _compare_runs(files: Sequence[str], options: Options, notes: Notes) -> None:
    from elman.evaluation.compare import choose_metric, compare_runs, score
    from elman.utils.files import input_files

    sides = [[path for item in side.split(",") for path in input_files([item])] for side in files[-2:]]
    metric = options.metric
    if len(files) == 2:
        metric = metric or _metric_of(sides[0][0])
        scores = [[_score_in(path, metric) for path in side] for side in sides]
    else:
        labelled = _gold(files[0], [path for side in sides for path in side], options, notes)
        gold_tags = _gold_tags(labelled, metric, notes)
        metric = choose_metric(gold_tags, metric)
        scores = [[score(gold_tags, _tags(path, labelled, options, notes), metric) for path in side] for side in sides]
    found = compare_runs(*scores, seed=options.seed)
    verdict = found.verdict(_NAMES[metric])
    if options.json:
        head = {"metric": metric, "files": dict(zip("ab", sides, strict=True))}
        say_json({**head, **found.to_json(), "seed": options.seed, "verdict": verdict})
    else:
        say(_report_runs(found, _NAMES[metric], verdict))


def _gold(path: str, others: Sequence[str], options: Options, notes: Notes) -> Gold:
    """Return all gold sentences, with the one column that counts: that of the models, if there are models."""
    if is_model(path) and not all(map(is_model, others)):
        raise ConfigError(f"GOLD and a model look swapped: {path} is a model; GOLD comes first")
    model = next(filter(is_model, others), None)
    tagger = None if model is None or options.target is not None else _load(model, options, notes)
    labelled = gold(read(path, options.file_options, notes), options.file_options, tagger)
    if len(labelled.columns) > 1:
        names = ", ".join(labelled.columns)
        raise ConfigError(f"compare: one label column at a time; choose with --target from {names}")
    return replace(labelled, sentences=list(labelled.sentences))


def _load(model: str, options: Options, notes: Notes) -> ColumnPredictor:
    from elman.cli.raw_text import with_columns

    return with_columns(load_model(model, options, notes))


def _gold_tags(gold: Gold, metric: str | None, notes: Notes) -> list[Sequence[str]]:
    from elman.evaluation.tagging import describe_stray_tags

    (column,) = gold.columns
    sentences: list[Sequence[str]] = [labels_of(sentence, gold.keys)[0] for sentence in gold.sentences]
    if all(set(tags) == {NO_TAG} for tags in sentences):
        raise no_gold(gold.path, column)
    stray = (
        describe_stray_tags(Counter(tag for tags in sentences for tag in tags)) if column in gold.keys.words else None
    )
    if stray is not None and metric is None:
        notes.warn(f"{gold.path}: column {column}: {stray}, so words are compared, not spans; fix it")
    return sentences


def _tags(path: str, gold: Gold, options: Options, notes: Notes) -> list[Sequence[str]]:
    """Return the tags that a model or a file gives to the gold words."""
    if is_model(path):
        aligned = of_model(_load(path, options, notes), gold)
    else:
        aligned = of_file(path, options.predicted_options, gold, notes, options.target)
    return [predicted_tags(sentence)[0] for sentence in aligned]


def _metric_of(path: str) -> str:
    """Return the metric of results: spans if the first has them."""
    return "spans" if _result(path).get("spans") else "accuracy"


def _score_in(path: str, metric: str) -> float:
    """Return a score that elman evaluate --json has printed."""
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
