"""What exported models compute from code points: lower case, sub-word features, n-grams of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.errors import ConfigError
from elman.features.subwords import KINDS, FeatureSet
from elman.features.text_ngrams import Grams
from elman.integrations.onnx import keys, texts
from elman.integrations.onnx.characters import Classes, Words, lower, words
from elman.integrations.onnx.features import WordFeatures
from elman.integrations.onnx.graph import Graph, Value
from elman.integrations.onnx.inputs import onnx_inputs
from elman.integrations.onnx.sentences import sentences
from exported import session

pytest.importorskip("onnx", reason="onnx is not installed: make test-integrations has it")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: make test-integrations has it")

ODD = "aAbBzZ iİIıſßẞΣσςΑὈ'.·ʰǅǄ\u0301\u0345\u00ad-_09²٣日あ한ก\0\x02\x03\U00010400\U0001f600\U000e0041"
words_of = st.lists(
    st.one_of(st.text(st.sampled_from(ODD), min_size=1), st.text(min_size=1)),
    min_size=1,
    max_size=8,
)
KNOWN = [
    "The",
    "the",
    "cats",
    "Cats",
    "CATS",
    "İİ",
    "ΑΣ",
    "a b a",
    "b a",
    "日本",
    "日本語",
    "x-1",
    "Y-2",
    "ab" * 40,
    "aaaa",
]
Build = Callable[[Graph, Words, Value], Sequence[Value]]


def built(build: Build) -> Callable[[list[list[str]]], list[Any]]:
    """Return the function that computes ``build`` for sentences."""
    g = Graph()
    names = ("characters", "word_lengths", "sentence_lengths")
    codes, lengths, of_sentences = (g.input(name, "int32").cast("int64") for name in names)
    found = build(g, words(g, codes, lengths), of_sentences)
    outputs = [g.output(f"out{i}", value, [None] * (1 if i else 2)) for i, value in enumerate(found)]
    sizes = (["words", "characters"], ["words"], ["sentences"])
    proto = g.model([(name, "int32", size) for name, size in zip(names, sizes, strict=True)], outputs, {})
    run = session(proto)

    def compute(rows: list[list[str]]) -> list[Any]:
        inputs = onnx_inputs(rows)
        results: list[Any] = run.run(None, {name: inputs[name] for name in names})
        return results

    return compute


@cache
def lowered() -> Any:
    return built(lambda g, word, _: list(lower(g, word, Classes(g, word.codes))))


@given(words_of)
def test_lower_case(some: list[str]) -> None:
    codes, lengths = lowered()([some])
    assert ["".join(map(chr, row[:n])) for row, n in zip(codes.tolist(), lengths, strict=True)] == [
        word.lower() for word in some
    ]
    assert (codes[np.arange(codes.shape[1]) >= lengths[:, None]] == -1).all()


@cache
def features(kind: str) -> tuple[FeatureSet, Any]:
    known = FeatureSet.of(kind, [*KNOWN, *(word + "s" for word in KNOWN)])
    return known, built(lambda g, word, _: [WordFeatures(g, word, known).ids()])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("none", "window")])
@given(some=st.one_of(words_of, st.lists(st.sampled_from(KNOWN), min_size=1)))
def test_features(kind: str, some: list[str]) -> None:
    known, compute = features(kind)
    (ids,) = compute([some])
    for word, row in zip(some, ids.tolist(), strict=True):
        assert sorted(id for id in row if id < len(known)) == list(known.ids(word))


@cache
def ngrams(kind: str, skips: int) -> tuple[Grams, Any]:
    train = [
        ["The", "cats", "ΑΣ", "sat"],
        ["the", "cats", "ας", "sit"],
        ["a", "日本", "İ"],
        ["a", "日本", "i̇"],
        ["İ", "sat"],
    ]
    grams = Grams.of(kind, train, 2, skips)
    vocabulary = sorted({word for text in train for word in text})

    def build(g: Graph, word: Words, lengths: Value) -> list[Value]:
        own = WordFeatures(g, word, FeatureSet("none", []))
        n = word.codes.size(0)
        return [texts.ngrams(g, grams, own.low, own.whole().squeeze(1), sentences(g, lengths, n), vocabulary)]

    return grams, built(build)


@pytest.mark.parametrize(("kind", "skips"), [("words", 0), ("characters", 0), ("both", 0), ("both", 1), ("words", 20)])
@given(
    rows=st.lists(
        st.lists(st.sampled_from(["the", "cats", "SAT", "ΑΣ", "A", "日本", "İ", "new", "c"]), min_size=1),
        min_size=1,
        max_size=4,
    )
)
def test_ngrams_of_texts(kind: str, skips: int, rows: list[list[str]]) -> None:
    grams, compute = ngrams(kind, skips)
    bags = grams.bags(rows)
    (ids,) = compute(rows)
    for row, own in zip(ids.tolist(), np.split(bags.ids, bags.offsets[1:-1]), strict=True):
        assert sorted(id for id in row if id < len(grams)) == own.tolist()


def test_long_words_of_many_parts() -> None:
    """Memory does not grow with the number of parts times the length."""
    known, compute = features("affixes")
    long = ["a b " * 400 + "A", " ", " a", "the " * 3, "日本" * 2000, "x" * 1025]
    (ids,) = compute([[*long, *(f"w{i}" for i in range(3000))]])
    for word, row in zip(long, ids.tolist(), strict=False):
        assert sorted(id for id in row if id < len(known)) == list(known.ids(word))


def test_equal_keys_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "key", lambda kind, text: 7)
    with pytest.raises(ConfigError, match="have the same key"):
        keys.table([("w", "a", 0), ("w", "b", 1)])
