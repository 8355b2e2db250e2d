"""``elman evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from elman.cli import conllu_scores, scorers
from elman.cli.gold import FileOptions, gold, no_gold, of_file, of_model, read
from elman.cli.learned import LearnedSentences
from elman.cli.loading import load_model
from elman.cli.notes import Notes, without_gc
from elman.cli.options import (
    Choice,
    PredictedOptions,
    RunOptions,
    argument,
    command,
    json_option,
    min_confidence_option,
    option,
    plot_option,
    precision_option,
)
from elman.cli.raw_text import evaluate_raw, with_columns
from elman.cli.reports.confidence import ConfidenceOptions, ConfidenceReport, confidence_report, drawn
from elman.cli.say import say, say_json
from elman.cli.scorers import STYLES, Scores
from elman.cli.tables import bold
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError
from elman.taggers.registry import TASKS

if TYPE_CHECKING:
    from elman.data.formats.reader import Reading
    from elman.evaluation.classification import ClassEvaluation
    from elman.evaluation.scores import TagScore
    from elman.evaluation.tagging import TagEvaluation
    from elman.taggers.base import Predictor
    from elman.taggers.column_predictor import ColumnPredictor

    Evaluate = Callable[[Predictor, Sequence[str], "Options", Notes], Scores]


@dataclass(frozen=True, kw_only=True)
class Options(PredictedOptions, RunOptions):
    """The options of ``elman evaluate``."""

    files: tuple[str, ...] = argument("[MODEL] GOLD...", nargs=-1, required=True)
    predicted: str | None = option(
        "--predicted", metavar="FILE", help="Evaluate the tags in FILE instead of those of a MODEL."
    )
    style: str = option(
        "--style",
        type=Choice(STYLES),
        default=STYLES[0],
        show_default=True,
        help="Count and print as another program does (docs/reference/evaluation.md).",
    )
    scheme: str | None = option(
        "--scheme", metavar="SCHEME", help="Scheme of span tags, for seqeval's strict mode: iob2, bioes, bilou, iob1 …"
    )
    label: str | None = option(
        "--label", metavar="NAME", help="Labels of texts; by default if there are no tags of words."
    )
    scores: str | None = option(
        "--scores", metavar="NAME", help="Label in FILE that holds a probability, for the ROC-AUC of two labels."
    )
    positive: str | None = option(
        "--positive", metavar="LABEL", help="The label whose probability it is; by default the later of the two."
    )
    calibration: bool = option("--calibration", is_flag=True, help="Show how well calibrated the confidences are.")
    min_confidence: float | None = min_confidence_option()
    plot: str | None = plot_option("the confusions; with --calibration, a reliability diagram")
    json: bool = json_option()
    precision: str = precision_option()

    @property
    def confidence(self) -> ConfidenceOptions:
        """What is asked for beside the evaluation."""
        return ConfidenceOptions(self.calibration, self.min_confidence, self.plot)

    @property
    def of_labels(self) -> bool:
        """Whether document labels are asked for."""
        return any(name is not None for name in (self.label, self.scores, self.positive))

    @property
    def of_all_columns(self) -> bool:
        """Whether nothing is asked for that is of single columns, or of another style."""
        asked = self.confidence.needed or self.of_labels or self.style != STYLES[0]
        return not asked and (self.plot, self.target, self.predicted_target) == (None, None, None)

    @property
    def file_options(self) -> FileOptions:
        """How GOLD is read."""
        return FileOptions(self.format, self.target or (self.label if self.predicted is None else None), self.encoding)

    def check(self) -> None:
        """Raise ConfigError for options that do not go together."""
        if self.predicted is None and len(self.files) < 2:
            raise click.UsageError(f"expected MODEL and GOLD, found {len(self.files)}")
        if self.predicted is not None and len(self.files) != 1:
            raise click.UsageError(f"expected GOLD alone beside --predicted, found {len(self.files)}")
        self.confidence.check(of_model=self.predicted is None)
        plain = self.style == STYLES[0]
        if not plain and (self.confidence.needed or self.plot is not None):
            raise ConfigError(f"--style {self.style}: shows no confidences and no pictures; leave --style out")
        if self.scheme is not None and self.style != "seqeval":
            raise ConfigError("--scheme: goes with --style seqeval, whose strict mode holds to a scheme")
        if self.of_labels and not plain:
            raise ConfigError("--label, --scores, --positive: go without --style")
        if self.predicted is None and (self.scores, self.positive) != (None, None):
            raise ConfigError("--scores, --positive: go with --predicted FILE; a MODEL has its own")
        if self.label is not None and self.target is not None:
            raise ConfigError("--label, --target: expected one of the two")


@command(Options)
def evaluate(options: Options) -> None:
    """Compare predicted tags with gold tags.

    GOLD holds the gold tags. MODEL predicts tags for its words, or --predicted names a file of them. Of a parser, a
    pipeline or CoNLL-U files of several columns, the metrics of the CoNLL 2018 shared task are printed; a pipeline
    reads the raw text of GOLD. With --target, --calibration or --plot, columns are evaluated on the words of GOLD.

    \b
      elman evaluate my.model test.conllu
      elman evaluate --predicted tagged.conllu test.conllu
      elman evaluate my.model test.conllu --calibration --plot reliability.svg
      elman evaluate --predicted tagged.bio gold.bio --style conlleval
      elman evaluate my.model test.conllu --target upos,deprel
    """
    options.check()
    files, notes = options.files, options.notes()
    with without_gc():
        model = load_model(files[0], options, notes, files[1:]) if options.predicted is None else None
        options = _with_style(model, options)
        other = None if model is None else _other_evaluation(model, options)
        if model is not None and other is not None:
            _show({"": other(model, files[1:], options, notes)}, options)
            if model.reads_raw_text and model.reads_sentences:
                notes.add("evaluated on the raw text of gold; --target upos shows a column tag by tag, on gold words")
            notes.show()
            return
        tagger = None if model is None else with_columns(model)
        if options.style != STYLES[0]:
            _show(_styled(files, tagger, options, notes), options)
        elif tagger is not None:
            _evaluate_model(tagger, files[1:], options, notes)
        else:
            _evaluate_file(str(options.predicted), files[0], options, notes)
    notes.show()


def _show(of_columns: Mapping[str, Scores], options: Options) -> None:
    """Print the scores of each label column."""
    if options.json:
        style = {} if options.style == STYLES[0] else {"style": options.style}
        _print_json({name: style | scores.to_json() for name, scores in of_columns.items()})
        return
    texts = [scores.text() for scores in of_columns.values()]
    if len(of_columns) > 1:
        texts = [f"{bold(f'column {name}')}\n\n{text}" for name, text in zip(of_columns, texts, strict=True)]
    say("\n\n".join(texts))


def _print_json(of_columns: Mapping[str, Mapping[str, Any]]) -> None:
    """Print one object: that of the first column, with those of all if there are several."""
    whole = dict(next(iter(of_columns.values())))
    if len(of_columns) > 1:
        whole["targets"] = of_columns
    say_json(whole)


def _of_raw_text(tagger: Predictor, paths: Sequence[str], options: Options, notes: Notes) -> Scores:
    if options.style not in (STYLES[0], "conll18") or options.confidence.needed or options.plot or options.target:
        raise ConfigError(f"a model of the task {tagger.task} is judged on raw text; leave the other options out")
    return conllu_scores.Conll18(evaluate_raw(tagger, paths, options.format, options.encoding, notes))


def _of_numbers(tagger: Predictor, paths: Sequence[str], options: Options, notes: Notes) -> Scores:
    if options.style != STYLES[0] or options.confidence.needed or options.plot:
        raise ConfigError("a model of the task regress predicts numbers; leave the options of tags out")
    return scorers.regression_errors(tagger, paths, options.file_options, options.target, notes)


def _of_language_model(tagger: Predictor, paths: Sequence[str], options: Options, notes: Notes) -> Scores:
    return scorers.perplexity(tagger, paths, options.file_options)


_OTHERS: dict[str, Evaluate] = {"numbers": _of_numbers, "perplexity": _of_language_model, "raw text": _of_raw_text}
"""The evaluations of tasks that are evaluated neither by tags of words nor by document labels."""


def _other_evaluation(tagger: Predictor, options: Options) -> Evaluate | None:
    """Return what evaluates a model otherwise than by its columns; None if these are compared."""
    if options.style == "conll18" and tagger.reads_raw_text:  # in other styles by its columns, on gold words
        return _of_raw_text
    return _OTHERS.get(TASKS[tagger.task].evaluation)


_OF_TREES: dict[str, tuple[Callable[..., Scores], Callable[..., Scores]]] = {
    "evalb": (scorers.evalb_of_model, scorers.evalb_of_files),
    "conll18": (conllu_scores.of_model, conllu_scores.of_files),
}
"""Styles that compare whole sentences: of a model, and of a file of predictions."""


def _with_style(tagger: Predictor | None, options: Options) -> Options:
    """Compare trees as trees, unless columns are asked for: a head, which is a number, means nothing as a tag."""
    if tagger is None or not options.of_all_columns:
        return options
    if tagger.reads_raw_text and tagger.reads_sentences:
        return replace(options, style="conll18")
    if TASKS[tagger.task].evaluation != "trees":
        return options
    return replace(options, style="conll18" if "head" in tagger.targets else "evalb")


def _styled(
    files: Sequence[str], tagger: ColumnPredictor | None, options: Options, notes: Notes
) -> Mapping[str, Scores]:
    path = files[-1]
    if len(files) > 2 and options.style not in _OF_TREES:
        raise click.UsageError(f"--style {options.style}: expected one GOLD, found {len(files) - 1}")
    if options.style in _OF_TREES:
        by_model, by_files = _OF_TREES[options.style]
        if tagger is not None:
            return {"": by_model(tagger, files[1:], options.file_options, notes)}
        predicted = str(options.predicted)
        return {"": by_files(predicted, options.predicted_options, path, options.file_options, notes)}
    labelled = gold(read(path, options.file_options, notes), options.file_options, tagger)
    if labelled.keys.texts:
        raise ConfigError(
            f"--style {options.style}: counts tags of words; {labelled.keys.texts[0]} is a document label"
        )
    learned = LearnedSentences(tagger)
    if tagger is not None:
        aligned = of_model(tagger, replace(labelled, sentences=learned.watch(labelled.sentences)))
    else:
        aligned = of_file(str(options.predicted), options.predicted_options, labelled, notes, options.target)
    scores = scorers.of_spans(options.style, options.scheme, labelled, aligned, notes)
    learned.warn(labelled.path, notes)
    return scores


def _evaluate_model(tagger: ColumnPredictor, paths: Sequence[str], options: Options, notes: Notes) -> None:
    labelled = gold(read(paths, options.file_options, notes), options.file_options, tagger)
    report = ConfidenceReport()
    sentences = labelled.sentences
    if options.confidence.needed:
        sentences = list(sentences)
        report = confidence_report(tagger, sentences, labelled.columns, options.confidence)
    several = len(tagger.targets) > 1
    target, columns = (None, labelled.columns) if several else (labelled.columns, tagger.targets)
    learned = LearnedSentences(tagger)
    results = tagger.evaluate(learned.watch(sentences), target=target, columns=columns)
    learned.warn(labelled.path, notes)
    _warn_of_unknown_tags(tagger, results, labelled.path, notes)
    _report(_with_gold(results, labelled.path, notes), report, options)


def _warn_of_unknown_tags(
    tagger: ColumnPredictor, results: Mapping[str, TagEvaluation | ClassEvaluation], path: str, notes: Notes
) -> None:
    """Warn of gold whose tags are mostly unknown to the model."""
    from elman.data.checks.odd_tags import unknown_tag_warnings

    if not tagger.plain_labels:
        return  # their tags are those of an encoding
    sets = tagger.tag_sets
    for name, result in results.items():
        counts = {tag: score.support for tag, score in _scores(result).items() if score.support and tag != NO_TAG}
        known = sets.get(name, sets[tagger.target])
        items = "words" if hasattr(result, "tags") else "texts"
        where = path if len(results) == 1 else f"{path}, column {name}"
        for doubt in unknown_tag_warnings(counts, known, where, "the model", items):
            notes.warn(doubt)


def _evaluate_file(predicted: str, path: str, options: Options, notes: Notes) -> None:
    from elman.evaluation.classification import evaluate_labels
    from elman.evaluation.tagging import TagEvaluator

    reading = read(path, options.file_options, notes)
    other = None
    if reading.format == "conllu" and options.of_all_columns and options.predicted_format != "tags":
        other = read(predicted, options.predicted_options, notes)
        if conllu_scores.of_several_columns(reading, other):
            _show({"": conllu_scores.of_sentences(reading, other)}, replace(options, style="conll18"))
            notes.add("all columns compared; --target upos shows a column tag by tag")
            return
    if options.of_labels or (options.target is None and _texts_alone(reading)):
        other = other or read(predicted, options.predicted_options, notes)
        _show({"": scorers.TextLabels(reading, other, options.label, options.scores, options.positive)}, options)
        return
    labelled = gold(reading, options.file_options)
    tallies = {column: TagEvaluator() for column in labelled.keys.words}
    texts: dict[str, tuple[list[str], list[str]]] = {name: ([], []) for name in labelled.keys.texts}
    for row in of_file(other or predicted, options.predicted_options, labelled, notes, options.target):
        for column, gold_tags, tags in zip(labelled.columns, row.gold, row.predicted, strict=True):
            if column in tallies:
                tallies[column].add(gold_tags, tags, path=row.path, line=row.line)
            else:
                texts[column][0].extend(gold_tags)
                texts[column][1].extend(tags)
    results: dict[str, TagEvaluation | ClassEvaluation] = {column: tally.result() for column, tally in tallies.items()}
    results |= {name: evaluate_labels(*both) for name, both in texts.items()}
    _report(_with_gold(results, labelled.path, notes), ConfidenceReport(), options)


def _texts_alone(reading: Reading) -> bool:
    """Return whether a file has document labels, and no tags of words."""
    from elman.data.formats.class_names import UnnamedTagsError

    try:
        reading.target()
    except UnnamedTagsError:
        raise
    except ConfigError:
        return bool(reading.label_names())
    return False


def _with_gold(
    results: Mapping[str, TagEvaluation | ClassEvaluation], path: str, notes: Notes
) -> Mapping[str, TagEvaluation | ClassEvaluation]:
    """Return the results of the columns that have gold tags. Raises DataError if none has."""
    there = {
        name: result
        for name, result in results.items()
        if any(score.support and tag != NO_TAG for tag, score in _scores(result).items())
    }
    for name, result in there.items():
        for doubt in _doubts(name, result):
            notes.warn(f"{path}: {doubt}")
    for name in results:
        if name not in there:
            error = no_gold(path, name)
            if not there:
                raise error
            notes.warn(f"{error}; left out")
    return there


def _doubts(name: str, result: TagEvaluation | ClassEvaluation) -> Iterator[str]:
    """Yield warnings of gold tags that are probably not meant so."""
    from elman.data.checks.columns import untagged_message
    from elman.evaluation.tagging import TagEvaluation

    if not isinstance(result, TagEvaluation):
        return
    found = result.tags.get(NO_TAG)
    doubt = untagged_message(name, found.support, result.tokens) if found is not None else None
    if doubt is not None:
        yield doubt
    if result.strays is not None:
        yield f"column {name}: {result.strays}, so there is no span F1; fix it (elman check says where)"


def _to_json(name: str, result: TagEvaluation | ClassEvaluation) -> dict[str, Any]:
    """Return the JSON of an evaluation; document labels with their name, as for two files."""
    return ({} if hasattr(result, "tags") else {"label": name}) | result.to_json()


def _scores(result: TagEvaluation | ClassEvaluation) -> Mapping[str, TagScore]:
    """Return the scores of the tags, or of the labels."""
    found: Mapping[str, TagScore] = getattr(result, "tags", None) or getattr(result, "classes", {})
    return found


def _report(results: Mapping[str, TagEvaluation | ClassEvaluation], found: ConfidenceReport, options: Options) -> None:
    """Print an evaluation of tags, and draw it with --plot."""
    figure = drawn(options.confidence, results, found)
    if options.json:
        _print_json({name: _to_json(name, result) | found.to_json(name) for name, result in results.items()})
    else:
        from elman.cli.reports.scores import reports

        say("\n\n".join(filter(None, (reports(results), found.reports()))))
    if figure is not None and options.plot is not None:  # last: a full disk must not cost the report
        from elman.viz import plots

        plots.save(figure, options.plot)
