"""Self-training: what a network learns from gold sentences, and from those that a teacher has tagged."""

from __future__ import annotations

import numpy as np
import pytest

from elman.config import preset
from elman.training import ensemble, self_training
from elman.training.run_options import RunOptions
from elman.training.self_training import GOLD_TIMES, Silver, with_silver
from elman.training.train_rnn import train_rnn
from small_language import language

SMALL = {"hidden": 4, "embedding": 4, "feature_embedding": 4, "epochs": 2, "ensemble": 1}
CONFIG = preset("default").with_settings(SMALL)
GOLD = [(tuple(words), tuple(tags), tuple(tag.lower() for tag in tags)) for words, tags in language(20, 1)]
RAW = [words for words, _ in language(30, 5)]


def test_targets_are_gold_tags_and_the_probabilities_of_the_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_training, "CHUNK", 7)
    teacher = train_rnn(GOLD, None, CONFIG, RunOptions(), tasks=("tag", "tag"))
    config = self_training.settings(CONFIG)
    assert (config.network.decoder, config.training.epochs) == ("softmax", self_training.EPOCHS)
    start = ensemble.begin(GOLD, None, config, seed=1, tasks=("tag", "tag"))
    task = with_silver(start, GOLD, None, Silver(RAW, teacher))
    n = GOLD_TIMES * sum(len(words) for words, *_ in GOLD)
    targets, heads = task.soft_targets, task.networks.heads
    assert targets is not None and task.lengths.tolist() == [
        *[len(words) for words, *_ in GOLD] * GOLD_TIMES,
        *map(len, RAW),
    ]
    for column, head in enumerate(heads.each):
        own = targets[:, head.begin : head.begin + len(head.tags)]
        np.testing.assert_array_equal(own[:n], np.eye(len(head.tags))[task.gold[column][:n]])
        assert teacher.tag_sets[column] == head.tags
        p = np.concatenate(teacher.probabilities(RAW, column))
        np.testing.assert_allclose(own[n:], p, atol=1e-3)
        np.testing.assert_array_equal(task.gold[column][n:], own[n:].argmax(axis=1))
    assert task.networks is start.networks and task.parameters is start.parameters


def test_no_raw_text_is_gold_alone() -> None:
    teacher = train_rnn(GOLD, None, CONFIG, RunOptions(), tasks=("tag", "tag"))
    start = ensemble.begin(GOLD, None, self_training.settings(CONFIG), seed=1, tasks=("tag", "tag"))
    task = with_silver(start, GOLD, None, Silver([], teacher))
    assert task.soft_targets is not None and len(task.soft_targets) == task.lengths.sum()
