"""Labelled brackets, counted by hand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from elman.data.trees import parse_tree
from elman.errors import DataError
from elman.evaluation.evalb import Bracket, brackets, evaluate_brackets
from elman.evaluation.scores import TagScore

# (S (NP the cat) (VP sleeps (PP on (NP the mat))))
GOLD = [("TOP", 0, 6), ("S", 0, 6), ("NP", 0, 2), ("VP", 2, 6), ("PP", 3, 6), ("NP", 4, 6)]


def test_by_hand() -> None:
    predicted = [("ROOT", 0, 6), ("S", 0, 6), ("NP", 0, 2), ("VP", 2, 4), ("NP", 4, 6)]
    found = evaluate_brackets([GOLD, GOLD], [predicted, GOLD])
    assert (found.trees, found.exact, found.gold, found.predicted, found.correct) == (2, 1, 10, 9, 8)
    assert (found.micro.precision, found.micro.recall) == (8 / 9, 8 / 10)
    assert list(found.labels) == ["NP", "PP", "S", "VP"]
    assert found.labels["VP"] == TagScore(precision=0.5, recall=0.5, f1=0.5, support=2)
    record = json.loads(json.dumps(found.to_json()))
    assert record["f1"] == 16 / 19
    assert record["averages"]["macro"]["recall"] == (1 + 0.5 + 1 + 0.5) / 4


def test_a_bracket_that_occurs_twice_counts_twice() -> None:
    one, two = [("NP", 0, 1)], [("NP", 0, 1)] * 2
    found = evaluate_brackets([two], [one])
    assert (found.gold, found.predicted, found.correct, found.exact) == (2, 1, 1, 0)


def test_of_a_label_only_its_category_counts() -> None:
    found = evaluate_brackets([[("NP-SBJ-1", 0, 1), ("PP=2", 1, 2)]], [[("NP", 0, 1), ("PP-LOC", 1, 2)]])
    assert list(found.labels) == ["NP", "PP"]
    assert found.exact == 1


def test_brackets_of_a_tree() -> None:
    tree = parse_tree("(TOP (S (NP (D the) (N cat)) (VP (V sleeps) (PP (P on) (NP (D the) (N mat))))))")
    assert sorted(brackets(tree)) == sorted(GOLD)
    assert brackets(parse_tree("(S a b)")) == [Bracket("S", 0, 2)]
    assert brackets(parse_tree("(N a)")) == []


def test_roots_alone() -> None:
    found = evaluate_brackets([[("TOP", 0, 1)]], [[("", 0, 1)]])
    assert (found.gold, found.predicted, found.exact, found.micro.f1) == (0, 0, 1, 0)


def test_what_does_not_fit_together() -> None:
    with pytest.raises(DataError, match="nothing to evaluate"):
        evaluate_brackets([], [])
    with pytest.raises(DataError, match="^tree 2: only the gold trees go on"):
        evaluate_brackets([[], []], [[]])
    with pytest.raises(DataError, match="^tree 1: only the predicted trees go on"):
        evaluate_brackets([], [[]])


BRACKETS = st.lists(st.lists(st.tuples(st.sampled_from(["S", "NP", "TOP"]), st.integers(0, 2), st.integers(3, 4))))


@given(BRACKETS.filter(bool))
def test_gold_itself(trees: list[list[tuple[str, int, int]]]) -> None:
    found = evaluate_brackets(trees, trees)
    assert found.correct == found.gold == found.predicted
    assert found.exact == found.trees == len(trees)
