"""Streams: the tags do not hang on how words come, the whole text is matched, the state comes back bit for bit."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from safetensors.numpy import load, save

import elman
from elman.errors import ConfigError, DataError
from elman.models import streaming as stream
from elman.taggers.tagger import Tagger
from made_up import two_columns
from texts import requests

QUIET: dict[str, Any] = {"on_warning": lambda doubt: None}
SMALL = {"hidden": 8, "embedding": 6, "feature_embedding": 6, "epochs": 2}
FORWARD = {"direction": "forward"}
SETTINGS: dict[str, dict[str, Any]] = {
    "forward": {**FORWARD, "decoder": "softmax", "ensemble": 1},
    "forward crf": {**FORWARD, "decoder": "crf", "ensemble": 2},
    "forward sru": {**FORWARD, "cell": "sru", "decoder": "softmax", "layers": 2},
    "one-hot": {**FORWARD, "cell": "elman", "embedding": 0, "features": "none", "decoder": "softmax"},
    "one-hot sru": {**FORWARD, "cell": "sru", "embedding": 0, "features": "none", "decoder": "softmax"},
    "both ways": {"decoder": "softmax", "ensemble": 1},
    "both ways crf": {"decoder": "crf", "ensemble": 1},
    "one-hot both ways": {"cell": "gru", "embedding": 0, "features": "none", "decoder": "softmax", "layers": 2},
}
DATA = [list(zip(words, spans, strict=True)) for words, _, spans in two_columns(40, 1)]
TEXT = [word for sentence in two_columns(12, 2) for word in sentence[0]] + ["new"]


def trained(name: str) -> Tagger:
    tagger = elman.train(DATA, settings={**SMALL, **SETTINGS[name]}, threads=1, **QUIET)
    tagger.choose_precision("exact")
    return tagger


TAGGERS = {name: trained(name) for name in SETTINGS}


@pytest.fixture(params=SETTINGS)
def tagger(request: pytest.FixtureRequest) -> Tagger:
    return TAGGERS[request.param]


def all_tags(tagger: Tagger, words: list[str], k: int) -> list[str]:
    stream = tagger.stream(k)
    return stream.push_all(words) + stream.finish()


@settings(max_examples=12, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", SETTINGS)
def test_the_tags_do_not_hang_on_how_the_words_come(name: str, data: st.DataObject) -> None:
    words = data.draw(st.lists(st.sampled_from(TEXT), max_size=25))
    k = data.draw(st.integers(0, 6))
    stream, found, at = TAGGERS[name].stream(k), [], 0
    while at < len(words):
        n = data.draw(st.integers(1, len(words) - at))
        found += stream.push_all(words[at : at + n])
        at += n
        assert len(found) == max(0, at - k)
        if data.draw(st.booleans()):  # goes on in another stream
            state = stream.state()
            stream = TAGGERS[name].stream(k)
            stream.restore(state)
            assert stream.state() == state
    found += stream.finish()
    assert found == all_tags(TAGGERS[name], words, k)
    one = TAGGERS[name].stream(k)
    pushed = [one.push(word) for word in words]
    assert pushed[:k] == [None] * min(k, len(words))
    assert [*pushed[k:], *one.finish()] == found


@pytest.mark.parametrize("name", ["forward", "forward sru", "one-hot", "one-hot sru"])
@pytest.mark.parametrize("k", [0, 3])
def test_a_forward_network_tags_the_text_as_at_once(name: str, k: int) -> None:
    assert all_tags(TAGGERS[name], TEXT * 3, k) == TAGGERS[name].tag(TEXT * 3)


def test_a_look_ahead_not_below_the_text_gives_its_own_tags(tagger: Tagger) -> None:
    for words in (TEXT, TEXT[:1], []):
        assert all_tags(tagger, words, len(TEXT)) == tagger.tag(words)


def test_windows_are_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("both ways crf", "one-hot both ways"):
        whole = all_tags(TAGGERS[name], TEXT * 3, 2)
        with monkeypatch.context() as some:
            some.setattr(stream, "CHUNK", 12)
            some.setattr(stream, "TRANSITIONS", 1)
            assert all_tags(TAGGERS[name], TEXT * 3, 2) == whole


def test_tags_with_look_ahead_do_not_hang_on_what_is_further_off() -> None:
    for name in ("both ways", "both ways crf"):
        cut = all_tags(TAGGERS[name], [*TEXT[:20], *["York"] * 9], 4)[:16]
        assert cut == all_tags(TAGGERS[name], [*TEXT[:20], *["saw"] * 5], 4)[:16]


def test_a_stream_keeps_to_the_rules_of_spans() -> None:
    tagger = TAGGERS["both ways crf"]
    assert tagger.describe()["settings"]["network"]["constraints"] == "auto"
    for k in (0, 1, 3):
        tags = ["O", *all_tags(tagger, ["York", "Lee", "the", "York", "saw"] * 30, k)]
        for before, tag in zip(tags, tags[1:], strict=False):
            assert not tag.startswith("I-") or before[1:] == tag[1:]


def test_what_comes_after_finish_is_a_new_text() -> None:
    stream = TAGGERS["forward"].stream()
    first = stream.push_all(TEXT)
    assert stream.finish() == []
    assert stream.push_all(TEXT) == first
    assert stream.tags == TAGGERS["forward"].tags and stream.lookahead == 0


@pytest.mark.parametrize("broken", [b"", b"no state", b"\x02\0\0\0\0\0\0\0{}", bytes(20)])
def test_what_is_no_state_is_refused(broken: bytes) -> None:
    with pytest.raises(DataError, match="^not the state of a stream; expected what state"):
        TAGGERS["forward"].stream().restore(broken)


def test_the_state_of_another_stream_is_refused() -> None:
    stream = TAGGERS["both ways"].stream(2)
    stream.push_all(TEXT)
    for other in (TAGGERS["both ways"].stream(1), TAGGERS["one-hot both ways"].stream(2)):
        with pytest.raises(DataError, match="^the state of a stream of another model"):
            other.restore(stream.state())


def changed(state: bytes, name: str = "", x: Any = None, **about: Any) -> bytes:
    """A state with another array (None: without it), or other numbers about it."""
    arrays = load(state)
    known = json.loads(json.loads(state[8 : 8 + int.from_bytes(state[:8], "little")])["__metadata__"]["stream"])
    if name:
        arrays = {key: value for key, value in arrays.items() if key != name} | ({} if x is None else {name: x})
    return save(arrays, metadata={"stream": json.dumps(known | about)})


NAN = np.full((1, 8), np.nan, np.float32)


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("both ways", {"name": "waiting.0"}, "waiting.0: float32 (0, 12), found none"),
        ("both ways", {"name": "0.layer0.h"}, "0.layer0.h: float32 (1, 8), found none"),
        (
            "both ways",
            {"name": "0.layer0.h", "x": np.zeros((1, 8))},
            "0.layer0.h: float32 (1, 8), found float64 (1, 8)",
        ),
        ("both ways", {"name": "0.layer0.h", "x": NAN[:, :4]}, "0.layer0.h: float32 (1, 8), found float32 (1, 4)"),
        ("both ways", {"name": "0.layer0.c", "x": NAN}, "0.layer0.c: finite numbers, found others"),
        ("both ways", {"name": "waiting.0", "x": NAN[:1, :3]}, "waiting.0: float32 (1, 12), found float32 (1, 3)"),
        (
            "both ways",
            {"name": "waiting.0", "x": np.zeros((), np.float32)},
            "waiting.0: float32 (0, 12), found float32 ()",
        ),
        ("both ways", {"name": "waiting.7", "x": NAN}, "waiting.7: no such array, found float32 (1, 8)"),
        ("both ways", {"name": "more", "x": NAN}, "more: no such array, found float32 (1, 8)"),
        ("both ways", {"waiting": 2}, "up to 2 waiting words, found 2"),
        ("both ways", {"waiting": -1}, "up to 2 waiting words, found 2"),
        ("both ways", {"name": "waiting.0", "x": np.zeros((9, 12), np.float32)}, "up to 2 waiting words, found 9"),
        ("both ways", {"last": 5}, "one of 5 tags, found 5"),
        ("both ways", {"last": -2}, "one of 5 tags, found -2"),
        ("both ways", {"lookahead": 3}, "a look-ahead of 2, found 3"),
        (
            "one-hot both ways",
            {"name": "waiting.1", "x": np.array([0, 99], np.int32)},
            "waiting.1: whole numbers from 0 ",
        ),
        (
            "one-hot both ways",
            {"name": "waiting.1", "x": np.array([0, -1], np.int32)},
            "waiting.1: whole numbers from 0 ",
        ),
        ("one-hot sru", {"name": "0.layer0.x", "x": np.float32([[99]])}, "0.layer0.x: whole numbers from 0 to "),
        ("one-hot sru", {"name": "0.layer0.x", "x": np.float32([[0.5]])}, "0.layer0.x: whole numbers from 0 to "),
    ],
)
def test_a_damaged_state_is_refused(name: str, damage: dict[str, Any], message: str) -> None:
    stream = TAGGERS[name].stream(2)
    stream.push_all(TEXT)
    state = stream.state()
    with pytest.raises(DataError, match=re.escape(f"or damaged: expected {message}")):
        stream.restore(changed(state, **damage))
    assert stream.state() == state


@pytest.mark.parametrize("about", [{"last": 1.5}, {"last": None}, {"waiting": True}, {"other": 1}])
def test_numbers_of_a_state_are_whole(about: dict[str, Any]) -> None:
    stream = TAGGERS["forward"].stream()
    with pytest.raises(DataError, match="^not the state of a stream; expected what state"):
        stream.restore(changed(stream.state(), **about))


def test_every_byte_of_a_state_may_be_damaged() -> None:
    stream = TAGGERS["one-hot both ways"].stream(2)
    stream.push_all(TEXT)
    state = stream.state()
    for at in range(len(state)):
        for bit in (0, 6):
            damaged = bytearray(state)
            damaged[at] ^= 1 << bit
            other = TAGGERS["one-hot both ways"].stream(2)
            try:
                other.restore(bytes(damaged))
            except DataError:
                continue
            assert len(other.push_all(TEXT[:3]) + other.finish()) == 5


def test_streams_of_several_columns() -> None:
    sentences = [
        elman.Sentence(tuple(words), {"upos": tuple(tags), "ner": tuple(spans)})
        for words, tags, spans in two_columns(30, 1)
    ]
    tagger = elman.train(sentences, target="upos,ner", settings={**SMALL, **FORWARD, "ensemble": 1}, threads=1, **QUIET)
    for target in ("upos", "ner"):
        stream = tagger.stream(len(TEXT), target)
        assert stream.push_all(TEXT) + stream.finish() == tagger.predict([TEXT], columns=tagger.targets)[0][target]
    with pytest.raises(ConfigError, match="^target: the model's columns of words are upos, ner, got 'x'$"):
        tagger.stream(target="x")


def test_a_model_that_labels_texts_too_gives_its_words_tags_in_a_stream() -> None:
    tagger = elman.train(
        requests(40, 1), target="slot,intent", settings=SMALL | SETTINGS["forward"], threads=1, **QUIET
    )
    words = [word for one in requests(8, 2) for word in one.words]
    assert all_tags(tagger, words, 0) == tagger.predict([words], columns=tagger.targets)[0]["slot"]


def test_models_without_streams() -> None:
    with pytest.raises(ConfigError, match="^stream: expected a recurrent network that tags words, got the model hmm$"):
        elman.train(DATA, model="hmm", **QUIET).stream()
    texts = elman.train([("a b", "yes"), ("b c", "no")] * 4, settings={"epochs": 1}, threads=1, **QUIET)
    assert not hasattr(texts, "stream")
    with pytest.raises(ConfigError, match="^lookahead: expected a whole number from 0 to 10,000, got -1$"):
        TAGGERS["forward"].stream(-1)
    with pytest.raises(DataError, match="^expected a list of words, got the text 'the dog'"):
        TAGGERS["forward"].stream().push_all("the dog")


def test_losses_are_those_of_the_probabilities() -> None:
    tagger = TAGGERS["forward"]
    stream, gold = tagger.stream(), np.arange(len(TEXT), dtype=np.int32) % len(tagger.tags)
    p = tagger.uncalibrated().probabilities(TEXT)
    np.testing.assert_allclose(stream.losses(TEXT, gold), -np.log(p[np.arange(len(TEXT)), gold]), rtol=1e-4, atol=1e-5)
