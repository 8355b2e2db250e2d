"""Small networks that fill in the words of a made-up text."""

from __future__ import annotations

from typing import Any

from elman.config import Config
from elman.features.lexicon import Lexicon
from elman.models.ensemble import Ensemble
from elman.models.heads import Heads
from elman.training.cloze_task import ClozeTask
from elman.training.disk_corpus import RawTextWriter
from elman.training.tagging_task import initial_parameters
from small_language import OPEN, language

EXACT = {"dropout": 0.0, "word_dropout": 0.0, "unk_dropout": 0.0, "class_weight_power": 0.0, "epochs": 1}
SIZES = {"hidden": 3, "embedding": 2, "feature_embedding": 2}
TEXT = [words for words, _ in language(40, 3)]


def task_of(settings: dict[str, Any], text: list[list[str]] = TEXT, predicted: int = 6) -> ClozeTask:
    """Return the task of a network that is not trained yet; up to 100 words are known."""
    config = Config().with_settings(OPEN | EXACT | SIZES | settings)
    writer = RawTextWriter()
    for words in text:
        writer.add(words)
    corpus = writer.corpus(100, predicted)
    lexicon, heads = Lexicon.of_vocabulary(config.network, corpus.vocabulary), Heads.of(config, [[corpus.tags]])
    parameters = initial_parameters(config, lexicon, heads, 1)
    return ClozeTask(Ensemble(config, lexicon, heads, [parameters]), corpus)
