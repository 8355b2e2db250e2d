"""``elman evaluate --style``: the comparison as other programs count and print it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

from elman.cli.gold import Gold, How, Row, matched, no_gold, only_one_goes_on, other_words, read
from elman.cli.options import Notes
from elman.cli.reports.scores import classes, percent
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError, DataError

if TYPE_CHECKING:
    from elman.data.sentence import Sentence
    from elman.data.trees import Tree
    from elman.evaluation.conll18 import Conll18Metric
    from elman.taggers.columns import ColumnPredictor

STYLES = ("elman", "conlleval", "seqeval", "conll18", "evalb")
_CONLL18_OF = {"upos": "UPOS", "xpos": "XPOS", "feats": "UFeats", "lemma": "Lemmas"}
_OF_TREES = {"head": "UAS", "deprel": "LAS"}


class Shown(Protocol):
    """What was found."""

    def text(self) -> str:
        """For a person, or as the other program prints it."""
        ...

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        ...


class Tally(Shown, Protocol):
    """Counts sentence after sentence."""

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count one sentence."""
        ...


def of_spans(style: str, scheme: str | None, gold: Gold, rows: Iterator[Row], notes: Notes) -> dict[str, Tally]:
    """Each label column as conlleval or seqeval counts it. Raises ConfigError: gold tags that mark no spans."""
    from elman.evaluation.conlleval import ConllevalReport
    from elman.evaluation.seqeval import SeqevalReport
    from elman.evaluation.tagging import describe_stray_tags, marks_spans, require_spans

    make: Callable[[], Tally] = ConllevalReport if style == "conlleval" else lambda: SeqevalReport(scheme)
    tallies = {column: make() for column in gold.columns}
    counts: dict[str, Counter[str]] = {column: Counter() for column in gold.columns}
    unlabelled = set(gold.columns)
    for row in rows:
        unlabelled = {column for column in unlabelled if set(row.gold.columns[column]) == {NO_TAG}}
        for (column, tally), tags in zip(tallies.items(), matched(row), strict=True):
            try:
                tally.add(row.gold.columns[column], tags)
                counts[column].update(row.gold.columns[column])
            except DataError as error:
                raise DataError(str(error), path=row.path, line=row.line) from None
    for column in unlabelled:
        raise no_gold(gold.path, column)
    for column, found in counts.items():
        if not marks_spans(found) and found.keys() - {"O"}:
            odd = describe_stray_tags(found)
            if odd is None:
                require_spans(found, f"--style {style}: {gold.path}: column {column}")
            notes.warn(f"{gold.path}: column {column}: {odd}; {style} counts spans all the same; mend it")
    return tallies


class Conll18(Shown):
    """The metrics of the CoNLL 2018 shared task."""

    def __init__(self, metrics: dict[str, Conll18Metric]) -> None:
        from elman.evaluation import conll18

        self._metrics = metrics
        self._table = conll18.format_table(metrics)

    def text(self) -> str:
        return self._table

    def to_json(self) -> dict[str, Any]:
        return {"metrics": {name: metric.to_json() for name, metric in self._metrics.items()}}


def conll18_of_file(predicted: str, how_predicted: How, gold: str, how: How, notes: Notes) -> Conll18:
    """Two files of CoNLL-U."""
    from elman.evaluation.conll18 import evaluate

    sides = [iter(_conllu(path, given, notes)) for path, given in ((gold, how), (predicted, how_predicted))]
    return Conll18(evaluate(sides[0], sides[1]))


def conll18_of_model(tagger: ColumnPredictor, gold: Sequence[str], how: How, notes: Notes) -> Conll18:
    """The metrics of what the model says of the words; of the rest, which it does not say, none."""
    from elman.evaluation.conll18 import evaluate

    trees = () if tagger.task == "tag" else _OF_TREES  # labels that are learned as they are make no trees
    other = [target for target in tagger.targets if target not in (*_CONLL18_OF, *trees)]
    if other:
        raise ConfigError(f"--style conll18: expected a model of {', '.join(_CONLL18_OF)}, this one is of {other[0]}")
    names = [(_CONLL18_OF | _OF_TREES)[target] for target in tagger.targets]
    if set(names) >= {"UPOS", "XPOS", "UFeats"}:
        names.append("AllTags")
    sentences = [sentence for sentence in _conllu(gold, how, notes) if sentence.words]
    tagged = (
        replace(sentence, columns={**sentence.columns, **{name: tuple(column) for name, column in tags.items()}})
        for sentence, tags in zip(sentences, tagger.pipe(sentences, columns=tagger.targets), strict=True)
    )
    metrics = evaluate(iter(sentences), tagged)
    return Conll18({name: metric for name, metric in metrics.items() if name in names})


def _conllu(path: str | Sequence[str], how: How, notes: Notes) -> Iterator[Sentence]:
    reading = read(path, replace(how, format=how.format or "conllu"), notes, labelled=False)
    if reading.format != "conllu":
        raise ConfigError(f"{reading.path}: --style conll18 is of conllu, not of {reading.format}")
    return iter(reading)


class Evalb(Shown):
    """Brackets of trees, each gold one beside another of the same words."""

    def __init__(self, pairs: Iterable[tuple[Tree, Tree]]) -> None:
        from elman.evaluation.evalb import brackets, evaluate_brackets

        both = list(pairs)
        gold, predicted = ([brackets(pair[side]) for pair in both] for side in (0, 1))
        self._found = evaluate_brackets(gold, predicted)
        tags = [
            (one[0], other[0]) for pair in both for one, other in zip(*(tree.tagged() for tree in pair), strict=True)
        ]
        self._words, self._tags = len(tags), sum(one == other for one, other in tags)

    def text(self) -> str:
        found = self._found
        micro = found.micro
        rows = [("precision", micro.precision), ("recall", micro.recall), ("F1", micro.f1)]
        lines = [f"bracket {name:<10}{100 * rate:>7.2f} %" for name, rate in rows]
        lines[0] += f"  {found.correct:,} of {found.predicted:,} predicted brackets"
        lines[1] += f"  {found.correct:,} of {found.gold:,} gold brackets"
        lines.append(
            f"{'whole trees':<18}{percent(found.exact, found.trees):>9}  {found.exact:,} of {found.trees:,} trees"
        )
        lines.append(f"{'tags':<18}{percent(self._tags, self._words):>9}  {self._tags:,} of {self._words:,} words")
        return "\n".join([*lines, "", *classes(found.labels, "label", "brackets")])

    def to_json(self) -> dict[str, Any]:
        return self._found.to_json() | {"tag_accuracy": self._tags / self._words}


def evalb_of_files(predicted: str, how_predicted: How, gold: str, how: How, notes: Notes) -> Evalb:
    """Two files of trees."""
    from elman.data.formats.trees import parse_sentence_tree

    sides = [_trees(gold, how, notes), _trees(predicted, how_predicted, notes)]

    def pairs() -> Iterator[tuple[Tree, Tree]]:
        for right, other in zip_longest(*sides):
            if right is None or other is None:
                raise only_one_goes_on(right, other, gold, predicted)
            if right.words != other.words:
                raise other_words(right, other)
            yield parse_sentence_tree(right), parse_sentence_tree(other)

    return Evalb(pairs())


def evalb_of_model(tagger: ColumnPredictor, gold: Sequence[str], how: How, notes: Notes) -> Evalb:
    """The trees that a model gives to the words of gold trees. Raises ConfigError: it gives none."""
    from elman.data.formats.trees import parse_sentence_tree
    from elman.data.trees import TREE, from_pieces, parse_tree

    if tagger.target != TREE:
        raise ConfigError(
            "--style evalb: the model gives no bracketed trees; one of --task parse does, or --predicted FILE has them"
        )
    sentences = list(_trees(gold, how, notes))
    if not sentences:
        raise DataError("no trees; expected some to compare with", path=gold[0])
    found = tagger.pipe(sentences)
    return Evalb(
        (parse_sentence_tree(sentence), parse_tree(from_pieces(pieces, sentence.words)))
        for sentence, pieces in zip(sentences, found, strict=True)
    )


def _trees(path: str | Sequence[str], how: How, notes: Notes) -> Iterator[Sentence]:
    reading = read(path, replace(how, format=how.format or "trees"), notes, labelled=False)
    if reading.format != "trees":
        raise ConfigError(f"{reading.path}: --style evalb is of trees, not of {reading.format}")
    return (sentence for sentence in reading if sentence.words)
