"""Train with raw text besides labelled sentences: pretrain a base model on it, begin with that, and learn its tags."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from elman.data.corpus import ReadOptions, as_items, read_corpus
from elman.data.sentence import Sentence
from elman.data.targets import TAG
from elman.errors import ConfigError
from elman.models import constraints
from elman.models.rnn import RecurrentModel
from elman.taggers import pretraining, registry
from elman.taggers.base import Predictor
from elman.taggers.base_model import TAKEN
from elman.taggers.column_predictor import ColumnPredictor
from elman.taggers.prepare import prepare, read_all
from elman.taggers.request import TrainRequest
from elman.training.linear_model import as_part
from elman.training.self_training import MOST_VALUES, SILVER, Silver
from elman.utils import seeding
from elman.utils.arguments import is_path, is_table
from elman.utils.durations import seconds_of

PART = "raw text"
"""Name in progress reports (``Progress.part``)."""
SHARES = 0.5, 0.2, 0.3
"""Shares of a time budget: for the base, the teacher and the tagger; without a teacher the tagger has the rest."""
TEACHER_LAYERS = 2
FREE = ("layers", "decoder", "distill_teachers", "chunk", "smoothing")
"""Settings with which there is no teacher if they are set: it has its own, or the tagger could not learn from it."""


def train(request: TrainRequest) -> Predictor:
    """Pretrain a base on the files ``request.raw``, unless there is one, and train on the labelled data from there.

    A tagger of the preset ``default`` is trained twice: a teacher, of two layers, tags raw text, and a network of the
    usual size learns gold tags and the teacher's.
    Raises ConfigError if settings do not suit a base, DataError if data cannot be used, KeyboardInterrupt after Ctrl-C
    while there is only a base.
    """
    if request.model not in (None, "rnn"):
        raise ConfigError(f"raw: expected the model rnn with raw text, got {request.model}")
    data: Any = request.data
    if not is_path(data) and not is_table(data):
        request = replace(request, data=list(data))  # it is read several times
    shares = SHARES if request.base is None else (0.0, SHARES[1] / (1 - SHARES[0]), SHARES[2] / (1 - SHARES[0]))
    seconds = None if request.budget is None else seconds_of(request.budget)
    of_base, of_teacher, of_tagger = (None if seconds is None else share * seconds for share in shares)
    rest = replace(request, raw=(), budget=of_tagger, run=request.run.part("labelled"))
    most, text = _silver_words(rest), None
    if request.base is None:
        base, text = pretraining.train_on_text(_of_raw_text(request, of_base))
        if base.interrupted:
            raise KeyboardInterrupt
        rest = replace(rest, base=base)
    if not most:
        if text is None:
            raise ConfigError("raw: besides a base it is for a teacher, and there is none for these data and settings")
        return registry.train(replace(rest, budget=None if seconds is None else (1 - SHARES[0]) * seconds))
    settings, run = {**request.settings, "layers": TEACHER_LAYERS}, request.run.part("teacher")
    teacher = registry.train(replace(rest, settings=settings, budget=of_teacher, run=run))
    if teacher.interrupted:
        return teacher
    assert isinstance(teacher, ColumnPredictor) and isinstance(teacher._model, RecurrentModel)
    text = text or pretraining.read_text(_of_raw_text(request, None))
    sample = text.sample(most, seeding.stream(request.run.seed, seeding.SILVER))
    request.run.note(f"a teacher of {TEACHER_LAYERS} layers tagged {sum(map(len, sample)):,} words of the raw text")
    tagger = registry.train(replace(rest, silver=Silver(sample, teacher._model)))
    return teacher if tagger.interrupted and not tagger.describe()["training"]["epochs"] else tagger


def _silver_words(request: TrainRequest) -> int:
    """Return how many words a teacher shall tag; 0 if there is none: it is for tags of words that are no spans."""
    task = request.task or TAG
    if task != TAG or request.preset != "default" or any(name in request.settings for name in FREE):
        return 0
    prepared = prepare(request)
    if not isinstance(prepared.train, list) or set(prepared.tasks) != {TAG}:
        return 0
    columns = [{tag for sentence in prepared.train for tag in sentence[i + 1]} for i in range(len(prepared.tasks))]
    if prepared.inputs or any(constraints.detect(tags) != constraints.NONE for tags in columns):
        return 0
    words = sum(len(sentence[0]) for sentence in prepared.train)
    return min(SILVER * words, MOST_VALUES // sum(map(len, columns)))


def _of_raw_text(request: TrainRequest, seconds: float | None) -> TrainRequest:
    """Return the request for the base, whose words are cut as in the labelled data; its network is the tagger's."""
    run = request.run.part("raw text")
    return TrainRequest(
        data=list(request.raw),
        task="pretrain",
        like=_labelled(request),
        preset=request.preset,
        settings={name: value for name, value in request.settings.items() if name in TAKEN},
        budget=seconds,
        format=request.format,
        run=replace(run, on_progress=as_part(run.on_progress, PART)),
    )


def _labelled(request: TrainRequest) -> list[Sentence]:
    """Return the labelled sentences, with whatever columns they have."""
    items = list(as_items(request.data)) if not is_table(request.data) else []
    if items and not all(isinstance(item, Sentence) or is_path(item) for item in items):
        return read_corpus(items, ReadOptions(request.targets, task=request.task, inputs=request.inputs)).sentences
    return read_all(request)[0]
