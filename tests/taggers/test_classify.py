"""Text classification, from texts to a model and back: one label, several, and tags of words beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.analysis.confidence import calibrations, collect_confidences
from elman.config import LINEAR, Config
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError, ModelFileError
from elman.evaluation.classification import ClassEvaluation
from elman.models.ensemble import Ensemble
from elman.models.network_record import GRAMS
from elman.models.rnn import LinearModel, RecurrentModel
from elman.taggers.tagger import Tagger, TaggerClassifier, TextClassifier
from elman.training.run_options import RunOptions
from elman.training.train_rnn import train_rnn
from texts import TOPICS, requests, several, texts

SMALL = {"hidden": 12, "embedding": 12, "feature_embedding": 8, "epochs": 8, "batch": 4, "ensemble": 1}
QUIET: dict[str, Any] = {"on_warning": lambda text: None, "threads": 1}
TRAIN, DEV = texts(150, 1), texts(30, 2)


def made(data: Any = TRAIN, dev: Any = DEV, **options: Any) -> Any:
    options = {"model": "rnn", **QUIET, **options}
    settings = options.pop("settings", {})
    if options["model"] == "rnn":
        settings = {**SMALL, **settings}
    return elman.train(data, dev, settings=settings, **options)


@pytest.fixture(scope="module")
def one() -> Any:
    return made()


@pytest.fixture(scope="module")
def linear() -> Any:
    return made(model="linear")


@pytest.fixture(scope="module")
def joint() -> Any:
    return made(requests(90, 1), requests(30, 2), target=["slot", "intent"], settings={"epochs": 12})


# --- one label each ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["one", "linear"])
def test_a_classifier(which: str, request: pytest.FixtureRequest) -> None:
    tagger: Tagger = request.getfixturevalue(which)
    assert (tagger.targets, tagger.tasks, tagger.tags) == (("label",), {"label": "classify"}, tuple(sorted(TOPICS)))
    assert (tagger.word_targets, tagger.text_targets) == ((), ("label",))
    assert tagger.describe()["data"]["dev_accuracy"] > 0.9
    assert tagger.classify("the pasta was good") == tagger.classify(["the", "pasta", "was", "good"]) == "food"
    some = ["a song", "the race was there", "more bread and fish"]
    assert list(tagger.pipe(some)) == ["music", "sport", "food"]
    with_confidence = list(tagger.pipe(some, confidence=True))
    assert [label for label, _ in with_confidence] == ["music", "sport", "food"]
    for text, (label, confidence) in zip(some, with_confidence, strict=True):
        p = tagger.probabilities(text)
        assert p.shape == (3,) and p.sum() == pytest.approx(1)
        assert p[tagger.tags.index(label)] == p.max() == pytest.approx(confidence)


@pytest.mark.parametrize("which", ["one", "linear", "joint"])
def test_saved_and_loaded(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    tagger: Tagger = request.getfixturevalue(which)
    tagger.save(tmp_path / "model")
    again = elman.load(tmp_path / "model", threads=1)
    assert (again.kind, again.tasks, again.describe()) == (tagger.kind, tagger.tasks, tagger.describe())
    some = [text.split(" ") for text, _ in DEV]
    assert list(again.pipe(some)) == list(tagger.pipe(some))
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "model").read_bytes()


def test_evaluate(one: TextClassifier) -> None:
    found = one.evaluate(DEV)
    assert isinstance(found, ClassEvaluation)
    right = sum(one.classify(text) == label for text, label in DEV)
    assert (found.texts, found.correct, found.roc_auc, found.several) == (len(DEV), right, None, None)
    assert one.describe()["data"]["dev_accuracy"] == found.accuracy
    (sure,) = collect_confidences(one, [Sentence(tuple(t.split()), labels={"label": y}) for t, y in DEV]).values()
    assert sure.correct.sum() == right


def test_two_labels_have_an_area_under_the_curve() -> None:
    tagger = made(texts(60, 1, topics=2), None, settings={"epochs": 4})
    found = tagger.evaluate(texts(30, 2, topics=2))
    assert isinstance(found, ClassEvaluation)
    assert found.positive == "music" and found.roc_auc is not None and found.roc_auc > 0.9
    food = [pair for pair in texts(30, 2, topics=2) if pair[1] == "food"]
    assert tagger.evaluate(food).to_json()["roc_auc"] is None


def test_calibrated(one: TextClassifier) -> None:
    assert one.temperatures["label"] != 1.0
    gold = [Sentence(tuple(t.split()), labels={"label": y}) for t, y in DEV]
    found = calibrations(one, gold, collect_confidences(one, gold))["label"]
    assert found.temperature == one.temperatures["label"]
    assert found.raw.accuracy == found.shown.accuracy


@pytest.mark.parametrize(
    "settings",
    [
        {"pooling": "last"},
        {"pooling": "mean", "text_ngrams": "none", "cell": "gru"},
        {"pooling": "attention", "text_ngrams": "words", "layers": 2},
        {"ensemble": 2, "class_weight_power": 0.5},
        {"distill_teachers": 1, "smoothing": 0.1},
        {"cell": "elman", "embedding": 0, "features": "none", "dropout_kind": "variational"},
    ],
)
def test_of_every_kind(settings: dict[str, Any], tmp_path: Path) -> None:
    tagger = made(settings=settings)
    assert tagger.describe()["data"]["dev_accuracy"] > 0.75
    tagger.save(tmp_path / "model")
    exact = elman.load(tmp_path / "model", precision="exact")
    model: Any = exact._model
    some = [text.split() for text, _ in DEV] + [[]]
    # what reads for tagging finds what the network itself does
    slow = Ensemble(model.config, model.lexicon, model.heads, model.members).probabilities(some)
    for p, q in zip(model.probabilities(some), slow, strict=True):
        np.testing.assert_allclose(p, q, atol=1e-5)
    assert [len(p) for p in slow] == [1] * len(DEV) + [0]


def test_the_tutorials_network() -> None:
    assert made(preset="tutorial", settings={"epochs": 3}).describe()["training"]["losses"][-1] < 1.1


def test_threads_change_no_bit() -> None:
    kinds: list[dict[str, Any]] = [{"threads": 1}, {"threads": 3}]
    first, second = (made(settings={"epochs": 2}, **kind)._model.to_record()[1] for kind in kinds)
    assert all(np.array_equal(w, second[name]) for name, w in first.items())


def test_words_train_as_they_did() -> None:
    """A label column of words is learned alike with and without the code for labels of texts."""
    data = [(list(s.words), list(s.columns["slot"])) for s in requests(40, 1)]
    config = Config().with_settings({**SMALL, "epochs": 2})
    old, new = (train_rnn(data, None, config, RunOptions(), tasks=t) for t in ([], ["tag"]))
    assert all(np.array_equal(w, new.parameters[name]) for name, w in old.parameters.items())
    assert "tasks" not in old.to_record()[0] and "grams" not in old.to_record()[1]


def test_probabilities_in_batches(one: Any, joint: Any) -> None:
    some = [text for text, _ in DEV]
    for p, text in zip(one.pipe_probabilities(iter(some)), some, strict=True):
        np.testing.assert_allclose(p, one.probabilities(text), atol=1e-6)
    (intent,) = joint.pipe_probabilities([["the", "goal"]], "intent")
    np.testing.assert_array_equal(intent, joint.probabilities(["the", "goal"], "intent"))
    assert list(one.pipe_probabilities([])) == []
    with pytest.raises(DataError, match="expected sentences, each a list of words, got"):
        one.pipe_probabilities("pasta")
    with pytest.raises(ConfigError, match="target: the model's document labels are intent, got 'slot'"):
        joint.pipe_probabilities([], "slot")


# --- several labels at once -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["rnn", "linear"])
@pytest.mark.parametrize("least", [0, 1])
def test_several_labels_at_once(model: str, least: int, tmp_path: Path) -> None:
    train, dev = several(150, 1, least), several(40, 2, least)
    tagger = made(train, dev, model=model, task="classify", target="topic")
    assert tagger.tasks == {"topic": "several" if least else "any"}
    assert tagger.describe()["data"]["dev_accuracy"] > 0.8
    assert tagger.classify("some pasta and a song") == "food|music"
    assert tagger.classify("this goal") == "sport"
    p = tagger.probabilities("some pasta and a song")
    assert p.shape == (3,) and p[:2].min() > 0.5 > p[2]
    if not least:
        assert tagger.classify("the good and the more") == ""
    ((label, confidence),) = tagger.pipe([("pasta", "song")], confidence=True)
    p = tagger.probabilities(["pasta", "song"])
    held = np.array([name in label.split("|") for name in tagger.tags])
    assert confidence == pytest.approx(np.where(held, p, 1 - p).prod())
    found = tagger.evaluate(dev)
    assert isinstance(found, ClassEvaluation)
    assert found.several is not None and found.several.f1 > 0.85 and set(found.classes) == set(TOPICS)
    assert found.accuracy == tagger.describe()["data"]["dev_accuracy"]
    tagger.save(tmp_path / "model")
    assert elman.load(tmp_path / "model").describe() == tagger.describe()


def test_several_labels_of_an_ensemble_and_of_a_student() -> None:
    train, dev = several(100, 1), several(30, 2)
    for settings in ({"ensemble": 2}, {"distill_teachers": 1, "epochs": 10}):
        assert made(train, dev, settings=settings).describe()["data"]["dev_accuracy"] > 0.5


def test_a_label_that_training_had_not_is_never_right() -> None:
    strange = [*DEV[:5], ("a new thing", "news")]
    assert made(dev=strange, settings={"epochs": 1}).evaluate(strange).accuracy < 1
    assert made(several(30, 1), [Sentence(("pasta",), labels={"topic": "food|news"})], settings={"epochs": 1})


# --- words and texts together -----------------------------------------------------------------------------------------


def test_tags_and_a_label_in_one_model(joint: TaggerClassifier) -> None:
    assert type(joint) is TaggerClassifier
    with pytest.raises(ConfigError, match="^target: the model's columns are slot, got 'intent'$"):
        joint.nbest(["the"], 2, "intent")
    assert joint.tasks == {"slot": "tag", "intent": "classify"}
    assert joint.tag(["the", "pasta", "was", "good"]) == ["O", "T", "O", "O"]
    assert joint.predict([["the", "pasta"]], columns=joint.targets)[0] == {"slot": ["O", "T"], "intent": "food"}
    assert joint.classify("the goal") == "sport"
    assert joint.probabilities(["the", "goal"]).shape == (2, 2)
    assert joint.probabilities(["the", "goal"], "intent").shape == (3,)
    found = joint.evaluate(requests(30, 2), columns=joint.targets)
    assert list(found) == ["slot", "intent"] and min(result.accuracy for result in found.values()) > 0.9
    assert joint.evaluate(requests(30, 2), target="intent").accuracy == found["intent"].accuracy
    mean = sum(result.accuracy for result in found.values()) / 2
    assert joint.describe()["data"]["dev_accuracy"] == pytest.approx(mean)
    assert list(joint.evaluate(requests(5, 2), columns="intent,slot")) == ["slot", "intent"]
    assert not joint.tags_lines


def test_the_order_asked_for_does_not_matter() -> None:
    few = requests(20, 1)
    tagger = made(few, None, target="intent,slot", settings={"epochs": 1})
    assert tagger.targets == ("slot", "intent") and tagger.text_targets == ("intent",)


# --- which model ------------------------------------------------------------------------------------------------------


def test_the_better_one_on_dev(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(dev: Any) -> tuple[str, list[str]]:
        notes: list[str] = []
        return elman.train(TRAIN, dev, on_note=notes.append, **QUIET).kind, notes

    monkeypatch.setattr(
        elman.config, "PRESETS", {"default": Config().with_settings({**SMALL, "epochs": 1, "linear_share": 0})}
    )
    kind, notes = train(DEV)
    assert kind == "linear"
    assert "the linear model is kept, --model rnn asks for the network" in notes[-1]
    slow = LINEAR.with_settings({"learning_rate": 1e-9, "epochs": 1})
    monkeypatch.setattr("elman.training.train_rnn.LINEAR", slow)
    kind, notes = train(DEV)
    assert kind == "rnn" and notes[-1].endswith("; the network is kept")
    assert train(None) == ("rnn", [note for note in notes if "on dev" not in note])


# --- what is refused --------------------------------------------------------------------------------------------------


def test_what_it_cannot_do(one: TextClassifier, linear: TextClassifier) -> None:
    for tagger in (one, linear):
        assert type(tagger) is TextClassifier and not isinstance(tagger, Tagger)
        with pytest.raises(DataError, match="got an empty one"):
            tagger.classify(" ")
        for method in (tagger.classify, tagger.probabilities):
            with pytest.raises(DataError, match="got 'the goal' in it; predict takes texts"):
                method(["the goal", "a"])
        with pytest.raises(DataError, match="got an empty one"):
            tagger.predict(["a", ""])
        with pytest.raises(ConfigError, match="document labels are label, got 'x'"):
            tagger.classify("a", "x")
    assert one.predict([Sentence(())]) == [""] and one.predict([Sentence(())], confidence=True) == [("", 0.0)]
    words = elman.train([[("a", "A")]], model="hmm", **QUIET)
    assert type(words) is Tagger and words.tasks == {"tag": "tag"}
    with pytest.raises(ModelFileError, match="^expected the model of a TextClassifier, found that of a Tagger$"):
        TextClassifier.from_record(*words.to_record())


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (TRAIN, {"model": "hmm"}, "expected a tag for each word, got a text with the label label"),
        (TRAIN, {"model": "linear", "task": "tag"}, "the model linear is for the task classify"),
        (
            TRAIN,
            {"task": "guess"},
            "task: expected tag, classify, .*, got 'guess'",
        ),
        (TRAIN, {"settings": {"pooling": "none", "text_ngrams": "none"}}, "needs one of the two"),
        (TRAIN, {"model": "linear", "settings": {"pooling": "max"}}, "expected pooling=none"),
        (TRAIN, {"model": "linear", "preset": "fast"}, "has no presets"),
        (requests(5, 1), {"model": "linear", "target": "slot,intent"}, "learns one label column"),
        (requests(5, 1), {"model": "linear", "target": "slot"}, "no document label 'slot' in the data"),
        (requests(5, 1), {"target": "intent", "task": "tag"}, "got a text with the label intent"),
    ],
)
def test_what_does_not_go_together(data: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        made(data, None, **options)


@pytest.mark.parametrize("pair", [("", "x"), ([], "x"), ("a", "")])
def test_an_empty_text_or_label(pair: Any) -> None:
    with pytest.raises(DataError, match="^sentence 2: expected a text and its label"):
        made([("a", "x"), pair], None)


@pytest.mark.parametrize("model", ["rnn", "linear"])
def test_texts_that_share_nothing(model: str) -> None:
    tagger = made([("ab", "x"), ("cd", "y")], None, model=model, settings={"epochs": 1})
    assert tagger.classify("zz") in ("x", "y")


def test_texts_without_spaces() -> None:
    tagger = made(
        [("自然言語", "ja"), ("自然処理", "ja"), ("我们要学", "zh"), ("我们学习", "zh")], None, model="linear"
    )
    assert list(tagger.pipe(["自然", "我们", "我们要学习" * 500])) == ["ja", "zh", "zh"]


def test_a_text_without_its_label(one: TextClassifier) -> None:
    lone = Sentence(("b",), path="f", line=2)
    with pytest.raises(DataError, match=r"^f:2: expected a label \(label\) for each text, found none for 'b'"):
        made([Sentence(("a",), labels={"label": "x"}), lone], None)
    with pytest.raises(DataError, match="^f:2: no label label: expected one of each text"):
        one.evaluate([Sentence(("a",), labels={"label": "food"}), lone])


def test_doubts() -> None:
    def doubts(data: Any) -> list[str]:
        warnings: list[str] = []
        made(data, None, settings={"epochs": 1, "batch": 64}, on_warning=warnings.append)
        return [text for text in warnings if "no dev set" not in text]

    assert doubts(TRAIN) == []
    assert doubts([*TRAIN, ("a hat", "a"), ("b", "b"), ("c", "c"), ("d", "d"), ("e", "e")]) == [
        "label label: on one text only, too few to learn from: 'a', 'b', 'c' and 2 more"
    ]
    assert doubts([("a", "x"), ("b", "x")]) == [
        "label label: every label is 'x'; is it the right one? --target names another"
    ]
    free = [(f"text {i}", f"review number {i}") for i in range(30)]
    with pytest.raises(DataError, match="^label label: 30 distinct labels of 30 texts, 30 of them.*free text"):
        doubts(free)
    many = [(f"text {i}", f"class {i % 1100}") for i in range(2200)]
    (one,) = doubts(many)
    assert one.startswith("label label: 1,100 distinct labels; is it the right one?")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tasks": ["guess"]}, "model tasks: expected one for each of 1 label columns"),
        ({"tasks": "classify"}, "model tasks"),
        ({"tasks": ["tag"]}, "model tensor grams: expected none"),
        ({"grams": None}, "model tensor grams: expected hashes"),
        ({"grams": lambda hashes: hashes * 0}, "sorted hashes"),
        ({"grams": lambda hashes: hashes.astype(np.float64)}, "expected hashes$"),
        ({"grams": lambda hashes: hashes[None]}, "expected hashes$"),
        ({"grams": lambda hashes: hashes - hashes[0] - 1}, "sorted hashes"),
        ({"grams": lambda hashes: hashes[::-1]}, "sorted hashes"),
        ({"grams": lambda hashes: hashes + (1 << 48)}, "sorted hashes"),
        ({"grams": lambda hashes: hashes[1:]}, "model tensor text.grams"),
    ],
)
def test_records_that_do_not_fit_together(one: TextClassifier, change: dict[str, Any], message: str) -> None:
    record, tensors = one._model.to_record()
    for name, value in change.items():
        if name == GRAMS:
            hashes = tensors.pop(GRAMS)
            tensors |= {} if value is None else {GRAMS: value(hashes)}
        else:
            record = {**record, name: value}
    with pytest.raises(ModelFileError, match=message):
        RecurrentModel.from_record(record, tensors)


def test_a_record_of_both_has_words_first(joint: TaggerClassifier) -> None:
    record, tensors = joint._model.to_record()
    with pytest.raises(ModelFileError, match="expected tags of words before document labels"):
        RecurrentModel.from_record({**record, "tasks": ["classify", "tag"]}, tensors)


def test_a_linear_model_has_no_encoder(one: TextClassifier, linear: TextClassifier) -> None:
    assert {name for name in linear._model.to_record()[1]} == {"text.b_o", "text.grams", "text.scale", "grams"}
    with pytest.raises(ModelFileError, match="expected pooling=none"):
        LinearModel.from_record(*one._model.to_record())
