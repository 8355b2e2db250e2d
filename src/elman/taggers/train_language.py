"""Train language models on the symbols of raw text: networks and n-gram models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman.config import Config, preset
from elman.data.symbols import END, read_symbols
from elman.data.targets import UNKNOWN
from elman.errors import ConfigError, DataError
from elman.models.kinds import kernel_notes
from elman.models.ngram_lm import ORDERS, NGrams
from elman.taggers.language_model import LanguageModel
from elman.taggers.request import TrainRequest
from elman.training.disk_corpus import DiskCorpus, LanguageTextWriter, check_share
from elman.training.tagging_task import Labelled
from elman.training.train_rnn import train_rnn

VOCABULARY = 10_000
"""Default vocabulary size for words (setting ``vocabulary``)."""
SETTINGS: dict[str, dict[str, Any]] = {
    "words": {
        "cell": "gru",
        "unk_dropout": 0.0,
        "chunk": 32,
        "hidden": 128,
        "embedding": 64,
        "learning_rate": 0.01,
        "dropout": 0.4,
        "word_dropout": 0.1,
    },
    "characters": {
        "cell": "gru",
        "unk_dropout": 0.0,
        "chunk": 64,
        "hidden": 256,
        "embedding": 0,
        "learning_rate": 0.008,
        "dropout": 0.1,
        "word_dropout": 0.0,
    },
}
"""Settings of the task, found by experiment (docs/reference/tasks/language-models.md)."""
EPOCHS = {"words": (1, 10), "characters": (1, 20)}
"""Fewest and most epochs."""
EFFORT = {"words": 800_000, "characters": 6_000_000}
"""Approximate number of symbols read in all epochs: about three minutes on one core."""
SHORT = 500_000
OF_SHORT = {"learning_rate": 0.01, "dropout": 0.5, "word_dropout": 0.1, "batch": 8, "averaging": 0.3, "ensemble": 2}
"""Number of characters below which a text is short, and the settings for short texts."""
ALWAYS: dict[str, Any] = {
    "direction": "forward",
    "decoder": "softmax",
    "features": "none",
    "ensemble": 1,
    "batch": 16,
    "class_weight_power": 0.0,
}


@dataclass(frozen=True)
class _Text:
    """A text on disk, and the dev text: in memory, or the end of the text.

    ``facts``  facts for the model file; ``notes`` on what was read
    """

    corpus: DiskCorpus
    dev: Labelled | None
    facts: dict[str, Any]
    notes: tuple[str, ...]


def train(request: TrainRequest) -> LanguageModel:
    """Train on raw text; a share as dev is the end of the text.

    Raises ConfigError if settings do not suit a language model, DataError if there is no text.
    """
    unit, run = request.options["unit"], request.run
    config = _config(request, unit)
    text = _read(request, unit, config.network.vocabulary or (VOCABULARY if unit == "words" else 0))
    run.note(*text.notes, *kernel_notes("" if request.model == "ngram" else "rnn"))
    corpus, symbols = text.corpus, text.facts["words"]
    config = _for_length(config, unit, symbols, request.settings if request.preset == "default" else None)
    if request.model == "ngram":
        ids = corpus.gold(corpus.tags)[np.arange(symbols)]
        model: Any = NGrams.of(ids, corpus.tags, ORDERS[unit])
        return LanguageModel(model, unit, data={**text.facts, "dev_accuracy": None}, threads=run.threads)
    model = train_rnn(corpus, text.dev, config, run)
    return LanguageModel(model, unit, data={**text.facts, "dev_accuracy": model.dev_accuracy}, threads=run.threads)


def _config(request: TrainRequest, unit: str) -> Config:
    """Return the settings, except those that depend on the length of the text."""
    of_task = SETTINGS[unit] if request.preset == "default" else {"chunk": SETTINGS[unit]["chunk"]}
    config = preset(request.preset).with_settings({**ALWAYS, **of_task, **request.settings})
    if config.network.direction != "forward" or not config.training.chunk:
        raise ConfigError("task lm: expected direction=forward and chunk=1 or more, since what comes next is not read")
    return config


def _read(request: TrainRequest, unit: str, vocabulary: int) -> _Text:
    """Read the text onto disk, and the dev text; ``vocabulary`` is its size, 0: all symbols that occur twice."""
    writer, lines = LanguageTextWriter(), 0
    writer.add([END])
    for symbols in read_symbols(request.data, unit, request.format, request.encoding):
        writer.add(symbols)
        lines += symbols.count(END)
    dev_symbols: list[str] | None = None
    share = request.dev if isinstance(request.dev, float) else 0.0
    if isinstance(request.dev, float):
        check_share(share)
    elif request.dev is not None:
        parts = read_symbols(request.dev, unit, request.format, request.encoding)
        dev_symbols = [symbol for part in parts for symbol in part]
        if not dev_symbols:
            raise DataError("no text in it; expected some to choose the best epoch")
    corpus = writer.corpus(vocabulary, share, END)
    dev_lines, held_out, dev = None, None, None
    if corpus.held_out is not None:
        dev_lines = corpus.held_out.times(END)
        lines -= dev_lines
        held_out = f"the last {int(corpus.held_out.lengths.sum()):,} {unit} of the text"
    elif dev_symbols is not None:
        dev_lines = dev_symbols.count(END)
        known = set(corpus.tags)
        following = [symbol if symbol in known else UNKNOWN for symbol in dev_symbols]
        dev = [([END, *dev_symbols[:-1]], following)]
    n = int(corpus.lengths[0])
    distinct = f"{len(corpus.tags) - 1:,} of them known" if unit == "words" else f"{len(corpus.tags) - 1:,} known"
    notes = [f"read as raw text: {n:,} {unit}, {lines:,} lines; distinct {unit}: {distinct}"]
    notes += [f"held out for dev: {held_out}"] if held_out is not None else []
    facts = {"sentences": max(lines, 1), "words": n, "held_out": held_out, "dev_sentences": dev_lines}
    return _Text(corpus, dev, facts, tuple(notes))


def _for_length(config: Config, unit: str, symbols: int, settings: Mapping[str, Any] | None) -> Config:
    """Choose epochs by the length of the text, and more dropout for a short one; ``settings`` are not changed."""
    fewest, most = EPOCHS[unit]
    chosen: dict[str, Any] = {}
    if not config.training.epochs:
        chosen["epochs"] = min(most, max(fewest, round(EFFORT[unit] / symbols)))
    if unit == "characters" and symbols < SHORT and settings is not None:
        chosen |= {name: value for name, value in OF_SHORT.items() if name not in settings}
    return config.with_settings(chosen)
