"""The encoding of a graph parser: relations that hold their heads, and trees from what a model finds."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from elman.data.arcs import Arc
from elman.data.sentence import Sentence
from elman.errors import DataError
from elman.tasks.base import Predictions
from elman.tasks.composite import CompositeEncoding, from_record, parts_of
from elman.tasks.encodings import all_columns, parse
from elman.tasks.graph import GraphEncoding

OPTIONS = {"heads": "graph", "features": "whole"}


def sentence(heads: tuple[str, ...], relations: tuple[str, ...], upos: str = "X") -> Sentence:
    n = len(heads)
    columns = {"upos": (upos,) * n, "xpos": ("_",) * n, "feats": ("_",) * n, "lemma": ("_",) * n}
    return Sentence(("w",) * n, {**columns, "head": heads, "deprel": relations})


GOLD = sentence(("2", "0", "2"), ("nsubj", "root", "obj"))


def test_relations_hold_their_heads() -> None:
    encoding = GraphEncoding.of([GOLD])
    assert (encoding.targets, encoding.columns, encoding.unannotated) == (("head", "deprel"), ("deprel",), ())
    labels = encoding.encode(GOLD)["deprel"]
    assert labels == ("nsubj", "root", "obj")
    assert [label.head for label in labels if isinstance(label, Arc)] == [2, 0, 2]


def test_the_relation_of_roots() -> None:
    both = sentence(("0", "1"), ("root", "root"))
    assert GraphEncoding.of([GOLD]).root == "root"
    assert GraphEncoding.of([both]).root is None
    assert GraphEncoding.of([GOLD, sentence(("0",), ("top",))]).root in ("root", "top")


def test_heads_that_are_no_tree() -> None:
    with pytest.raises(DataError, match="circle"):
        GraphEncoding.of([sentence(("2", "1"), ("x", "x"))])


@pytest.mark.parametrize("root", ["root", None])
def test_trees_of_what_a_model_finds(root: str | None) -> None:
    """Only the root gets the root's relation."""
    names = ["nsubj", "obj", "root"]
    scores = np.array([[1, 0, 5], [9, 0, 1], [0, 7, 8], [0, 1, 2]], np.float32)
    trees = SimpleNamespace(heads=np.array([2, 0, 2, 0], np.int32), relations=scores)
    words = [["a", "b", "c"], ["d"]]
    batch = Predictions(words, {}, {"deprel": names}, lambda name, which: [], trees=lambda: trees)
    found = GraphEncoding(root).decode(batch)
    assert found["head"] == [["2", "0", "2"], ["0"]]
    free = [["root", "nsubj", "root"], ["root"]]
    assert found["deprel"] == ([["nsubj", "root", "obj"], ["root"]] if root else free)
    assert scores[0, 2] == 5  # the model's scores are unchanged


def test_no_sentences() -> None:
    trees = SimpleNamespace(heads=np.zeros(0, np.int32), relations=np.zeros((0, 2), np.float32))
    batch = Predictions([], {}, {"deprel": ["a", "root"]}, lambda name, which: [], trees=lambda: trees)
    assert GraphEncoding().decode(batch) == {"head": [], "deprel": []}


def test_it_needs_no_tags() -> None:
    (only,) = parts_of(all_columns([sentence(("0",), ("root",), "_")], None, OPTIONS))
    assert only == GraphEncoding("root")
    parsed = parse([GOLD], None, OPTIONS)
    assert isinstance(parsed, CompositeEncoding) and parsed.columns == ("upos", "deprel")
    assert parsed.targets == ("upos", "head", "deprel")


@pytest.mark.parametrize("root", ["root", None])
def test_its_record(root: str | None) -> None:
    encoding = GraphEncoding(root)
    assert from_record(encoding.to_record()) == encoding
    assert encoding.fits("deprel", "x") and not encoding.fits("deprel", "x" * 2000)
