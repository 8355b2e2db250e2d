"""Spans as seqeval finds them, against the package itself."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given, strategies as st

from elman.data.spans import Span
from elman.errors import ConfigError, DataError
from elman.evaluation.seqeval import STRICT_SCHEMES, SeqevalReport, lenient_spans, report, span_finder, strict_spans
from elman.evaluation.span_scores import SpanEvaluation, SpanEvaluator

THEIR_NAMES = {"iob1": "IOB1", "iob2": "IOB2", "ioe1": "IOE1", "ioe2": "IOE2", "bioes": "IOBES", "bilou": "BILOU"}
LETTERS = {"iob1": "IB", "iob2": "IB", "ioe1": "IE", "ioe2": "IE", "bioes": "IBES", "bilou": "BILU", None: "IBES"}

Pairs = list[list[tuple[str, str]]]


def evaluated(pairs: Pairs, scheme: str | None) -> SpanEvaluation:
    tally = SpanEvaluator(span_finder(scheme))
    for sentence in pairs:
        tally.add([gold for gold, _ in sentence], [predicted for _, predicted in sentence])
    return tally.result()


@pytest.fixture(scope="module")
def package() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies
        return pytest.importorskip("seqeval.metrics", reason="seqeval is in the test extra")


@st.composite
def tagged(draw: st.DrawFn) -> tuple[str | None, Pairs]:
    scheme = draw(st.sampled_from([None, *STRICT_SCHEMES]))
    letters = LETTERS[scheme]
    tag = st.sampled_from(["O", *letters, *(f"{letter}-{kind}" for letter in letters for kind in ("a", "b", "a-b"))])
    pair = st.tuples(tag, tag) | tag.map(lambda one: (one, one))
    return scheme, draw(st.lists(st.lists(pair, min_size=1, max_size=8), min_size=1, max_size=5))


@given(tagged())
def test_the_same_as_the_package(package: Any, example: tuple[str | None, Pairs]) -> None:
    import seqeval.scheme

    scheme, pairs = example
    gold, predicted = ([[pair[i] for pair in sentence] for sentence in pairs] for i in (0, 1))
    options: dict[str, Any] = {"zero_division": 0}
    if scheme is not None:
        options |= {"mode": "strict", "scheme": getattr(seqeval.scheme, THEIR_NAMES[scheme])}
    found = evaluated(pairs, scheme)
    if not found.types:  # there the package fails
        return
    assert report(found) + "\n" == package.classification_report(gold, predicted, **options)
    averages = found.to_json()["averages"]
    for name, theirs in package.classification_report(gold, predicted, output_dict=True, **options).items():
        ours = averages[name.removesuffix(" avg")] if name.endswith(" avg") else found.to_json()["types"][name]
        assert ours["precision"] == pytest.approx(theirs["precision"])
        assert ours["recall"] == pytest.approx(theirs["recall"])
        assert ours["f1"] == pytest.approx(theirs["f1-score"])
        assert ours["support"] == theirs["support"]
    assert found.f1 == pytest.approx(package.f1_score(gold, predicted, **options))


def test_by_hand() -> None:
    tags = ["B-per", "I-per", "O", "I-loc", "I-loc", "B-loc", "I-per"]
    assert lenient_spans(tags) == [Span(0, 2, "per"), Span(3, 5, "loc"), Span(5, 6, "loc"), Span(6, 7, "per")]
    assert strict_spans(tags, "iob2") == [Span(0, 2, "per"), Span(5, 6, "loc")]
    assert strict_spans(["B-x", "I-x", "E-x", "S-x", "B-x", "O"], "bioes") == [Span(0, 3, "x"), Span(3, 4, "x")]


def test_report_by_hand() -> None:
    pairs = [[("B-per", "B-per"), ("I-per", "O"), ("B-loc", "B-loc")], [("O", "B-loc")]]
    assert report(evaluated(pairs, None)) == (
        "              precision    recall  f1-score   support\n"
        "\n"
        "         loc       0.50      1.00      0.67         1\n"
        "         per       0.00      0.00      0.00         1\n"
        "\n"
        "   micro avg       0.33      0.50      0.40         2\n"
        "   macro avg       0.25      0.50      0.33         2\n"
        "weighted avg       0.25      0.50      0.33         2"
    )


def test_no_words() -> None:
    with pytest.raises(DataError, match="nothing to evaluate"):
        SeqevalReport().text()


def test_no_spans() -> None:
    found = evaluated([[("O", "O")]], "IOB2")
    assert report(found).splitlines()[-1] == "weighted avg       0.00      0.00      0.00         0"


def test_other_schemes_and_tags() -> None:
    with pytest.raises(
        ConfigError, match="^scheme: 'IO' has no strict mode; iob1, iob2, ioe1, ioe2, bioes, bilou have$"
    ):
        span_finder("IO")
    with pytest.raises(ConfigError, match="^scheme: 'X' does not exist"):
        span_finder("X")
    with pytest.raises(DataError, match="^the tag 'S-x' is not of IOB2, whose letters are I, O, B$"):
        strict_spans(["O", "S-x"], "iob2")
