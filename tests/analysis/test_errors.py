"""Which errors come first."""

from __future__ import annotations

import json

import pytest

import elman
from elman.analysis.errors import analyze_errors
from elman.errors import ConfigError, DataError

TRAIN = [[("the", "D"), ("dog", "N"), ("barks", "V")]] * 5 + [[("a", "D"), ("walk", "N")], [("walk", "V")]]
GOLD = [
    [("the", "D"), ("dog", "N"), ("barks", "V")],
    [("the", "X"), ("cat", "N"), ("walk", "V")],
    [("the", "D"), ("cat", "V"), ("cat", "V")],
    [("a", "X"), ("dog", "N")],
    [("bird", "V")],
]


@pytest.fixture(scope="module")
def tagger() -> elman.Tagger:
    return elman.train(TRAIN, model="frequent", on_warning=lambda text: None)


def test_counts_are_those_of_evaluate(tagger: elman.Tagger) -> None:
    found, evaluation = analyze_errors(tagger, GOLD), tagger.evaluate(GOLD)
    assert (found.column, found.tokens, found.correct) == ("tag", evaluation.tokens, evaluation.correct)
    assert (found.unknown_tokens, found.unknown_correct) == (evaluation.unknown_tokens, evaluation.unknown_correct)
    assert found.errors == sum(one.count for one in found.confusions)
    assert json.loads(json.dumps(found.to_json()))["accuracy"] == evaluation.accuracy


def test_the_surest_error_comes_first(tagger: elman.Tagger) -> None:
    found = analyze_errors(tagger, GOLD)
    assert [([word.word for word in one.words], one.at, one.count) for one in found.sentences] == [
        (["the", "cat", "walk"], 0, 1),
        (["a", "dog"], 0, 1),
        (["the", "cat", "walk"], 2, 1),
        (["the", "cat", "cat"], 1, 2),  # as sure as the bird, and more often
        (["the", "cat", "walk"], 1, 1),
        (["bird"], 0, 1),
    ]
    sure = [sentence.surest.confidence for sentence in found.sentences]
    assert sure == sorted(sure, reverse=True)
    first = found.sentences[0]
    word = first.surest
    assert (word.word, word.gold, word.predicted, word.known, word.line, word.correct) == (
        "the",
        "X",
        "D",
        True,
        None,
        False,
    )
    assert word.confidence == tagger.probabilities(["the"])[0, tagger.tags.index("D")]
    assert first.errors >= 1 and found.sentences[3].errors == 2
    assert first.to_json()["words"][0]["predicted"] == "D"


def test_one_entry_for_each_kind_of_error(tagger: elman.Tagger) -> None:
    sentence = (("the", "dog"), {"tag": ("X", "N")})
    gold = [elman.Sentence(*sentence, "file", line) for line in range(1, 41)]
    (only,) = analyze_errors(tagger, gold).sentences
    assert (only.count, only.path, only.surest.line) == (40, "file", 1)
    assert only.others == tuple(("file", line) for line in (2, 3, 4, 5))
    assert only.to_json()["others"][0] == {"path": "file", "line": 2}


def test_leaving_out_what_is_less_sure_changes_nothing(tagger: elman.Tagger) -> None:
    words = [f"w{i}" for i in range(60)]
    gold = [[(word, "X"), ("the", "V")] for word in words + words] + [[("the", "V")]]
    few, whole = analyze_errors(tagger, gold, most=3), analyze_errors(tagger, gold, most=100)
    assert few.sentences == whole.sentences[:3]
    assert len(whole.sentences) == 61 and {one.count for one in few.sentences} <= {2, 121}


def test_confusions_and_unknown_words(tagger: elman.Tagger) -> None:
    found = analyze_errors(tagger, GOLD)
    guess = tagger.tag(["cat"])[0]
    assert found.confusions[0].count == max(one.count for one in found.confusions)
    (of_cat,) = [one for one in found.confusions if (one.gold, one.predicted) == ("V", guess)]
    assert of_cat.words[0] == ("cat", 2)
    assert [(one.word, one.count, one.wrong, one.gold) for one in found.unknown if one.word == "cat"] == [
        ("cat", 3, 2 if guess == "N" else 3, "V")
    ]


def test_no_more_than_asked_for(tagger: elman.Tagger) -> None:
    found = analyze_errors(tagger, GOLD, most=1)
    whole = analyze_errors(tagger, GOLD)
    assert found.sentences == whole.sentences[:1]
    assert (found.confusions, found.unknown) == (whole.confusions[:1], whole.unknown[:1])
    assert found.errors == whole.errors


def test_no_errors_and_no_gold(tagger: elman.Tagger) -> None:
    found = analyze_errors(tagger, TRAIN[:1])
    assert (found.errors, found.sentences, found.confusions, found.unknown) == (0, (), (), ())
    with pytest.raises(DataError):
        analyze_errors(tagger, [])


def test_one_of_several_columns() -> None:
    made = [elman.Sentence(("a", "b"), {"pos": ("X", "Y"), "entity": ("O", "B-Z")}, "file", 7)]
    settings = {"hidden": 4, "epochs": 1, "ensemble": 1}
    both = elman.train(made, settings=settings, target="pos,entity", on_warning=lambda text: None)
    assert analyze_errors(both, made).column == "pos"
    wrong = [elman.Sentence(("a", "b"), {"pos": ("X", "Y"), "entity": ("Q", "Q")}, "file", 7)]
    found = analyze_errors(both, wrong, target="entity")
    assert found.column == "entity" and found.errors == 2
    assert (found.sentences[0].path, found.sentences[0].surest.line) == ("file", 7)
    with pytest.raises(ConfigError):
        analyze_errors(both, made, target="nonsense")
