"""Bracketed trees as labels and back; any labels as a tree."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from elman.data.trees import Tree, parse_tree, read_trees, to_pieces
from elman.errors import DataError
from elman.tasks.constituency import Labels, decode, encode

LABEL = st.sampled_from(["S", "NP", "ROOT", "", "+1", "_", "-LRB-", "a,b"])
WORD = st.sampled_from(["a", "_", "-LRB-", "x,y"])
TREES = st.recursive(
    st.builds(lambda tag, word: Tree(tag, (word,)), LABEL, WORD),
    lambda below: st.builds(
        lambda label, children: Tree(label, tuple(children)), LABEL, st.lists(below, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


def test_by_hand() -> None:
    tree = parse_tree("(ROOT (S (NP (PRP She)) (VP (VBZ reads) (NP (JJ old) (NNS books))) (. .)))")
    labels = encode(tree)
    assert labels.words == ("She", "reads", "old", "books", ".")
    assert labels.tags == ("PRP", "VBZ", "JJ", "NNS", ".")
    assert labels.common == ("+1(ROOT(S", "+1(VP", "+1(NP", "-2(ROOT(S", "_")
    assert labels.unary == ("(NP", "_", "_", "_", "_")
    assert decode(labels) == decode(labels, "ROOT") == tree


@given(TREES)
def test_every_tree_comes_back(tree: Tree) -> None:
    assert decode(encode(tree)) == tree


@given(TREES.filter(lambda tree: "ROOT" not in str(tree)))
def test_every_tree_comes_back_in_its_root(tree: Tree) -> None:
    whole = Tree("ROOT", (tree,))
    assert decode(encode(whole), "ROOT") == decode(encode(tree), "ROOT") == whole


COMMON = st.one_of(
    st.sampled_from(["+1(S", "0(NP", "-1(VP", "+9999(S(VP", "-9(ROOT(S", "+2(", "_"]), st.text(max_size=3)
)
UNARY = st.sampled_from(["_", "(NP", "(S(VP", "(ROOT(X", "("])


@given(st.lists(st.tuples(WORD, st.sampled_from(["N", "V"]), COMMON, UNARY), min_size=1, max_size=9))
def test_any_labels_make_a_tree(rows: list[tuple[str, str, str, str]]) -> None:
    labels = Labels(*zip(*rows, strict=True))
    for root in (None, "ROOT"):
        tree = decode(labels, root)
        assert tree.tagged() == [(tag, word) for word, tag, _, _ in rows]
        assert parse_tree(str(tree)) == tree
        assert decode(encode(tree), root) == tree
        if root is not None:
            assert tree.label == root
            assert str(tree).count("(ROOT ") == 1


def test_what_labels_get_wrong() -> None:
    def made(common: str, root: str | None = None) -> str:
        n = len(common.split()) + 1
        return str(decode(Labels(("w",) * n, ("T",) * n, (*common.split(), "_"), ("_",) * n), root))

    assert made("+1(S -5(X 0(S") == "(S (T w) (T w) (T w) (T w))"  # out of the tree; the first labels stay
    assert made("+3(NP -2(S") == "(S (NP (T w) (T w)) (T w))"  # the phrase between never gets a label
    assert made("+2(NP 0(NP") == "(NP (T w) (T w) (T w))"  # nor does the root
    assert made("_ _") == "( (T w) (T w) (T w))"
    assert made("_ _", "TOP") == "(TOP (T w) (T w) (T w))"
    assert made("+1(S(TOP +1(TOP", "TOP") == "(TOP (S (T w) (T w) (T w)))"


def test_no_words() -> None:
    with pytest.raises(DataError, match="^expected a sentence with words to make a tree of, found none$"):
        decode(Labels((), (), (), ()))


def test_a_word_beside_brackets() -> None:
    with pytest.raises(DataError, match="^expected a tag in brackets of its own around every word, found none.*'b'"):
        encode(parse_tree("(S (NP (T a)) b)"))


def test_a_deep_tree() -> None:
    tree = Tree("T", ("w",))
    for _ in range(3000):
        tree = Tree("S", (tree, Tree("T", ("w",))))
    assert str(decode(encode(tree))) == str(tree)


def test_a_deep_tree_takes_no_more_than_its_size() -> None:
    tree = Tree("T", ("w",))
    for _ in range(4000):
        tree = Tree("S", (Tree("T", ("w",)), tree))
    tracemalloc.start()
    try:
        labels = encode(tree)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000  # with every word's phrases in a list, 64 MB
    finally:
        tracemalloc.stop()
    assert labels.common[:2] == ("+1(S", "+1(S")
    assert len(to_pieces(tree)[-1]) == len("(T*)") + 4000


def test_all_trees_of_the_tutorial(shared_data: Path) -> None:
    with open(shared_data / "tutorial/data/wiki-en-test.parse", encoding="utf-8") as file:
        trees = [found.tree for found in read_trees(file) if found.tree is not None]
    assert len(trees) == 168
    assert [decode(encode(tree)) for tree in trees] == trees
    assert [decode(encode(tree), "ROOT") for tree in trees] == trees
