"""Scripts that make lemmas of words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from elman.data.corpus import ReadOptions, read_corpus
from elman.tasks.edit_scripts import Scripts, apply, choose, encode


@pytest.mark.parametrize(
    ("form", "lemma", "script"),
    [
        ("the", "the", "l:"),
        ("The", "the", "l:"),
        ("Cats", "cat", "l:-"),
        ("flies", "fly", "l:---+y"),
        ("sang", "sing", "l=-+i:"),
        ("gesungen", "singen", "l--=-+i:"),
        ("Paris", "Paris", "k:"),
        ("McDonalds", "McDonald", "k:-"),
        ("PARIS", "Paris", "t:"),
        ("nasa", "NASA", "u:"),
        ("nasas", "NASA", "u:-"),
        ("went", "go", '"go'),
        ("Straße", "STRASSE", "u:-+s+s="),
        ("a:b", "a:b+c", "l:+++c"),
        ("ab", "ab:", "l:+:"),
        ("iphone", "iPhone", "k=-+P:"),
        ("x", "", '"'),
        ("is", "be", '"be'),
    ],
)
def test_by_hand(form: str, lemma: str, script: str) -> None:
    assert encode(form, lemma) == script
    assert apply(script, form) == lemma


TEXT = st.text(max_size=12) | st.text('abAB+-=:"İßǅ', max_size=12)


@given(TEXT, TEXT)
def test_a_script_gives_its_own_lemma(form: str, lemma: str) -> None:
    assert apply(encode(form, lemma), form) == lemma


@given(TEXT, TEXT, TEXT)
def test_a_script_gives_another_form_a_lemma_or_none(form: str, lemma: str, other: str) -> None:
    script = encode(form, lemma)
    made = apply(script, other)
    assert made is None or made or script == '"'


def test_other_words() -> None:
    assert apply("l=-+i:", "rang") == "ring"
    assert apply("l:---+y", "Ponies") == "pony"
    assert apply("l:---", "is") is None  # too short
    assert apply("l:--", "is") is None  # nothing left
    assert apply("l:", "") is None
    assert apply("no script", "is") is None


def test_a_very_long_word() -> None:
    long = "ab" * 50_000
    assert encode(long, long) == "l:"
    assert encode(long, long[:-1]) == '"' + long[:-1]


def test_what_is_kept() -> None:
    forms = ["cats", "dogs", "dogs", "is", "was", "children", "children"]
    lemmas = ["cat", "dog", "dog", "be", "be", "child", "child"]
    scripts = choose(forms, lemmas)
    assert scripts == Scripts(frozenset({"l:-"}))  # of children there is one pair, twice
    assert scripts.label("birds", "bird") == "l:-"
    assert scripts.label("children", "child") == '"child'
    assert choose(forms, lemmas, minimum=1).kept == {"l:-", "l:---"}
    assert choose([], []).kept == frozenset()


def test_a_treebank(shared_data: Path) -> None:
    """What lemmas of dev the labels of train can give."""
    folder = shared_data / "ud/ug_udt"
    pairs = {
        split: [
            pair
            for sentence in read_corpus(folder / f"ug_udt-ud-{split}.conllu", ReadOptions()).sentences
            for pair in zip(sentence.words, sentence.columns["lemma"], strict=True)
            if pair[1] != "_"
        ]
        for split in ("train", "dev")
    }
    scripts = choose(*zip(*pairs["train"], strict=True))
    labels = {scripts.label(*pair) for pair in pairs["train"]}
    given = [scripts.label(*pair) for pair in pairs["dev"]]
    assert [apply(label, form) for label, (form, _) in zip(given, pairs["dev"], strict=True)] == [
        lemma for _, lemma in pairs["dev"]
    ]
    assert len(labels) < 50
    assert sum(label in labels for label in given) / len(given) > 0.998
