"""A model that has grown predicts what it did, whatever its network is; one that has learned can be saved, copied."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.made_up import two_columns
from tests.helpers.texts import requests, several, texts

import elman
from elman.data.sentence import Sentence
from elman.learn.growth import grown
from elman.learn.learner import Learner

SMALL: dict[str, Any] = {"hidden": 5, "embedding": 4, "feature_embedding": 3, "epochs": 2, "ensemble": 1}
QUIET: dict[str, Any] = {"threads": 1, "on_warning": lambda text: None}
ROWS = two_columns(40, seed=5)
SPANS = [list(zip(words, spans, strict=True)) for words, _, spans in ROWS]
BIOES = [
    [
        (word, {"B": "S", "I": "E"}.get(tag[0], tag[0]) + tag[1:] if end == "O" or end[0] == "B" else tag)
        for word, tag, end in zip(words, spans, [*spans[1:], "O"], strict=True)
    ]
    for words, _, spans in ROWS
]
COLUMNS = [Sentence(tuple(words), {"pos": tuple(pos), "name": tuple(spans)}) for words, pos, spans in ROWS]
JOINT = [Sentence(each.words, {**each.columns}, labels=each.labels) for each in requests(40, 3)]
TEXTS = texts(60, seed=2)
MANY = several(60, seed=2)
SOME = several(60, seed=2, least=0)


def tagged(**settings: Any) -> Callable[[], tuple[Any, Any]]:
    return lambda: (elman.train(SPANS, settings={**SMALL, **settings}, **QUIET), [[("qux", "B-ORG"), ("the", "O")]])


def classified(data: Any, new: Any, **settings: Any) -> Callable[[], tuple[Any, Any]]:
    return lambda: (elman.train(data, task="classify", settings={**SMALL, **settings}, **QUIET), new)


def bioes() -> tuple[Any, Any]:
    model = elman.train(BIOES, settings={**SMALL, "decoder": "crf"}, **QUIET)
    return model, [[("qux", "S-ORG"), ("the", "O")]]


def columns() -> tuple[Any, Any]:
    model = elman.train(COLUMNS, target="pos,name", settings=SMALL, **QUIET)
    return model, [Sentence(("qux", "dog"), {"pos": ("NEW", "N"), "name": ("O", "O")})]


def one_column_of_two() -> tuple[Any, Any]:
    return columns()[0], [Sentence(("qux", "dog"), {"name": ("B-ORG", "O")})]


def joint() -> tuple[Any, Any]:
    model = elman.train(JOINT, target="slot,intent", settings=SMALL, **QUIET)
    return model, [Sentence(("qux", "there"), {"slot": ("NEW", "O")}, labels={"intent": "art"})]


def any_number() -> tuple[Any, Any]:
    model = elman.train(SOME, task="classify", target="topic", settings=SMALL, **QUIET)
    return model, [Sentence(("qux", "ball"), labels={"topic": "art|sport"}), Sentence(("qux", "there"))]


def linear() -> tuple[Any, Any]:
    return elman.train(TEXTS, task="classify", model="linear", **QUIET), [("qux there", "art"), ("qux more", "art")]


def tutorial() -> tuple[Any, Any]:
    settings = {"hidden": 6, "epochs": 2}
    return elman.train(SPANS, preset="tutorial", settings=settings, **QUIET), [[("qux", "NEW"), ("the", "O")]]


def features() -> tuple[Any, Any]:
    data = [
        Sentence(tuple(words), {"tone": tuple(word[:1] for word in words), "pos": tuple(pos)}) for words, pos, _ in ROWS
    ]
    model = elman.train(data, target="pos", inputs="tone", settings=SMALL, **QUIET)
    return model, [Sentence(("qux", "the"), {"tone": ("q", "t"), "pos": ("NEW", "D")})]


ART = [("qux there", "art"), ("qux more", "art")]
KINDS = {
    **{cell: tagged(cell=cell) for cell in ("elman", "gru", "lstm", "sru", "mingru")},
    **{
        f"{cell}, one-hot": tagged(cell=cell, embedding=0, features="none")
        for cell in ("elman", "gru", "lstm", "sru", "mingru")
    },
    "2 layers": tagged(layers=2, residual="highway", direction="forward"),
    "characters": tagged(characters=3),
    "rare words": tagged(vocabulary=4),
    "float32": tagged(dtype="float32"),
    "three networks": tagged(ensemble=3),
    "crf without rules": tagged(decoder="crf", constraints="none"),
    "softmax": tagged(decoder="softmax"),
    "one-hot, forward": tutorial,
    "BIOES": bioes,
    "columns": columns,
    "one column of two": one_column_of_two,
    "joint": joint,
    "linear": linear,
    "features": features,
    **{
        f"texts, {pooling}, {grams}": classified(TEXTS, ART, pooling=pooling, text_ngrams=grams)
        for pooling, grams in [
            ("last", "words"),
            ("mean", "both"),
            ("max", "none"),
            ("attention", "characters"),
            ("none", "both"),
        ]
    },
    "texts, gaps": classified(TEXTS, ART, text_ngrams="words", text_skips=2),
    "several labels": classified(MANY, [Sentence(("qux", "ball"), labels={"topic": "art|sport"})]),
    "any number of labels": any_number,
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    return KINDS[request.param]()


REPLAY: dict[tuple[str, ...], Any] = {
    ("label",): TEXTS,
    ("topic",): MANY,
    ("slot", "intent"): JOINT,
}


def asked(model: Any) -> list[Any]:
    """Return what a model predicts for old text."""
    if model.input_columns:
        return model.predict(features_of(ROWS))
    if not model.word_targets:
        return model.predict([text for text, _ in TEXTS])
    return model.predict([words for words, _, _ in ROWS])


def features_of(rows: Any) -> Any:
    return [Sentence(tuple(words), {"tone": tuple(word[:1] for word in words)}) for words, _, _ in rows]


def test_a_model_that_has_grown_predicts_what_it_did(kind: tuple[Any, Any]) -> None:
    model, _ = kind
    tags = [["B-NEW", "S-NEW"][:1] for _ in model.targets]
    if any("S-PER" in tags for tags in model.tag_sets.values()):
        tags = [["S-NEW", "B-NEW", "I-NEW", "E-NEW"]]
    new = [("quux", "glork", "there"), ("glork", "quux")]
    larger = model._copy(_model=grown(model._model, {"quux": 2, "glork": 2, "the": 1}, tags, new))
    assert [len(each) for each in larger.tag_sets.values()] > [len(each) for each in model.tag_sets.values()]
    assert asked(larger) == asked(model)


def test_a_learned_model_is_the_same_when_saved_copied_and_loaded(kind: tuple[Any, Any], tmp_path: Path) -> None:
    model, corrections = kind
    replay = REPLAY.get(model.targets)
    learner = Learner(model, replay=replay)
    report = learner.update(corrections)
    assert not report.not_learned, report
    new = learner.model
    new.save(tmp_path / "new.model")
    loaded = elman.load(tmp_path / "new.model")
    expected = asked(new)
    for other in (loaded, copy.deepcopy(new), pickle.loads(pickle.dumps(new))):
        assert asked(other) == expected and other.history == new.history
    again = Learner(loaded).update(corrections)
    assert not again.learned and len(again.earlier.kept) == len(report.learned)
