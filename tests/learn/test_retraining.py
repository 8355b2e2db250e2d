"""Retraining on training sentences and corrections, and when its model is adopted."""

from __future__ import annotations

from typing import Any

import pytest

import elman
from elman.data.correction import Correction
from elman.errors import ConfigError
from elman.learn import Learner
from elman.learn.history import History, updated
from elman.learn.retraining import retrain, with_corrections
from elman.training.run_options import RunOptions
from made_up import two_columns
from texts import requests

SETTINGS: dict[str, Any] = {"hidden": 12, "embedding": 8, "feature_embedding": 8, "epochs": 8, "ensemble": 1}
QUIET: dict[str, Any] = {"threads": 1, "on_warning": lambda text: None}
SENTENCES = [list(zip(words, tags, strict=True)) for words, tags, _ in two_columns(100, seed=3)]
CORRECTIONS = [[("the", "D"), ("glimmer", "X"), ("sees", None)]]


@pytest.fixture(scope="module")
def tagger() -> Any:
    return elman.train(SENTENCES, dev="10%", settings=SETTINGS, **QUIET)


def test_a_retrained_model_has_learned_corrections_and_keeps_history_and_settings(tagger: Any) -> None:
    learner = Learner(tagger, replay=SENTENCES)
    learner.update(CORRECTIONS)
    patched = learner.model
    new, report, adopted = retrain(patched, train=SENTENCES, heldout=SENTENCES[:40])
    assert adopted and new is not patched and new.history == patched.history
    assert set(new.tags) == {*tagger.tags, "X"} and new.known("glimmer")
    assert new._model.config == tagger._model.config and new.temperatures == patched.temperatures
    assert new.data["sentences"] == 101 and new.describe()["training"]["seed"] == 1
    assert report.notes == [
        "retrained on 101 sentences, 1 of them from corrections",
        "1 label that nobody gave are predictions of the patched model",
    ]
    assert len(report.learned) + len(report.not_learned) == 1
    again = retrain(patched, train=SENTENCES, heldout=SENTENCES[:40], run=RunOptions(threads=2))[0]
    assert again.__reduce__()[1][0] == new.__reduce__()[1][0]


def test_a_worse_model_is_not_adopted(tagger: Any) -> None:
    wrong = [[(word, "P") for word, _ in sentence] for sentence in SENTENCES]
    model, report, adopted = retrain(tagger, train=wrong, heldout=SENTENCES[:40])
    assert model is tagger and not adopted and report.worse


def test_corrections_override_training_sentences() -> None:
    train = [Correction(("a", "b"), {"tag": ("X", "Y"), "label": ("p",)}), Correction(("c",), {"tag": ("X",)})] * 2
    corrections = [
        Correction(("a", "b"), {"tag": ("Z", None)}),
        Correction(("a", "b"), {"label": ("q",), "tag": (None, "W")}),
        Correction(("new",), {"tag": ("X",)}),
    ]
    found = with_corrections(train, corrections, ("label",))
    assert [each.words[0] for each in found] == ["a", "c", "a", "c", "new"]
    assert found[0].labels == found[2].labels == {"tag": ("Z", "W"), "label": ("q",)}


def test_words_and_document_labels_that_nobody_gave() -> None:
    data = requests(30, 1)
    model = elman.train(data, target="slot,intent", settings={**SETTINGS, "epochs": 1}, **QUIET)
    correction = Correction(data[0].words, {"slot": (None,) * (len(data[0].words) - 1) + ("O",)})
    model = model.with_history(updated(History(), None, [correction], []))
    other = Correction(("quite", "new"), {"slot": ("O", None)})
    new, report, _ = retrain(model, [correction, other], train=data, heldout=data)
    assert "2 labels that nobody gave are predictions of the patched model" in report.notes
    assert report.notes[0] == "retrained on 31 sentences, 1 of them from corrections"


def test_pretrained_vectors_are_those_of_the_model(tmp_path: Any) -> None:
    (tmp_path / "v.txt").write_text("the 1 0\nsaw 0 1\nMR -1 0\n", encoding="utf-8")
    model = elman.train(SENTENCES, settings={**SETTINGS, "epochs": 1}, vectors=tmp_path / "v.txt", **QUIET)
    new, _, _ = retrain(model, [], train=SENTENCES, heldout=SENTENCES[:10])
    assert new._model.lexicon.vectors.words == model._model.lexicon.vectors.words


def test_models_that_do_not_learn_are_refused() -> None:
    model = elman.train(SENTENCES, model="hmm", **QUIET)
    with pytest.raises(ConfigError, match="kind hmm"):
        retrain(model, [], train=SENTENCES, heldout=SENTENCES)
