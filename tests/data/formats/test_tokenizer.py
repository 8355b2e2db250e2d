"""Words of running text."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.data.formats.tokenizer import TOKENIZERS, tokenize


def words(text, how="simple"):
    return [text[start:end] for start, end in tokenize(text, how)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't go.", ["Don", "'", "t", "go", "."]),
        ("snake_case 3.14 (a)", ["snake_case", "3", ".", "14", "(", "a", ")"]),
        ("naïve nai\u0308ve", ["naïve", "nai\u0308ve"]),
        ("हिन्दी है", ["हिन्दी", "है"]),
        ("ภาษาไทยนี้", ["ภาษาไทยนี้"]),
        ("نمی\u200cخواهم", ["نمی\u200cخواهم"]),
        ("a\u3000b\u2028c", ["a", "b", "c"]),
        ("👨\u200d👩\u200d👧👍🏽x", ["👨\u200d👩\u200d👧", "👍🏽", "x"]),
        ("東京、", ["東京", "、"]),
        ("\u0301a", ["\u0301", "a"]),
        ("", []),
    ],
)
def test_simple(text, expected):
    assert words(text) == expected


def test_spaces():
    assert words(" don't\t a\u3000b \r\n.", "spaces") == ["don't", "a\u3000b", "."]


@given(st.text())
def test_nothing_but_white_space_is_left_out(text):
    for how in TOKENIZERS:
        found = tokenize(text, how)
        rest = "".join(
            text[end:start]
            for end, start in zip([0, *(e for _, e in found)], [*(s for s, _ in found), None], strict=True)
        )
        assert not rest.strip() and all(start < end for start, end in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't go.", ["Don", "'", "t", "go", "."]),
        ("在Berlin 3天，", ["在", "Berlin", "3", "天", "，"]),
        ("私はカーで", ["私", "は", "カ", "ー", "で"]),
        ("กี่น้ำ", ["กี่", "น้", "ำ"]),
        ("naïve nai\u0308ve हिन्दी", ["naïve", "nai\u0308ve", "हिन्दी"]),
        ("한국어", ["한국어"]),
        ("", []),
    ],
)
def test_characters(text, expected):
    assert words(text, "characters") == expected
