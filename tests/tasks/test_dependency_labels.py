"""Heads as labels and back; any labels as a tree."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from elman.data.conllu_tokens import checked_heads
from elman.data.corpus import ReadOptions, read_corpus
from elman.data.sentence import Sentence
from elman.errors import ConfigError, DataError
from elman.tasks.dependency_labels import (
    ENCODINGS,
    crossing_arcs_note,
    decode,
    encode,
    parse_label,
    repaired,
    undecodable_words,
)


@st.composite
def trees(draw: st.DrawFn) -> list[int]:
    """Any tree: each word of some order hangs on one before it."""
    order = draw(st.permutations(range(1, draw(st.integers(1, 15)) + 1)))
    heads = [0] * len(order)
    for i, word in enumerate(order[1:], 1):
        heads[word - 1] = order[draw(st.integers(0, i - 1))]
    return heads


@st.composite
def projective_trees(draw: st.DrawFn) -> list[int]:
    """A tree without crossing arcs: a root, and such trees for stretches to its left and right."""
    heads = [0] * draw(st.integers(1, 15))
    todo = [(0, len(heads), 0)]
    while todo:
        start, end, head = todo.pop()
        root = draw(st.integers(start, end - 1))
        heads[root] = head
        for low, high in ((start, root), (root + 1, end)):
            while low < high:
                cut = draw(st.integers(low + 1, high))
                todo.append((low, cut, root + 1))
                low = cut
    return heads


def is_tree(heads: list[int]) -> bool:
    if heads.count(0) != 1:
        return False
    for at in range(1, len(heads) + 1):
        for _ in heads:
            at = heads[at - 1] if at else 0
        if at:
            return False
    return True


def sentence(heads: str, line: int = 1) -> Sentence:
    column = tuple(heads.split())
    words = tuple("abcdefgh"[: len(column)])
    return Sentence(words, {"head": column}, "t.conllu", line, rows=tuple(range(len(words))))


def test_by_hand() -> None:
    # She reads her old books .
    heads, tags = [2, 0, 5, 5, 2, 2], ["PRON", "VERB", "PRON", "ADJ", "NOUN", "PUNCT"]
    relative = ["+1,VERB", "0,ROOT", "+1,NOUN", "+1,NOUN", "-1,VERB", "-1,VERB"]
    brackets = [".", "<\\", "//", "<", "<\\\\>", ">"]
    assert encode(heads, tags, "relative") == relative
    assert encode(heads, tags, "brackets") == brackets
    assert decode(relative, tags, "relative") == decode(brackets, tags, "brackets") == heads


@given(trees(), st.data())
def test_every_tree_comes_back_from_relative_heads(heads: list[int], data: st.DataObject) -> None:
    tags = data.draw(st.lists(st.sampled_from(["A", ",", "+1,B", ""]), min_size=len(heads), max_size=len(heads)))
    assert is_tree(heads)
    assert decode(encode(heads, tags, "relative"), tags, "relative") == heads


@given(projective_trees())
def test_every_projective_tree_comes_back_from_brackets(heads: list[int]) -> None:
    assert is_tree(heads)
    assert decode(encode(heads, (), "brackets"), (), "brackets") == heads
    assert undecodable_words(heads) == []


@given(trees())
def test_brackets_lose_arcs_of_one_direction_that_cross_and_no_others(heads: list[int]) -> None:
    arcs = [(min(head, word), max(head, word), head < word) for word, head in enumerate(heads, 1) if head]
    cross = any(a < c < b < d and right == other for a, b, right in arcs for c, d, other in arcs)
    assert bool(undecodable_words(heads)) == cross
    assert is_tree(decode(encode(heads, (), "brackets"), (), "brackets"))


LABEL = st.one_of(
    st.sampled_from(["+1,A", "-1,A", "+2,B", "-7,B", "+1,C", "0,ROOT", "+99999999999,A", "", ","]),
    st.text("<>/\\", max_size=6),
    st.text(max_size=3),
)


@given(st.lists(st.tuples(LABEL, st.sampled_from("AB"), st.floats(0, 1)), max_size=12), st.sampled_from(ENCODINGS))
def test_any_labels_make_a_tree(rows: list[tuple[str, str, float]], encoding: str) -> None:
    labels, tags, roots = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    for heads in (decode(labels, tags, encoding), decode(labels, tags, encoding, roots)):
        assert len(heads) == len(rows)
        assert is_tree(heads) or not rows


@given(st.lists(st.one_of(st.none(), st.integers(-3, 15)), min_size=1, max_size=10))
def test_repairing_is_done_once(named: list[int | None]) -> None:
    heads = repaired(named)
    assert is_tree(heads)
    assert repaired(heads) == heads


def test_the_rules_of_repair() -> None:
    assert repaired([]) == []
    assert repaired([2, 0, 0]) == [2, 0, 2]  # two roots: the first, and the other hangs on it
    assert repaired([2, 0, 0], [0.1, 0.2, 0.7]) == [2, 3, 0]  # or the more probable one
    assert repaired([2, 0, 0], [0.9, 0.2, 0.1]) == [2, 0, 2]  # of those that are named so
    assert repaired([2, None, 9]) == [2, 0, 2]  # no root: a word without a head
    assert repaired([2, 3, 1]) == [0, 3, 1]  # nothing but a circle
    assert repaired([2, 3, 1], [0.1, 0.2, 0.3]) == [2, 3, 0]
    assert repaired([0, 3, 4, 2, 2]) == [0, 1, 4, 2, 2]  # a circle hangs on the root at its first word
    assert repaired([1, 0]) == [2, 0]  # so does a word on itself


def test_a_number_beyond_the_last_word_of_a_kind() -> None:
    tags = ["N", "V", "N", "N"]
    assert decode(["+9,N", "0,ROOT", "-2,N", "-9,V"], tags, "relative") == [4, 0, 1, 2]
    assert parse_label("+0,N") == parse_label("2,N") == parse_label("0,ROOT") == (0, "")


def test_gold_that_is_no_tree() -> None:
    assert list(checked_heads(sentence("2 0 2"))) == [2, 0, 2]
    for heads, message in [
        ("2 1 0", "t.conllu:7: the heads go in a circle: 1 -> 2 -> 1"),
        ("0 1 0", "t.conllu:9: a second root"),
        ("2 0 4", "t.conllu:9: HEAD: expected 0 to 3, a word of the sentence, found '4'"),
        ("2 0 _", "t.conllu:9: HEAD: expected 0 to 3, a word of the sentence, found '_'"),
    ]:
        with pytest.raises(DataError) as caught:
            checked_heads(sentence(heads, 7))
        assert str(caught.value).startswith(message)


def test_what_brackets_cannot_hold_is_named() -> None:
    assert crossing_arcs_note([sentence("2 0 2")]) is None
    crossing = "0 1 1 2"  # 1 -> 3 and 2 -> 4
    note = crossing_arcs_note([sentence("2 0 2"), sentence(crossing, 5), sentence(crossing, 10)])
    assert note == (
        "2 of 3 trees have crossing arcs of one direction, which heads=relative can encode and heads=brackets cannot; "
        "the first: t.conllu:7, the arc from 1 to 3"
    )
    made = Sentence(("a", "b", "c", "d"), {"head": tuple(crossing.split())})
    assert str(crossing_arcs_note([made])).endswith("the first: a sentence made in Python, the arc from 1 to 3")


def test_another_encoding() -> None:
    for call in (encode, decode):
        with pytest.raises(ConfigError, match="^encoding of heads: expected relative or brackets, found 'planar'$"):
            call([], [], "planar")


def test_a_treebank(shared_data: Path) -> None:
    corpus = read_corpus(shared_data / "ud/en_ewt/en_ewt-ud-dev.conllu", ReadOptions())
    exact = {"relative": 0, "brackets": 0}
    for one in corpus.sentences:
        heads, tags = list(checked_heads(one)), one.columns["upos"]
        for encoding in ENCODINGS:
            exact[encoding] += decode(encode(heads, tags, encoding), tags, encoding) == heads
    assert exact == {"relative": 2001, "brackets": 1973}
