"""What is read off the beginning, the end and the shape of a word."""

from __future__ import annotations

import pytest

from elman.features.affixes import LONGEST, affixes, shape


def test_affixes_of_a_word() -> None:
    assert list(affixes("Re-run2")) == [
        "w:re-run2",
        *("p:r", "p:re", "p:re-", "p:re-r"),
        *("s:2", "s:n2", "s:un2", "s:run2", "s:-run2"),
        "x:Xx-x0",
        "f:capital",
        "f:digit",
        "f:hyphen",
        "l:7",
    ]


@pytest.mark.parametrize(
    ("word", "flag"), [("NATO", "f:capitals"), ("The", "f:capital"), ("eBay", "f:capital inside"), ("the", None)]
)
def test_capitals(word: str, flag: str | None) -> None:
    found = [name for name in affixes(word) if name.startswith("f:")]
    assert found == ([] if flag is None else [flag])


def test_a_short_word_has_the_affixes_it_has() -> None:
    assert [name for name in affixes("I") if name[0] in "ps"] == ["p:i", "s:i"]


def test_long_words_count_as_of_one_length() -> None:
    assert f"l:{LONGEST}" in list(affixes("a" * LONGEST))
    assert f"l:{LONGEST}" in list(affixes("a" * 1_000_000))


@pytest.mark.parametrize(
    ("word", "expected"), [("Mc-42", "Xx-0"), ("", ""), ("日本", "x"), ("...", "."), ("A1b2", "X0x0")]
)
def test_shape_collapses_runs(word: str, expected: str) -> None:
    assert shape(word) == expected
