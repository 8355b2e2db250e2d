"""Bracketed trees: read, written, refused."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from elman.data import trees
from elman.data.trees import Tree, from_pieces, parse_tree, read_trees, to_pieces
from elman.errors import DataError

RAINS = Tree("S", (Tree("NP", (Tree("PRP", ("It",)),)), Tree("VP", (Tree("VBZ", ("rains",)),))))


def test_a_tree():
    tree = parse_tree("(S (NP (PRP It)) (VP (VBZ rains)))")
    assert tree == RAINS and str(tree) == "(S (NP (PRP It)) (VP (VBZ rains)))"
    assert tree.words() == ["It", "rains"]
    assert tree.tagged() == [("PRP", "It"), ("VBZ", "rains")]
    assert not tree.preterminal and tree.children[0].children[0].preterminal


def test_over_several_lines_without_a_label():
    tree = parse_tree("\n( (S\n    (NP (PRP It))\n\n  (VP (VBZ\n rains))))\r\n\n")
    assert tree == Tree("", (RAINS,)) and str(tree) == "( (S (NP (PRP It)) (VP (VBZ rains))))"
    assert parse_tree("(\n X (A b))") == Tree("X", (Tree("A", ("b",)),))


def test_words_beside_brackets_have_no_tag():
    assert parse_tree("(NP the (NN dog) barks)").tagged() == [("", "the"), ("NN", "dog"), ("", "barks")]


def test_lines():
    first, gap, second = read_trees(["(A b)\n", " \n", "(A\n", " c)"], "f")
    assert (first.lines, first.line) == (("(A b)\n",), 1)
    assert gap.tree is None and (gap.lines, gap.line) == ((" \n",), 2)
    assert second.tree == Tree("A", ("c",)) and (second.lines, second.line) == (("(A\n", " c)"), 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(A b)\n(S (A b)\n", "f:2: the tree that begins here does not close: 1 bracket is open where the file ends"),
        ("(S (A b\n(A b)\n", "f:1: the tree that begins here does not close: 2 brackets are open where line 2 begins"),
        ("(A b))", "f:1: expected a tree on lines of its own, found a bracket that closes nothing"),
        ("(A b) (A b)", "f:1: expected a tree on lines of its own, found another tree behind it on the line"),
        ("(A\n b) c", "f:2: expected a tree on lines of its own, found 'c' outside of the brackets"),
        ("a (A b)", "f:1: expected a tree on lines of its own, found 'a' outside"),
        ("(S\n (A))", "f:2: expected a word or a bracket within (A), found nothing"),
        ("()", "f:1: expected a word or a bracket within (), found nothing"),
    ],
)
def test_broken(text, message):
    with pytest.raises(DataError) as caught:
        list(read_trees(text.splitlines(keepends=True), "f"))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("(A b)\n(A b)\n", 2)])
def test_one_is_expected(text, count):
    with pytest.raises(DataError, match=f"expected one bracketed tree, found {count}"):
        parse_tree(text)


def test_deeper_than_the_stack():
    text = "(A " * 20_000 + "b" + ")" * 20_000
    tree = parse_tree(text)
    assert str(tree) == text and tree.words() == ["b"]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0() \t\r\n"), min_size=1)
TREES = st.recursive(
    st.builds(lambda tag, word: Tree(tag, (word,)), NAMES, NAMES),
    lambda inner: st.builds(
        lambda label, children: Tree(label, tuple(children)), st.one_of(st.just(""), NAMES), st.lists(inner, min_size=1)
    ),
    max_leaves=12,
)


@given(TREES)
def test_round_trip(tree):
    assert parse_tree(str(tree)) == tree


def test_every_tree_of_the_tutorial(shared_data):
    file = shared_data / "tutorial/data/wiki-en-test.parse"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    found = list(read_trees(lines, str(file)))
    assert len(found) == 168
    assert [f"{one.tree}\n" for one in found] == lines
    words = (file.parent / "wiki-en-test.tok").read_text(encoding="utf-8").splitlines()
    assert [len(one.tree.words()) for one in found] == [len(line.split(" ")) for line in words]


def test_pieces():
    tree = parse_tree("(S (NP (PRP It)) (VP (VBZ rains) (ADVP (RB now))))")
    assert to_pieces(tree) == ["(S(NP(PRP*))", "(VP(VBZ*)", "(ADVP(RB*))))"]
    assert from_pieces(to_pieces(tree), tree.words()) == str(tree)
    with pytest.raises(
        DataError, match="^expected a tag in brackets of its own around every word, found none around 'a'$"
    ):
        to_pieces(parse_tree("(S a (B b))"))


@given(st.sampled_from([RAINS, Tree("", (RAINS,)), Tree("*", (RAINS, Tree("*", ("*",))))]))
def test_pieces_are_the_tree(tree: Tree) -> None:
    assert from_pieces(to_pieces(tree), tree.words()) == str(tree)


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("(A " * 12 + "b" + ")" * 12, "10 brackets within each other"),
        ("(A " + "b " * 50 + ")", "40 brackets, words and lines"),
        ("(A\n" + "\n" * 50 + "b)", "40 brackets, words and lines"),
    ],
)
def test_trees_have_limits(text, most, monkeypatch):
    monkeypatch.setattr(trees, "DEPTH", 10)
    monkeypatch.setattr(trees, "SENTENCE", 40)
    assert len(list(read_trees(["(A " * 10 + "b" + ")" * 10]))) == 1
    with pytest.raises(DataError, match=f"^f:1: the tree that begins here has more than {most}: does a bracket"):
        list(read_trees(text.splitlines(keepends=True), "f"))
