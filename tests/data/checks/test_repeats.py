"""Leaks, repeats, contradictions."""

from __future__ import annotations

from collections.abc import Callable

from elman.data.checks import CheckReport, DataSplit, FindingGroup, Location
from elman.data.checks.repeats import contradictions, index_sentences, leaks, repeats

Splits = Callable[..., list[DataSplit]]
Examined = Callable[..., CheckReport]
Of = Callable[[CheckReport, str], list[FindingGroup]]


def test_leaks(splits: Splits) -> None:
    given = splits(
        train=["a_X b_X", "c_X", "a_X b_Y"], dev=["a_X b_X", "d_X", "e_X"], test=["D_X", "d_X", "d_X"], other=["c_X"]
    )
    found = list(leaks(given, index_sentences(given)))
    assert [(group.title, group.severity) for group in found] == [
        ("1 of 3 dev sentences also occurs in train (33.3 %)", "error"),
        ("1 of 1 other sentences also occurs in train (100.0 %)", "warning"),
        ("2 of 3 test sentences also occur in dev (66.7 %)", "warning"),
    ]
    (leak,) = found[0].findings
    assert leak.place == Location("dev.txt", 1)
    assert leak.others == (Location("train.txt", 1), Location("train.txt", 3))
    assert leak.message == "“a b” also occurs in train"
    assert leak.details == {"split": "dev", "other_split": "train"}
    assert [finding.place.line for finding in found[2].findings] == [2, 3]


def test_repeats(splits: Splits) -> None:
    given = splits(train=["a_X b_X", "c_X", "a_X b_Y", "c_X", "c_X", "C_X"], dev=["a_X b_X", "c_X"])
    (group,) = repeats(given, index_sentences(given))
    assert group.title == "3 of 6 train sentences repeat an earlier one"
    first, second = group.findings
    assert (first.message, first.severity) == ("“c” occurs 3 times in train", "note")
    assert first.others == (Location("train.txt", 4), Location("train.txt", 5))
    assert second.place == Location("train.txt", 1)


def test_contradictions(splits: Splits) -> None:
    given = splits(
        train=["a_X b_X", "c_X", "a_X b_X", "a_X b_Z", "d_X"],
        dev=["a_X b_Y", "c_X", "d_Y"],
    )
    (group,) = contradictions(index_sentences(given), ["tag"])
    assert group.title == "2 sentences have other tags elsewhere (column tag)"
    first, second = group.findings
    assert first.severity == "warning"
    assert first.message == "“b” is Y here, X elsewhere: “a b”"
    assert first.place == Location("dev.txt", 1)
    assert first.others == (Location("train.txt", 1), Location("train.txt", 3), Location("train.txt", 4))
    assert first.details == {"column": "tag", "word": "b", "tag": "Y", "other_tag": "X", "variants": 3}
    assert second.details["word"] == "d"


def test_other_labels(examined: Examined, of: Of) -> None:
    report = examined(train=["=play a_X b_X", "=stop c_X", "=play a_X b_X"], test=["=stop a_X b_X", "=stop c_X"])
    (group,) = of(report, "contradiction")
    assert group.title == "1 sentence has another label elsewhere (label intent)"
    assert group.findings[0].message == "the sentence is stop here, play elsewhere: “a b”"
    assert group.findings[0].details["word"] is None
    assert report.columns["label:intent"].tags == {"train": {"play": 2, "stop": 1}, "test": {"stop": 2}}


def test_labels_that_are_names_or_not_everywhere(examined: Examined) -> None:
    report = examined(train=[f"=id{i} a_X b{i}_X" for i in range(50)])
    assert list(report.columns) == ["tag"]
    assert list(examined(train=["=play a_X", "b_X"]).columns) == ["tag"]
    assert list(examined(train=["=play a_X", "=stop b_X"]).columns) == ["tag", "label:intent"]
