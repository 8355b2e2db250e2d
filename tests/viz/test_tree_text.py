"""Trees in characters."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, strategies as st

from elman.data.conllu_tokens import checked_heads
from elman.data.corpus import ReadOptions, read_corpus
from elman.data.trees import Tree, parse_tree, read_trees
from elman.tasks.dependency_labels import repaired
from elman.utils.text_width import cells, padded, right_to_left
from elman.viz.tree_text import constituents, dependencies

CONSTITUENTS = """\
ROOT > S
├─ NP > PRP  She
├─ VP
│  ├─ VBZ    reads
│  └─ NP
│     ├─ JJ  old
│     └─ NN  本
└─ .         .
"""

DEPENDENCIES = """\
 ╭──── She    PRON   nsubj
─┼──── reads  VERB   root
 │ ╭── old    ADJ    amod
 ├─┴── 本     NOUN   obj
 ╰──── .      PUNCT  punct
"""


def test_constituents() -> None:
    tree = parse_tree("(ROOT (S (NP (PRP She)) (VP (VBZ reads) (NP (JJ old) (NN 本))) (. .)))")
    assert constituents(tree) == CONSTITUENTS
    assert constituents(Tree("", ("a\x1b[31m",))) == "()  a\\x1b[31m\n"


def test_dependencies() -> None:
    words, tags = ["She", "reads", "old", "本", "."], ["PRON", "VERB", "ADJ", "NOUN", "PUNCT"]
    relations = ["nsubj", "root", "amod", "obj", "punct"]
    assert dependencies(words, [2, 0, 4, 2, 2], relations, tags) == DEPENDENCIES
    assert dependencies(["Yes"], [0], ["root"]) == "──── Yes  root\n"
    assert dependencies([], [], []) == ""


def test_arcs_that_cross() -> None:
    """The line of d goes over the line between b and e, which is cut there; both go on."""
    drawn = dependencies(list("abcde"), [3, 4, 0, 3, 2], ["x", "y", "root", "z", "w"])
    assert drawn.splitlines() == [
        " ╭────── a  x",
        " │ ╭─┬── b  y",
        "─┼────── c  root",
        " ╰─┴──── d  z",
        "     ╰── e  w",
    ]


def test_lines_of_one_depth_that_would_overlap_stand_side_by_side() -> None:
    drawn = dependencies(list("abcde"), [0, 1, 1, 2, 3], ["root", "x", "x", "y", "y"])
    assert drawn.splitlines() == [
        "─┬────── a  root",
        " ├─┬──── b  x",
        " ╰───┬── c  x",
        "   ╰──── d  y",
        "     ╰── e  y",
    ]


def test_deep_trees_are_indented_less() -> None:
    tree = Tree("NN", ("word",))
    for _ in range(30):
        tree = Tree("NP", (tree, Tree("X", ("y",))))
    lines = constituents(tree).splitlines()
    assert len(lines) == 61
    assert max(map(cells, lines)) <= 80
    assert max(map(cells, constituents(tree, columns=50).splitlines())) <= 50
    assert len({line.rindex(" ") for line in lines if line.endswith((" word", " y"))}) == 1  # words line up

    chain = dependencies(["w"] * 30, list(range(30)), ["x"] * 30)
    assert max(map(cells, chain.splitlines())) == 2 * 29 + len("─┬── w  x") - 2
    assert max(map(cells, dependencies(["w"] * 60, list(range(60)), ["x"] * 60).splitlines())) <= 80


@given(st.lists(st.integers(0, 12), min_size=1, max_size=12))
def test_every_tree_is_drawn(named: list[int]) -> None:
    heads = repaired(named)
    lines = dependencies([f"w{i}" for i in range(len(heads))], heads, ["r"] * len(heads)).splitlines()
    assert [line.split()[-2] for line in lines] == [f"w{i}" for i in range(len(heads))]
    places = [line.index("w") for line in lines]
    assert len(set(places)) == 1
    begins = [line[0] == "─" for line in lines]
    assert begins == [head == 0 for head in heads]


def test_real_trees_fit(shared_data: Path) -> None:
    with open(shared_data / "tutorial/data/wiki-en-test.parse", encoding="utf-8") as file:
        drawn = [constituents(found.tree) for found in read_trees(file) if found.tree is not None]
    assert max(cells(line) for text in drawn for line in text.splitlines()) <= 80
    wide = 0
    for one in read_corpus(shared_data / "ud/cy_ccg/cy_ccg-ud-dev.conllu", ReadOptions()).sentences:
        text = dependencies(one.words, checked_heads(one), one.columns["deprel"], one.columns["upos"])
        wide += max(map(cells, text.splitlines())) > 80
    assert wide == 0


def test_width_and_characters_of_text() -> None:
    texts = ("ab", "日本", "ｱ", "é", "e\u0301", "क्ष", "Ｑ")
    assert [cells(text) for text in texts] == [2, 4, 1, 1, 1, 2, 2]
    assert padded("日", 4) == "日  " and padded("long", 2) == "long"
    assert right_to_left(["1", "بىر"]) and not right_to_left(["a", "بىر"]) and not right_to_left(["1", "."])
