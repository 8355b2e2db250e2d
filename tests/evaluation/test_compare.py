"""Which of two taggers is better, and whether that is more than chance."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from elman.errors import ConfigError, DataError
from elman.evaluation.compare import METRICS, compare, score
from elman.evaluation.compare_runs import RunScores, compare_runs
from elman.evaluation.tagging import evaluate

GOLD = [["D", "N", "V"], ["D", "N"], [], ["N"]] * 20
WORSE = [["D", "N", "N"], ["N", "N"], [], ["N"]] * 20
BETTER = [["D", "N", "V"], ["N", "N"], [], ["N"]] * 20


def test_accuracy_by_hand() -> None:
    found = compare(GOLD, WORSE, BETTER)
    assert (found.metric, found.unit, found.sentences) == ("accuracy", "words", 60)
    assert (found.a, found.b) == (4 / 6, 5 / 6)
    assert found.difference == pytest.approx(1 / 6)
    assert found.low < 1 / 6 < found.high
    assert (found.mcnemar.only_a, found.mcnemar.only_b) == (0, 20)
    assert found.mcnemar.p_value == 2 / 2**20
    assert found.p_value == 2 / 10_001  # no text of 10,000 has A ahead
    assert found.verdict.startswith(
        "B is better than A: 16.67 points of accuracy on this text, and on another like it be"
    )
    back = compare(GOLD, BETTER, WORSE)
    assert back.difference == -found.difference
    assert (back.low, back.high) == (-found.high, -found.low)
    assert back.verdict.startswith("A is better than B: 16.67 points")


def test_whole_sentences() -> None:
    found = compare(GOLD, WORSE, BETTER, metric="sentences")
    assert (found.a, found.b, found.unit) == (1 / 3, 2 / 3, "sentences")
    assert (found.mcnemar.only_a, found.mcnemar.only_b) == (0, 20)


def test_spans_where_the_tags_mark_them() -> None:
    gold = [["B-x", "I-x", "O"], ["O", "B-y", "O"]] * 10
    a = [["B-x", "O", "O"], ["O", "B-y", "B-y"]] * 10
    b = [["B-x", "I-x", "O"], ["O", "O", "O"]] * 10
    found = compare(gold, a, b)
    assert found.metric == "spans"
    assert (found.a, found.b) == (2 * 10 / (20 + 30), 2 * 10 / (20 + 10))
    assert (found.mcnemar.only_a, found.mcnemar.only_b) == (10, 10)
    assert compare(gold, a, b, metric="accuracy").a == 4 / 6


def test_spans_of_tags_that_mark_none() -> None:
    with pytest.raises(
        ConfigError, match=r"^metric spans: the gold tags mark no spans \(.*\): N, D, V; count words inst"
    ):
        compare(GOLD, WORSE, BETTER, metric="spans")
    with pytest.raises(ConfigError, match="^metric spans: the gold tags mark no spans"):
        score(GOLD, WORSE, "spans")
    gold = [["B-x", "O"]] * 20 + [["0", "O"]]
    with pytest.raises(
        ConfigError, match="^metric spans: the tag '0' .1 word. marks no span, while the others do; fix"
    ):
        compare(gold, gold, gold, metric="spans")
    assert compare(gold, gold, gold).metric == "accuracy"
    outside = [["O", "O"]] * 3
    assert compare(outside, outside, [["B-x", "O"]] * 3, metric="spans").b == 0


def test_what_a_small_text_does_not_show() -> None:
    found = compare([["A"]] * 4, [["A"], ["B"], ["A"], ["A"]], [["A"]] * 4)
    assert found.low <= 0 < found.high
    assert found.verdict == (
        "This text does not show which is better: B is 25.00 points of accuracy ahead, but on another like it A could "
        "be ahead by 0.00 points or B by 75.00."
    )
    found = compare([["A"]] * 2, [["A"], ["B"]], [["B"], ["A"]])
    assert "which is better: they score the same, but on another" in found.verdict


def test_the_same_tags() -> None:
    found = compare(GOLD, BETTER, BETTER)
    assert found.verdict == "A and B give the same tags."
    assert (found.difference, found.low, found.high, found.p_value, found.mcnemar.p_value) == (0, 0, 0, 1, 1)


def test_the_seed_alone_decides() -> None:
    one = compare(GOLD, WORSE, BETTER, resamples=500, seed=3)
    assert one == compare(GOLD, WORSE, BETTER, resamples=500, seed=3)
    assert one != compare(GOLD, WORSE, BETTER, resamples=500, seed=4)


def test_json() -> None:
    found = json.loads(json.dumps(compare(GOLD, WORSE, BETTER).to_json()))
    assert found["interval"][0] < found["difference"] < found["interval"][1]
    assert found["mcnemar"] == {"unit": "words", "only_a": 0, "only_b": 20, "p_value": 2 / 2**20, "exact": True}
    assert (found["resamples"], found["seed"]) == (10_000, 1)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(ConfigError, match="^metric: 'f1' does not exist; expected accuracy, spans, sentences$"):
        compare(GOLD, WORSE, BETTER, metric="f1")
    with pytest.raises(ConfigError, match="^resamples: expected a whole number from 1 to 1,000,000, got 0$"):
        compare(GOLD, WORSE, BETTER, resamples=0)
    with pytest.raises(DataError, match="nothing to compare"):
        compare([[]], [[]], [[]])
    with pytest.raises(DataError, match="nothing to compare"):
        score([[]], [[]], "accuracy")
    with pytest.raises(DataError, match="^sentence 2: expected as many sentences of gold, A and B$"):
        compare(GOLD[:2], WORSE[:2], BETTER[:1])
    with pytest.raises(DataError, match="^sentence 1: expected 3 tags, one for each gold tag, B has 2$"):
        compare(GOLD, WORSE, BETTER[1:])


TAGS = st.sampled_from(["O", "B-x", "I-x", "B-y"])


@settings(max_examples=30)
@given(st.lists(st.lists(st.tuples(TAGS, TAGS, TAGS), min_size=1, max_size=5), min_size=1, max_size=8))
def test_scores_are_those_of_evaluate(rows: list[list[tuple[str, str, str]]]) -> None:
    gold, a, b = ([[row[i] for row in sentence] for sentence in rows] for i in range(3))
    one = evaluate(gold, a)
    expected = {"accuracy": one.accuracy, "sentences": one.sentence_accuracy}
    if one.spans is not None:
        expected["spans"] = one.spans.f1
    for metric in METRICS:
        found = compare(gold, a, b, metric=metric, resamples=50)
        assert found.a == pytest.approx(expected.get(metric, 0))
        assert found.low <= found.high


def test_runs_by_hand() -> None:
    found = compare_runs([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])
    assert found.a == RunScores((0.1, 0.2, 0.3))
    assert (found.a.mean, found.a.spread) == (pytest.approx(0.2), pytest.approx(0.1))
    assert found.difference == pytest.approx(0.3)
    assert found.welch_t == pytest.approx(0.3 / (0.02 / 3) ** 0.5)
    assert found.welch_degrees == pytest.approx(4)
    assert found.welch_p == pytest.approx(0.02131, rel=1e-3)
    assert (found.low, found.high) == (pytest.approx(0.0733, abs=1e-4), pytest.approx(0.5267, abs=1e-4))
    assert (found.permutation_p, found.permutation_exact) == (2 / 20, True)
    assert found.verdict("span F1") == (
        "B is better than A on this text: 30.00 points of span F1 on average, more than the luck of the seeds explains."
    )
    record = json.loads(json.dumps(found.to_json()))
    assert (record["a"]["lowest"], record["a"]["highest"]) == (0.1, 0.3)
    assert record["welch"]["p_value"] == found.welch_p


def test_runs_that_show_nothing() -> None:
    found = compare_runs([0.1, 0.3], [0.2, 0.1])
    assert found.verdict().startswith(
        "These runs do not show which is better: A's mean is 5.00 points of accuracy higher, but with other seeds A "
    )
    assert "their means are the same" in compare_runs([0.1, 0.3], [0.3, 0.1]).verdict()


def test_runs_without_spread() -> None:
    found = compare_runs([0.5, 0.5], [0.75, 0.75])
    assert (found.low, found.high, found.welch_t, found.welch_p) == (0.25, 0.25, None, None)
    assert found.permutation_p == pytest.approx(1 / 3)


def test_one_run_has_no_spread() -> None:
    with pytest.raises(DataError, match="^runs of B: expected two or more, to see their spread, got 1$"):
        compare_runs([1, 2], [3])


def test_ten_thousand_resamples_of_many_sentences_are_few_kinds() -> None:
    """What makes it fast: sentences with the same counts are drawn together."""
    rng = np.random.default_rng(1)
    gold = [["A"] * n for n in rng.integers(1, 30, 2_000)]
    a, b = ([["A" if right else "B" for right in rng.random(len(s)) < p] for s in gold] for p in (0.9, 0.95))
    found = compare(gold, a, b)
    assert found.low > 0
