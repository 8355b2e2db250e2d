"""What is known of words; a model with characters and pretrained vectors: it learns, is its record, refuses others."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from elman.config import Config, NetworkConfig
from elman.errors import ModelFileError
from elman.features.lexicon import Lexicon
from elman.features.vectors import VectorIndex, Vectors
from elman.models.rnn import RecurrentModel
from elman.training.run_options import RunOptions
from elman.training.train_rnn import train_rnn

Array = np.ndarray[Any, Any]
SETTINGS = {
    "hidden": 8,
    "embedding": 4,
    "features": "none",
    "epochs": 12,
    "batch": 4,
    "learning_rate": 0.03,
    "unk_dropout": 1.0,
}
CONFIG = Config().with_settings({**SETTINGS, "characters": 5, "character_embedding": 4, "ensemble": 1})

NOUNS, VERBS = ["dogs", "cats", "trees", "birds"], ["runned", "barked", "jumped", "walked"]
UNSEEN_NOUNS, UNSEEN_VERBS = ["goats", "boats"], ["jerked", "waned"]
TRAIN = [([x, y], ["A", "B"]) for x in NOUNS for y in VERBS] + [([y, x], ["B", "A"]) for x in NOUNS for y in VERBS]


def vectors() -> Vectors:
    """Nouns lie on one side, verbs on the other; two of each are not in the training data."""
    words = NOUNS[:3] + UNSEEN_NOUNS + VERBS[:3] + UNSEEN_VERBS
    table = np.zeros((len(words) + 1, 6), np.float32)
    table[1:] = np.random.default_rng(1).standard_normal((len(words), 6)) * 0.1
    table[1:6, 0] += 1
    table[6:, 0] -= 1
    return Vectors(VectorIndex(words, 6), table)


def trained(changes: dict[str, Any], found: Vectors | None = None) -> RecurrentModel:
    return train_rnn(TRAIN, None, CONFIG.with_settings(changes), RunOptions(), vectors=found)


def tags_of_the_unseen(model: RecurrentModel) -> list[str]:
    sentences = [[word] for word in [*UNSEEN_NOUNS, *UNSEEN_VERBS]]
    assert not any(model.known(word) for (word,) in sentences)
    return [model.tags[ids[0]] for ids in model.best(sentences)]


@pytest.fixture(scope="module")
def model() -> RecurrentModel:
    return trained({"epochs": 2}, vectors())


# --- what it is good for --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["frozen", "tuned"])
def test_unknown_words_are_told_by_their_vectors(kind: str) -> None:
    model = trained({"characters": 0, "vectors": kind, "dtype": "float32"}, vectors())
    assert tags_of_the_unseen(model) == ["A", "A", "B", "B"]
    moved = np.abs(model.parameters["vectors"] - vectors().scaled()).max(axis=1) > 1e-6
    seen = set(NOUNS + VERBS)
    assert moved.tolist() == [kind == "tuned" and word in seen | {""} for word in ("", *vectors().index.words)]


def test_unknown_words_are_told_by_their_characters() -> None:
    assert tags_of_the_unseen(trained({})) == ["A", "A", "B", "B"]


def test_without_either_unknown_words_are_all_alike() -> None:
    model = trained({"characters": 0, "epochs": 1})
    assert np.ptp(np.concatenate(model.probabilities([["goats"], ["waned"]])), axis=0).max() < 1e-6


def test_the_unknown_word_of_training_keeps_its_vector_and_spelling() -> None:
    """``unk_dropout`` hides a word's id alone: that is what an unknown word with a vector looks like in tagging."""
    found = Lexicon.of(CONFIG.network, [["dogs", "runned"]], vectors().index).read(["dogs", "goats", "Dogs", "?"])
    assert found.words.tolist() == [1, 0, 0, 0]
    assert found.vectors is not None and found.vectors.tolist() == [1, 4, 1, 0]
    assert found.spellings is not None and len(found.spellings) == 4


def test_words_of_any_kind_are_tagged(model: RecurrentModel) -> None:
    sentence = ["", "x" * 1_000_000, "犬", "dogs"]
    assert [p.shape for p in model.probabilities([sentence, [], [""]])] == [(4, 2), (0, 2), (1, 2)]


# --- the record -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("characters", [0, 5])
@pytest.mark.parametrize("found", [None, vectors()])
def test_a_model_is_its_record(characters: int, found: Vectors | None) -> None:
    model = trained({"epochs": 1, "characters": characters}, found)
    record, tensors = model.to_record()
    again = RecurrentModel.from_record(json.loads(json.dumps(record)), tensors)
    assert again.to_record()[0] == record
    assert again.lexicon.vectors.words == model.lexicon.vectors.words
    assert ("vectors" in tensors) == (found is not None)
    assert ("characters.embedding" in tensors) == bool(characters)
    sentences = [["dogs", "goats", "q", "", "GOATS"]]
    for mine, other in zip(model.probabilities(sentences), again.probabilities(sentences), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_the_same_seed_gives_the_same_bits_for_any_threads() -> None:
    models = [
        train_rnn(TRAIN, None, CONFIG.with_settings({"epochs": 2}), RunOptions(threads=n), vectors=vectors())
        for n in (1, 2)
    ]
    one, two = (model.parameters for model in models)
    assert {name: w.tobytes() for name, w in one.items()} == {name: w.tobytes() for name, w in two.items()}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vectors": None}, "^vectors: expected a list of distinct words$"),
        ({"vectors": {"words": ["a", "a"], "width": 6}}, "^vectors: expected a list of distinct words$"),
        ({"vectors": {"words": [1], "width": 6}}, "^vectors: expected a list of distinct words$"),
        ({"vectors": {"words": ["a"], "width": 0}}, "^vectors: expected a width from 1 to 10000 and an embedding"),
        ({"vectors": {"words": ["a"], "width": True}}, "^vectors: expected a width from 1 to 10000 and an embedding"),
        ({"vectors": {"words": ["a"], "width": 6}}, r"^model tensor vectors: expected \(2, 6\), found \(11, 6\)$"),
        ({"characters": None}, "^vocabulary: expected a list of words$"),
        ({"characters": {"words": ["ab"], "counts": [2]}}, "^model: expected single characters$"),
        (
            {"characters": {"words": ["a"], "counts": [2]}},
            r"^model tensor characters.embedding: expected \(2, 4\), found ",
        ),
    ],
)
def test_records_that_do_not_fit(model: RecurrentModel, changes: dict[str, Any], message: str) -> None:
    record, tensors = model.to_record()
    with pytest.raises(ModelFileError, match=message):
        RecurrentModel.from_record({**record, **changes}, tensors)


def test_vectors_for_one_hot_words_in_a_record() -> None:
    one_hot = NetworkConfig(cell="elman", embedding=0, features="none")
    record = {**Lexicon.of(one_hot, [["a"]]).to_record(), "vectors": {"words": ["a"], "width": 3}}
    with pytest.raises(ModelFileError, match="^vectors: expected a width from 1 to 10000 and an embedding with them$"):
        Lexicon.from_record(record, one_hot)
