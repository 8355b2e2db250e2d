"""What ``elman evaluate`` counts and prints, beside accuracy: document labels, numbers, perplexity, other programs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

from elman.cli.conllu_scores import read_as
from elman.cli.gold import (
    AlignedSentence,
    FileOptions,
    Gold,
    different_lengths,
    different_words,
    no_gold,
    predicted_tags,
)
from elman.cli.reports.scores import classes, of_labels
from elman.cli.tables import percent
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError, DataError
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.data.formats import Reading
    from elman.data.sentence import Sentence
    from elman.data.trees import Tree
    from elman.taggers.base import Predictor
    from elman.taggers.column_predictor import ColumnPredictor
    from elman.taggers.language_model import LanguageEvaluation, LanguageModel
    from elman.taggers.regression.table import RegressionEvaluation

STYLES = ("elman", "conlleval", "seqeval", "conll18", "evalb")


class Scores(Protocol):
    """The result of an evaluation."""

    def text(self) -> str:
        """Return the report for a person, or as the other program prints it."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        ...


class Tally(Scores, Protocol):
    """Counts sentence after sentence."""

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one sentence."""
        ...


def of_spans(
    style: str, scheme: str | None, gold: Gold, aligned: Iterator[AlignedSentence], notes: Notes
) -> dict[str, Tally]:
    """Return each label column as conlleval or seqeval counts it. Raises ConfigError if gold tags mark no spans."""
    from elman.evaluation.conlleval import ConllevalReport
    from elman.evaluation.seqeval import SeqevalReport
    from elman.evaluation.tagging import describe_stray_tags, marks_spans, require_spans

    make: Callable[[], Tally] = ConllevalReport if style == "conlleval" else lambda: SeqevalReport(scheme)
    tallies = {column: make() for column in gold.columns}
    counts: dict[str, Counter[str]] = {column: Counter() for column in gold.columns}
    unlabelled = set(gold.columns)
    for row in aligned:
        columns = row.sentence.columns
        unlabelled = {column for column in unlabelled if set(columns[column]) == {NO_TAG}}
        for (column, tally), tags in zip(tallies.items(), predicted_tags(row), strict=True):
            try:
                tally.add(columns[column], tags)
                counts[column].update(columns[column])
            except DataError as error:
                raise DataError(str(error), path=row.path, line=row.line) from None
    for column in unlabelled:
        raise no_gold(gold.path, column)
    for column, tags_of in counts.items():
        if not marks_spans(tags_of) and tags_of.keys() - {"O"}:
            stray = describe_stray_tags(tags_of)
            if stray is None:
                require_spans(tags_of, f"--style {style}: {gold.path}: column {column}")
            notes.warn(f"{gold.path}: column {column}: {stray}; {style} counts spans all the same; fix it")
    return tallies


def _trees(path: str | Sequence[str], options: FileOptions, notes: Notes) -> Iterator[Sentence]:
    return (sentence for sentence in read_as("trees", path, options, notes, "--style evalb") if sentence.words)


class Evalb(Scores):
    """Brackets of trees: pairs of a gold tree and a predicted one, of the same words."""

    def __init__(self, pairs: Iterable[tuple[Tree, Tree]]) -> None:
        from elman.evaluation.evalb import brackets, evaluate_brackets

        both = list(pairs)
        gold, predicted = ([brackets(pair[side]) for pair in both] for side in (0, 1))
        self._brackets = evaluate_brackets(gold, predicted)
        tags = [
            (one[0], other[0]) for pair in both for one, other in zip(*(tree.tagged() for tree in pair), strict=True)
        ]
        self._words, self._tags = len(tags), sum(one == other for one, other in tags)

    def text(self) -> str:
        brackets = self._brackets
        micro = brackets.micro
        rows = [("precision", micro.precision), ("recall", micro.recall), ("F1", micro.f1)]
        lines = [f"bracket {name:<10}{100 * rate:>7.2f} %" for name, rate in rows]
        lines[0] += f"  {brackets.correct:,} of {brackets.predicted:,} predicted brackets"
        lines[1] += f"  {brackets.correct:,} of {brackets.gold:,} gold brackets"
        exact = f"{brackets.exact:,} of {brackets.trees:,} trees"
        lines.append(f"{'whole trees':<18}{percent(brackets.exact, brackets.trees):>9}  {exact}")
        lines.append(f"{'tags':<18}{percent(self._tags, self._words):>9}  {self._tags:,} of {self._words:,} words")
        return "\n".join([*lines, "", *classes(brackets.labels, "label", "brackets")])

    def to_json(self) -> dict[str, Any]:
        return self._brackets.to_json() | {"tag_accuracy": self._tags / self._words}


def evalb_of_files(predicted: str, how_predicted: FileOptions, gold: str, how: FileOptions, notes: Notes) -> Evalb:
    """Return the brackets of two files of trees."""
    from elman.data.formats.trees import parse_sentence_tree

    sides = [_trees(gold, how, notes), _trees(predicted, how_predicted, notes)]

    def pairs() -> Iterator[tuple[Tree, Tree]]:
        for gold_tree, other in zip_longest(*sides):
            if gold_tree is None or other is None:
                raise different_lengths(gold_tree, other, gold, predicted)
            if gold_tree.words != other.words:
                raise different_words(gold_tree, other)
            yield parse_sentence_tree(gold_tree), parse_sentence_tree(other)

    return Evalb(pairs())


def evalb_of_model(tagger: ColumnPredictor, gold: Sequence[str], how: FileOptions, notes: Notes) -> Evalb:
    """Return the brackets of a model's trees of the words of gold trees. Raises ConfigError if it predicts none."""
    from elman.data.formats.trees import parse_sentence_tree
    from elman.data.targets import TREE
    from elman.data.trees import from_pieces, parse_tree

    if tagger.target != TREE:
        raise ConfigError(
            "--style evalb: the model gives no bracketed trees; one of --task parse does, or --predicted FILE has them"
        )
    sentences = list(_trees(gold, how, notes))
    if not sentences:
        raise DataError("no trees; expected some to compare with", path=gold[0])
    predicted = tagger.pipe(sentences)
    return Evalb(
        (parse_sentence_tree(sentence), parse_tree(from_pieces(pieces, sentence.words)))
        for sentence, pieces in zip(sentences, predicted, strict=True)
    )


class TextLabels(Scores):
    """Document labels of two files of the same texts.

    ``name`` is the label; ``scores`` names the one that holds a probability, that of ``positive``, by default the later
    of the two labels in order. Raises ConfigError for an unknown label. Raises DataError for a text without one, other
    texts or another number of them.
    """

    def __init__(
        self, gold: Reading, predicted: Reading, name: str | None, scores: str | None, positive: str | None
    ) -> None:
        from elman.data.corpus import keep_nonempty
        from elman.evaluation.classification import evaluate_labels

        gold_name = _label(gold, name)
        name = _label(predicted, name or (gold_name if gold_name in predicted.label_names() else None))
        gold_labels: list[str] = []
        labels: list[str] = []
        probabilities: list[float] = []
        others = (sentence for sentence in predicted if sentence.words)
        for sentence, other in zip_longest(keep_nonempty(gold, gold.path), others):
            if sentence is None or other is None:
                raise different_lengths(sentence, other, gold.path, predicted.path)
            if sentence.words != other.words:
                where = f"{sentence.path}:{sentence.line}"
                raise DataError(f"expected the same text as in {where}", path=other.path, line=other.line)
            gold_labels.append(_value(sentence, gold_name))
            labels.append(_value(other, name))
            if scores is not None:
                probabilities.append(_number(other, scores))
        known = sorted({*gold_labels, *labels})
        if scores is not None and len(known) != 2:
            raise ConfigError(f"--scores: ROC-AUC is of two labels, found {len(known)}")
        if positive is not None and positive not in known:
            near = did_you_mean(positive, known)
            raise ConfigError(f"--positive: no label {shown(positive)}; expected one of {', '.join(known[:10])}{near}")
        given = probabilities if scores is not None else None
        self._result = evaluate_labels(gold_labels, labels, given, positive or known[-1])
        self._name = gold_name

    def text(self) -> str:
        return of_labels(self._result)

    def to_json(self) -> dict[str, Any]:
        return {"label": self._name, **self._result.to_json()}


def _label(reading: Reading, name: str | None) -> str:
    names = reading.label_names()
    if not names or (name is not None and name not in names):
        there = f"; it has {', '.join(names)}" if names else ""
        raise ConfigError(f"{reading.path}: no label {name or 'of texts'}{there}{did_you_mean(name or '', names)}")
    return name or names[0]


def _value(sentence: Sentence, name: str) -> str:
    value = sentence.labels.get(name)
    if value is None:
        raise DataError(f"no label {name}: expected one for each text", path=sentence.path, line=sentence.line)
    return value


def _number(sentence: Sentence, name: str) -> float:
    text = _value(sentence, name)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        message = f"{name}: expected a number, found {shown(text)}"
        raise DataError(message, path=sentence.path, line=sentence.line)
    return number


@dataclass(frozen=True)
class Perplexity(Scores):
    """How well a language model predicts a text."""

    result: LanguageEvaluation

    def to_json(self) -> dict[str, Any]:
        return self.result.to_json()

    def text(self) -> str:
        result, unit = self.result, self.result.unit
        unknown = f"{result.unknown:,} {unit} ({100 * result.unknown / result.symbols:.2f} %) count as <unk>"
        rows = [
            ("perplexity", f"{result.perplexity:.4g} a {unit[:-1]}"),
            ("", f"{result.perplexity_per_word:.4g} a word" if unit != "words" else ""),
            ("bits", f"{result.bits_per_character:.4f} a character"),
            ("text", f"{result.symbols:,} {unit}, line ends among them; {result.characters:,} characters"),
            ("unknown", unknown),
        ]
        return "\n".join(f"{name:<12}{text}" for name, text in rows if text)


def perplexity(tagger: Predictor, paths: Sequence[str], options: FileOptions) -> Perplexity:
    """Return how well a language model predicts the text of files."""
    model = language_model(tagger)
    assert model is not None
    return Perplexity(model.evaluate(paths, format=options.format, encoding=options.encoding))


def language_model(tagger: Predictor) -> LanguageModel | None:
    """Return a model as a language model; None if it is another kind."""
    from elman.taggers.language_model import LanguageModel

    return tagger if isinstance(tagger, LanguageModel) else None


@dataclass(frozen=True)
class RegressionErrors(Scores):
    """How far predicted numbers are from gold."""

    result: RegressionEvaluation

    def to_json(self) -> dict[str, Any]:
        return self.result.to_json()

    def text(self) -> str:
        result = self.result
        rows = (("values", f"{result.values:,}"), ("RMSE", f"{result.rmse:.6g}"), ("MAE", f"{result.mae:.6g}"))
        return "\n".join(f"{name:8}{value}" for name, value in (*rows, ("R²", f"{result.r2:.4f}")))


def regression_errors(
    model: Any, paths: Sequence[str], options: FileOptions, target: str | None, notes: Notes
) -> RegressionErrors:
    """Return how far a model's numbers are from those in files."""
    from elman.cli.raw_text import sentences_of

    sentences = sentences_of(model, paths, options.format, options.encoding, notes)
    return RegressionErrors(model.evaluate(sentences, target=target))
