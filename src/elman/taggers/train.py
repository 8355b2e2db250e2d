"""Training: from files or sentences, and settings, to a ``Tagger``."""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from elman import config
from elman.data.checks import odd_tags
from elman.data.corpus import TASKS, Data, Path, ReadOptions, TargetKeys, read_corpus
from elman.data.formats import column_names
from elman.data.sentence import Sentence
from elman.data.split import split_percent
from elman.data.targets import CLASSIFY, TAG
from elman.errors import ConfigError
from elman.models.registry import KINDS, kernel_notes, model_class
from elman.taggers.tagger import Tagger, Target
from elman.training import auto_settings as automatic
from elman.training.data_warnings import constraint_warnings, label_warnings, training_warnings
from elman.utils.display import one_line, shown
from elman.utils.limits import SEED, whole_number
from elman.utils.parallel import thread_count

if TYPE_CHECKING:
    from elman.features.vectors import Vectors
    from elman.training.lr_finder import RateTrial
    from elman.training.time_budget import Budget
    from elman.training.trainer import Progress

OF_SETTINGS = ("rnn", "linear")
"""Models that have settings and are trained epoch by epoch."""
PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
"""A share of the training sentences, as ``dev`` may be."""


def train(
    train: Data,
    dev: Data | None = None,
    *,
    model: str | None = None,
    preset: str = "default",
    settings: Mapping[str, Any] | None = None,
    vectors: Path | None = None,
    budget: str | float | None = None,
    target: Target = None,
    task: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    seed: int = 1,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_warning: Callable[[str], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Tagger:
    """Train a tagger.

    ``train``       a path, several paths, or sentences: ``Sentence`` objects, lists of (word, tag) pairs, or pairs of a
                    text (or its words) and its label
    ``dev``         the same, to choose the best epoch by; or a share such as ``"10%"`` of the training sentences
    ``model``       ``rnn``; ``hmm`` or ``frequent``, for tags of words; ``linear``, for labels of whole texts. None is
                    the rnn, but for labels of whole texts with ``dev``: the better of rnn and linear on dev, and
                    ``on_note`` says which
    ``preset``      settings of the rnn to start from: ``default``, ``fast``, ``best`` or ``tutorial``
    ``settings``    settings that differ from it, such as ``{"hidden": 64}``
    ``vectors``     a file of pretrained word vectors for the rnn: word2vec (text, binary), GloVe or fastText text,
                    gzipped or not; the model file holds those it needs (setting ``vectors_extra``)
    ``budget``      the time to fill, reading included: ``"60s"``, ``"2m"``, ``90`` seconds; the hidden units (if not
                    among the settings) and the epochs are chosen for it, and recorded like settings given by hand
    ``target``      the label column to learn, by default the format's own, or a label of whole texts; of the rnn
                    several, ``"upos,xpos"`` or a list of names: one network learns them together, words first
    ``task``        ``tag``: label words; ``classify``: label whole texts; None: words where the data has labels of
                    them; or ``segment``, ``lemma``, ``morphology``, ``parse`` or ``pipeline``, with options or without
                    (``elman.tasks``): the model is a ``Segmenter``, an ``EncodedTagger`` or a ``Pipeline``, all of them
                    taggers; or ``lm``, the next symbol of raw text: a ``LanguageModel``
    ``format``      of the files; by default what their first lines look like
    ``seed``        of every random draw: the same seed and data give the same model, whatever ``threads``, on one
                    instruction set (``elman.kernels``)
    ``threads``     in training and tagging; by default one for each core
    ``on_progress`` is called with each ``Progress`` of the rnn's training, and of the regression before it
    ``on_warning``  is called with each doubt about the data, one line each; by default they become Python warnings
    ``on_note``     is called with what is worth saying: how files were read, which sentences were held out, that
                    the native kernels are missing

    Raises ConfigError for settings, DataError for data that cannot be used.
    """
    whole_number("seed", seed, 0, SEED)
    if isinstance(dev, int | float):
        raise ConfigError(f"dev: expected a path, sentences, or a share such as '10%', got {shown(dev)}")
    if task is not None and task.partition(":")[0] == "lm":
        from elman.taggers import language_model as language

        if vectors is not None or budget is not None or target is not None:
            raise ConfigError("task lm: it has no vectors, no budget and no target columns; leave them out")
        telling: dict[str, Any] = {"on_progress": on_progress, "on_note": on_note}
        run: dict[str, Any] = {"format": format, "encoding": encoding, "seed": seed, "threads": threads, **telling}
        held = PERCENT.fullmatch(dev) if isinstance(dev, str) else None
        text: Any = float(held[1]) if held else dev
        return language.train(task, train, text, settings or {}, model=model, preset=preset, **run)
    if task not in (None, *TASKS):
        from elman.taggers.build import Job, train as train_task

        share = PERCENT.fullmatch(dev) if isinstance(dev, str) else None
        rest: dict[str, Any] = {"model": model, "preset": preset, "vectors": vectors, "budget": budget, "seed": seed}
        rest |= {"threads": threads, "on_progress": on_progress, "on_warning": on_warning, "on_note": on_note}
        job = Job(str(task), train, float(share[1]) if share else dev, target, format, encoding, settings or {}, rest)
        return train_task(job, _train)
    choose = model is None and preset == "default" and not settings and budget is None and vectors is None
    model = model or "rnn"
    of_network = _settings(model, preset, settings, vectors)
    limit = _budget(budget, model, settings, on_note)
    n_threads = thread_count(threads)
    how = ReadOptions(_targets(target, model), format, encoding, task=_task(task, model))
    if of_network.training.chunk and vectors is None and limit is None:
        from elman.taggers.train_on_disk import train_on_disk
        from elman.training import disk_reader

        if (path := disk_reader.large(train, how)) is not None:
            telling = {"on_progress": on_progress, "on_note": on_note}
            share = PERCENT.fullmatch(dev) if isinstance(dev, str) else None
            end: Any = float(share[1]) if share else dev
            return train_on_disk(path, end, how, of_network, seed=seed, threads=n_threads, **telling)
    corpus = read_corpus(train, how)
    tasks = corpus.tasks()
    part, dev_part, held_out, notes = corpus.sentences, None, None, corpus.notes
    percent = PERCENT.fullmatch(dev) if isinstance(dev, str) else None
    if percent:
        part, dev_part, held_out = split_percent(corpus.sentences, float(percent[1]))
        notes = [*notes, f"held out for dev: {held_out}"]
    elif dev is not None:
        dev_corpus = read_corpus(dev, how if corpus.keys.words else replace(how, task=CLASSIFY), corpus.keys)
        dev_part, notes = dev_corpus.sentences, notes + dev_corpus.notes
    _check_kind(model, corpus.keys, of_network)
    pairs = corpus.pairs(part)
    doubts = training_warnings(part, dev_part, *corpus.keys.words)
    for column, name in enumerate(corpus.targets, start=1):
        if name in corpus.keys.texts:
            doubts += label_warnings([of_text[column] for of_text in pairs], name)
            if dev_part is not None:
                of_dev = Counter(label for of_text in corpus.pairs(dev_part) for label in of_text[column])
                there = {label for of_text in pairs for label in of_text[column]}
                doubts += odd_tags.unknown_tag_warnings(
                    of_dev, there, f"label {name} of dev", "the training data", "texts"
                )
    if model in OF_SETTINGS:
        of_network = automatic.resolve(of_network, pairs, tasks, single=limit is not None)
        for name in corpus.keys.words:
            doubts += constraint_warnings(part, name, of_network.network)
    pretrained = None
    if vectors is not None:
        pretrained, note = _read_vectors(vectors, part, of_network.training.vectors_extra)
        notes = [*notes, note]
        doubts += [pretrained.repeats] if pretrained.repeats else []
    if on_note is not None:
        for note in [*notes, *kernel_notes(model)]:
            on_note(note)
    for doubt in doubts:
        if on_warning is not None:
            on_warning(doubt)
        else:
            warnings.warn(one_line(doubt), stacklevel=2)

    if model in OF_SETTINGS:
        dev_pairs = None if dev_part is None else corpus.pairs(dev_part)
        run = {"seed": seed, "threads": n_threads, "tasks": tasks}
        for_network: dict[str, Any] = {"vectors": pretrained, "budget": limit, "on_progress": on_progress}
        from elman.training.train_rnn import train_rnn

        trained: Any = train_rnn(pairs, dev_pairs, of_network, **run, **for_network, model_class=model_class(model))
        if choose and dev_pairs and not corpus.keys.words and not trained.interrupted:
            settled = automatic.resolve(config.LINEAR, pairs, tasks)
            trained, note = _better(
                trained, train_rnn(pairs, dev_pairs, settled, **run, model_class=model_class("linear"))
            )
            if on_note is not None:
                on_note(note)
    else:
        trained = model_class(model).train(pairs)
    data = {
        "sentences": len(part),
        "words": sum(len(sentence) for sentence in part),
        "dev_sentences": None if dev_part is None else len(dev_part),
        "dev_accuracy": getattr(trained, "dev_accuracy", None),  # of the epoch that was kept, if any was
        "held_out": held_out,
    }
    about: dict[str, Any] = {"targets": corpus.targets, "format": corpus.format, "threads": n_threads}
    tagger = Tagger(trained, data=data, **about)
    if dev_part is not None and model not in OF_SETTINGS:
        accuracy = tagger.evaluate(dev_part, target=corpus.targets).accuracy
        tagger = Tagger(trained, data={**data, "dev_accuracy": accuracy}, **about)
    if limit is not None and not tagger.interrupted:
        limit.finish()
    return tagger


_train = train  # by another name, since an argument of it is called so, too


def find_rate(
    train: Data,
    *,
    preset: str = "default",
    settings: Mapping[str, Any] | None = None,
    vectors: Path | None = None,
    target: Target = None,
    task: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    seed: int = 1,
    threads: int | None = None,
) -> RateTrial:
    """A learning rate for the rnn and these settings, from some hundred steps in which it rises; no model is kept.

    The arguments are those of ``train``. Raises ConfigError for settings, DataError for data that cannot be used.
    """
    of_rnn = _settings("rnn", preset, settings, vectors)
    n_threads = thread_count(threads)
    corpus = read_corpus(train, ReadOptions(_targets(target, "rnn"), format, encoding, task=_task(task, "rnn")))
    pretrained = None
    if vectors is not None:
        pretrained, _ = _read_vectors(vectors, corpus.sentences, of_rnn.training.vectors_extra)
    from elman.training import lr_finder as rate_finder, train_rnn

    begun: dict[str, Any] = {"seed": seed, "tasks": corpus.tasks(), "vectors": pretrained}
    learned = train_rnn.begin(corpus.pairs(), None, of_rnn, **begun)
    return rate_finder.find(learned, learned.networks.config.training, seed=seed, threads=n_threads)


def _targets(target: Target, model: str) -> tuple[str, ...] | None:
    """The label columns asked for."""
    names = column_names(target)
    if names is not None and len(names) > 1 and model != "rnn":
        raise ConfigError(f"the model {model} learns one label column, got {', '.join(names)}; the rnn learns several")
    return names


def _task(task: str | None, model: str) -> str | None:
    """The task asked for, or the only one of a model."""
    if task not in (None, *TASKS):
        raise ConfigError(f"task: expected {' or '.join(TASKS)}, got {shown(task)}")
    only = {"linear": CLASSIFY, "hmm": TAG, "frequent": TAG}.get(model)
    if task is not None and only is not None and task != only:
        raise ConfigError(f"task {task}: the model {model} is for the task {only}; expected the model rnn")
    return task or only


def _check_kind(model: str, keys: TargetKeys, of_network: config.Config) -> None:
    """Raise ConfigError for targets that the model, or a network without pooling, cannot learn."""
    if model == "linear" and keys.words:
        raise ConfigError(
            f"the model linear learns labels of whole texts, and {keys.words[0]} is of words; the rnn has both"
        )
    if model not in OF_SETTINGS and keys.texts:
        raise ConfigError(
            f"the model {model} learns tags of words, and {keys.texts[0]} is of whole texts; the rnn has both"
        )
    if model in OF_SETTINGS and keys.texts and of_network.network.pooling == of_network.network.text_ngrams == "none":
        raise ConfigError("pooling=none and text_ngrams=none: a label of whole texts needs one of the two")


def _better(network: Any, linear: Any) -> tuple[Any, str]:
    """The better of two models on dev, the network where both are alike; and what is to be said of that."""
    scores = (
        f"on dev the network has {100 * network.dev_accuracy:.2f} %, the linear model {100 * linear.dev_accuracy:.2f} %"
    )
    if linear.dev_accuracy > network.dev_accuracy:
        return linear, f"{scores}; the linear model is kept, --model rnn asks for the network"
    return network, f"{scores}; the network is kept"


def _settings(model: str, preset: str, settings: Mapping[str, Any] | None, vectors: Path | None) -> config.Config:
    if model not in KINDS:
        raise ConfigError(f"model: expected {' or '.join(KINDS)}, got {shown(model)}")
    if model == "linear":
        if preset != "default" or vectors is not None:
            raise ConfigError("the model linear has no presets and reads no vectors; they are the rnn's")
        found = config.LINEAR.with_settings(settings or {})
        if found.network.pooling != "none" or found.network.ensemble != 1 or found.training.distill_teachers:
            raise ConfigError(
                "the model linear: expected pooling=none, ensemble=1 and distill_teachers=0, which it is made of"
            )
        return found
    if model != "rnn" and (settings or preset != "default" or vectors is not None):
        raise ConfigError(f"the model {model} has no settings and no presets and reads no vectors; they are the rnn's")
    found = config.preset(preset).with_settings(settings or {})
    if vectors is not None and not found.network.embedding:
        raise ConfigError("vectors: expected embedding=1 or more with them, got 0 (one-hot words)")
    return found


def _budget(
    budget: str | float | None,
    model: str,
    settings: Mapping[str, Any] | None,
    on_note: Callable[[str], None] | None,
) -> Budget | None:
    """The budget, which runs from now on."""
    if budget is None:
        return None
    if model != "rnn":
        raise ConfigError(f"the model {model} has no epochs to choose; a budget is the rnn's")
    from elman.training.time_budget import Budget

    return Budget(budget, settings or {}, on_note or (lambda note: None))


def _read_vectors(path: Path, sentences: Sequence[Sentence], extra: int) -> tuple[Vectors, str]:
    """Pretrained vectors for the words of some sentences, and how many of them have one."""
    from elman.features import vectors

    words = {word for sentence in sentences for word in sentence.words}
    found = vectors.read(os.fspath(path), words, extra)
    n_with = int((found.index.rows(words) > 0).sum())
    note = f"{os.fspath(path)}: a vector for {n_with:,} of {len(words):,} distinct training words"
    return found, f"{note}; {len(found.index.words):,} vectors of {found.index.width} numbers kept"
