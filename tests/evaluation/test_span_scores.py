"""Scores of spans."""

from __future__ import annotations

import pytest

from elman.errors import DataError
from elman.evaluation.span_scores import evaluate_spans


def test_scores() -> None:
    gold = [["B-per", "I-per", "O", "B-loc"], ["O"], ["B-per"]]
    predicted = [["B-per", "O", "O", "B-loc"], ["B-org"], ["I-per"]]
    found = evaluate_spans(gold, predicted)
    assert (found.gold, found.predicted, found.correct) == (3, 4, 2)
    assert (found.precision, found.recall) == (2 / 4, 2 / 3)
    assert found.f1 == pytest.approx(4 / 7)
    assert list(found.types) == ["per", "loc", "org"]
    assert found.types["per"].support == 2
    assert found.types["per"].recall == 0.5
    assert found.types["org"].precision == 0


def test_no_spans_is_nothing_found() -> None:
    found = evaluate_spans([["O"]], [["O"]])
    assert (found.precision, found.recall, found.f1, found.types) == (0, 0, 0, {})


def test_what_does_not_fit_together() -> None:
    with pytest.raises(DataError, match="^sentence 2: only the gold tags go on"):
        evaluate_spans([["O"], ["O"]], [["O"]])
    with pytest.raises(DataError, match="^sentence 1: only the predicted tags go on"):
        evaluate_spans([], [["O"]])
    with pytest.raises(DataError, match="^sentence 1: expected 2 tags, one for each gold tag, found 1$"):
        evaluate_spans([["O", "O"]], [["O"]])
