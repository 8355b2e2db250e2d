"""Train a pipeline: a segmenter of raw text, and one tagger of all annotated columns."""

from __future__ import annotations

from elman.config import settings_fields
from elman.errors import ConfigError
from elman.taggers import train_encoded, train_segmenter
from elman.taggers.pipeline import Pipeline
from elman.taggers.prepare import read_all
from elman.taggers.request import TrainRequest


def train(request: TrainRequest) -> Pipeline:
    """Train both networks; network settings apply to the tagger only. Raises ConfigError if the data is not CoNLL-U."""
    sentences, dev = read_all(request)
    if sentences[0].format != "conllu":
        raise ConfigError(f"task pipeline: expected conllu, with all columns of a word; it is {sentences[0].format}")
    of_training = {field.name for section, field in settings_fields() if section == "training"}
    settings = {name: value for name, value in request.settings.items() if name in of_training}
    words = train_encoded.fit(request, sentences, dev, large=False)  # first, since it rejects more kinds of data
    return Pipeline(train_segmenter.fit(request, sentences, dev, settings), words)
