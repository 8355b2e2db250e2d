"""Accuracy and all that goes with it."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st

from elman.data.schemes import detect_scheme
from elman.data.spans import Span, find_spans
from elman.errors import DataError
from elman.evaluation.classification import evaluate_labels
from elman.evaluation.compare import compare, score
from elman.evaluation.conlleval import ConllevalReport
from elman.evaluation.seqeval import SeqevalReport
from elman.evaluation.span_scores import SpanEvaluator, evaluate_spans
from elman.evaluation.tagging import Confusion, TagEvaluation, TagEvaluator, TagScore, evaluate

GOLD = [["D", "N", "V"], ["D", "N"], [], ["N"]]
PREDICTED = [["D", "N", "N"], ["D", "N"], [], ["V"]]
KNOWN = [[True, True, False], [True, False], [], [True]]


def test_by_hand() -> None:
    found = evaluate(GOLD, PREDICTED, KNOWN)
    assert found == TagEvaluation(
        tokens=6,
        correct=4,
        sentences=3,
        sentences_correct=1,
        unknown_tokens=2,
        unknown_correct=1,
        tags={
            "N": TagScore(precision=2 / 3, recall=2 / 3, f1=2 / 3, support=3),
            "D": TagScore(precision=1.0, recall=1.0, f1=1.0, support=2),
            "V": TagScore(precision=0.0, recall=0.0, f1=0.0, support=1),
        },
        pairs={("N", "N"): 2, ("N", "V"): 1, ("D", "D"): 2, ("V", "N"): 1},
        confusions=(Confusion("N", "V", 1), Confusion("V", "N", 1)),
    )
    assert list(found.tags) == ["N", "D", "V"]
    assert found.accuracy == 4 / 6
    assert found.sentence_accuracy == 1 / 3
    assert found.unknown_accuracy == 1 / 2
    assert found.known_accuracy == 3 / 4


def test_json() -> None:
    record = json.loads(json.dumps(evaluate(GOLD, PREDICTED, KNOWN).to_json()))
    assert list(record) == [
        "tokens",
        "correct",
        "accuracy",
        "known_accuracy",
        "unknown_tokens",
        "unknown_accuracy",
        "sentences",
        "sentences_correct",
        "sentence_accuracy",
        "tags",
        "averages",
        "confusions",
        "spans",
    ]
    assert record["averages"]["micro"] == {"precision": 4 / 6, "recall": 4 / 6, "f1": 4 / 6, "support": 6}
    assert record["averages"]["macro"]["recall"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert record["averages"]["weighted"]["recall"] == pytest.approx(4 / 6)
    assert record["spans"] is None
    assert record["tags"]["D"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 2}
    assert record["confusions"][0] == {"gold": "N", "predicted": "V", "count": 1}


def test_spans_where_the_tags_mark_them() -> None:
    gold = [["O", "O"], ["B-per", "I-per", "O"], ["U-loc", "O"]]
    predicted = [["O", "O"], ["B-per", "O", "what"], ["U-loc", "O"]]
    found = evaluate(gold, predicted)
    assert found.spans is not None
    assert (found.spans.gold, found.spans.predicted, found.spans.correct) == (2, 3, 1)
    assert found.to_json()["spans"]["types"]["loc"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}


@pytest.mark.parametrize("gold", [["O", "O"], ["B-per", "NOUN"], ["B-per", "B-"], ["Street", "O"], ["-LRB-"]])
def test_no_spans_where_the_tags_mark_none(gold: list[str]) -> None:
    assert evaluate([gold], [gold]).spans is None


def test_without_a_model() -> None:
    found = evaluate(GOLD, PREDICTED)
    assert found.unknown_tokens is None
    assert found.unknown_accuracy is None
    assert found.known_accuracy is None


@pytest.mark.parametrize(
    ("known", "unknown_accuracy", "known_accuracy"),
    [([[True, True]], None, 0.5), ([[False, False]], 0.5, None), ([[True, False]], 0.0, 1.0)],
)
def test_only_known_or_only_unknown_words(
    known: list[list[bool]], unknown_accuracy: float | None, known_accuracy: float | None
) -> None:
    found = evaluate([["A", "B"]], [["A", "A"]], known)
    assert found.unknown_accuracy == unknown_accuracy
    assert found.known_accuracy == known_accuracy


def test_a_tag_only_predicted() -> None:
    assert evaluate([["A"]], [["B"]]).tags["B"] == TagScore(precision=0.0, recall=0.0, f1=0.0, support=0)


def test_ten_confusions_in_a_fixed_order() -> None:
    gold = [[f"t{i:02}" for i in range(20)] + ["t19"]]
    found = evaluate(gold, [["x"] * 21]).confusions
    assert len(found) == 10
    assert found[0] == Confusion("t19", "x", 2)
    assert [confusion.gold for confusion in found[1:]] == [f"t{i:02}" for i in range(9)]


@given(st.lists(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("ABCD"), st.booleans())), min_size=1))
def test_parts_add_up(sentences: list[list[tuple[str, str, bool]]]) -> None:
    gold, predicted, known = ([[row[i] for row in s] for s in sentences] for i in range(3))
    rows = [row for sentence in sentences for row in sentence]
    if not rows:
        with pytest.raises(DataError):
            evaluate(gold, predicted, known)
        return
    found = evaluate(gold, predicted, known)
    assert found.tokens == len(rows) == sum(score.support for score in found.tags.values())
    assert found.correct == sum(g == p for g, p, _ in rows)
    assert found.unknown_tokens == sum(not k for *_, k in rows)
    assert found.unknown_correct == sum(g == p for g, p, k in rows if not k)
    assert found.tokens - found.correct == sum(confusion.count for confusion in found.confusions)  # 9 kinds at most
    assert found.sentences == sum(bool(s) for s in sentences)
    assert found.sentences_correct == sum(all(g == p for g, p, _ in s) for s in sentences if s)


@pytest.mark.parametrize("gold", [[], [[]], [[], []]])
def test_no_accuracy_without_gold(gold: list[list[str]]) -> None:
    with pytest.raises(DataError, match="nothing to evaluate"):
        evaluate(gold, gold)


def test_lengths_differ() -> None:
    with pytest.raises(DataError, match="^sentence 2: expected 1 tags, one for each gold tag, found 2$"):
        evaluate([["A"], ["A"]], [["A"], ["A", "B"]])
    with pytest.raises(DataError, match="^sentence 2: only the gold tags go on"):
        evaluate([["A"], ["A"]], [["A"]])
    with pytest.raises(DataError, match="^sentence 2: only the predicted tags go on"):
        evaluate([["A"]], [["A"], ["A"]])


def test_lengths_differ_at_a_line_of_a_file() -> None:
    with pytest.raises(DataError, match="^gold.txt:7: expected 1 tags"):
        TagEvaluator().add(["A"], [], path="gold.txt", line=7)


def test_tuples_and_lists_are_the_same_sentence() -> None:
    assert evaluate([("A", "B")], [["A", "B"]]).sentence_accuracy == 1.0


FLAT, OTHER = ["O", "B-PER", "I-PER", "O"], ["O", "B-LOC", "I-LOC", "O"]


@pytest.mark.parametrize(
    "count",
    [
        evaluate,
        evaluate_spans,
        lambda gold, predicted: compare(gold, predicted, predicted),
        lambda gold, predicted: score(gold, predicted, "accuracy"),
        lambda gold, _: detect_scheme(gold),
        *(
            lambda gold, predicted, make=make: [make().add(*pair) for pair in zip(gold, predicted, strict=True)]
            for make in (TagEvaluator, SeqevalReport, lambda: SeqevalReport("iob2"), ConllevalReport, SpanEvaluator)
        ),
        *(
            lambda gold, predicted, make=make: make().add([gold], [predicted])
            for make in (TagEvaluator, SeqevalReport, ConllevalReport)
        ),
    ],
)
def test_a_list_of_tags_in_the_place_of_a_list_of_sentences(count: Callable[..., object]) -> None:
    expected = r"^expected a list of sentences, each a list of tags that are texts, found .* in place of the tags of a"
    with pytest.raises(DataError, match=expected):
        count(FLAT, OTHER)
    with pytest.raises(DataError, match="expected"):
        count([[1, 2]], [[1, 2]])


def test_labels_that_are_lists() -> None:
    with pytest.raises(DataError, match=r"^text 1: expected labels that are texts, found \['a'\] and \['a'\]"):
        evaluate_labels([["a"]], [["a"]])  # type: ignore[list-item]


def test_numpy_arrays_are_sentences() -> None:
    rows = [np.array(FLAT), np.array(OTHER)]
    assert evaluate(rows, rows).tokens == 8  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gold", "strays"),
    [
        (["B-x"] * 20 + ["0"], "the tag '0' (1 word) marks no span, while the others do"),
        (["B-x", "_", "_"], "the tag '_' (2 words) marks no span, while the others do"),
        (["B-x"] * 20 + ["B-"], "the tag 'B-' (1 word) marks no span, while the others do"),
        (["B-x", "O"], None),
        (["DET", "NOUN", "_"], None),
    ],
)
def test_tags_that_keep_others_from_being_spans_are_named(gold: list[str], strays: str | None) -> None:
    found = evaluate([gold], [["0" for _ in gold]])
    assert found.strays == strays
    assert (found.spans is None) == ("O" not in gold)


def test_bmes_marks_spans() -> None:
    gold = ["B-x", "M-x", "E-x", "O", "S-y"]
    found = evaluate([gold], [["B-x", "M-x", "M-x", "O", "S-y"]])
    assert found.spans is not None
    assert (found.spans.gold, found.spans.correct) == (2, 2)
    assert find_spans(gold) == [Span(0, 3, "x"), Span(4, 5, "y")]
