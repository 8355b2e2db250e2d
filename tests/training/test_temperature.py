"""Temperatures fitted on dev, and how far confidences can be believed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import ConfigError, ModelFileError
from elman.models import file as model_file, rnn as recurrent
from elman.training import temperature
from made_up import two_columns

FEW: dict[str, Any] = {
    "hidden": 8,
    "embedding": 8,
    "feature_embedding": 8,
    "epochs": 4,
    "batch": 2,
    "learning_rate": 0.05,
    "dtype": "float32",
}


def sentences(n: int, seed: int, wrong: float = 0.0) -> list[elman.Sentence]:
    """Sentences of the made-up language, a share of whose tags of the first column are wrong."""
    draw = np.random.default_rng(seed)
    made = []
    for words, tags, spans in two_columns(n, seed):
        tags = ["N" if draw.random() < wrong else tag for tag in tags]
        made.append(elman.Sentence(tuple(words), {"pos": tuple(tags), "entity": tuple(spans)}))
    return made


@pytest.fixture(scope="module", params=["softmax", "crf"])
def taggers(request: pytest.FixtureRequest) -> dict[str, elman.Tagger]:
    """Trained with a dev set that is labelled worse than the training data, and without dev."""
    settings = {**FEW, "decoder": request.param, "constraints": "auto" if request.param == "crf" else "none"}
    more = {"settings": settings, "target": ["pos", "entity"], "on_warning": lambda text: None}
    with_dev = elman.train(sentences(60, 1), sentences(60, 2, wrong=0.4), **more)
    return {"dev": with_dev, "none": elman.train(sentences(60, 1), **more)}


def marginal_loss(tagger: elman.Tagger, temperature: float, target: str = "pos") -> float:
    """-log p of dev's gold tags, from the public probabilities."""
    model = tagger._model.with_temperatures((temperature,) * 2)  # type: ignore[attr-defined]
    loss = 0.0
    for sentence in sentences(60, 2, wrong=0.4):
        p = model.probabilities([sentence.words], tagger.targets.index(target))[0]
        ids = [tagger.tag_sets[target].index(tag) for tag in sentence.columns[target]]
        loss -= float(np.log(p[np.arange(len(ids)), ids]).sum())
    return loss


def test_the_temperature_makes_devs_tags_the_likeliest(taggers: dict[str, elman.Tagger]) -> None:
    best = taggers["dev"].temperatures
    assert best["pos"] > 1.3 and set(best) == {"pos", "entity"}

    def cost(t: float) -> float:
        return marginal_loss(taggers["dev"], t) + (math.log(t) / temperature.PRIOR) ** 2 / 2

    fitted = cost(best["pos"])
    assert all(fitted < cost(best["pos"] * other) for other in (0.9, 0.98, 1.02, 1.1))


def test_the_best_tags_stay_and_probabilities_move(taggers: dict[str, elman.Tagger]) -> None:
    tagger = taggers["dev"]
    raw = tagger.uncalibrated()
    assert set(raw.temperatures.values()) == {1.0}
    for sentence in sentences(20, 3):
        words = sentence.words
        assert tagger.predict([words], columns=tagger.targets)[0] == raw.predict([words], columns=raw.targets)[0]
        assert not np.allclose(tagger.probabilities(words), raw.probabilities(words))
        assert tagger.probabilities(words).max(axis=1).mean() < raw.probabilities(words).max(axis=1).mean()
        ((_, sure),) = tagger.pipe([words], confidence=True)
        ids = [tagger.tags.index(tag) for tag in tagger.tag(words)]
        assert sure == tagger.probabilities(words)[np.arange(len(words)), ids].tolist()


def test_the_networks_of_the_taggers_are_the_same_with_and_without_dev(taggers: dict[str, elman.Tagger]) -> None:
    assert taggers["none"].temperatures == {"pos": 1.0, "entity": 1.0}
    assert "temperature" not in taggers["none"]._model.to_record()[0]


def test_the_model_file_holds_it(taggers: dict[str, elman.Tagger], tmp_path: Path) -> None:
    tagger = taggers["dev"]
    path = tmp_path / "a.model"
    tagger.save(path)
    loaded = elman.load(path)
    assert loaded.temperatures == tagger.temperatures == loaded.describe()["temperatures"]
    words = ["the", "saw", "sees", "mr", "Lee"]
    np.testing.assert_allclose(loaded.probabilities(words), tagger.probabilities(words), atol=1e-6)
    found, other = loaded.nbest(words, 3), tagger.nbest(words, 3)
    assert [tags for tags, _ in found] == [tags for tags, _ in other]
    np.testing.assert_allclose([p for _, p in found], [p for _, p in other], atol=1e-6)
    config, tensors = model_file.load(path)
    for wrong in (1.0, [1.0], [1.0, 2.0, 3.0], [1, 2], [True, 1.0], ["a", 1.0], [0.0, 1.0], [1e9, 1.0], None, {}):
        config["model"]["temperature"] = wrong
        model_file.save(path, config, tensors)
        with pytest.raises(ModelFileError, match="model temperature: expected 2, from 0.05 to 20, found"):
            elman.load(path)
    del config["model"]["temperature"]
    model_file.save(path, config, tensors)
    assert set(elman.load(path).temperatures.values()) == {1.0}


def test_one_column_and_several_networks(tmp_path: Path) -> None:
    settings = {**FEW, "epochs": 1, "ensemble": 2}
    dev = sentences(30, 2, wrong=0.3)
    tagger = elman.train(sentences(30, 1), dev, settings=settings, target="pos", on_warning=lambda text: None)
    tagger.save(tmp_path / "a.model")
    record = json.loads(json.dumps(model_file.load(tmp_path / "a.model")[0]))
    assert record["model"]["temperature"] == tagger.temperatures["pos"] != 1.0


def test_ctrl_c_while_it_is_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(temperature, "fit", stop)
    dev = sentences(5, 2)
    tagger = elman.train(sentences(5, 1), dev, settings=FEW, target="pos", on_warning=lambda text: None)
    assert tagger.interrupted and tagger.temperatures == {"pos": 1.0}


def test_tags_that_training_lacks_and_a_tiny_dev_set_say_little() -> None:
    strange = [elman.Sentence(("x", "y"), {"pos": ("never", "seen")})]
    quiet = {"settings": FEW, "target": "pos", "on_warning": lambda text: None}
    assert elman.train(sentences(20, 1), strange, **quiet).temperatures["pos"] == pytest.approx(1, abs=1e-3)
    assert 0.4 < elman.train(sentences(40, 1), sentences(1, 3), **quiet).temperatures["pos"] < 1.5


def test_dev_is_read_up_to_a_number_of_words(monkeypatch: pytest.MonkeyPatch, taggers: dict[str, elman.Tagger]) -> None:
    networks = taggers["dev"]._model
    assert isinstance(networks, recurrent.RecurrentModel)
    dev = sentences(40, 5, wrong=0.4)
    gold = [
        np.array([tags.index(tag) for sentence in dev for tag in sentence.columns[target]], np.int32)
        for target, tags in taggers["dev"].tag_sets.items()
    ]
    words = [sentence.words for sentence in dev]
    whole = temperature.fit(networks, words, gold)
    first = len(words[0]) + len(words[1])
    of_two = temperature.fit(networks, words[:2], [ids[:first] for ids in gold])
    monkeypatch.setattr(temperature, "MOST_WORDS", first)
    assert temperature.fit(networks, words, gold) == of_two != whole
    monkeypatch.setattr(temperature, "MOST_WORDS", 1)
    of_one = temperature.fit(networks, words[:1], [ids[: len(words[0])] for ids in gold])
    assert temperature.fit(networks, words, gold) == of_one
    assert temperature.fit(networks, [], [np.zeros(0, np.int32)] * 2) == pytest.approx((1.0, 1.0), abs=1e-3)


def test_nbest_of_a_tagger(taggers: dict[str, elman.Tagger]) -> None:
    tagger = taggers["dev"]
    words = ["the", "saw", "sees"]
    found = tagger.nbest(words, 1000)
    assert sum(p for _, p in found) == pytest.approx(1, abs=1e-5)
    assert found[0][0] == tagger.tag(words)
    # the marginals are sums over the list
    p = tagger.probabilities(words)
    for tag in tagger.tags:
        with_tag = sum(share for tags, share in found if tags[1] == tag)
        assert with_tag == pytest.approx(p[1, tagger.tags.index(tag)], abs=1e-5)
    assert tagger.nbest(words, 2, "entity")[0][0] == tagger.predict([words], columns=tagger.targets)[0]["entity"]
    assert tagger.nbest([], 3) == [([], 1.0)]
    raw = tagger.uncalibrated().nbest(words, 1000)
    assert [tags for tags, _ in raw[:5]] == [tags for tags, _ in found[:5]] and raw[0][1] > found[0][1]
    with pytest.raises(ConfigError, match="from 1 to 1,000, got 0$"):
        tagger.nbest(words, 0)
    with pytest.raises(ConfigError, match="target"):
        tagger.nbest(words, 1, "nonsense")


def test_baselines_are_as_they_are() -> None:
    tagger = elman.train([[("a", "X")]], [[("a", "X")]], model="hmm", on_warning=lambda text: None)
    assert tagger.temperatures == {"tag": 1.0}
    assert (tagger.uncalibrated().probabilities(["a"]) == tagger.probabilities(["a"])).all()
    with pytest.raises(ConfigError, match="hmm has one best"):
        tagger.nbest(["a"], 2)
