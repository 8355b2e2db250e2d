"""``elman.train``: train a model of any task from files or sentences and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from elman.data.corpus import Data, Path
from elman.data.formats import column_names
from elman.errors import ConfigError
from elman.taggers import checkpointed
from elman.taggers.base import Predictor, Target
from elman.taggers.request import TrainRequest
from elman.training.run_options import Map, RunOptions
from elman.utils.arguments import check_text, path_texts
from elman.utils.limits import SEED, whole_number
from elman.utils.parallel import thread_count
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.training.lr_finder import RateTrial
    from elman.training.progress import Progress

P = ParamSpec("P")
R = TypeVar("R")


def _with_hints(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function with a message for arguments that are settings."""
    names = signature(function).parameters

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        unknown = next((name for name in kwargs if name not in names), None)
        if unknown is not None:
            from elman.settings import NETWORK, OTHER_NAMES, TRAINING

            name = OTHER_NAMES.get(unknown.lower(), unknown)
            advice = f'; it is a setting: settings={{"{name}": …}}' if name in {*NETWORK, *TRAINING} else ""
            raise TypeError(f"{function.__name__}() has no argument {unknown}{advice or did_you_mean(unknown, names)}")
        return function(*args, **kwargs)

    return checked


@_with_hints
def train(
    train: Data | None = None,
    dev: Data | None = None,
    *,
    model: str | None = None,
    preset: str = "default",
    settings: Mapping[str, Any] | None = None,
    vectors: Path | None = None,
    base: Path | None = None,
    like: Path | None = None,
    lexicon: Path | Sequence[Path] | None = None,
    raw: Path | Sequence[Path] | None = None,
    budget: str | float | None = None,
    target: Target = None,
    inputs: Target = None,
    task: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    text_column: str | None = None,
    keep_replay: int = 0,
    checkpoint: Path | None = None,
    every: str | float | None = None,
    resume: Path | None = None,
    overwrite: bool = False,
    seed: int = 1,
    threads: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_warning: Callable[[str], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    map: Map | None = None,
) -> Predictor:
    """Train a tagger, or a model of another task.

    ``train``       a path, several paths, or sentences: ``Sentence`` objects, lists of (word, tag) pairs, or pairs of a
                    text (or its words) and its label; or a table (pandas, Polars, PyArrow, DuckDB, a Hugging Face data
                    set) with a sentence a row
    ``dev``         dev data, likewise, to choose the best epoch; or a share such as ``"10%"`` of the training sentences
    ``model``       ``rnn``; ``hmm`` or ``frequent``, for tags of words; ``linear``, for document labels. None is the
                    rnn, except for document labels with ``dev``: the better of rnn and linear on dev, which
                    ``on_note`` reports
    ``preset``      settings of the rnn to start from: ``default``, ``fast``, ``best`` or ``tutorial``
    ``settings``    settings that differ from the preset, such as ``{"hidden": 64}``
    ``vectors``     a file of pretrained word vectors for the rnn: word2vec (text, binary), GloVe or fastText text,
                    gzipped or not; the model file contains those it needs (setting ``vectors_extra``)
    ``base``        a base model, pretrained on raw text by ``task="pretrain"``, with which the network begins; cell,
                    size and features are the base's
    ``like``        for ``task="pretrain"``: labelled sentences, in whose way raw text is cut into words
    ``lexicon``     a file, or several, with features of words for the rnn (``elman.features.dictionary``): words; words
                    and numbers or labels; UniMorph's lemma, form and features. The model file contains them, and
                    ``on_note`` reports what they gave on dev
    ``raw``         a file of raw text, or several: a base is pretrained on them, unless there is one, with which the
                    network begins; for tags of words a teacher tags some of it, from which the network learns, too
    ``budget``      the time to use, reading included: ``"60s"``, ``"2m"``, ``90`` seconds; epochs and hidden units
                    (if not set) are chosen to fit, and recorded like explicit settings
    ``target``      the label column to learn, by default the format's own, or a document label; for the rnn also
                    several, ``"upos,xpos"`` or a list of names: one network learns them together, word columns first
    ``inputs``      further columns, named as targets are, whose values the rnn reads with each word; needed at tagging
                    too. In place of a word of a pair may be a dict of features: see docs/guides/own-features.md
    ``task``        ``tag``: label words; ``classify``: label documents; None: words if the data labels them;
                    ``segment``, ``lemma``, ``morphology``, ``parse`` or ``pipeline``, with or without options: the
                    model is a ``Segmenter``, an ``EncodedTagger`` or a ``Pipeline``; ``lm``, the next symbol of raw
                    text: a ``LanguageModel``; ``pretrain``, on raw text: a ``BaseModel``, and with
                    ``pretrain:workers=4`` the mean of four workers after each epoch; ``regress``, numbers: a
                    ``Regressor`` (``elman.taggers.registry``)
    ``format``      the format of the files; by default detected from their first lines
    ``text_column`` the column of a table that has the texts or lists of words, if not ``text`` or ``tokens``
    ``keep_replay`` number of training sentences to keep in the model file, some of each tag or label, so that
                    ``elman.learn`` can train on them again with corrections, and forgets less
    ``checkpoint``  a file that keeps the state of the run (and ``FILE.previous`` the one before), from which it goes on
                    after a crash; removed when the model is returned
    ``every``       the time between two checkpoints, ``"30s"`` by default; 0: after every step
    ``resume``      the checkpoint of a run to go on with, whose model is that of a run without a stop, bit for bit. Its
                    arguments and files are those of the run; data from Python must be given again
    ``overwrite``   start again although there is a checkpoint
    ``seed``        the seed of all random numbers: the same seed and data give the same model, whatever ``threads``,
                    on one instruction set (``elman.kernels``)
    ``threads``     threads in training and tagging; by default one for each core
    ``on_progress`` is called with each ``Progress`` of the rnn's training, and of the linear model before it
    ``on_warning``  is called with each warning about the data, one line each; by default they become Python warnings
    ``on_note``     is called with notes: how files were read, which sentences were held out, that the native kernels
                    are missing
    ``map``         a function like ``map`` that trains networks of an ensemble, teachers, or workers of ``pretrain``:
                    that of a cluster (``elman.scale.open_cluster("local:4").map``) or of a pool of processes. The model
                    is the same. Not with ``checkpoint``; networks of a text read from disk are refused

    Raises ConfigError if settings are invalid or what was given for ``resume`` has changed, DataError if data cannot be
    used, ModelFileError for a checkpoint that is damaged.
    """
    run = RunOptions(
        whole_number("seed", seed, 0, SEED), thread_count(threads), on_progress, on_warning, on_note, map=map
    )
    arguments = {
        "model": model,
        "preset": preset,
        "settings": {} if settings is None else settings,
        "vectors": vectors,
        "base": base,
        "like": like,
        "lexicon": None if lexicon is None else path_texts("lexicon", lexicon),
        "raw": None if raw is None else path_texts("raw", raw),
        "budget": budget,
        "target": target,
        "inputs": inputs,
        "task": task,
        "format": format,
        "encoding": encoding,
        "text_column": text_column,
        "keep_replay": keep_replay,
        "seed": run.seed,
    }
    if checkpoint is None and resume is None:
        return checkpointed.trained(train, dev, arguments, run)
    if map is not None:
        raise ConfigError("map: expected None with a checkpoint, which keeps the state of networks trained here")
    if resume is not None and (checkpoint is not None or overwrite):
        raise ConfigError("resume: the run goes on with its own checkpoint; leave out checkpoint and overwrite")
    if resume is not None:
        kept = checkpointed.resume(resume, every, (train, dev), arguments, run.warn)
    else:
        kept = checkpointed.begin(checkpoint, every, (train, dev), arguments, run.warn, overwrite=overwrite)
    found = kept.train(run)
    if kept.is_done:
        kept.checkpoints.remove()
    return found


@_with_hints
def find_rate(
    train: Data,
    *,
    preset: str = "default",
    settings: Mapping[str, Any] | None = None,
    vectors: Path | None = None,
    target: Target = None,
    inputs: Target = None,
    task: str | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    text_column: str | None = None,
    seed: int = 1,
    threads: int | None = None,
) -> RateTrial:
    """Find a learning rate for the rnn and these settings, by some hundred steps with a rising rate; keep no model.

    The arguments are those of ``train``. Raises ConfigError if settings are invalid, DataError if data cannot be used.
    """
    from elman.taggers.prepare import prepare
    from elman.training import ensemble, lr_finder

    run = RunOptions(whole_number("seed", seed, 0, SEED), thread_count(threads))
    check_text("task", task)
    request = TrainRequest(
        data=train,
        targets=column_names(target),
        inputs=column_names(inputs, "inputs") or (),
        task=task,
        model="rnn",
        preset=preset,
        settings={} if settings is None else settings,
        vectors=vectors,
        format=format,
        encoding=encoding,
        text_column=text_column,
        run=run,
    )
    prepared = prepare(request)
    started = ensemble.begin(
        prepared.train, None, prepared.config, seed=seed, tasks=prepared.tasks, vectors=prepared.vectors
    )
    return lr_finder.find(started, started.networks.config.training, seed=seed, threads=run.threads)
