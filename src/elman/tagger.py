"""The front door: train a tagger, load one, tag and evaluate with it.

tagger = elman.train("train.conllu", dev="dev.conllu")
tagger.save("my.model")
elman.load("my.model").tag(["the", "dog", "barks"])
"""

from __future__ import annotations

import os
import re
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from elman import automatic, config, model_file
from elman.checks import constraint_warnings, split_percent, training_warnings
from elman.corpus import Data, How, Path, labelled, read_corpus
from elman.errors import ConfigError, DataError, ModelFileError
from elman.metrics import Evaluation, Tally
from elman.model import Model
from elman.sentence import Sentence

if TYPE_CHECKING:
    from elman.budget import Budget
    from elman.rate_finder import RateTrial
    from elman.trainer import Progress
    from elman.vectors import Vectors

BATCH_WORDS = 4_096
BATCH_SENTENCES = 1_024
"""What is tagged together: sentences until there are as many words, or as many sentences. Never less than one."""

KINDS = ("rnn", "hmm", "frequent")
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
_DATA = {
    "sentences": int,
    "words": int,
    "dev_sentences": int | None,
    "dev_accuracy": float | None,
    "held_out": str | None,
}
"""What a model file says of the data it was made from."""
_T = TypeVar("_T")


def train(
    train: Data,
    dev: Data | None = None,
    *,
    model: str = "rnn",
    preset: str = "default",
    settings: Mapping[str, Any] | None = None,
    vectors: Path | None = None,
    budget: str | float | None = None,
    target: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    seed: int = 1,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_warning: Callable[[str], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Tagger:
    """Train a tagger.

    ``train``       a path, several paths, or sentences: ``Sentence`` objects or lists of (word, tag) pairs
    ``dev``         the same, to choose the best epoch by; or a share such as ``"10%"`` of the training sentences
    ``model``       ``rnn``, ``hmm`` or ``frequent``
    ``preset``      settings of the rnn to start from, ``default`` or ``tutorial``
    ``settings``    settings that differ from it, such as ``{"hidden": 64}``
    ``vectors``     a file of pretrained word vectors for the rnn: word2vec (text, binary), GloVe or fastText text,
                    gzipped or not; the model file holds those it needs (setting ``vectors_extra``)
    ``budget``      the time to fill, reading included: ``"60s"``, ``"2m"``, ``90`` seconds; the hidden units (if not
                    among the settings) and the epochs are chosen for it, and recorded like settings given by hand
    ``target``      the label column to learn; by default the format's own
    ``format``      of the files; by default what their first lines look like
    ``seed``        of every random draw: the same seed and data give the same model, whatever ``threads``
    ``threads``     in training and tagging; by default one for each core
    ``on_progress`` is called with each ``Progress`` of the rnn's training
    ``on_warning``  is called with each doubt about the data, one line each; by default they become Python warnings
    ``on_note``     is called with what is worth saying: how files were read, which sentences were held out, that
                    the native kernels are missing

    Raises ConfigError for settings, DataError for data that cannot be used.
    """
    of_rnn = _settings(model, preset, settings, vectors)
    limit = _budget(budget, model, settings, on_note)
    n_threads = _threads(threads)
    how = How(target, format, encoding)
    corpus = read_corpus(train, how)
    part, dev_part, held_out, notes = corpus.sentences, None, None, corpus.notes
    percent = _PERCENT.fullmatch(dev) if isinstance(dev, str) else None
    if percent:
        part, dev_part, held_out = split_percent(corpus.sentences, float(percent[1]))
        notes = [*notes, f"held out for dev: {held_out}"]
    elif dev is not None:
        dev_corpus = read_corpus(dev, how, target=corpus.target)
        dev_part, notes = dev_corpus.sentences, notes + dev_corpus.notes
    pairs = [(sentence.words, sentence.columns[corpus.target]) for sentence in part]
    doubts = training_warnings(part, dev_part, corpus.target)
    if model == "rnn":
        of_rnn = automatic.resolve(of_rnn, pairs)
        doubts += constraint_warnings(part, corpus.target, of_rnn.network)
    pretrained = None
    if vectors is not None:
        pretrained, note = _read_vectors(vectors, part, of_rnn.training.vectors_extra)
        notes = [*notes, note]
        doubts += [pretrained.repeats] if pretrained.repeats else []
    if on_note is not None:
        for note in [*notes, *_kernel_notes(model)]:
            on_note(note)
    for doubt in doubts:
        if on_warning is not None:
            on_warning(doubt)
        else:
            warnings.warn(doubt, stacklevel=2)

    if model == "rnn":
        dev_pairs = None if dev_part is None else [(s.words, s.columns[corpus.target]) for s in dev_part]
        run = {"seed": seed, "threads": n_threads, "vectors": pretrained, "budget": limit, "on_progress": on_progress}
        trained: Model = _model_class(model).train(pairs, dev_pairs, of_rnn, **run)
    else:
        trained = _model_class(model).train(pairs)
    data = {
        "sentences": len(part),
        "words": sum(len(sentence) for sentence in part),
        "dev_sentences": None if dev_part is None else len(dev_part),
        "dev_accuracy": None,
        "held_out": held_out,
    }
    tagger = Tagger(trained, target=corpus.target, format=corpus.format, data=data, threads=n_threads)
    if dev_part is not None:
        tagger._data["dev_accuracy"] = (
            getattr(trained, "dev_accuracy", None)  # of the epoch that was kept, if any was
            if model == "rnn"
            else tagger.evaluate(dev_part, target=corpus.target).accuracy
        )
    if limit is not None and not tagger.interrupted:
        limit.finish()
    return tagger


def find_rate(
    train: Data,
    *,
    preset: str = "default",
    settings: Mapping[str, Any] | None = None,
    vectors: Path | None = None,
    target: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    seed: int = 1,
    threads: int | None = None,
) -> RateTrial:
    """A learning rate for the rnn and these settings, from some hundred steps in which it rises; no model is kept.

    The arguments are those of ``train``. Raises ConfigError for settings, DataError for data that cannot be used.
    """
    of_rnn = _settings("rnn", preset, settings, vectors)
    n_threads = _threads(threads)
    corpus = read_corpus(train, How(target, format, encoding))
    pretrained = None
    if vectors is not None:
        pretrained, _ = _read_vectors(vectors, corpus.sentences, of_rnn.training.vectors_extra)
    pairs = [(sentence.words, sentence.columns[corpus.target]) for sentence in corpus.sentences]
    from elman import rate_finder

    task = _model_class("rnn").begin(pairs, None, of_rnn, seed=seed, vectors=pretrained)
    return rate_finder.find(task, task.networks.config.training, seed=seed, threads=n_threads)


def load(path: Path, *, threads: int | None = None, on_note: Callable[[str], None] | None = None) -> Tagger:
    """Load a tagger from its model file. Raises ModelFileError for anything that is not one.

    ``on_note`` is called where the native kernels are missing, so that a recurrent network will be slow.
    """
    record, tensors = model_file.load(path)
    try:
        kind, target, format = (_field(record, key, str) for key in ("kind", "target", "format"))
        data, of_model = (_field(record, key, dict) for key in ("data", "model"))
        if kind not in KINDS:
            raise ModelFileError(f"expected a model that is {' or '.join(KINDS)}, found {kind[:40]!r}")
        if data.keys() != _DATA.keys() or not all(isinstance(data[key], _DATA[key]) for key in _DATA):
            raise ModelFileError(f"data: expected {', '.join(_DATA)}, as training writes them")
        trained: Model = _model_class(kind).from_record(of_model, tensors)
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from None
    if on_note is not None:
        for note in _kernel_notes(kind):
            on_note(note)
    return Tagger(trained, target=target, format=format, data=data, threads=_threads(threads))


class Tagger:
    """A trained tagger. T words of a sentence, K tags. Safe to use from several threads at once."""

    def __init__(self, model: Model, *, target: str, format: str, data: Mapping[str, Any], threads: int = 1) -> None:
        self._model = model
        self._data = dict(data)
        self.target = target
        """The label column it was trained on."""
        self.format = format
        """The format of the file it was trained on; "" for sentences made in Python."""
        self.threads = threads
        """Threads that tag batches of a text; the tags do not depend on it."""

    @property
    def kind(self) -> str:
        """``rnn``, ``hmm`` or ``frequent``."""
        return self._model.kind

    @property
    def tags(self) -> tuple[str, ...]:
        """The K tags, in the order of the columns of ``probabilities``."""
        return self._model.tags

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended its training: it is the best there was by then."""
        return bool(getattr(self._model, "interrupted", False))

    def known(self, word: str) -> bool:
        """Whether the word stood in the training data."""
        return self._model.known(word)

    def tag(self, words: Sequence[str]) -> list[str]:
        """The tags of a sentence's words. Raises DataError for a single text instead of a list of words."""
        return self._tags([_words(words)])[0]

    def tag_all(self, sentences: Iterable[Sequence[str] | Sentence]) -> Iterator[list[str]]:
        """The tags of each sentence, in order, read and tagged in batches: memory does not grow with the text."""
        return self._in_batches(self._tags, sentences)

    def tag_all_with_confidence(
        self, sentences: Iterable[Sequence[str] | Sentence]
    ) -> Iterator[tuple[list[str], list[float]]]:
        """The tags of each sentence and the model's probability, 0 to 1, of each of them at its place."""
        return self._in_batches(self._tags_and_confidences, sentences)

    def probabilities(self, words: Sequence[str]) -> NDArray[np.float64]:
        """The (T, K) probabilities of the ``tags`` for each word; rows sum to 1."""
        return self._model.probabilities([_words(words)])[0]

    def evaluate(
        self, data: Data, *, target: str | None = None, format: str | None = None, encoding: str = "utf-8"
    ) -> Evaluation:
        """Tag ``data`` (paths or sentences, as for ``train``) and compare with the gold tags in it.

        ``target`` is the column of the gold tags; by default the one trained on, or in a file of another format
        that format's own. Raises DataError: no gold tags.
        """
        how = How(target, format, encoding, usual=(self.format, self.target))
        tally = Tally()
        waiting: deque[tuple[Sentence, str]] = deque()  # read, but not tagged yet

        def read() -> Iterator[Sentence]:
            for sentence, column in labelled(data, how):
                waiting.append((sentence, column))
                yield sentence

        for predicted in self.tag_all(read()):
            sentence, column = waiting.popleft()
            tally.add(sentence.columns[column], predicted, [self.known(word) for word in sentence.words])
        return tally.result()

    def save(self, path: Path) -> None:
        """Write the model file, all of it or nothing. Raises OutputError where it cannot be written."""
        of_model, tensors = self._model.to_record()
        record = {
            "kind": self.kind,
            "target": self.target,
            "format": self.format,
            "data": self._data,
            "model": of_model,
        }
        model_file.save(path, record, tensors)

    def describe(self) -> dict[str, Any]:
        """What it is and what it was made from, as JSON values: what ``elman inspect --json`` prints."""
        record, tensors = self._model.to_record()
        return {
            "kind": self.kind,
            "target": self.target,
            "format": self.format,
            "tags": list(self.tags),
            "vocabulary": len(record["vocabulary"]["words"]),
            "parameters": sum(tensor.size for tensor in tensors.values()),
            "data": dict(self._data),
            "settings": record.get("settings", {}),
            "training": record.get("training", {}),
        }

    def _tags(self, batch: Sequence[Sequence[str]]) -> list[list[str]]:
        names = self.tags
        return [[names[i] for i in ids.tolist()] for ids in self._model.best(batch)]

    def _tags_and_confidences(self, batch: Sequence[Sequence[str]]) -> list[tuple[list[str], list[float]]]:
        names, found = self.tags, []
        for ids, p in self._model.best_and_probabilities(batch):
            found.append(([names[i] for i in ids.tolist()], p[np.arange(len(ids)), ids].tolist()))
        return found

    def _in_batches(
        self, work: Callable[[Sequence[Sequence[str]]], list[_T]], sentences: Iterable[Sequence[str] | Sentence]
    ) -> Iterator[_T]:
        """``work`` on batches that are cut by a rule which does not know of threads, results in order."""
        with ThreadPoolExecutor(self.threads) as pool:
            waiting: deque[Future[list[_T]]] = deque()
            for batch in _batches(sentences):
                waiting.append(pool.submit(work, batch))
                if len(waiting) > self.threads:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()


def _batches(sentences: Iterable[Sequence[str] | Sentence]) -> Iterator[list[Sequence[str]]]:
    batch: list[Sequence[str]] = []
    n_words = 0
    for sentence in sentences:
        words = _words(sentence)
        batch.append(words)
        n_words += len(words)
        if n_words >= BATCH_WORDS or len(batch) >= BATCH_SENTENCES:
            yield batch
            batch, n_words = [], 0
    if batch:
        yield batch


def _words(sentence: Sequence[str] | Sentence) -> Sequence[str]:
    """The words of a sentence. Raises DataError for a text that nobody has cut into words."""
    if isinstance(sentence, Sentence):
        return sentence.words
    if isinstance(sentence, str):
        raise DataError(f"expected a list of words, got the text {sentence[:40]!r}; text.split(' ') makes a list of it")
    return sentence


def _settings(model: str, preset: str, settings: Mapping[str, Any] | None, vectors: Path | None) -> config.Config:
    if model not in KINDS:
        raise ConfigError(f"model: expected {' or '.join(KINDS)}, got {model!r}")
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
    from elman.budget import Budget

    return Budget(budget, settings or {}, on_note or (lambda note: None))


def _read_vectors(path: Path, sentences: Sequence[Sentence], extra: int) -> tuple[Vectors, str]:
    """Pretrained vectors for the words of some sentences, and how many of them have one."""
    from elman import vectors

    words = {word for sentence in sentences for word in sentence.words}
    found = vectors.read(os.fspath(path), words, extra)
    n_with = int((found.index.rows(words) > 0).sum())
    note = f"{os.fspath(path)}: a vector for {n_with:,} of {len(words):,} distinct training words"
    return found, f"{note}; {len(found.index.words):,} vectors of {found.index.width} numbers kept"


def _threads(threads: int | None) -> int:
    """The number of threads; None is one for each core that this process may use."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise ConfigError(f"threads: expected a number from 1 up, got {threads}")
    return threads


def _kernel_notes(kind: str) -> list[str]:
    """What is worth saying of the kernels, which the recurrent network alone needs."""
    if kind != "rnn":
        return []
    from elman import kernels

    note = kernels.shortcoming()
    return [note] if note else []


def _model_class(kind: str) -> Any:
    """The class of a kind of model, imported when it is needed."""
    if kind == "rnn":
        from elman.recurrent import RecurrentModel

        return RecurrentModel
    from elman.baselines import HMM, Frequent

    return HMM if kind == "hmm" else Frequent


def _field(record: Mapping[str, Any], key: str, kind: type[_T]) -> _T:
    value = record.get(key)
    if not isinstance(value, kind):
        raise ModelFileError(f"{key}: expected {'a text' if kind is str else 'a table'}, found {str(value)[:40]!r}")
    return value
