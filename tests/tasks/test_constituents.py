"""Bracketed trees as label columns, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.formats import read_sentences
from elman.data.formats.trees import parse_sentence_tree
from elman.data.sentence import Sentence
from elman.data.trees import from_pieces, parse_tree
from elman.errors import DataError
from elman.tasks.base import Batch
from elman.tasks.composite import from_record
from elman.tasks.constituents import Constituents
from elman.tasks.encodings import parse

TREES = "(ROOT (S (NP (PRP She)) (VP (VBZ reads) (NP (NNS books))) (. .)))\n(ROOT (NP (NNS Books)))\n"


def read(tmp_path: Path, text: str = TREES) -> list[Sentence]:
    path = tmp_path / "a.trees"
    path.write_text(text, encoding="utf-8")
    return [sentence for sentence in read_sentences([str(path)], format="trees") if sentence.words]


def back(encoding: Constituents, sentences: list[Sentence]) -> list[list[str]]:
    labels = [encoding.encode(sentence) for sentence in sentences]
    found = {name: [own[name] for own in labels] for name in encoding.columns}
    return encoding.decode(Batch([one.words for one in sentences], found, {}, lambda column, which: []))["tree"]


def test_trees_come_back(tmp_path: Path) -> None:
    sentences = read(tmp_path)
    found = parse(sentences, None, {"heads": "relative"})
    assert isinstance(found, Constituents)
    assert (found.targets, found.root) == (("tree",), "ROOT")
    assert found.columns == ("tree.tag", "tree.common", "tree.unary")
    assert found.unannotated == ()
    trees = back(found, sentences)
    assert trees == [["(ROOT(S(NP(PRP*))", "(VP(VBZ*)", "(NP(NNS*)))", "(.*)))"], ["(ROOT(NP(NNS*)))"]]
    assert "".join(from_pieces(tree, one.words) + "\n" for tree, one in zip(trees, sentences, strict=True)) == TREES
    assert from_record(found.to_record()) == found
    assert back(found, [Sentence((), format="trees")][:0]) == []


def test_roots_that_differ(tmp_path: Path) -> None:
    found = Constituents.of(read(tmp_path, "(S (N a) (V b))\n(NP (N a))\n"))
    assert found.root is None and from_record(found.to_record()) == found


def test_a_sentence_without_a_tree() -> None:
    with pytest.raises(DataError, match="^x:3: expected a bracketed tree, found none$"):
        Constituents().encode(Sentence(("a",), path="x", line=3))


def test_every_tree_of_the_tutorial(shared_data: Path) -> None:
    sentences = list(read_sentences([str(shared_data / "tutorial/data/wiki-en-test.parse")], format="trees"))
    sentences = [sentence for sentence in sentences if sentence.words]
    assert len(sentences) == 168
    trees = back(Constituents.of(sentences), sentences)
    for tree, sentence in zip(trees, sentences, strict=True):
        assert parse_tree(from_pieces(tree, sentence.words)) == parse_sentence_tree(sentence)
        assert from_pieces(tree, sentence.words) == sentence.lines[0].rstrip("\n")
