"""Prepare training from a request: settings, budget, data, dev set, vectors, and notes and warnings about them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from elman.config import LINEAR, Config, preset
from elman.data.checks import odd_tags
from elman.data.corpus import TASKS, Corpus, ReadOptions, TargetKeys, as_items, read_corpus
from elman.data.formats import read_sentences, read_table
from elman.data.sentence import Sentence
from elman.data.split import split_percent
from elman.data.targets import CLASSIFY, TAG
from elman.data.tokens import Token
from elman.errors import ConfigError, DataError
from elman.features.word_record import WITHOUT_DICTIONARY
from elman.models import constraints
from elman.models.kinds import KINDS, kernel_notes
from elman.taggers.request import TrainRequest
from elman.training import auto_settings
from elman.training.data_warnings import label_warnings, span_warnings, training_warnings
from elman.utils.arguments import is_path, is_table
from elman.utils.display import shown
from elman.utils.files import input_files

if TYPE_CHECKING:
    from elman.features.dictionary import Dictionary
    from elman.features.vectors import Vectors
    from elman.models.rnn import RecurrentModel
    from elman.training.base_start import BaseStart
    from elman.training.disk_corpus import DiskCorpus
    from elman.training.self_training import Silver
    from elman.training.tagging_task import Labelled, Start
    from elman.training.time_budget import Budget

WITH_SETTINGS = ("rnn", "linear")
"""Models that have settings and are trained in epochs."""


@dataclass(frozen=True)
class Prepared:
    """The input of a tagger's training, with all settings resolved except those that the budget chooses.

    ``train``     the words of each sentence and its labels in each of ``targets``; or a corpus on disk
    ``dev``       likewise for the dev set, whose sentences are ``dev_sentences``; None without one, or if it is the end
                  of a corpus on disk
    ``targets``   the label columns, word columns first; ``tasks`` are their tasks (``elman.data.targets``)
    ``inputs``    the columns that words have as features
    ``facts``     facts about the data, for the model file
    ``notes``     notes on how the data were read; ``warnings`` about them
    """

    model: str
    config: Config
    train: Labelled | DiskCorpus
    dev: Labelled | None
    dev_sentences: list[Sentence] | None
    targets: tuple[str, ...]
    tasks: tuple[str, ...]
    format: str
    facts: dict[str, Any]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    vectors: Start | None = None
    budget: Budget | None = None
    inputs: tuple[str, ...] = ()
    dictionary: Dictionary | None = None
    silver: Silver | None = None


def prepare(request: TrainRequest, *, raw_text: bool = False) -> Prepared:
    """Read and check the data and settings of a request for tags or document labels.

    ``raw_text``: find out how the words were cut from raw text, so that the tagger can do the same.
    Raises ConfigError if settings are invalid, DataError if data cannot be used.
    """
    model = request.model or "rnn"
    config, base = _config(request, model), None
    if request.base is not None:
        from elman.taggers.base_model import name_of, read_base, with_base

        base = read_base(request.base)
        config = with_base(config, base, name_of(request.base), request.settings, request.preset)
    budget = _budget(request, model)
    options = ReadOptions(
        _targets(request, model),
        request.format,
        request.encoding,
        task=_task(request.task, model),
        text_column=request.text_column,
        inputs=request.inputs,
    )
    extra = request.vectors, base, budget, request.inputs or None, request.lexicon or None
    if config.training.chunk and all(each is None for each in extra):
        from elman.training import disk_reader

        path = disk_reader.large(request.data, options)
        if path is not None:
            return _from_disk(request, path, options, config)
    corpus = read_corpus(request.data, options)
    tasks = corpus.tasks()
    train, dev, held_out, notes = _split(request, corpus, options)
    _check_kind(model, corpus.keys, config)
    _check_features(model, corpus.sentences, config)
    pairs, dev_pairs = corpus.pairs(train), None if dev is None else corpus.pairs(dev)
    warnings = _warnings(corpus, train, dev)
    if model in WITH_SETTINGS:
        config = auto_settings.resolve(config, pairs, tasks, single=budget is not None)
        if request.silver is not None:
            from elman.training import self_training

            config = self_training.settings(config)
        for name in corpus.keys.words:
            warnings += span_warnings(train, name, config.network)
        pairs = list(constraints.mended(config.network, pairs, tasks))
    vectors: Vectors | None = None
    if request.vectors is not None:
        vectors, note = _read_vectors(os.fspath(request.vectors), train, config.training.vectors_extra)
        notes.append(note)
        warnings += [vectors.repeats] if vectors.repeats else []
    start: Start | None = vectors
    if base is not None:
        start, note = _start(base, request, train, config.training.vectors_extra, vectors)
        notes.append(note)
    dictionary = _read_lexicon(request, model, config, train, notes)
    facts = {
        "sentences": len(train),
        "words": sum(len(sentence) for sentence in train),
        "dev_sentences": None if dev is None else len(dev),
        "held_out": held_out,
        **(tokenization(train) if raw_text and corpus.keys.words else {}),
    }
    return Prepared(
        model,
        config,
        train=pairs,
        dev=dev_pairs,
        dev_sentences=dev,
        targets=corpus.targets,
        tasks=tasks,
        format=corpus.format,
        facts=facts,
        notes=(*notes, *kernel_notes(model)),
        warnings=tuple(warnings),
        vectors=start,
        budget=budget,
        inputs=corpus.keys.inputs,
        dictionary=dictionary,
        silver=request.silver,
    )


def tokenization(sentences: Sequence[Sentence]) -> dict[str, Any]:
    """Return the fact for the model file how the words of sentences were cut from raw text.

    There is none of words with features, which raw text does not have.
    """
    from elman.data.tokenization.fit import fit

    rules = None if any(isinstance(word, Token) for word in sentences[0].words) else fit(sentences)
    return {} if rules is None else {"tokenization": rules.to_record()}


def _from_disk(request: TrainRequest, path: str, options: ReadOptions, config: Config) -> Prepared:
    """Prepare a labelled file that is too large for memory; a share as dev is the end of its text."""
    from elman.training import disk_reader
    from elman.training.disk_corpus import check_share

    share = request.dev if isinstance(request.dev, float) else 0.0
    if isinstance(request.dev, float):
        check_share(share)
    text = disk_reader.read(path, options, config.network.vocabulary, share)
    corpus = text.corpus
    keys = TargetKeys((text.target,))
    _check_kind(request.model or "rnn", keys, config)
    dev = None
    if request.dev is not None and not isinstance(request.dev, float):
        dev = read_corpus(request.dev, options, keys)
    notes, held_out = [text.note], None
    if corpus.held_out is not None:
        held_out = f"the end of the text: {disk_reader.size_of(corpus.held_out)}"
        notes.append(f"held out for dev: {held_out}")
    n_dev = corpus.held_out if dev is None else dev.sentences
    facts = {
        "sentences": len(corpus),
        "words": int(corpus.lengths.sum()),
        "dev_sentences": None if n_dev is None else len(n_dev),
        "held_out": held_out,
    }
    return Prepared(
        request.model or "rnn",
        config,
        train=corpus,
        dev=None if dev is None else dev.pairs(),
        dev_sentences=None if dev is None else dev.sentences,
        targets=(text.target,),
        tasks=(TAG,),
        format=text.format,
        facts=facts,
        notes=(*notes, *(dev.notes if dev else ()), *kernel_notes("rnn")),
    )


def read_all(request: TrainRequest) -> tuple[list[Sentence], list[Sentence] | float | None]:
    """Return the sentences of a request, with any columns, and those of its dev set (or the share).

    Raises DataError if there are no words.
    """
    dev = request.dev
    return _read(request.data, request), dev if dev is None or isinstance(dev, float) else _read(dev, request)


def split(
    sentences: list[Sentence], dev: list[Sentence] | float | None
) -> tuple[list[Sentence], list[Sentence] | None, str | None]:
    """Return (train, dev, how dev was held out); see ``split_percent``."""
    return split_percent(sentences, dev) if isinstance(dev, float) else (sentences, dev, None)


def _read(data: Any, request: TrainRequest) -> list[Sentence]:
    items = list(read_table(data, request.text_column) if is_table(data) else as_items(data))
    paths = [os.fspath(item) for item in items if isinstance(item, str | os.PathLike)]
    sentences: list[Sentence] = [item for item in items if isinstance(item, Sentence)]
    if len(paths) < len(items) != len(sentences):
        raise DataError("expected paths, or Sentences")
    for path in input_files(paths):
        sentences += read_sentences(path, format=request.format, encoding=request.encoding, labelled=False)
    with_words = [sentence for sentence in sentences if sentence.words]
    if not with_words:
        raise DataError("no words in it; expected sentences to learn from", path=paths[0] if paths else None)
    return with_words


def _config(request: TrainRequest, model: str) -> Config:
    """Return the settings of the model. Raises ConfigError if the model, the preset or a setting is unknown."""
    vectors = request.vectors if request.base is None else request.base
    if model not in KINDS:
        raise ConfigError(f"model: expected {' or '.join(KINDS)}, got {shown(model)}")
    if model == "linear":
        if request.preset != "default" or vectors is not None:
            raise ConfigError("the model linear has no presets and reads no vectors; they are the rnn's")
        config = LINEAR.with_settings(request.settings)
        if config.network.pooling != "none" or config.network.ensemble != 1 or config.training.distill_teachers:
            raise ConfigError(
                "the model linear: expected pooling=none, ensemble=1 and distill_teachers=0, its fixed settings"
            )
        return config
    if model != "rnn" and (request.settings or request.preset != "default" or vectors is not None):
        raise ConfigError(f"the model {model} has no settings and no presets and reads no vectors; they are the rnn's")
    config = preset(request.preset).with_settings(request.settings)
    if vectors is not None and not config.network.embedding:
        raise ConfigError("vectors: expected embedding=1 or more with them, got 0 (one-hot words)")
    return config


def _budget(request: TrainRequest, model: str) -> Budget | None:
    """Return the budget, which starts now."""
    if request.budget is None:
        return None
    if model != "rnn":
        raise ConfigError(f"the model {model} has no epochs to choose; a budget is the rnn's")
    from elman.training.time_budget import Budget

    of_base = {} if request.base is None else {"hidden": None}  # its size is the base's
    return Budget(request.budget, {**of_base, **request.settings}, request.run.note)


def _targets(request: TrainRequest, model: str) -> tuple[str, ...] | None:
    """Return the requested label columns. Raises ConfigError if the model cannot learn several."""
    names = request.targets
    if names is not None and len(names) > 1 and model != "rnn":
        raise ConfigError(f"the model {model} learns one label column, got {', '.join(names)}; the rnn learns several")
    return names


def _task(task: str | None, model: str) -> str | None:
    """Return the requested task, or the model's only one. Raises ConfigError if the model is not for the task."""
    if task not in (None, *TASKS):
        raise ConfigError(f"task: expected {' or '.join(TASKS)}, got {shown(task)}")
    only = {"linear": CLASSIFY, "hmm": TAG, "frequent": TAG}.get(model)
    if task is not None and only is not None and task != only:
        raise ConfigError(f"task {task}: the model {model} is for the task {only}; expected the model rnn")
    return task or only


def _split(
    request: TrainRequest, corpus: Corpus, options: ReadOptions
) -> tuple[list[Sentence], list[Sentence] | None, str | None, list[str]]:
    """Return train, dev, how dev was held out, and notes on both."""
    dev = request.dev
    if dev is None:
        return corpus.sentences, None, None, list(corpus.notes)
    if isinstance(dev, float):
        train, held_out, description = split_percent(corpus.sentences, dev)
        return train, held_out, description, [*corpus.notes, f"held out for dev: {description}"]
    dev_options = options if corpus.keys.words else replace(options, task=CLASSIFY)
    dev_corpus = read_corpus(dev, dev_options, corpus.keys)
    return corpus.sentences, dev_corpus.sentences, None, [*corpus.notes, *dev_corpus.notes]


def _check_kind(model: str, keys: TargetKeys, config: Config) -> None:
    """Raise ConfigError if the model, or a network without pooling, cannot learn the targets."""
    if model == "linear" and keys.words:
        raise ConfigError(
            f"the model linear learns document labels, and {keys.words[0]} labels words; the rnn learns both"
        )
    if model not in WITH_SETTINGS and keys.texts:
        raise ConfigError(
            f"the model {model} learns tags of words, and {keys.texts[0]} is a document label; the rnn learns both"
        )
    if model in WITH_SETTINGS and keys.texts and config.network.pooling == config.network.text_ngrams == "none":
        raise ConfigError("pooling=none and text_ngrams=none: a document label needs one of the two")


def _check_features(model: str, sentences: Sequence[Sentence], config: Config) -> None:
    """Raise ConfigError if words have features of their own and the model cannot read them, DataError if some have."""
    kinds = {isinstance(word, Token) for sentence in sentences for word in sentence.words}
    if True not in kinds:
        return
    if False in kinds:
        raise DataError("expected features of every word, as a dict, got words without features among them")
    if model != "rnn":
        raise ConfigError(f"the model {model} reads words alone, without inputs or other features; the rnn reads both")
    if not config.network.embedding:
        raise ConfigError("embedding: expected 1 or more with features of the words' own, got 0 (one-hot words)")


def _warnings(corpus: Corpus, train: Sequence[Sentence], dev: Sequence[Sentence] | None) -> list[str]:
    """Return warnings about suspicious sentences and document labels, one line each."""
    keys = corpus.keys
    warnings = training_warnings(train, dev, *keys.words)
    for name in keys.texts:
        column = 1 + corpus.targets.index(name)
        labels = [document[column] for document in corpus.pairs(train)]
        warnings += label_warnings(labels, name)
        if dev is not None:
            dev_counts = Counter(label for document in corpus.pairs(dev) for label in document[column])
            known = {label for document in labels for label in document}
            warnings += odd_tags.unknown_tag_warnings(
                dev_counts, known, f"label {name} of dev", "the training data", "texts"
            )
    return warnings


def _read_lexicon(
    request: TrainRequest, model: str, config: Config, train: Sequence[Sentence], notes: list[str]
) -> Dictionary | None:
    """Return the entries of the lexicon files, and add a note on the training words that they have.

    Raises ConfigError if the model or its settings cannot use them.
    """
    if not request.lexicon:
        return None
    if model != "rnn":
        raise ConfigError(f"lexicon: the model {model} reads no features of words; the rnn does")
    if config.network.features in WITHOUT_DICTIONARY:
        raise ConfigError(f"lexicon: expected features=auto, affixes, ngrams or both, got {config.network.features}")
    from elman.features import dictionary

    read = dictionary.read(request.lexicon)
    words = {word for sentence in train for word in sentence.words}
    n_known = sum(bool(read.features(word)) for word in words)
    notes.append(
        f"{', '.join(request.lexicon)}: {len(read.hashes):,} words, {len(read.names):,} features; "
        f"{n_known:,} of {len(words):,} distinct training words are there"
    )
    return read


def _read_vectors(path: str, sentences: Sequence[Sentence], extra: int) -> tuple[Vectors, str]:
    """Return pretrained vectors for the words of the sentences, and a note on the number of words that have one."""
    from elman.features import vectors

    words = {word for sentence in sentences for word in sentence.words}
    read = vectors.read(path, words, extra)
    n_with = int((read.index.rows(words) > 0).sum())
    note = f"{path}: a vector for {n_with:,} of {len(words):,} distinct training words"
    return read, f"{note}; {len(read.index.words):,} vectors of {read.index.width} numbers kept"


def _start(
    base: RecurrentModel,
    request: TrainRequest,
    sentences: Sequence[Sentence],
    extra: int,
    vectors: Vectors | None,
) -> tuple[BaseStart, str]:
    """Return the weights of a base model, and vectors, for the words of sentences; and a note how many it knows."""
    from elman.training.base_start import BaseStart

    words = {word for sentence in sentences for word in sentence.words}
    start = BaseStart(base, words, extra, vectors)
    name = "the base" if not is_path(request.base) else f"{request.base}: begins with this base, which"
    note = f"{name} knows {start.known:,} of {len(words):,} distinct training words"
    kept = "of its words" if vectors is None else "words of both"
    return start, f"{note}; {len(start.index.words):,} {kept} kept"
