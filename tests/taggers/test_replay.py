"""The training sentences that a model file keeps."""

from __future__ import annotations

from typing import Any

import pytest

import elman
from elman.errors import ConfigError
from elman.taggers.replay import sample

SETTINGS: dict[str, Any] = {"hidden": 4, "embedding": 4, "feature_embedding": 2, "epochs": 1, "ensemble": 1}
QUIET: dict[str, Any] = {"on_warning": lambda text: None, "threads": 1}
ROWS = [((f"word{i}",), ("RARE" if i % 50 == 0 else "N",)) for i in range(200)]


def test_rare_tags_come_first() -> None:
    kept = sample(ROWS, ["tag"], 8, seed=1)
    assert [each.labels["tag"][0] for each in kept].count("RARE") == 4 and len(kept) == 8
    assert kept == sample(ROWS, ["tag"], 8, seed=1) != sample(ROWS, ["tag"], 8, seed=2)
    assert [int(each.words[0][4:]) for each in kept] == sorted(int(each.words[0][4:]) for each in kept)


def test_all_if_there_are_no_more_and_each_once() -> None:
    assert len(sample(ROWS * 2, ["tag"], 1000, seed=1)) == 200
    assert sample(ROWS, ["tag"], 0, seed=1) == ()


def test_a_text_without_labels_is_drawn_too() -> None:
    (kept,) = sample([(("a", "b"), ("X", "Y"), ())], ["tag", "label"], 3, seed=1)
    assert kept.labels == {"tag": ("X", "Y"), "label": ()}


def test_a_model_keeps_them_and_is_otherwise_the_same() -> None:
    data = [[(word, tag) for word, tag in zip(*row, strict=True)] for row in ROWS]
    plain = elman.train(data, settings=SETTINGS, **QUIET)
    kept = elman.train(data, settings=SETTINGS, keep_replay=10, **QUIET)
    assert len(kept.history.replay) == 10 and not plain.history
    assert kept.with_history(plain.history).__reduce__()[1] == plain.__reduce__()[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep_replay": -1}, "keep_replay: expected a whole number from 0 to 100,000, got -1"),
        ({"keep_replay": "x"}, "keep_replay: expected a whole number"),
        ({"keep_replay": 3, "model": "hmm"}, "keep_replay: the model hmm does not learn from corrections"),
        ({"keep_replay": 3, "task": "lemma"}, "task lemma: it does not learn from corrections"),
    ],
)
def test_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        elman.train([[("a", "X"), ("b", "Y")]] * 3, **QUIET, **options)
