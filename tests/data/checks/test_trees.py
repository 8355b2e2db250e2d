"""Dependency trees: what is none, relations of roots, crossing arcs."""

from __future__ import annotations

from itertools import product

import pytest

from elman.data.checks import DataSplit, FindingGroup
from elman.data.checks.trees import gapped, trees
from elman.data.sentence import Sentence


def sentence(heads: str, relations: str = "", line: int = 1) -> Sentence:
    columns = {"head": tuple(heads.split())}
    if relations:
        columns["deprel"] = tuple(relations.split())
    words = tuple("abcdefgh"[: len(columns["head"])])
    return Sentence(words, columns, "t.conllu", line, (), tuple(range(len(words))), "conllu")


def found(*sentences: Sentence) -> list[FindingGroup]:
    return list(trees([DataSplit("train", "train", ("t.conllu",), sentences)]))


@pytest.mark.parametrize(
    ("heads", "line", "message"),
    [
        ("2 1 0", 1, "the heads go in a circle: 1 -> 2 -> 1; expected a tree"),
        ("0 0 1", 2, "a second root (HEAD is 0); the first is on line 1; expected one"),
        ("0 4 1", 2, "HEAD: expected 0 to 3, a word of the sentence, found '4'"),
        ("0 _ 1", 2, "HEAD: expected 0 to 3, a word of the sentence, found '_'"),
        ("0 {{ 1", 2, "HEAD: expected 0 to 3, a word of the sentence, found '{{'"),
        ("0 {other} 1", 2, "HEAD: expected 0 to 3, a word of the sentence, found '{other}'"),
        ("0 2 1", 2, "the heads go in a circle: 2 -> 2; expected a tree"),
    ],
)
def test_what_is_no_tree(heads: str, line: int, message: str) -> None:
    (group,) = found(sentence(heads), sentence("0 1"))
    assert (group.check, group.severity, group.title) == ("tree", "error", "1 sentence of 2 whose heads form no tree")
    (finding,) = group.findings
    assert (finding.place, finding.message) == (("t.conllu", line), message)


def test_sentences_without_trees_among_others() -> None:
    assert found(sentence("_ _"), sentence("_")) == []
    (group,) = found(sentence("0 1"), sentence("_ _", line=4))
    assert (group.check, group.severity, group.title) == ("tree", "error", "1 of 2 train sentences has no tree")
    assert group.findings[0].place == ("t.conllu", 4)


def test_relations_of_roots() -> None:
    assert found(sentence("0 1", "root obj"), sentence("0 1", "ROOT obj")) == []
    (group,) = found(sentence("0 1 1", "dep root obj"))
    assert group.severity == "warning"
    assert [finding.message for finding in group.findings] == [
        "“a” has HEAD 0 and the relation “dep”",
        "“b” has HEAD 1 and the relation “root”",
    ]


def test_crossing_arcs() -> None:
    (group,) = found(sentence("3 4 0 3"), sentence("0 1"))
    assert (group.check, group.severity) == ("non-projective", "note")
    assert group.title == "1 of 2 trees (50.00 %) has crossing arcs (non-projective)"
    assert group.findings[0].place == ("t.conllu", 4)
    assert group.findings[0].message == "the words below “d” are not all side by side: “a b c d”"


def test_gaps_are_crossing_arcs() -> None:
    """Of all trees of four words, counting the arc from the root."""
    n = 4
    for heads in product(range(n + 1), repeat=n):
        reached = {0}
        for _ in range(n):
            reached |= {word for word, head in enumerate(heads, 1) if head in reached}
        if heads.count(0) == 1 and len(reached) == n + 1:
            arcs = [(min(arc), max(arc)) for arc in enumerate(heads, 1)]
            crosses = any(a < c < b < d for a, b in arcs for c, d in arcs)
            assert bool(gapped(heads)) == crosses, heads


def test_a_long_chain_has_no_crossing_arcs() -> None:
    assert gapped(range(50_000)) == 0
