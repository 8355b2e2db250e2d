"""Spans in tags, against conlleval's own rules."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.data.spans import Span, find_spans

TAGS = st.lists(st.sampled_from(["O", "B-x", "I-x", "E-x", "S-x", "B-y", "I-y", "E-y", "S-y", "B", "I"]), max_size=12)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("", []),
        ("O O", []),
        ("B-per I-per O", [(0, 2, "per")]),
        ("B-per B-per", [(0, 1, "per"), (1, 2, "per")]),
        ("O I-per I-per", [(1, 3, "per")]),  # I- after O begins a span
        ("B-per I-loc", [(0, 1, "per"), (1, 2, "loc")]),  # and after another type
        ("I-per B-per", [(0, 1, "per"), (1, 2, "per")]),
        ("B-per I-per E-per S-per", [(0, 3, "per"), (3, 4, "per")]),
        ("E-per I-per", [(0, 1, "per"), (1, 2, "per")]),
        ("S-per I-per", [(0, 1, "per"), (1, 2, "per")]),
        ("B I O B", [(0, 2, ""), (3, 4, "")]),  # prefixes alone
        ("B-a-b I-a-b", [(0, 2, "a-b")]),  # the type is all after the first hyphen
        ("Street Street City O City", [(0, 2, "Street"), (2, 3, "City"), (4, 5, "City")]),
        ("-LRB- Book", [(0, 1, "-LRB-"), (1, 2, "Book")]),
    ],
)
def test_spans(tags: str, found: list[tuple[int, int, str]]) -> None:
    assert find_spans(tags.split()) == [Span(*span) for span in found]


def conlleval(tags: list[str]) -> list[Span]:
    """The script's own two questions at every word: does a chunk end before it, does one begin with it?"""
    found, start = [], 0
    previous, previous_type = "O", ""
    for i, tag in enumerate([*tags, "O"]):
        prefix, _, type = tag.partition("-")
        ends = (previous, prefix) in {(a, b) for a in "BI" for b in "BSO"} or previous in "ES"
        ends |= previous != "O" and previous_type != type
        begins = prefix in "BS" or (previous in "ESO" and prefix in "EI")
        begins |= prefix != "O" and previous_type != type
        if ends:
            found.append(Span(start, i, previous_type))
        if begins:
            start = i
        previous, previous_type = prefix, type
    return found


@given(TAGS)
def test_spans_as_conlleval_has_them(tags: list[str]) -> None:
    assert find_spans(tags) == conlleval(tags)


@given(TAGS)
def test_spans_are_in_order_and_hold_no_outside_word(tags: list[str]) -> None:
    covered = [i for span in find_spans(tags) for i in range(span.start, span.end)]
    assert covered == [i for i, tag in enumerate(tags) if tag != "O"]
