"""A request is made once, and is complete."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

import elman
from elman.errors import ConfigError
from elman.taggers import registry
from elman.taggers.request import TrainRequest, data_or_share
from elman.training.run_options import RunOptions


def test_shares_are_numbers_from_the_edge_on() -> None:
    assert data_or_share("10%") == 10.0
    assert data_or_share(" 2.5 % ") == 2.5
    assert data_or_share("dev.txt") == "dev.txt" and data_or_share("1e1") == "1e1"
    assert data_or_share(None) is None
    for number in (10, 0.1):
        with pytest.raises(ConfigError, match="^dev: expected a path, sentences, or a share such as '10%', got"):
            data_or_share(number)  # type: ignore[arg-type]
    for text, share in (("10", "10%"), (" .5 ", "50%"), ("0,25", "25%"), ("120", "10%")):
        with pytest.raises(ConfigError, match=f"a share of TRAIN has a percent sign: {share}$"):
            data_or_share(text)


def test_every_argument_of_train_reaches_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[TrainRequest] = []
    monkeypatch.setattr(registry, "train", requests.append)
    values: dict[str, Any] = {
        "model": "rnn",
        "preset": "fast",
        "settings": {"hidden": 8},
        "vectors": "vectors.txt",
        "lexicon": ("words.tsv",),
        "budget": "60s",
        "format": "conllu",
        "encoding": "latin-1",
        "text_column": "review",
        "inputs": ("lemma",),
        "keep_replay": 3,
    }
    run: dict[str, Any] = {
        "seed": 3,
        "threads": 2,
        "on_progress": print,
        "on_warning": repr,
        "on_note": str,
        "map": map,
    }
    elman.train("a", "10%", target="upos,feats", task="parse:heads=brackets", **values, **run)
    (request,) = requests
    own = {"data": "a", "dev": 10.0, "targets": ("upos", "feats"), "task": "parse", "options": {"heads": "brackets"}}
    own |= {"base": None, "like": None, "raw": (), "silver": None}  # which vectors exclude
    assert {field.name: getattr(request, field.name) for field in fields(request)} == own | values | {
        "run": RunOptions(**run)
    }
    arguments = {"train", "dev", "target", "task", "base", "like", "raw"} | values.keys() | run.keys()
    arguments |= {"checkpoint", "every", "resume", "overwrite"}  # tests/taggers/test_checkpointed.py
    assert set(inspect.signature(elman.train).parameters) == arguments
    elman.train("a", base="base.model", like="like.conllu")
    assert (requests[1].base, requests[1].like) == ("base.model", "like.conllu")
    elman.train("a", raw=["b", "c"])
    assert requests[2].raw == ("b", "c")
    with pytest.raises(FrozenInstanceError):
        request.task = "tag"  # type: ignore[misc]
