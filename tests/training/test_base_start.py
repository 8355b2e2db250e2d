"""A network that begins with a base: its first states are the base's, and its own embeddings begin at 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cloze import task_of
from elman.config import Config
from elman.models.ensemble import Ensemble
from elman.nn.batch import pack
from elman.training import ensemble
from elman.training.base_start import BaseStart
from small_language import OPEN, TRAIN, language

RAW = [words for words, _ in language(80, 5)] + [["Dog", "zebra"], ["zebra"]]
WORDS = ["the", "Dog", "THE", "unseen", "zebra", "can"]


def states(networks: Ensemble, words: list[str], layers: int) -> Any:
    encoder = networks.network.encoder.up_to(layers - 1)
    x = networks.network.represent(networks.members[0], networks.lexicon.read(words))
    return encoder.forward(networks.members[0], x, pack(np.array([len(words)])))[0]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"cell": "gru"},
        {"cell": "sru"},
        {"cell": "elman", "direction": "forward", "layers": 2},
        {"features": "none"},
    ],
    ids=["lstm", "gru", "sru", "forward", "no features"],
)
@pytest.mark.parametrize("layers", [1, 2])
def test_the_first_states_are_those_of_the_base(settings: dict[str, Any], layers: int) -> None:
    base = task_of(settings, RAW, predicted=9).networks
    of_base = base.config.network.layers
    config = Config().with_settings(
        OPEN | settings | {"hidden": 3, "embedding": 5, "feature_embedding": 2, "epochs": 1}
    )
    config = config.with_settings({"layers": max(layers, of_base)})
    start = BaseStart(base, {word for words, _ in TRAIN for word in words}, 1_000)
    task = ensemble.begin(TRAIN, None, config, seed=1, vectors=start)
    networks = task.networks
    rows = [word if word in base.lexicon.vocabulary else word.lower() for word in WORDS]  # as vectors are looked up
    assert networks.network.vectors == (len(base.lexicon.vocabulary), 2)
    if settings.get("features") == "none":
        expected = states(base, rows, of_base)
    else:
        x = base.network.represent(base.members[0], base.lexicon.read(rows))
        x[:, 2:] = base.network.represent(base.members[0], base.lexicon.read(WORDS))[:, 2:]
        expected = base.network.encoder.forward(base.members[0], x, pack(np.array([len(WORDS)])))[0]
    np.testing.assert_allclose(states(networks, WORDS, of_base), expected, atol=1e-6)
    assert not networks.members[0]["embedding"].any()
    other = task.again(config, 2)
    for name, w in other.parameters.items():
        same = np.array_equal(w, task.parameters[name])
        has = name in ("embedding", "vectors", "features") or name.split(".")[-1] in ("b_r", "b_o", "b_rn")
        assert same or not has, name  # what the base does not have is drawn for each network


def test_only_needed_and_frequent_words_are_kept() -> None:
    base = task_of({}, RAW, predicted=9).networks
    words = base.lexicon.vocabulary.words
    start = BaseStart(base, {"ZEBRA", "cat"}, 2)
    assert start.index.words == tuple(w for i, w in enumerate(words) if i < 2 or w in ("zebra", "cat"))
    np.testing.assert_array_equal(start.index.rows(["Zebra", "tree"]), [len(start.index.words), 0])
