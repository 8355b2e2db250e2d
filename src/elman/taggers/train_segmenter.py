"""Train a segmenter, which finds words and sentences of raw text by labelling its characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.taggers import train_tags
from elman.taggers.prepare import read_all, split
from elman.taggers.request import TrainRequest
from elman.taggers.segmenter import COLUMN, Segmenter, pieces, settings_for
from elman.tasks.segmentation import Segmentation


def train(request: TrainRequest) -> Segmenter:
    """Train on the words of sentences. Raises DataError if every line is one word."""
    return fit(request, *read_all(request), request.settings)


def fit(
    request: TrainRequest,
    sentences: list[Sentence],
    dev: list[Sentence] | float | None,
    settings: Mapping[str, Any],
) -> Segmenter:
    """Train on sentences; ``settings`` are those of the network of characters."""
    segmentation = Segmentation.of(sentences)
    if not segmentation.sentences and all(len(sentence.words) == 1 for sentence in sentences):
        message = "no spaces within a line, so every line is one word; expected a space between words"
        raise DataError(message, path=sentences[0].path or None)
    dev_pieces = dev if dev is None or isinstance(dev, float) else pieces(segmentation.marked(dev))
    train, dev_train, held_out = split(pieces(segmentation.marked(sentences)), dev_pieces)
    single = request.budget is not None or "distill_teachers" in settings
    of_task = settings_for(request.preset, train, single=single)
    characters = replace(
        request,
        data=train,
        dev=dev_train,
        targets=(COLUMN,),
        task=None,
        settings={**of_task, **settings},
        vectors=None,
        base=None,
        lexicon=(),
        run=request.run.part("characters"),
    )
    tagger = train_tags.train_labels(characters)
    return Segmenter(train_tags.with_facts(tagger, sentences, held_out), segmentation)
