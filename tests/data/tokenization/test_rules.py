"""The rules of tokenization as a record, and in words."""

from __future__ import annotations

from typing import Any

import pytest

from elman.data.tokenization.rules import TokenRules
from elman.errors import ModelFileError

RULES = TokenRules(
    hyphens=False, suffixes=("n't",), prefixes=("l'",), whole=frozenset({"Mr.", "etc."}), splits={"zum": ("zu", "dem")}
)


def test_a_record_gives_the_same_rules() -> None:
    assert TokenRules.from_record(RULES.to_record()) == RULES
    assert TokenRules.from_record(TokenRules().to_record()) == TokenRules()


@pytest.mark.parametrize(
    "change",
    [
        {"hyphens": 1},
        {"hyphens": None},
        {"more": True},
        {"whole": "Mr."},
        {"whole": ["a b"]},
        {"whole": [""]},
        {"whole": [1]},
        {"whole": ["x"] * 5_000},
        {"suffixes": ["x" * 5_000]},
        {"splits": []},
        {"splits": {"zum": []}},
        {"splits": {"zum": "zu dem"}},
        {"splits": {"": ["a"]}},
        {"splits": {"a": ["b\tc"]}},
    ],
)
def test_a_malformed_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError, match="^tokenization: "):
        TokenRules.from_record(RULES.to_record() | change)


@pytest.mark.parametrize("record", [None, [], {}, {"punctuation": True}])
def test_what_is_no_record_is_refused(record: Any) -> None:
    with pytest.raises(ModelFileError, match="tokenization"):
        TokenRules.from_record(record)


def test_the_rules_in_plain_words() -> None:
    text = RULES.describe()
    assert text.startswith("punctuation marks are words of their own; whole: o'clock, read.me")
    for part in (
        "cut: well - known, and / or, $ 5",
        "a line is cut into sentences",
        "cut off the end of words: n't",
        "cut off the beginning of words: l'",
        "words that stay whole: etc. Mr.",
        "words that are split: zum",
    ):
        assert part in text
    assert TokenRules(punctuation=False, sentences=False).describe() == (
        "only spaces separate words; each line is one sentence"
    )


def test_a_toggled_choice() -> None:
    assert RULES.toggled("hyphens").hyphens
    assert RULES.toggled("hyphens").toggled("hyphens") == RULES
