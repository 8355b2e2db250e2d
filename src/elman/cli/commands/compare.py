"""``elman compare``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from elman.cli.gold import Gold, gold, labels_of, no_gold, of_file, of_model, predicted_tags, read
from elman.cli.learned import LearnedSentences
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
from elman.cli.tables import cell, wrapped
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError, DataError, while_reading
from elman.evaluation.conll18 import KEYS
from elman.utils import limits
from elman.utils.summary import p_value

if TYPE_CHECKING:
    from elman.data.sentence import Sentence
    from elman.evaluation.compare import Comparison
    from elman.evaluation.compare_runs import RunsComparison, RunScores
    from elman.taggers.column_predictor import ColumnPredictor

_CONLLU = {key: name for name, key in KEYS.items() if name != "Sentences"}
"""Metrics of CoNLL-U, with their names in the CoNLL 2018 shared task."""
_NAMES = {"accuracy": "accuracy", "spans": "span F1", "sentences": "whole sentences"} | _CONLLU
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
        type=Choice(list(_NAMES)),
        metavar="METRIC",
        help="What counts: accuracy of words, F1 of spans, correct sentences; of CoNLL-U las, uas, upos, xpos, feats, "
        "alltags, lemmas, clas, mlas, blex, words, tokens. By default las of parsers, spans if tags mark them, else "
        "accuracy.",
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
    bootstrap over sentences, and with McNemar's test. Metrics as las or lemmas are those of elman evaluate --style
    conll18; a pipeline reads the raw text of GOLD for them, as it does there.

    With --runs A and B are runs of two settings, with several seeds: models or tagged files and GOLD, or, without
    GOLD, what elman evaluate --json printed of each.

    \b
      elman compare test.conllu tagged-a.conllu tagged-b.conllu
      elman compare test.conllu a.model b.model
      elman compare test.conllu parsed-a.conllu parsed-b.conllu --metric las
      elman compare --runs test.conllu 'small-*.model' 'large-*.model'
      elman compare --runs a1.json,a2.json,a3.json b1.json,b2.json,b3.json
    """
    files = options.files
    expected = (2, 3) if options.runs else (3,)
    if len(files) not in expected:
        names = "A and B, or GOLD, A and B" if options.runs else "GOLD, A and B"
        raise click.UsageError(f"expected {names}, found {len(files)}")
    notes = options.notes()
    options = _with_metric(options)
    if options.runs:
        _compare_runs(files, options, notes)
    else:
        _compare_two(files, options, notes)
    notes.show()


def _with_metric(options: Options) -> Options:
    """Return the options with the metric of parsers, if such models are compared and no column is asked for.

    Raises ConfigError for a column beside a metric that is about one of its own.
    """
    if options.metric in _CONLLU and (options.target, options.predicted_target) != (None, None):
        raise ConfigError(f"--metric {options.metric}: says the column itself; leave --target, --predicted-target out")
    if (options.metric, options.target) != (None, None):
        return options
    model = next(filter(is_model, _sides(options)[0]), None) if len(options.files) > 2 else None
    tagger = None if model is None else load_model(model, options, Notes(quiet=True))
    of_trees = tagger is not None and not tagger.plain_labels and "deprel" in tagger.targets
    return replace(options, metric="las") if of_trees else options


def _sides(options: Options) -> list[list[str]]:
    """Return the files of A and of B: one each, or several runs."""
    from elman.utils.files import input_files

    if not options.runs:
        return [[path] for path in options.files[-2:]]
    return [[path for item in side.split(",") for path in input_files([item])] for side in options.files[-2:]]


def _analyses(path: str, gold: Sequence[Sentence], options: Options, notes: Notes) -> list[Sentence]:
    """Return the CoNLL-U sentences of a file, or those that a model makes of gold. Raises ConfigError if it cannot."""
    from elman.cli.conllu_scores import analyses, metric_names, read_conllu

    option, metric = f"--metric {options.metric}", _CONLLU[str(options.metric)]
    if not is_model(path):
        return list(read_conllu(path, options.predicted_options, notes, option))
    model = load_model(path, options, notes)
    names = metric_names(model, option)
    if metric not in names:
        own = ", ".join(name for name in _CONLLU.values() if name in names)
        raise ConfigError(f"{option}: {path} does not predict it; of this model there is {own}")
    if model.reads_raw_text:
        notes.add(f"{path} reads the raw text of gold; models of other tasks are given its words")
    return list(analyses(model, gold))


def _conllu_gold(path: str, options: Options, notes: Notes) -> list[Sentence]:
    from elman.cli.conllu_scores import read_conllu

    reading = read_conllu(path, options.file_options, notes, f"--metric {options.metric}")
    return [sentence for sentence in reading if sentence.words]


def _compare_two(files: Sequence[str], options: Options, notes: Notes) -> None:
    from elman.evaluation.compare import TEXTS_UNIT, compare, compare_conllu

    draws: dict[str, Any] = {"resamples": options.resamples, "seed": options.seed}
    _check_gold(files[0], files[1:])
    if options.metric in _CONLLU:
        sentences = _conllu_gold(files[0], options, notes)
        one, other = (_analyses(path, sentences, options, notes) for path in files[1:])
        _show(compare_conllu(sentences, one, other, metric=options.metric, **draws), options)
        return
    labelled = _gold(files[0], files[1:], options, notes)
    a, b = (_tags(path, labelled, options, notes) for path in files[1:])
    gold_tags = _gold_tags(labelled, options.metric, notes)
    found = compare(gold_tags, a, b, metric=options.metric, **draws)
    if labelled.columns[0] in labelled.keys.texts:
        found = replace(found, unit=TEXTS_UNIT)
    _show(found, options)


def _show(found: Comparison, options: Options) -> None:
    a, b = options.files[1:]
    if options.json:
        say_json({"files": {"a": a, "b": b}, **found.to_json()})
    else:
        say(_report(found, a, b))


def _compare_runs(files: Sequence[str], options: Options, notes: Notes) -> None:
    from elman.evaluation.compare import choose_metric, score
    from elman.evaluation.compare_runs import compare_runs

    sides = _sides(options)
    metric = options.metric
    if len(files) == 2:
        metric = metric or _metric_of(sides[0][0])
        scores = [[_score_in(path, metric) for path in side] for side in sides]
    elif metric in _CONLLU:
        _check_gold(files[0], [*sides[0], *sides[1]])
        sentences = _conllu_gold(files[0], options, notes)
        scores = [[_conllu_score(sentences, path, options, notes) for path in side] for side in sides]
    else:
        _check_gold(files[0], [*sides[0], *sides[1]])
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


def _conllu_score(gold: Sequence[Sentence], path: str, options: Options, notes: Notes) -> float:
    """Return the F1 of a metric of CoNLL-U of a model or a file. Raises DataError if there are no trees for it."""
    from elman.evaluation.conll18 import evaluate

    name = _CONLLU[str(options.metric)]
    found = evaluate(gold, _analyses(path, gold, options, notes)).get(name)
    if found is None:
        raise DataError(f"no trees, which {name} is about; expected a HEAD of each word", path=path)
    return found.f1


def _check_gold(path: str, others: Sequence[str]) -> None:
    """Raise ConfigError if GOLD is a model."""
    if is_model(path) and not all(map(is_model, others)):
        raise ConfigError(f"GOLD and a model look swapped: {path} is a model; GOLD comes first")


def _gold(path: str, others: Sequence[str], options: Options, notes: Notes) -> Gold:
    """Return all gold sentences, with the one column that counts: that of the models, if there are models."""
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
    if not is_model(path):
        aligned = of_file(path, options.predicted_options, gold, notes, options.target)
        return [predicted_tags(sentence)[0] for sentence in aligned]
    model = _load(path, options, notes)
    learned = LearnedSentences(model)
    watched = replace(gold, sentences=learned.watch(gold.sentences))
    tags = [predicted_tags(sentence)[0] for sentence in of_model(model, watched)]
    learned.warn(gold.path, notes, path)
    return tags


def _metric_of(path: str) -> str:
    """Return the metric of results: LAS or spans if the first has them."""
    record = _result(path)
    return "las" if "las" in record else "spans" if record.get("spans") else "accuracy"


def _score_in(path: str, metric: str) -> float:
    """Return a score that elman evaluate --json has printed."""
    record = _result(path)
    keys = {"accuracy": ["accuracy"], "spans": ["spans", "f1"], "sentences": ["sentence_accuracy"]}
    score: Any = record
    for key in keys.get(metric) or ["metrics", _CONLLU[metric], "f1"]:
        score = score.get(key) if isinstance(score, dict) else None
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
            f"  bootstrap   {p_value(found.p_value)}  {found.resamples:,} resamples of the {items}",
            f"  McNemar     {p_value(mcnemar.p_value)}  {alone}",
            "",
            *wrapped(found.verdict),
        ]
    )


def _report_runs(found: RunsComparison, name: str, verdict: str) -> str:
    welch = "none: no run differs from another of its setting" if found.welch_p is None else p_value(found.welch_p)
    exact = "all assignments of the runs" if found.permutation_exact else "10,000 random assignments of the runs"
    return "\n".join(
        [
            f"{name}, mean of the runs ± standard deviation",
            f"  A            {_runs(found.a)}",
            f"  B            {_runs(found.b)}",
            f"  difference   {100 * found.difference:>+6.2f}  {_interval(found.low, found.high)}",
            f"  Welch        {welch}",
            f"  permutation  {p_value(found.permutation_p)}  {exact}",
            "",
            *wrapped(verdict),
        ]
    )


def _runs(runs: RunScores) -> str:
    ends = f"{100 * min(runs.scores):.2f} to {100 * max(runs.scores):.2f}"
    return f"{100 * runs.mean:>6.2f} ± {100 * runs.spread:.2f} %  {len(runs.scores)} runs, {ends}"


def _interval(low: float, high: float) -> str:
    return f"95 % interval {100 * low:+.2f} to {100 * high:+.2f}"
