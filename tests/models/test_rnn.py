"""The recurrent model: it tags anything, and refuses records that do not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from elman.config import Config
from elman.errors import ModelFileError
from elman.models import ensemble as networks
from elman.models.rnn import RecurrentModel
from elman.nn.cells import CELLS
from small_language import ELMAN, OPEN, SMALL, TRAIN, TUTORIAL, Labelled, bits, language, tags_of, trained

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def model() -> RecurrentModel:
    return trained()


# --- tagging --------------------------------------------------------------------------------------------------------

some_words = st.lists(st.sampled_from(["the", "dog", "can", "we", "wolf", ""]), max_size=6)
some_sentences = st.lists(some_words, max_size=9)


@settings(deadline=None, max_examples=50)
@given(sentences=some_sentences)
def test_the_best_tag_has_the_highest_probability(model: RecurrentModel, sentences: list[list[str]]) -> None:
    best, probabilities = model.best(sentences), model.probabilities(sentences)
    assert len(best) == len(probabilities) == len(sentences)
    for words, ids, p in zip(sentences, best, probabilities, strict=True):
        assert (ids.shape, ids.dtype) == ((len(words),), np.int32)
        assert (p.shape, p.dtype) == ((len(words), len(model.tags)), np.float64)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
        np.testing.assert_array_equal(ids, p.argmax(axis=1))


@settings(deadline=None, max_examples=50)
@given(sentences=some_sentences)
def test_a_sentence_is_tagged_as_if_it_were_alone(model: RecurrentModel, sentences: list[list[str]]) -> None:
    for words, p in zip(sentences, model.probabilities(sentences), strict=True):
        np.testing.assert_allclose(model.probabilities([words])[0], p, atol=2e-6)


def test_more_sentences_than_one_pass_takes(monkeypatch: pytest.MonkeyPatch, model: RecurrentModel) -> None:
    sentences = [words for words, _ in language(40, 5)] + [[]]
    expected = model.probabilities(sentences)
    for words in (1, 7, 30):
        monkeypatch.setattr(networks, "CHUNK", words)
        for mine, other in zip(model.probabilities(sentences), expected, strict=True):
            np.testing.assert_allclose(mine, other, atol=2e-6)


@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("config", [TUTORIAL, *(SMALL.with_settings({"cell": cell}) for cell in CELLS)])
def test_nothing_to_tag(choose: Callable[[str], None], config: Config, backend: str) -> None:
    choose(backend)
    model = trained(config.with_settings({"epochs": 1}), TRAIN[:8])
    assert model.best([]) == []
    assert model.probabilities([]) == []
    assert [ids.tolist() for ids in model.best([[], []])] == [[], []]
    assert [len(ids) for ids in model.best([[], ["the"], []])] == [0, 1, 0]
    assert [p.shape for p in model.probabilities([[]])] == [(0, len(model.tags))]


def test_several_threads_tag_at_once(model: RecurrentModel) -> None:
    sentences = [words for words, _ in language(60, 6)]
    expected = tags_of(model, sentences)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: tags_of(model, sentences), range(12))) == [expected] * 12


def test_a_word_that_was_not_there(model: RecurrentModel) -> None:
    assert model.known("dog")
    assert not model.known("wolf")
    by_letters = model.probabilities([["the", "wolf"], ["the", "See"]])
    assert not np.allclose(*by_letters, atol=1e-3)
    without = trained(ELMAN.with_settings({"epochs": 1})).probabilities([["the", "wolf"], ["the", "See"]])
    np.testing.assert_allclose(*without, atol=1e-6)


# --- odd data -------------------------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("config", [SMALL, TUTORIAL], ids=["default", "tutorial"])


@BOTH
def test_a_long_sentence(config: Config) -> None:
    words, tags = ["a", "b", "b", "c"] * 5000, ["X", "Y", "Y", "Z"] * 5000
    model = trained(config.with_settings({"epochs": 1}), [(words, tags), (["a"], ["X"])])
    assert len(model.best([words])[0]) == 20_000
    assert np.isfinite(np.concatenate(model.probabilities([words, words[:3]]))).all()


@BOTH
def test_sentences_of_one_word(config: Config) -> None:
    train: Labelled = [([word], [word.upper()]) for word in "abcab"] * 10
    model = trained(config.with_settings({"epochs": 15, "unk_dropout": 0.01, "learning_rate": 0.1}), train)
    assert tags_of(model, [["a"], ["c"], ["b"]]) == [["A"], ["C"], ["B"]]


@BOTH
def test_a_single_tag(config: Config) -> None:
    model = trained(config, [(["a", "b"], ["X", "X"]), (["b"], ["X"])])
    assert model.tags == ("X",)
    np.testing.assert_array_equal(model.probabilities([["a", "new"]])[0], 1)


@BOTH
def test_sentences_without_words_in_training(config: Config) -> None:
    model = trained(config, [([], []), (["a", "b"], ["X", "Y"]), ([], []), (["b"], ["Y"])])
    assert model.training["sentences"] == 4
    assert all(np.isfinite(w).all() for w in model.parameters.values())


# --- the record -----------------------------------------------------------------------------------------------------


def test_a_model_is_its_record(model: RecurrentModel) -> None:
    record, tensors = model.to_record()
    again = RecurrentModel.from_record(json.loads(json.dumps(record)), tensors)
    assert bits(again) == bits(model)
    assert again.config == model.config
    assert again.kind == "rnn"
    sentences = [words for words, _ in TRAIN]
    assert tags_of(again, sentences) == tags_of(model, sentences)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tags": None}, "^model: expected a list of tags$"),
        ({"tags": []}, "^model: expected a list of tags$"),
        ({"tags": ["D", 1, "P", "V"]}, "^model: expected a list of tags$"),
        ({"tags": "DNPV"}, "^model: expected a list of tags$"),
        ({"tags": ["D", "N", "N", "V"]}, "^model: expected distinct tags$"),
        ({"tags": ["D", "N", "V"]}, r"^model tensor output.b_o: expected \(3,\), found \(4,\)$"),
        ({"settings": None}, "^model: expected sections of settings$"),
        ({"settings": {"network": 3}}, "^model: expected sections of settings$"),
        ({"settings": {"web": {}}}, "^model settings: no section 'web'"),
        ({"settings": {"network": {"hiden": 3}}}, "^model settings: no setting 'hiden'"),
        ({"settings": {"network": {"hidden": "x"}}}, "^model settings: hidden: expected a whole number, got 'x'$"),
        ({"settings": {"network": {"hidden": 0}}}, "^model settings: hidden: expected a number from 1 to 4096, got 0$"),
        ({"settings": {}}, "^model settings: expected none that is left open$"),
        (
            {"settings": {"network": OPEN, "training": {"epochs": 1, "class_weight_power": 0}}},
            r"^model tensor embedding: expected \(12, 64\), found \(12, 8\)$",
        ),
        ({"training": None}, "^model: expected a training record$"),
        ({"training": []}, "^model: expected a training record$"),
        ({"features": None}, "^model: expected a list of features$"),
        ({"features": ["s:e", 1]}, "^model: expected a list of features$"),
        ({"features": ["s:e", "s:e"]}, "^model: expected distinct features, and none with features=none$"),
        (
            {"settings": {"network": {**OPEN, "features": "none"}, "training": {"epochs": 1, "class_weight_power": 0}}},
            "^model: expected distinct features, and none with",
        ),
        ({"features": ["s:e"]}, r"^model tensor features: expected \(1, 6\), found "),
        ({"vocabulary": None}, "^vocabulary: expected a list of words$"),
        (
            {"vocabulary": {"words": ["a"], "counts": [1]}},
            r"^model tensor embedding: expected \(2, 8\), found \(12, 8\)$",
        ),
    ],
)
def test_a_configuration_that_does_not_fit(model: RecurrentModel, changes: dict[str, Any], message: str) -> None:
    record, tensors = model.to_record()
    with pytest.raises(ModelFileError, match=message):
        RecurrentModel.from_record({**record, **changes}, tensors)


@pytest.mark.parametrize("missing", ["tags", "vocabulary", "features", "settings", "training"])
def test_a_part_of_the_configuration_that_is_missing(model: RecurrentModel, missing: str) -> None:
    record, tensors = model.to_record()
    del record[missing]
    with pytest.raises(ModelFileError, match="expected"):
        RecurrentModel.from_record(record, tensors)


def test_tensors_that_do_not_fit(model: RecurrentModel) -> None:
    record, tensors = model.to_record()
    for name, right in tensors.items():
        for wrong, difference in [
            (right[:-1], f"expected {right.shape}, found {right[:-1].shape}"),
            (right[None], f"expected {right.shape}, found {right[None].shape}"),
            (right.astype(np.float64), "expected float32, found float64"),
            (right.astype(np.int32), "expected float32, found int32"),
        ]:
            with pytest.raises(ModelFileError) as caught:
                RecurrentModel.from_record(record, {**tensors, name: wrong})
            assert str(caught.value) == f"model tensor {name}: {difference}"


def test_a_tensor_too_few(model: RecurrentModel) -> None:
    record, tensors = model.to_record()
    for name, right in tensors.items():
        with pytest.raises(ModelFileError) as caught:
            RecurrentModel.from_record(record, {key: tensor for key, tensor in tensors.items() if key != name})
        assert str(caught.value) == f"model tensor {name}: expected {right.shape}, found none"


def test_a_tensor_too_many(model: RecurrentModel) -> None:
    record, tensors = model.to_record()
    with pytest.raises(ModelFileError, match=r"^model tensor layer9.w: expected no such tensor, found \(2,\)$"):
        RecurrentModel.from_record(record, {**tensors, "layer9.w": np.zeros(2, np.float32)})
