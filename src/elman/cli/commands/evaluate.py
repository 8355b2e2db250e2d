"""``elman evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from elman.cli.gold import How, gold, no_gold, of_file, of_model, read
from elman.cli.language import fluency
from elman.cli.options import (
    Notes,
    Number,
    checked_format,
    encoding_option,
    format_option,
    plot_option,
    precision_option,
    target_option,
    threads_option,
    without_gc,
)
from elman.cli.raw_text import PARSE, PIPELINE, REGRESS, SEGMENT, evaluate_raw, with_columns
from elman.cli.reports.confidence import Asked, Believed, believed, drawn
from elman.cli.reports.scores import bold
from elman.cli.say import say, say_json
from elman.cli.scorers import STYLES, Shown
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.data.formats.reader import Reading
    from elman.data.scores import TagScore
    from elman.evaluation.classification import ClassEvaluation
    from elman.evaluation.tagging import TagEvaluation
    from elman.taggers.base import Predictor
    from elman.taggers.columns import ColumnPredictor


@dataclass(frozen=True)
class _Options:
    predicted: str | None
    predicted_format: str | None
    predicted_target: str | None
    format: str | None
    target: str | None
    encoding: str
    threads: int | None
    precision: str
    as_json: bool
    style: str
    scheme: str | None
    label: str | None
    scores: str | None
    positive: str | None
    calibration: bool
    min_confidence: float | None
    plot: str | None

    @property
    def asked(self) -> Asked:
        """What is asked for beside the evaluation."""
        return Asked(self.calibration, self.min_confidence, self.plot)

    @property
    def of_labels(self) -> bool:
        """Whether labels of whole sentences are asked for."""
        return any(name is not None for name in (self.label, self.scores, self.positive))

    @property
    def how(self) -> How:
        """How GOLD is read."""
        return How(self.format, self.target or (self.label if self.predicted is None else None), self.encoding)

    @property
    def how_predicted(self) -> How:
        """How the file of predictions is read."""
        return How(self.predicted_format, self.predicted_target, self.encoding)

    def check(self) -> None:
        """Raise ConfigError for options that do not go together."""
        self.asked.check(of_model=self.predicted is None)
        plain = self.style == STYLES[0]
        if not plain and (self.asked.of_confidences or self.plot is not None):
            raise ConfigError(f"--style {self.style}: shows no confidences and no pictures; leave --style out")
        if self.scheme is not None and self.style != "seqeval":
            raise ConfigError("--scheme: goes with --style seqeval, whose strict mode holds to a scheme")
        if self.of_labels and not plain:
            raise ConfigError("--label, --scores, --positive: go without --style")
        if self.predicted is None and (self.scores, self.positive) != (None, None):
            raise ConfigError("--scores, --positive: go with --predicted FILE; a MODEL has its own")
        if self.label is not None and self.target is not None:
            raise ConfigError("--label, --target: expected one of the two")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="[MODEL] GOLD...")
@click.option("--predicted", metavar="FILE", help="Compare the tags in FILE instead of tagging with a MODEL.")
@click.option(
    "--predicted-format",
    callback=checked_format,
    metavar="FORMAT",
    help="Format of FILE; tags: nothing but tags, a sentence a line.",
)
@click.option("--predicted-target", metavar="COLUMN,…", help="Column of the tags in FILE; as many as of GOLD.")
@click.option(
    "--style",
    type=click.Choice(STYLES),
    default=STYLES[0],
    show_default=True,
    help="Count and print as another program does (docs/evaluation.md).",
)
@click.option(
    "--scheme", metavar="SCHEME", help="With --style seqeval: its strict mode, iob2, bioes, bilou, iob1, ioe2 …"
)
@click.option("--label", metavar="NAME", help="Compare labels of whole texts; by default where there are no others.")
@click.option("--scores", metavar="NAME", help="Label in FILE with a probability, for the ROC-AUC of two labels.")
@click.option("--positive", metavar="LABEL", help="The label it is of; by default the later of the two in order.")
@click.option("--calibration", is_flag=True, help="Show how far the confidences of MODEL can be believed.")
@click.option(
    "--min-confidence", type=Number(0, 1), metavar="P", help="Show how much is tagged, and how well, from P up."
)
@plot_option("what is taken for what; with --calibration, how far confidences can be believed")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@format_option("GOLD")
@target_option
@encoding_option
@threads_option
@precision_option
def evaluate(files: tuple[str, ...], **given: Any) -> None:
    """Compare tags with the right ones.

    The right ones stand in GOLD; the others are what MODEL gives to its words, or stand in a file.

    \b
      elman evaluate my.model test.conllu
      elman evaluate --predicted tagged.conllu test.conllu
      elman evaluate my.model test.conllu --calibration --plot reliability.svg
      elman evaluate --predicted tagged.bio gold.bio --style conlleval
      elman evaluate --predicted parsed.conllu gold.conllu --style conll18
    """
    options = _Options(**given)
    if options.predicted is None and len(files) < 2:
        raise click.UsageError(f"expected MODEL and GOLD, found {len(files)}")
    if options.predicted is not None and len(files) != 1:
        raise click.UsageError(f"expected GOLD alone beside --predicted, found {len(files)}")
    options.check()
    notes = Notes()
    with without_gc():
        model = _load(files[0], options, notes) if options.predicted is None else None
        options = _with_style(model, options)
        task = model.task if model is not None else None
        if (task, options.style) == (PIPELINE, "conll18"):
            task = SEGMENT  # judged on raw text, as what finds words is; else by its columns, on gold words
        if model is not None and task in _WAYS:
            _show({"": _WAYS[task](model, files[1:], options, notes)}, options)
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


def _show(found: Mapping[str, Shown], options: _Options) -> None:
    """Print what a style found, of each label column."""
    if options.as_json:
        style = {} if options.style == STYLES[0] else {"style": options.style}
        _print_json({name: style | shown.to_json() for name, shown in found.items()})
        return
    texts = [shown.text() for shown in found.values()]
    if len(found) > 1:
        texts = [f"{bold(f'column {name}')}\n\n{text}" for name, text in zip(found, texts, strict=True)]
    say("\n\n".join(texts))


def _print_json(of_columns: Mapping[str, Mapping[str, Any]]) -> None:
    """One object: of the first column, and of all where there are several."""
    whole = dict(next(iter(of_columns.values())))
    if len(of_columns) > 1:
        whole["targets"] = of_columns
    say_json(whole)


def _of_raw(tagger: Predictor, paths: Sequence[str], options: _Options, notes: Notes) -> Shown:
    """What a model makes of the raw text of gold sentences."""
    from elman.cli.scorers import Conll18

    if options.style not in (STYLES[0], "conll18") or options.asked.of_confidences or options.plot or options.target:
        raise ConfigError(f"a model of the task {tagger.task} is judged on raw text; leave the other options out")
    return Conll18(evaluate_raw(tagger, paths, options.format, options.encoding, notes))


def _of_numbers(tagger: Predictor, paths: Sequence[str], options: _Options, notes: Notes) -> Shown:
    """How far a model's numbers are from the right ones."""
    from elman.cli.numbers import evaluate_numbers

    if options.style != STYLES[0] or options.asked.of_confidences or options.plot:
        raise ConfigError("a model of the task regress predicts numbers; leave the options of tags out")
    return evaluate_numbers(tagger, paths, (options.format, options.encoding), options.target, notes)


def _of_language(tagger: Predictor, paths: Sequence[str], options: _Options, notes: Notes) -> Shown:
    """How well a model knows what comes next."""
    return fluency(tagger, paths, options.format, options.encoding)


_WAYS: dict[str | None, Callable[[Predictor, Sequence[str], _Options, Notes], Shown]] = {
    REGRESS: _of_numbers,
    "lm": _of_language,
    SEGMENT: _of_raw,
}
"""How models of these tasks are judged, which is not by tags of words or labels of texts."""


def _with_style(tagger: Predictor | None, options: _Options) -> _Options:
    """Trees are compared as trees, unless columns are asked for: a head that is a number says nothing as a tag."""
    asked = options.asked.of_confidences or options.plot is not None or options.target is not None
    if tagger is None or tagger.task != PARSE or options.style != STYLES[0] or asked:
        return options
    return replace(options, style="conll18" if "head" in tagger.targets else "evalb")


def _styled(
    files: Sequence[str], tagger: ColumnPredictor | None, options: _Options, notes: Notes
) -> Mapping[str, Shown]:
    from elman.cli import scorers as styles

    path = files[-1]
    if len(files) > 2 and options.style not in ("evalb", "conll18"):
        raise click.UsageError(f"--style {options.style}: expected one GOLD, found {len(files) - 1}")
    if options.style == "evalb":
        if tagger is not None:
            return {"": styles.evalb_of_model(tagger, files[1:], options.how, notes)}
        return {"": styles.evalb_of_files(str(options.predicted), options.how_predicted, path, options.how, notes)}
    if options.style == "conll18":
        if tagger is not None:
            return {"": styles.conll18_of_model(tagger, files[1:], options.how, notes)}
        return {"": styles.conll18_of_file(str(options.predicted), options.how_predicted, path, options.how, notes)}
    right = gold(read(path, options.how, notes), options.how, tagger)
    if right.keys.texts:
        raise ConfigError(f"--style {options.style}: counts tags of words; {right.keys.texts[0]} is of whole texts")
    if tagger is not None:
        rows = of_model(tagger, right)
    else:
        rows = of_file(str(options.predicted), options.how_predicted, right, notes, options.target)
    return styles.of_spans(options.style, options.scheme, right, rows, notes)


def _load(model: str, options: _Options, notes: Notes) -> Predictor:
    from elman.taggers.load import load

    return load(model, threads=options.threads, precision=options.precision, on_note=notes.add)


def _evaluate_model(tagger: ColumnPredictor, paths: Sequence[str], options: _Options, notes: Notes) -> None:
    right = gold(read(paths, options.how, notes), options.how, tagger)
    found = Believed()
    sentences = right.sentences
    if options.asked.of_confidences:
        sentences = list(sentences)
        found = believed(tagger, sentences, right.columns, options.asked)
    several = len(tagger.targets) > 1
    target, columns = (None, right.columns) if several else (right.columns, tagger.targets)
    results = tagger.evaluate(sentences, target=target, columns=columns)
    _doubt(tagger, results, right.path, notes)
    _report(_labelled(results, right.path, notes), found, options)


def _doubt(
    tagger: ColumnPredictor, results: Mapping[str, TagEvaluation | ClassEvaluation], path: str, notes: Notes
) -> None:
    """Warn of gold that is mostly of tags that the model does not have."""
    from elman.data.checks.odd_tags import unknown_tag_warnings

    if tagger.task not in ("tag", "classify"):
        return  # their tags are those of an encoding
    sets = tagger.tag_sets
    for name, result in results.items():
        counts = {tag: score.support for tag, score in _scores(result).items() if score.support and tag != NO_TAG}
        known = sets.get(name, sets[tagger.target])
        items = "words" if hasattr(result, "tags") else "texts"
        where = path if len(results) == 1 else f"{path}, column {name}"
        for doubt in unknown_tag_warnings(counts, known, where, "the model", items):
            notes.warn(doubt)


def _evaluate_file(predicted: str, path: str, options: _Options, notes: Notes) -> None:
    from elman.cli.labels import Labels
    from elman.evaluation.classification import evaluate_labels
    from elman.evaluation.tagging import TagEvaluator

    reading = read(path, options.how, notes)
    if options.of_labels or (options.target is None and _texts_alone(reading)):
        other = read(predicted, options.how_predicted, notes)
        _show({"": Labels(reading, other, options.label, options.scores, options.positive)}, options)
        return
    right = gold(reading, options.how)
    tallies = {column: TagEvaluator() for column in right.keys.words}
    texts: dict[str, tuple[list[str], list[str]]] = {name: ([], []) for name in right.keys.texts}
    for row in of_file(predicted, options.how_predicted, right, notes, options.target):
        for column, wanted, tags in zip(right.columns, row.right, row.tags, strict=True):
            if column in tallies:
                tallies[column].add(wanted, tags, path=row.path, line=row.line)
            else:
                texts[column][0].extend(wanted)
                texts[column][1].extend(tags)
    results: dict[str, TagEvaluation | ClassEvaluation] = {column: tally.result() for column, tally in tallies.items()}
    results |= {name: evaluate_labels(*both) for name, both in texts.items()}
    _report(_labelled(results, right.path, notes), Believed(), options)


def _texts_alone(reading: Reading) -> bool:
    """Whether a file has labels of whole sentences, and no tags of words."""
    from elman.data.formats.class_names import UnnamedTagsError

    try:
        reading.target()
    except UnnamedTagsError:
        raise
    except ConfigError:
        return bool(reading.label_names())
    return False


def _labelled(
    results: Mapping[str, TagEvaluation | ClassEvaluation], path: str, notes: Notes
) -> Mapping[str, TagEvaluation | ClassEvaluation]:
    """The results of the columns that have gold tags. Raises DataError where none has."""
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
    """What may not be meant with the gold tags of a column."""
    from elman.data.checks.columns import untagged_message
    from elman.evaluation.tagging import TagEvaluation

    if not isinstance(result, TagEvaluation):
        return
    found = result.tags.get(NO_TAG)
    doubt = untagged_message(name, found.support, result.tokens) if found is not None else None
    if doubt is not None:
        yield doubt
    if result.strays is not None:
        yield f"column {name}: {result.strays}, so there is no span F1; mend it (elman check says where)"


def _to_json(name: str, result: TagEvaluation | ClassEvaluation) -> dict[str, Any]:
    """The JSON of an evaluation; a label of whole texts with its name, as of two files."""
    return ({} if hasattr(result, "tags") else {"label": name}) | result.to_json()


def _scores(result: TagEvaluation | ClassEvaluation) -> Mapping[str, TagScore]:
    """The scores of the tags or of the labels."""
    found: Mapping[str, TagScore] = getattr(result, "tags", None) or getattr(result, "classes", {})
    return found


def _report(results: Mapping[str, TagEvaluation | ClassEvaluation], found: Believed, options: _Options) -> None:
    """Print an evaluation of tags, and draw it if asked to."""
    figure = drawn(options.asked, results, found)
    if options.as_json:
        _print_json({name: _to_json(name, result) | found.to_json(name) for name, result in results.items()})
    else:
        from elman.cli.reports.scores import reports

        say("\n\n".join(filter(None, (reports(results), found.reports()))))
    if figure is not None and options.plot is not None:  # behind what a full disk must not cost
        from elman.viz import plots

        plots.save(figure, options.plot)
