"""Bracketed trees as labels and back; any labels as a tree."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from elman.data.formats import read_sentences
from elman.data.formats.trees import parse_sentence_tree
from elman.data.sentence import Sentence
from elman.data.trees import Tree, from_pieces, parse_tree, read_trees, to_pieces
from elman.errors import DataError
from elman.tasks import encodings
from elman.tasks.base import Predictions
from elman.tasks.composite import from_record
from elman.tasks.constituency import ConstituencyEncoding, TreeLabels, decode, encode

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
    labels = TreeLabels(*zip(*rows, strict=True))
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
        return str(decode(TreeLabels(("w",) * n, ("T",) * n, (*common.split(), "_"), ("_",) * n), root))

    assert made("+1(S -5(X 0(S") == "(S (T w) (T w) (T w) (T w))"  # out of the tree; the first labels stay
    assert made("+3(NP -2(S") == "(S (NP (T w) (T w)) (T w))"  # the phrase between never gets a label
    assert made("+2(NP 0(NP") == "(NP (T w) (T w) (T w))"  # nor does the root
    assert made("_ _") == "( (T w) (T w) (T w))"
    assert made("_ _", "TOP") == "(TOP (T w) (T w) (T w))"
    assert made("+1(S(TOP +1(TOP", "TOP") == "(TOP (S (T w) (T w) (T w)))"


def test_no_words() -> None:
    with pytest.raises(DataError, match="^expected a sentence with words, found none$"):
        decode(TreeLabels((), (), (), ()))


def test_a_word_beside_brackets() -> None:
    with pytest.raises(DataError, match="^expected a tag in brackets around every word, found none.*'b'"):
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


TREEBANK = "(ROOT (S (NP (PRP She)) (VP (VBZ reads) (NP (NNS books))) (. .)))\n(ROOT (NP (NNS Books)))\n"


def read(tmp_path: Path, text: str = TREEBANK) -> list[Sentence]:
    path = tmp_path / "a.trees"
    path.write_text(text, encoding="utf-8")
    return [sentence for sentence in read_sentences([str(path)], format="trees") if sentence.words]


def back(encoding: ConstituencyEncoding, sentences: list[Sentence]) -> list[list[str]]:
    labels = [encoding.encode(sentence) for sentence in sentences]
    found = {name: [own[name] for own in labels] for name in encoding.columns}
    return encoding.decode(Predictions([one.words for one in sentences], found, {}, lambda column, which: []))["tree"]


def test_trees_come_back(tmp_path: Path) -> None:
    sentences = read(tmp_path)
    found = encodings.parse(sentences, None, {"heads": "relative"})
    assert isinstance(found, ConstituencyEncoding)
    assert (found.targets, found.root) == (("tree",), "ROOT")
    assert found.columns == ("tree.tag", "tree.common", "tree.unary")
    assert found.unannotated == ()
    trees = back(found, sentences)
    assert trees == [["(ROOT(S(NP(PRP*))", "(VP(VBZ*)", "(NP(NNS*)))", "(.*)))"], ["(ROOT(NP(NNS*)))"]]
    assert "".join(from_pieces(tree, one.words) + "\n" for tree, one in zip(trees, sentences, strict=True)) == TREEBANK
    assert from_record(found.to_record()) == found
    assert back(found, [Sentence((), format="trees")][:0]) == []


def test_roots_that_differ(tmp_path: Path) -> None:
    found = ConstituencyEncoding.of(read(tmp_path, "(S (N a) (V b))\n(NP (N a))\n"))
    assert found.root is None and from_record(found.to_record()) == found


def test_a_sentence_without_a_tree() -> None:
    with pytest.raises(DataError, match="^x:3: expected a bracketed tree, found none$"):
        ConstituencyEncoding().encode(Sentence(("a",), path="x", line=3))


def test_every_tree_of_the_tutorial(shared_data: Path) -> None:
    sentences = list(read_sentences([str(shared_data / "tutorial/data/wiki-en-test.parse")], format="trees"))
    sentences = [sentence for sentence in sentences if sentence.words]
    assert len(sentences) == 168
    trees = back(ConstituencyEncoding.of(sentences), sentences)
    for tree, sentence in zip(trees, sentences, strict=True):
        assert parse_tree(from_pieces(tree, sentence.words)) == parse_sentence_tree(sentence)
        assert from_pieces(tree, sentence.words) == sentence.lines[0].rstrip("\n")
