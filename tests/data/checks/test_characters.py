"""Characters: odd ones, encodings, normal forms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from elman.data.checks import CheckReport, DataSplit, FindingGroup, Location, examine
from elman.data.sentence import Sentence

Examined = Callable[..., CheckReport]
Of = Callable[[CheckReport, str], list[FindingGroup]]


@pytest.mark.parametrize(
    ("word", "severity", "names"),
    [
        ("a\u200bb", "warning", "U+200B ZERO WIDTH SPACE"),
        ("a\ufeff", "warning", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("co\u00adop", "warning", "U+00AD SOFT HYPHEN"),
        ("\u202eabc", "warning", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("10\u00a0km", "warning", "U+00A0 NO-BREAK SPACE"),
        ("a\u2028b", "warning", "U+2028 LINE SEPARATOR"),
        ("a\x07", "warning", "U+0007 a control character"),
        ("\u3164", "warning", "U+3164 HANGUL FILLER"),
        ("a\u200db", "warning", "U+200D ZERO WIDTH JOINER"),
        ("\u3000", "note", "U+3000 IDEOGRAPHIC SPACE"),
        ("\ue000", "note", "U+E000 for private use"),
        ("\U0003fffd", "note", "U+3FFFD not assigned"),
        ("a\u00a0\u200b", "warning", "U+00A0 NO-BREAK SPACE, U+200B ZERO WIDTH SPACE"),
    ],
)
def test_odd_characters(word: str, severity: str, names: str, of: Of) -> None:
    split = DataSplit("a", "", (), [Sentence(("x", word), {"t": ("A", "B")}, "f", 3, rows=(0, 1))])
    (group,) = of(examine([split]), "characters")
    (finding,) = group.findings
    assert finding.severity == group.severity == severity
    assert finding.message.endswith(f" holds {names}")
    assert finding.message.isprintable()
    assert finding.place == Location("f", 4)
    assert finding.details["word"] == word


@pytest.mark.parametrize(
    "word", ["می\u200cخواهم", "क्\u200dष", "👩\u200d🚀", "❤\ufe0f", "café", "naïve", "日本", "a_b/c", "😀"]
)
def test_what_is_not_odd(word: str, examined: Examined) -> None:
    report = examined(train=[f"{word}_X y_Y"])
    assert {"characters", "encoding", "normal-form"} <= report.nothing_found.keys()


def test_spaces_at_the_edge(of: Of) -> None:
    split = DataSplit("a", "", (), [Sentence((" x", "y z"), {"t": ("A", "B")}, "f", 3, rows=(0, 1))])
    (group,) = of(examine([split]), "characters")
    assert group.title == "a space at the edge in 1 word"
    assert group.findings[0].message == "the word “ x” holds a space at its edge"


def test_title_and_order(examined: Examined, of: Of) -> None:
    (group,) = of(examined(train=["\u3000_X a\u00a0_X b\u00a0_X c\u200b_X \u00ad_X"]), "characters")
    assert group.title == "U+00A0 NO-BREAK SPACE, U+3000 IDEOGRAPHIC SPACE and 2 other characters in 5 words"
    assert [finding.severity for finding in group.findings] == ["warning"] * 4 + ["note"]


def test_odd_tags(examined: Examined, of: Of) -> None:
    (group,) = of(examined(train=["a_X b_X\u00a0", "c_X\u00a0"]), "characters")
    assert group.title == "U+00A0 NO-BREAK SPACE in 2 tags (column tag)"
    assert group.findings[1].message == "the tag “X\\xa0” holds U+00A0 NO-BREAK SPACE"
    assert group.findings[1].place == Location("train.txt", 2)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("cafÃ©", "the word “cafÃ©” was UTF-8 read as cp1252, probably “café”"),
        ("itâ€™s", "the word “itâ€™s” was UTF-8 read as cp1252, probably “it’s”"),
        ("Ã\x81", "the word “Ã\\x81” was UTF-8 read as latin-1, probably “Á”"),
        ("caf\ufffd", "the word “caf\ufffd” holds U+FFFD, left where something could not be decoded"),
        ("it\x92s", "the word “it\\x92s” holds control characters (U+0092): was cp1252 read as latin-1?"),
        ("caf\udce9", "the word “caf\\xe9” holds bytes that are not UTF-8 (0xE9), as the rest is"),
    ],
)
def test_encodings(word: str, message: str, examined: Examined, of: Of) -> None:
    report = examined(train=[f"{word}_X y_Y"])
    (group,) = of(report, "encoding")
    assert group.findings[0].message == message
    assert group.severity == ("error" if "\udce9" in word else "warning")
    assert of(report, "characters") == []


def test_normal_forms_of_one_word(examined: Examined, of: Of) -> None:
    (group,) = of(examined(train=["café_X naïve_X", "cafe\u0301_X"], dev=["cafe\u0301_X"]), "normal-form")
    assert group.title == "mixed Unicode normal forms: 1 distinct words not in NFC, 2 NFC"
    assert [finding.place for finding in group.findings] == [Location("train.txt", 2), Location("dev.txt", 1)]
    finding = group.findings[0]
    assert finding.severity == "warning"
    assert (
        finding.message == "“cafe\u0301” (U+0065 U+0301) is not in NFC and also occurs in another form, as another word"
    )
    assert finding.details == {"word": "cafe\u0301", "other_form": "café", "twin": True}


def test_normal_forms_where_most_are_apart(examined: Examined, of: Of) -> None:
    (group,) = of(examined(train=["e\u0301a_X i\u0301a_X o\u0301a_X", "\u0390_X"]), "normal-form")
    assert group.severity == "note"
    assert group.findings[0].message == "“\u0390” (U+0390) is NFC, as most words are not in NFC"


def test_one_normal_form_is_as_good_as_the_other(examined: Examined) -> None:
    for words in ("e\u0301_X i\u0301_X", "é_X í_X"):
        assert "normal-form" in examined(train=[words]).nothing_found


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_any_text(words: list[str]) -> None:
    split = DataSplit("a", "", (), [Sentence(tuple(words), {"t": ("A",) * len(words)}, "f", 3)])
    for group in examine([split]).groups:
        for finding in group.findings:
            assert finding.message.isprintable()
