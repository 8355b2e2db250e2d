"""The width of text on a terminal, and how it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.utils.text_width import beginning, cells, cut, ending, shortened


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("NOUN", 4, "NOUN"),
        ("B-organization", 9, "B-or…tion"),
        ("東京都千代田区", 9, "東京…田区"),
        ("東京都千代田区", 8, "東京…区"),  # half a character does not fit
        ("กี่กี่กี่กี่", 3, "กี่…กี่"),  # a letter keeps its marks
        ("e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301…e\u0301"),
    ],
)
def test_the_middle_is_cut_out(text: str, width: int, expected: str) -> None:
    assert cut(text, width) == expected and cells(expected) <= width


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb", 3),  # as ever
        ("é\tb", 2),
        ("東\x1b\x85", 2),
        ("\u1112\u1161\u11ab", 2),  # a syllable of three letters
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", 2),
        ("\u2764\ufe0f", 2),
        ("\U0001f44d\U0001f3fd", 2),
        ("\U0001f1e9\U0001f1ea", 2),
        ("", 0),
    ],
)
def test_controls_and_sequences(text: str, expected: int) -> None:
    assert cells(text) == expected


@given(st.text(st.sampled_from("abกี่東Ｑ\u0301"), max_size=12), st.integers(1, 12))
def test_what_is_cut_fits(text: str, width: int) -> None:
    for short in (beginning(text, width), ending(text, width), cut(text, width)):
        assert cells(short) <= width and (short == text or cells(text) > width)
    assert text.startswith(beginning(text, width)) and text.endswith(ending(text, width))


@given(st.lists(st.text(st.sampled_from("ab東ก"), max_size=30), max_size=8), st.integers(1, 12))
def test_texts_that_differ_stay_different(texts: list[str], most: int) -> None:
    short = shortened(texts, most)
    assert set(short) == set(texts) and len(set(short.values())) == len(short)


def test_texts_are_no_wider_than_needed() -> None:
    first, second = "StreetNamePostDirectional", "StreetNamePreDirectional"
    assert cells(shortened([first], 12)[first]) == 12
    assert all("…" in text for text in shortened([first * 3, second * 3], 12).values())
