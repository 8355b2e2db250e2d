"""Train with raw text besides labelled sentences: pretrain a base model on it, and begin with that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from elman.data.corpus import ReadOptions, as_items, read_corpus
from elman.data.sentence import Sentence
from elman.errors import ConfigError
from elman.taggers import pretraining, registry
from elman.taggers.base import Predictor
from elman.taggers.base_model import TAKEN
from elman.taggers.prepare import read_all
from elman.taggers.request import TrainRequest
from elman.training.linear_model import as_part
from elman.utils.arguments import is_path, is_table
from elman.utils.durations import seconds_of

PART = "raw text"
"""Name in progress reports (``Progress.part``)."""
SHARE = 0.5
"""Share of a time budget for raw text; the labelled sentences have the rest."""


def train(request: TrainRequest) -> Predictor:
    """Pretrain a base on the files ``request.raw``, and train on the labelled data from there.

    Raises ConfigError if settings do not suit a base, DataError if data cannot be used, KeyboardInterrupt after Ctrl-C
    while there is only a base.
    """
    if request.model not in (None, "rnn"):
        raise ConfigError(f"raw: expected the model rnn with raw text, got {request.model}")
    data: Any = request.data
    if not is_path(data) and not is_table(data):
        request = replace(request, data=list(data))  # it is read twice
    seconds = None if request.budget is None else seconds_of(request.budget)
    base = pretraining.train(_of_raw_text(request, seconds))
    if base.interrupted:
        raise KeyboardInterrupt
    left = None if seconds is None else (1 - SHARE) * seconds
    return registry.train(replace(request, raw=(), base=base, budget=left, run=request.run.part("labelled")))


def _of_raw_text(request: TrainRequest, seconds: float | None) -> TrainRequest:
    """Return the request for the base, whose words are cut as in the labelled data; its network is the tagger's."""
    run = request.run.part("raw text")
    return TrainRequest(
        data=list(request.raw),
        task="pretrain",
        like=_labelled(request),
        preset=request.preset,
        settings={name: value for name, value in request.settings.items() if name in TAKEN},
        budget=None if seconds is None else SHARE * seconds,
        format=request.format,
        run=replace(run, on_progress=as_part(run.on_progress, PART)),
    )


def _labelled(request: TrainRequest) -> list[Sentence]:
    """Return the labelled sentences, with whatever columns they have."""
    items = list(as_items(request.data)) if not is_table(request.data) else []
    if items and not all(isinstance(item, Sentence) or is_path(item) for item in items):
        return read_corpus(items, ReadOptions(request.targets, task=request.task, inputs=request.inputs)).sentences
    return read_all(request)[0]
