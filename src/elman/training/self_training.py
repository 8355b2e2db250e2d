"""Self-training: a network learns gold tags, and the probabilities that a teacher gives to the tags of raw text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elman.config import Config
from elman.models.rnn import RecurrentModel
from elman.training.tagging_task import Labelled, TaggingTask

SILVER = 5
"""Words of raw text to learn from, as a multiple of the training words, which are read ``GOLD_TIMES`` times besides."""
GOLD_TIMES = 2
MOST_VALUES = 100_000_000
"""Most probabilities that are kept, of 2 bytes each."""
EPOCHS = 4
"""Fewest epochs; otherwise half of the usual ones, since an epoch reads more."""
CHUNK = 2_000
"""Sentences that the teacher tags at a time."""


@dataclass(frozen=True)
class Silver:
    """Sentences of raw text, and the model that tags them."""

    sentences: Sequence[Sequence[str]]
    teacher: RecurrentModel


def settings(config: Config) -> Config:
    """Return the resolved settings for learning from probabilities: tag by tag, in fewer epochs."""
    epochs = max(EPOCHS, config.training.epochs // 2)
    return config.with_settings({"decoder": "softmax", "epochs": epochs})


def with_silver(task: TaggingTask, gold: Labelled, dev: Labelled | None, silver: Silver) -> TaggingTask:
    """Return the task of the same network that learns from gold and silver sentences; all columns tag words."""
    heads, columns = task.networks.heads, range(len(task.networks.heads.each))
    parts = list(_probabilities(silver, [head.tags for head in heads.each]))
    p = np.concatenate(parts) if parts else np.zeros((0, heads.width), np.float16)  # (N, K1 + K2 + …)
    best = [p[:, head.begin : head.begin + len(head.tags)].argmax(axis=1) for head in heads.each]
    ends = np.cumsum([len(words) for words in silver.sentences])
    more = [
        (words, *([heads.each[i].tags[k] for k in best[i][end - len(words) : end]] for i in columns))
        for words, end in zip(silver.sentences, ends, strict=True)
    ]
    whole = TaggingTask(task.networks, [*list(gold) * GOLD_TIMES, *more], dev, task.start)
    n = len(whole.inputs.words) - len(p)
    targets = np.zeros((len(whole.inputs.words), heads.width), np.float16)
    targets[n:] = p
    for head, ids in zip(heads.each, whole.gold, strict=True):
        targets[np.arange(n), head.begin + ids[:n]] = 1
    whole.soft_targets = targets
    return whole


def _probabilities(silver: Silver, tag_sets: Sequence[Sequence[str]]) -> Iterator[NDArray[np.float16]]:
    """Yield the teacher's probabilities (n, K1 + K2 + …) of some sentences at a time, in the order of the tags."""
    teacher = silver.teacher
    places = [[own.index(tag) for tag in tags] for own, tags in zip(teacher.tag_sets, tag_sets, strict=True)]
    for i in range(0, len(silver.sentences), CHUNK):
        some = silver.sentences[i : i + CHUNK]
        columns = [np.concatenate(teacher.probabilities(some, column)) for column in range(len(places))]
        yield np.concatenate([p[:, order].astype(np.float16) for p, order in zip(columns, places, strict=True)], axis=1)
