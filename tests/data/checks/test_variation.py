"""Probable annotation errors: planted ones are found first."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from elman.data.checks import CheckReport, DataSplit, FindingGroup, Location, read_splits
from elman.data.checks.variation import outliers
from elman.data.corpus import ReadOptions
from elman.data.sentence import Sentence

Examined = Callable[..., CheckReport]
Of = Callable[[CheckReport, str], list[FindingGroup]]


def test_between_the_same_words(examined: Examined, of: Of) -> None:
    report = examined(train=["we_P saw_V it_P"] * 4 + ["we_P saw_N it_P"], dev=["the_D saw_N"])
    (group,) = of(report, "outlier")
    (finding,) = group.findings
    assert group.title == "1 word tagged unlike almost all others in a similar context (column tag)"
    assert finding.place == Location("train.txt", 5)
    assert finding.message == "“saw” is N, and V in all 4 others between “we” and “it”: “we [saw] it”"
    assert finding.details["agree"] == finding.details["others"] == 4
    assert finding.details["context"] == "words"
    assert finding.details["between"] == ["we", "it"]


def test_between_the_same_tags(examined: Examined, of: Of) -> None:
    nouns = ["dog", "cat", "hen", "cow", "pig"]
    report = examined(train=[f"{noun}_N runs_V fast_A" for noun in nouns] + ["elk_N runs_N fast_A"])
    (finding,) = of(report, "outlier")[0].findings
    assert finding.message == "“runs” is N, and V in all 5 others between N and A: “elk [runs] fast”"


def test_at_the_edges(examined: Examined, of: Of) -> None:
    report = examined(train=["so_A"] * 5 + ["so_B", "x_X so_B"])
    (finding,) = of(report, "outlier")[0].findings
    assert "A in all 5 others between the beginning and the end" in finding.message
    assert finding.place.line == 6


def test_what_is_no_outlier(examined: Examined, of: Of) -> None:
    too_few = ["we_P saw_V it_P"] * 2 + ["we_P saw_N it_P"]
    too_mixed = ["I_P can_V fish_V"] * 8 + ["I_P can_X fish_V"] * 2
    assert of(examined(train=too_few + too_mixed), "outlier") == []


def test_the_words_beside_overrule_their_tags(examined: Examined, of: Of) -> None:
    """“that” after “all” is another word than after other verbs and nouns of like tags."""
    usual = [f"{verb}_V that_S he_P" for verb in ("say", "know", "think", "hold", "hope", "see", "feel", "fear")]
    report = examined(train=[*usual, *["like_V that_D one_P"] * 3])
    assert of(report, "outlier") == []
    report = examined(train=[*usual * 4, "like_V that_D one_P"])
    assert len(of(report, "outlier")[0].findings) == 1


def test_ranked(examined: Examined, of: Of) -> None:
    lines = ["a_A b_B c_C"] * 30 + ["a_A b_X c_C"] + ["d_D e_E f_F"] * 4 + ["d_D e_X f_F"]
    (group,) = of(examined(train=lines), "outlier")
    assert [finding.details["word"] for finding in group.findings] == ["b", "e"]
    scores = [finding.details["score"] for finding in group.findings]
    assert scores == sorted(scores, reverse=True)


def test_errors_planted_in_real_data(shared_data: Path) -> None:
    """Of the 50 first, nearly all are planted where 3 words in 1,000 are."""
    (split,) = read_splits({"train": [str(shared_data / "other/slots_snips/train.bio")]}, (), ReadOptions(), [])
    rng = random.Random(1)
    planted, sentences = set(), []
    tags = [tag for sentence in split.sentences for tag in sentence.columns["2"]]
    for sentence in split.sentences:
        column = list(sentence.columns["2"])
        for i, tag in enumerate(column):
            if rng.random() < 0.003:
                column[i] = rng.choice([other for other in rng.sample(tags, 100) if other != tag])
                planted.add(sentence.line + sentence.rows[i])
        sentences.append(
            Sentence(sentence.words, {"2": tuple(column)}, sentence.path, sentence.line, rows=sentence.rows)
        )
    (group,) = outliers([DataSplit("train", "train", (), sentences)], "2")
    assert len(planted) > 300
    assert sum(finding.place.line in planted for finding in group.findings[:50]) >= 45
    assert len(planted & {finding.place.line for finding in group.findings}) > len(planted) / 2
