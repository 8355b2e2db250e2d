"""Windows: a character with its neighbours, and the features of that."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.config import NetworkConfig
from elman.features.char_windows import BEFORE, BEHIND, WIDTH, WindowFeatures, kind, middle, windows
from elman.features.lexicon import Lexicon
from elman.features.subwords import FeatureSet


def test_windows_of_a_text() -> None:
    assert windows("abc") == [f"{BEFORE}{BEFORE}abc", f"{BEFORE}abc{BEHIND}", f"abc{BEHIND}{BEHIND}"]
    assert windows("") == []


@given(st.text())
def test_the_middle_is_the_character(text: str) -> None:
    assert [middle(window) for window in windows(text)] == list(text)
    assert all(len(window) == WIDTH for window in windows(text))


@pytest.mark.parametrize(
    ("characters", "expected"),
    [("A", "A"), ("é", "a"), ("7٣", "0"), ("字", "c"), ("ひ", "h"), ("カー", "k"), ("한", "g"), ("ไ", "t"), ("ب", "b")]
    + [
        ("ה", "l"),
        ("!。", "."),
        ("(「", "("),
        (")」", ")"),
        ("-–", "-"),
        ("€+", "$"),
        (" \u3000", "_"),
        ("\u0301", "m"),
    ]
    + [("\u0301", "m"), ("\x00", "^"), ("\ue000", "?"), ("ʰ", "l"), ("\u01c5", "A")],
)
def test_classes(characters: str, expected: str) -> None:
    assert {kind(character) for character in characters} == {expected}


@given(st.characters())
def test_every_character_has_a_class_of_one_ascii_character(character: str) -> None:
    assert len(kind(character)) == 1 and kind(character).isascii()


def test_features_say_what_stands_where() -> None:
    some = windows("ab 12")
    found = WindowFeatures.of(some, 1)
    ids, offsets = found.ids(some)
    names = [[found.names[i] for i in ids[start:end]] for start, end in zip(offsets[:-1], offsets[1:], strict=True)]
    assert names[2] == [
        *("0:a", "1:b", "2: ", "3:1", "4:2"),
        *("01:ab", "12:b ", "23: 1", "34:12"),
        *("012:ab ", "123:b 1", "234: 12"),
        *("x:a_0", "y:aa_00"),
    ]


def test_what_one_window_alone_has_is_dropped_and_the_commonest_come_first() -> None:
    found = WindowFeatures.of(windows("abab"), 2)
    assert "2:a" in found.names and "012:aba" not in found.names
    assert WindowFeatures.of(windows("aaaaab"), 2).names[0] == "1:a"
    ids, offsets = WindowFeatures.of([], 2).ids(windows("ab"))
    assert len(ids) == 0 and offsets.tolist() == [0, 0, 0]


@given(st.lists(st.text(min_size=WIDTH, max_size=WIDTH), min_size=1, unique=True))
def test_names_stand_for_what_was_counted(some: list[str]) -> None:
    """What is read back from names alone is what was there: every window finds all its features again."""
    some = [window.encode("utf-8", "replace").decode()[:WIDTH].ljust(WIDTH) for window in some]
    found = WindowFeatures.of(some, 1)
    _, offsets = WindowFeatures(found.names).ids(some)
    assert set(np.diff(offsets).tolist()) == {14}


def test_names_that_are_no_features_of_windows_are_never_found() -> None:
    ids, _ = WindowFeatures(["s:ing", "0:", "0:ab", "2:a"]).ids(["xxaxx"])
    assert ids.tolist() == [3]


def test_a_lexicon_of_windows_has_characters_for_words() -> None:
    config = NetworkConfig(features="window")
    text = windows("abcab")
    lexicon = Lexicon.of(config, [text])
    assert lexicon.vocabulary.words == ("a", "b", "c")
    assert lexicon.vocabulary.counts.tolist() == [0, 2, 2, 1]
    inputs = lexicon.read([*text, *windows("z")])
    assert inputs.words.tolist() == [1, 2, 3, 1, 2, 0]
    again = Lexicon.from_record(lexicon.to_record(), config).read(text)
    assert again.bags.ids.tolist() == lexicon.read(text).bags.ids.tolist()


def test_a_feature_set_of_windows() -> None:
    some = windows("aab")
    features = FeatureSet.of("window", some)
    bags = features.bags(some)
    assert [sorted(bags.ids[bags.offsets[i] : bags.offsets[i + 1]].tolist()) for i in range(3)] == [
        list(features.ids(window)) for window in some
    ]
