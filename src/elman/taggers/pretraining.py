"""Pretrain a base model on raw text, for ``elman train --from``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any

from elman.config import Config, preset
from elman.data.corpus import as_items
from elman.data.formats import read_sentences
from elman.data.formats.text_io import line_blocks
from elman.data.tokenization.fit import fit
from elman.data.tokenization.rules import TokenRules
from elman.data.tokenization.tokenizer import Tokenizer
from elman.errors import ConfigError, DataError
from elman.features.lexicon import Lexicon
from elman.models.dtype import HALF
from elman.models.ensemble import Ensemble
from elman.models.heads import Heads
from elman.models.kinds import kernel_notes
from elman.models.rnn import RecurrentModel
from elman.taggers.base import TOKENIZATION
from elman.taggers.base_model import BaseModel
from elman.taggers.request import TrainRequest
from elman.training import auto_settings, local_steps, trainer
from elman.training.cloze_task import ClozeTask
from elman.training.disk_corpus import RawCorpus, RawTextWriter
from elman.training.run_options import RunOptions
from elman.training.tagging_task import initial_parameters
from elman.training.time_budget import Budget
from elman.utils.arguments import path_texts
from elman.utils.files import input_files

SETTINGS: dict[str, Any] = {
    "vocabulary": 30_000,
    "batch": 32,
    "learning_rate": 0.005,
    "dropout": 0.1,
    "word_dropout": 0.1,
}
"""Settings of pretraining that differ from a tagger's: first choices, not tuned by experiment."""
ALWAYS: dict[str, Any] = {
    "decoder": "softmax",
    "constraints": "none",
    "ensemble": 1,
    "class_weight_power": 0.0,
    "linear_share": 0.0,
}
PREDICTED = 10_000
"""Most words that are predicted, the most frequent ones; more are read."""
EFFORT = 10_000_000
"""Words to read in all, about, without ``epochs`` or a budget: a shorter text is read several times."""
PASSES = 10
"""Most times that a text is read then."""


@dataclass(frozen=True)
class _Text:
    corpus: RawCorpus
    rules: TokenRules
    notes: tuple[str, ...]


def train(request: TrainRequest) -> BaseModel:
    """Train on raw text. Raises ConfigError if settings do not suit a base model, DataError if there is no text."""
    return train_on_text(request)[0]


def train_on_text(request: TrainRequest) -> tuple[BaseModel, RawCorpus]:
    """Train as ``train`` does; return also the text, cut into words."""
    run, config, workers = request.run, _config(request), int(request.options.get("workers", 1))
    if workers > 1 and (request.budget is not None or run.checkpoints is not None):
        raise ConfigError("task pretrain: with workers it takes no budget and no checkpoint; leave them out")
    budget = None
    if request.budget is not None:
        budget = Budget(request.budget, {**request.settings, "hidden": config.network.hidden}, run.note)
    text = _read(request, config.network.vocabulary)
    run.note(*text.notes, *kernel_notes("rnn"))
    task = _begin(config, text.corpus, run.seed, workers)
    if workers > 1:
        of_run = {**asdict(local_steps.fit(task, task.networks.config.training, run, workers)), "workers": workers}
        trained, record = task.networks.config, of_run
    else:
        trained, record, task = _fit(task, run, budget)
    if trained.network.dtype == HALF:
        task.round()
    n = int(task.lengths.sum())
    facts: dict[str, Any] = {"sentences": len(task.lengths), "words": n, "held_out": None, "dev_sentences": None}
    facts |= {"dev_accuracy": None, TOKENIZATION: text.rules.to_record()}
    training = {"seed": run.seed, "sentences": len(task.lengths), "words": n, **record}
    networks = task.networks
    model = RecurrentModel(trained, networks.lexicon, networks.heads, [task.parameters], training)
    if budget is not None and not model.interrupted:
        budget.finish()
    return BaseModel(model, data=facts, threads=run.threads), text.corpus


def read_text(request: TrainRequest) -> RawCorpus:
    """Return the raw text of a request, cut into words. Raises DataError if there is none."""
    text = _read(request, 1)
    request.run.note(*text.notes)
    return text.corpus


def _config(request: TrainRequest) -> Config:
    """Return the settings of the base. Raises ConfigError if no tagger could begin with it."""
    if request.dev is not None:
        raise ConfigError("task pretrain: it takes no dev set, since all of the text is read; leave it out")
    of_preset = preset(request.preset).with_settings({**ALWAYS, **SETTINGS, **request.settings})
    network = of_preset.network
    if not network.embedding or network.characters or network.features == "window":
        raise ConfigError("task pretrain: expected embedding=1 or more, characters=0 and features other than window")
    if network.direction != "forward" and network.layers > 1:
        raise ConfigError(
            f"task pretrain: expected layers=1 or direction=forward, got layers={network.layers}: the second "
            "layer of both directions would see the word that is to be filled in"
        )
    if of_preset.training.distill_teachers or of_preset.training.chunk or network.decoder != "softmax":
        raise ConfigError("task pretrain: expected distill_teachers=0, chunk=0 and decoder=softmax")
    if network.ensemble != 1:
        raise ConfigError(f"task pretrain: expected ensemble=1, got {network.ensemble}")
    return of_preset


def _read(request: TrainRequest, known: int) -> _Text:
    """Read raw text onto disk, cut into words and sentences."""
    rules, words, notes = _rules(request)
    tokenizer, writer = Tokenizer(rules, words.__contains__), RawTextWriter()
    for sentence in tokenizer.sentences(_lines(request)):
        writer.add(sentence.words)
    corpus = writer.corpus(known, PREDICTED)
    n, distinct = int(corpus.lengths.sum()), len(corpus.vocabulary) - 1
    note = f"read as raw text: {n:,} words, {len(corpus.lengths):,} sentences; {distinct:,} distinct words known"
    return _Text(corpus, rules, (*notes, note))


def _rules(request: TrainRequest) -> tuple[TokenRules, frozenset[str], list[str]]:
    """Return how raw text is cut into words, as in the labelled file ``like`` if any, its words, and notes."""
    if request.like is None:
        return TokenRules(), frozenset(), []
    path, sentences = "the labelled data", request.like
    if not isinstance(sentences, list):
        path = os.fspath(sentences)
        sentences = [one for one in read_sentences(path, format=request.format, encoding=request.encoding) if one.words]
    rules = fit(sentences)
    if rules is None:
        raise DataError(
            "no words in it; expected labelled sentences, to cut raw text into words in the same way", path=path
        )
    words = frozenset(word for sentence in sentences for word in sentence.words)
    return rules, words, [f"raw text is cut into words as in {path}: {rules.describe()}"]


def _lines(request: TrainRequest) -> Iterator[str]:
    items = list(as_items(request.data))
    if not all(isinstance(item, str | os.PathLike) for item in items):
        raise DataError("expected paths of raw text")
    blocks: Iterable[list[str]] = (
        block for path in input_files(path_texts("data", items)) for block in line_blocks(path, request.encoding)
    )
    return chain.from_iterable(blocks)


def _begin(config: Config, corpus: RawCorpus, seed: int, workers: int) -> ClozeTask:
    """Return the task of a newly initialized network, its settings resolved; each worker reads a part an epoch."""
    task_words = [(corpus.vocabulary.words,)]
    epochs = config.training.epochs
    config = auto_settings.resolve(config, task_words)
    lexicon = Lexicon.of_vocabulary(config.network, corpus.vocabulary)
    heads = Heads.of(config, [[corpus.tags]])
    networks = Ensemble(config, lexicon, heads, [initial_parameters(config, lexicon, heads, seed)])
    task = ClozeTask(networks, corpus)
    if epochs:
        return task
    passes = min(PASSES, max(1, round(EFFORT / int(corpus.lengths.sum()))))
    return _with_epochs(task, max(1, passes * max(task.parts, workers) // workers))


def _with_epochs(task: ClozeTask, epochs: int) -> ClozeTask:
    config = task.networks.config
    config = replace(config, training=replace(config.training, epochs=epochs))
    networks = task.networks
    task.networks = Ensemble(config, networks.lexicon, replace(networks.heads, config=config), networks.members)
    return task


def _fit(task: ClozeTask, run: RunOptions, budget: Budget | None) -> tuple[Config, dict[str, Any], ClozeTask]:
    """Train; return the settings, the training record and the task with the trained parameters."""
    config = task.networks.config
    if budget is not None:
        config = budget.plan(
            config, lambda config: task.again(config, run.seed), run.seed, run.threads, run.section("budget")
        )
        again = task.again(config, run.seed)
        assert isinstance(again, ClozeTask)
        task = again
    record = trainer.fit(
        task,
        config.training,
        seed=run.seed,
        threads=run.threads,
        on_progress=run.on_progress,
        replan=None if budget is None else budget.replan,
        section=run.section("network"),
    )
    return config, asdict(record), task
