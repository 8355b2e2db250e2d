"""The metrics of the CoNLL 2018 shared task on models and files, for ``elman evaluate`` and ``elman compare``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from elman.cli.gold import FileOptions, read
from elman.data.sentence import NO_TAG
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.cli.notes import Notes
    from elman.data.formats import Reading
    from elman.data.sentence import Sentence
    from elman.evaluation.conll18 import Conll18Metric
    from elman.taggers.column_predictor import ColumnPredictor

STYLE = "--style conll18"
_METRICS = {"upos": "UPOS", "xpos": "XPOS", "feats": "UFeats", "lemma": "Lemmas"}
_OF_TREES = {"head": "UAS", "deprel": "LAS"}
_OTHERS = ("lemma", "xpos", "feats", "head", "deprel")


class Conll18:
    """The metrics of a model or a file."""

    def __init__(self, metrics: dict[str, Conll18Metric]) -> None:
        self._metrics = metrics

    def text(self) -> str:
        """Return the table of the shared task."""
        from elman.evaluation.conll18 import format_table

        return format_table(self._metrics)

    def to_json(self) -> dict[str, Any]:
        """Return the F1 of each metric of words by its name in small letters, and the counts of all metrics."""
        from elman.evaluation.conll18 import KEYS, RANGE_METRICS

        of_words = {KEYS[name]: metric.f1 for name, metric in self._metrics.items() if name not in RANGE_METRICS}
        return {**of_words, "metrics": {name: metric.to_json() for name, metric in self._metrics.items()}}


def of_files(predicted: str, how_predicted: FileOptions, gold: str, how: FileOptions, notes: Notes) -> Conll18:
    """Return the metrics of two CoNLL-U files."""
    return of_sentences(read_conllu(gold, how, notes), read_conllu(predicted, how_predicted, notes))


def of_sentences(gold: Iterable[Sentence], predicted: Iterable[Sentence]) -> Conll18:
    """Return the metrics of predicted sentences."""
    from elman.evaluation.conll18 import evaluate

    return Conll18(evaluate(gold, predicted))


def of_model(tagger: ColumnPredictor, gold: Sequence[str], how: FileOptions, notes: Notes) -> Conll18:
    """Return the metrics of the columns that the model predicts for the words of gold."""
    from elman.evaluation.conll18 import evaluate

    names = metric_names(tagger, STYLE)
    sentences = [sentence for sentence in read_conllu(gold, how, notes) if sentence.words]
    metrics = evaluate(iter(sentences), analyses(tagger, sentences))
    return Conll18({name: metric for name, metric in metrics.items() if name in names})


def metric_names(model: Any, option: str) -> Sequence[str]:
    """Return the names of the metrics of what a model predicts; ``option`` asked for them.

    Raises ConfigError if it predicts other columns than these are about.
    """
    if model.reads_raw_text:
        of_raw_text: Sequence[str] = model.metric_names
        return of_raw_text
    trees = () if model.plain_labels else _OF_TREES  # labels that are learned as they are make no trees
    other = [target for target in model.targets if target not in (*_METRICS, *trees)]
    if other:
        raise ConfigError(f"{option}: expected a model of {', '.join(_METRICS)}, this one is of {other[0]}")
    names = [(_METRICS | _OF_TREES)[target] for target in model.targets]
    return [*names, "AllTags"] if set(names) >= {"UPOS", "XPOS", "UFeats"} else names


def analyses(model: Any, gold: Sequence[Sentence]) -> Iterator[Sentence]:
    """Yield what a model makes of gold sentences, which have words: of their raw text if it finds words itself."""
    if model.reads_raw_text:
        yield from model.sentences(model.gold_lines(gold)[1])
        return
    for sentence, tags in zip(gold, model.pipe(gold, columns=model.targets), strict=True):
        predicted = {name: tuple(column) for name, column in tags.items()}
        yield replace(sentence, columns={**sentence.columns, **predicted})


def read_conllu(path: str | Sequence[str], options: FileOptions, notes: Notes, option: str = STYLE) -> Reading:
    """Open files of CoNLL-U. Raises ConfigError for another format; ``option`` needs this one."""
    return read_as("conllu", path, options, notes, option)


def read_as(format: str, path: str | Sequence[str], options: FileOptions, notes: Notes, option: str) -> Reading:
    """Open files of the format that an option needs. Raises ConfigError if another one is asked for."""
    reading = read(path, replace(options, format=options.format or format), notes, labelled=False)
    if reading.format != format:
        raise ConfigError(f"{reading.path}: {option} compares {format}, not {reading.format}")
    return reading


def of_several_columns(gold: Reading, predicted: Reading) -> bool:
    """Return whether predictions in CoNLL-U are of more than UPOS, as far as the first sentences show.

    They are if the same text has other words, or if a column other than UPOS has values that are not those of gold.
    """
    if (gold.format, predicted.format) != ("conllu", "conllu"):
        return False
    pairs = list(zip(_with_words(gold), _with_words(predicted), strict=False))
    if any(a.words != b.words for a, b in pairs):
        texts = [_text(_with_words(reading)) for reading in (gold, predicted)]
        end = min(map(len, texts))
        return texts[0][:end] == texts[1][:end]
    for name in _OTHERS:
        differs = any(a.columns[name] != b.columns[name] for a, b in pairs)
        if differs and set(chain.from_iterable(b.columns[name] for _, b in pairs)) - {NO_TAG}:
            return True
    return False


def _text(sentences: Iterable[Sentence]) -> str:
    """Return the tokens of sentences as one text without spaces."""
    from elman.data.conllu_tokens import multiword_tokens

    forms: list[str] = []
    for sentence in sentences:
        tokens, i = multiword_tokens(sentence), 0
        while i < len(sentence):
            i, form = tokens.get(i) or (i + 1, sentence.words[i])
            forms.append(form)
    return "".join("".join(forms).split())


def _with_words(reading: Reading) -> Iterator[Sentence]:
    return (sentence for sentence in reading.first() if sentence.words)
