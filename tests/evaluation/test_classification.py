"""Text classification: figures by hand and against scikit-learn, which seqeval brings along."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from elman.errors import DataError
from elman.evaluation.classification import evaluate_labels, roc_auc
from elman.evaluation.scores import TagScore


def test_by_hand() -> None:
    found = evaluate_labels(["a", "a", "b", "c"], ["a", "b", "b", "d"])
    assert (found.texts, found.correct, found.accuracy) == (4, 2, 0.5)
    assert list(found.classes) == ["a", "b", "c", "d"]
    assert found.classes["a"] == TagScore(precision=1.0, recall=0.5, f1=2 / 3, support=2)
    assert found.classes["d"] == TagScore(precision=0.0, recall=0.0, f1=0.0, support=0)
    assert found.confusion == {("a", "a"): 1, ("a", "b"): 1, ("b", "b"): 1, ("c", "d"): 1}
    assert found.roc_auc is None


def test_json() -> None:
    found = json.loads(json.dumps(evaluate_labels("aab", "aba", [0.9, 0.2, 0.2], positive="a").to_json()))
    assert (found["texts"], found["correct"], found["accuracy"]) == (3, 1, 1 / 3)
    assert found["averages"]["micro"] == {"precision": 1 / 3, "recall": 1 / 3, "f1": 1 / 3, "support": 3}
    assert found["averages"]["macro"]["f1"] == 0.25
    assert found["confusion"][0] == {"gold": "a", "predicted": "a", "count": 1}
    assert found["roc_auc"] == 0.75


def test_roc_auc_by_hand() -> None:
    assert roc_auc([True, False], [0.9, 0.1]) == 1
    assert roc_auc([True, False], [0.1, 0.9]) == 0
    assert roc_auc([True, False], [0.5, 0.5]) == 0.5  # a tie counts half
    # pairs: 3 > 2, 3 > 1, 2 = 2, 2 > 1
    assert roc_auc([True, True, False, False], [3, 2, 2, 1]) == 3.5 / 4


LABELS = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("abc"), st.integers(0, 4)), min_size=1)


@pytest.fixture(scope="module")
def metrics() -> Any:
    return pytest.importorskip("sklearn.metrics", reason="scikit-learn comes with seqeval, of the test extra")


@settings(max_examples=30, deadline=None)
@given(LABELS)
def test_as_scikit_learn(metrics: Any, rows: list[tuple[str, str, int]]) -> None:
    gold, predicted, scores = (list(column) for column in zip(*rows, strict=True))
    found = evaluate_labels(gold, predicted)
    averages = found.to_json()["averages"]
    for name in ("micro", "macro", "weighted"):
        theirs = metrics.precision_recall_fscore_support(gold, predicted, average=name, zero_division=0)
        assert [averages[name][rate] for rate in ("precision", "recall", "f1")] == pytest.approx(list(theirs[:3]))
    positive = [label == "a" for label in gold]
    if len(set(positive)) == 2:
        assert roc_auc(positive, scores) == pytest.approx(metrics.roc_auc_score(positive, scores))


def test_what_cannot_be_evaluated() -> None:
    with pytest.raises(DataError, match="nothing to evaluate"):
        evaluate_labels([], [])
    with pytest.raises(DataError, match="^text 2: only the gold labels go on"):
        evaluate_labels("ab", "a")
    with pytest.raises(DataError, match="^text 1: only the predicted labels go on"):
        evaluate_labels("", "a")
    with pytest.raises(DataError, match="^ROC-AUC: expected 2 scores, one for each text, got 1$"):
        roc_auc([True, False], [1])
    with pytest.raises(DataError, match="not a number"):
        roc_auc([True, False], [1, math.nan])
    with pytest.raises(DataError, match="texts of both classes"):
        evaluate_labels("aa", "aa", [1, 2], positive="a")
