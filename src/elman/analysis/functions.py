"""``elman.compare``, ``find_errors``, ``curve``, ``gradients`` and ``attributions``: models and data examined."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from elman.data.corpus import Corpus, Data, ReadOptions, as_items, iter_labelled, read_corpus
from elman.data.formats import column_names
from elman.data.sentence import Sentence
from elman.data.targets import CLASSIFY, TAG
from elman.errors import ConfigError, DataError
from elman.taggers.base import Predictor, Target
from elman.taggers.batches import whole_sentences, words_of
from elman.taggers.column_predictor import ColumnPredictor
from elman.utils.arguments import check_callbacks, check_text, described, is_path, path_texts, settings_table
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.analysis.errors import ErrorAnalysis
    from elman.analysis.gradients import Attribution, Labelled
    from elman.analysis.lag_curves import GradientReport
    from elman.analysis.learning_curve import Curve
    from elman.evaluation.compare import Comparison
    from elman.training.run_options import Map

TagsOf = Data | ColumnPredictor
"""A model, or data with the tags of one."""


def compare(
    gold: Data,
    a: TagsOf,
    b: TagsOf,
    *,
    metric: str | None = None,
    target: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    resamples: int = 10_000,
    seed: int = 1,
) -> Comparison:
    """Test whether B is better than A on the same gold data, as ``elman compare`` does.

    ``gold``       a path, paths or sentences with the gold tags, as for ``elman.train``
    ``a``, ``b``   a model, which then tags the words of ``gold``; or data with the same words and its tags; or a list
                   of lists of tags
    ``metric``     ``accuracy`` of words, F1 of ``spans``, or whole ``sentences``; by default spans if tags mark them
    ``target``     the label column; by default that of the model, or the format's own
    ``format``, ``encoding``  of gold files; by default the format is what they look like
    ``resamples``  resamples of the bootstrap, drawn with ``seed``

    Scores run from 0 to 1; the difference is B minus A. Raises DataError if data cannot be read, or the words of a side
    are not those of gold; ConfigError for a metric, column or number out of range.
    """
    from elman.evaluation.compare import TEXTS_UNIT, compare as paired

    if isinstance(gold, Predictor):
        raise ConfigError("compare: GOLD and a model look swapped; expected compare(gold, a, b)")
    for name, text in (("metric", metric), ("target", target), ("format", format)):
        check_text(name, text)
    models = [_with_columns(side) for side in (a, b) if isinstance(side, Predictor)]
    corpus = read_corpus(gold, _options(models[0] if models else None, target, format, encoding))
    if len(corpus.targets) > 1:
        raise ConfigError(f"compare: one label column at a time; choose a target from {', '.join(corpus.targets)}")
    sides = [_tags_of(side, corpus, name, target) for side, name in ((a, "a"), (b, "b"))]
    tags = [_joined(corpus, corpus.keys.values(sentence)[0]) for sentence in corpus.sentences]
    found = paired(tags, *sides, metric=metric, resamples=resamples, seed=seed)
    return replace(found, unit=TEXTS_UNIT) if corpus.keys.texts else found


def find_errors(
    model: ColumnPredictor,
    data: Data,
    *,
    target: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    most: int = 20,
) -> ErrorAnalysis:
    """Tag gold data and rank the errors, as ``elman errors`` does: confident ones, confusions, unknown words.

    ``data``    a path, paths or sentences with gold labels, as for ``evaluate``
    ``target``  the label column; by default the first of the model
    ``most``    entries of each list

    Confidences run from 0 to 1. Memory grows with the number of errors, not with the data. Raises DataError if data
    cannot be read or has no gold labels, ConfigError for a column that does not exist or a model without labels.
    """
    from elman.analysis.errors import analyze_errors

    tagger = _with_columns(model, "find_errors(model, data)")
    check_text("target", target)
    check_text("format", format)
    return analyze_errors(tagger, data, target=target, format=format, encoding=encoding, most=most)


def curve(
    train: Data,
    dev: Data,
    *,
    points: int = 5,
    seeds: int = 3,
    model: str = "rnn",
    preset: str = "default",
    settings: Mapping[str, Any] | None = None,
    target: Target = None,
    inputs: Target = None,
    format: str | None = None,
    encoding: str = "utf-8",
    seed: int = 1,
    threads: int | None = None,
    on_progress: Callable[[str], None] | None = None,
    on_warning: Callable[[str], None] | None = None,
    map: Map | None = None,
) -> Curve:
    """Forecast what more labelled sentences would bring, as ``elman curve`` does.

    Models are trained on growing subsets of ``train`` and scored on ``dev``, which is as for ``elman.train``.

    ``points``       the number of sizes, 3 to 30, each twice the one before, up to all sentences
    ``seeds``        the number of seeds to train each size with; the first is ``seed``
    ``model``        ``rnn``, ``linear``, ``hmm`` or ``frequent``; ``preset`` and ``settings`` are for the rnn
    ``inputs``       further columns that are read with each word, as in ``elman.train``
    ``on_progress``  is called with a line before each training, ``on_warning`` with each warning about the data
    ``map``          a function like ``map`` that makes the trainings, as in ``elman.train``; the curve is the same

    Accuracies run from 0 to 1. Raises ConfigError for numbers out of range, and the errors of ``elman.train``.
    """
    from elman.analysis.learning_curve import learning_curve

    check_callbacks(on_progress=on_progress, on_warning=on_warning, map=map)
    check_text("format", format)
    if dev is None:
        raise ConfigError("dev: expected a path, sentences, or a share such as '10%', got None")
    return learning_curve(
        train,
        dev,
        ReadOptions(column_names(target), format, encoding, inputs=column_names(inputs, "inputs") or ()),
        points=points,
        seeds=seeds,
        seed=seed,
        tell=on_progress or _nothing,
        warn=on_warning or _nothing,
        map=map or builtins.map,
        model=model,
        preset=preset,
        settings=settings_table(settings),
        threads=threads,
    )


def gradients(
    model: Predictor,
    data: Data,
    *,
    layer: int = 1,
    lags: int = 20,
    positions: int = 1_000,
    tags: Sequence[str] = (),
    target: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
) -> GradientReport:
    """Measure how far back a network learns, as ``elman gradients`` does: norms of gradients by lag.

    ``data``       gold data, as for ``evaluate``
    ``layer``      the layer of the network, from 1
    ``lags``       the largest lag k: ‖∂loss at word t / ∂state at word t - k‖; t + k in the backward direction
    ``positions``  the number of words measured, from the beginning of the data; of one sentence at most 100
    ``tags``       measure only words with these gold tags; by default all
    ``target``     the label column; by default the first of the model

    Norms are geometric means over the words; of an ensemble the first network is measured. Raises ConfigError if the
    model is no recurrent network, or for a layer, tag, column or number out of range; DataError for unlabelled data.
    """
    from elman.analysis.gradients import GradientOptions, measure_lags

    _check_model(model, "gradients(model, data)")
    check_text("format", format)
    for name, value in (("layer", layer), ("lags", lags), ("positions", positions)):
        _check_whole(name, value)
    wanted = None if isinstance(tags, str | bytes) or not isinstance(tags, Iterable) else tuple(tags)
    if wanted is None or not all(isinstance(tag, str) for tag in wanted):
        raise ConfigError(f"tags: expected a list of tags, got {described(tags)}")
    networks, column = model.ensemble, _column(model, target)
    which = GradientOptions(layer, lags, positions, model.columns.index(column), wanted)
    return measure_lags(networks, _examples(model, column, data, _options(model, target, format, encoding)), which)


def attributions(
    model: Predictor, words: Sequence[str] | str | Sentence, *, at: int | None = None, target: str | None = None
) -> list[Attribution]:
    """Return which words decided each tag of a sentence: input times gradient, as ``elman gradients --text`` does.

    ``words``   the T words of a sentence; a text for models that read raw text (``segment``, ``lm``)
    ``at``      the word, from 1, whose tag is explained; by default all. A document label has one attribution
    ``target``  the label column; by default the first of the model

    Each ``Attribution`` has T ``parts``, in units of the score, and ``shares`` of them from -1 to 1. Raises ConfigError
    if the model is no recurrent network or there is no such word, DataError for words that are none.
    """
    from elman.analysis.gradients import attributions as explained

    _check_model(model, "attributions(model, words)")
    networks, column = model.ensemble, _column(model, target, of_file=False)
    if at is not None:
        _check_whole("at", at)
    reader: Any = model
    if isinstance(words, str) and not model.reads_sentences:
        read = list(model.inputs_of_text(words))
    elif isinstance(words, Sentence) and not model.reads_symbols:
        read = list(reader.inputs_of(words))
    else:
        read = list(reader.inputs_of_words(words) if isinstance(model, ColumnPredictor) else words_of(words))
    return explained(networks, read, () if at is None else (at,), model.columns.index(column))


def _nothing(line: str) -> None:
    """Ignore a line, for callbacks that are not given."""


def _check_model(model: object, call: str) -> None:
    if not isinstance(model, Predictor):
        advice = "elman.load reads a model from its file" if is_path(model) else f"expected {call}"
        raise ConfigError(
            f"model: expected a model that elman.train or elman.load returned, got {described(model)}; {advice}"
        )


def _with_columns(model: Any, call: str = "compare(gold, a, b)") -> ColumnPredictor:
    """Return the model. Raises ConfigError if it predicts no labels."""
    _check_model(model, call)
    if not isinstance(model, ColumnPredictor):
        raise ConfigError(f"model: a model of the task {model.task} predicts no labels of words or texts")
    return model


def _check_whole(name: str, value: object) -> None:
    if isinstance(value, bool | type) or not hasattr(value, "__index__"):
        raise ConfigError(f"{name}: expected a whole number, got {described(value)}")


def _column(model: Predictor, target: str | None, *, of_file: bool = True) -> str:
    """Return the label column that is meant, by default the first. Raises ConfigError if there is no such column.

    ``of_file``: ``target`` may be the name that the only column has in a file.
    """
    from elman.tasks.graph import HEAD, NO_LABELS

    check_text("target", target)
    names = model.columns
    if target is not None and target not in names and not (of_file and len(names) == 1):
        near = NO_LABELS if model.scores_trees and target == HEAD else did_you_mean(target, names)
        raise ConfigError(f"target: the model's label columns are {', '.join(names)}, got {shown(target)}{near}")
    return target if target is not None and target in names else names[0]


def _options(model: Predictor | None, target: str | None, format: str | None, encoding: str) -> ReadOptions:
    """Return how gold data for a model is read: its own column, unless ``target`` names another."""
    names = column_names(target)
    if model is None:
        return ReadOptions(names, format, encoding)
    if len(model.targets) > 1:
        return ReadOptions(names or model.targets[:1], format, encoding)
    task = TAG if model.word_targets else CLASSIFY
    return ReadOptions(names, format, encoding, model_default=(model.format, model.target), task=task)


def _examples(model: Predictor, column: str, data: Data, options: ReadOptions) -> Iterator[Labelled]:
    """Yield what a model of any task reads of gold data, and the labels of a column."""
    reader: Any = model
    if model.reads_symbols:
        yield from reader.lines(data, format=options.format, encoding=options.encoding)
    elif model.plain_labels:
        for sentence, keys in iter_labelled(data, options):
            yield reader.inputs_of(sentence), keys.values(sentence)[0]
    else:
        yield from reader.examples(_sentences(data, options), column)


def _sentences(data: Data, options: ReadOptions) -> Iterator[Sentence]:
    """Yield the sentences of files, or those made in Python, with all their columns."""
    from elman.data.formats import read_sentences
    from elman.utils.files import input_files

    items = iter(as_items(data))
    first = next(items, None)
    if first is None:
        raise DataError("expected a path, paths or sentences, got nothing")
    if is_path(first):
        paths = input_files(path_texts("data", chain([first], items)))
        yield from (
            each for each in read_sentences(paths, format=options.format, encoding=options.encoding) if each.words
        )
        return
    yield from (sentence for sentence in whole_sentences(chain([first], items)) if sentence.words)


def _tags_of(side: Any, corpus: Corpus, name: str, target: str | None) -> list[Sequence[str]]:
    """Return the tags that one side gives to the words of gold. Raises DataError if it has other words."""
    if isinstance(side, Predictor):
        model = _with_columns(side)
        column = corpus.targets[0] if len(model.targets) > 1 else model.target
        texts = model.text_targets
        predicted = model.pipe(corpus.sentences, columns=[column])
        return [[row[column]] if column in texts else row[column] for row in predicted]
    if not is_path(side):
        side = list(as_items(side))
        if all(isinstance(tags, list) and tags and all(isinstance(tag, str) for tag in tags) for tags in side):
            return list(side)
    try:
        found = read_corpus(side, ReadOptions(column_names(target)))
    except DataError as error:
        if is_path(side) and "safetensors" in str(error):
            raise DataError(f"{error}; pass elman.load({str(side)!r}) for the model in it") from None
        raise
    if len(found.targets) > 1:
        raise ConfigError(f"{name}: one label column at a time; choose a target from {', '.join(found.targets)}")
    for number, (gold, other) in enumerate(zip(corpus.sentences, found.sentences, strict=False), start=1):
        if gold.words != other.words:
            words = shown(" ".join(gold.words)), shown(" ".join(other.words))
            raise DataError(f"{name}: sentence {number}: expected the words of gold, {words[0]}, found {words[1]}")
    return [_joined(corpus, found.keys.values(sentence)[0]) for sentence in found.sentences]


def _joined(corpus: Corpus, tags: Sequence[str]) -> Sequence[str]:
    """Return the labels of a document as one value, and tags of words as they are."""
    return ["|".join(tags)] if corpus.keys.texts else tags
