"""Tags: missing ones, rare ones, schemes, columns that look wrong."""

from __future__ import annotations

from collections.abc import Callable

from elman.data.checks import CheckReport, FindingGroup, Location

Examined = Callable[..., CheckReport]
Of = Callable[[CheckReport, str], list[FindingGroup]]


def test_missing_and_once(examined: Examined, of: Of) -> None:
    report = examined(train=["a_X b_X", "c_Y"], dev=["a_X b_Q", "c_Q d_R"], test=["a_R"])
    (missing,) = of(report, "missing")
    assert missing.title == "2 tags that train lacks (column tag)"
    assert [(finding.message, finding.place.line) for finding in missing.findings] == [
        ("the tag “Q” occurs 2 times in dev, never in train", 1),
        ("the tag “R” occurs once in dev, never in train", 2),
        ("the tag “R” occurs once in test, never in train", 1),
    ]
    (once,) = of(report, "once")
    assert once.title == "1 tag seen once in train (column tag)"
    assert once.findings[0].message == "the tag “Y” occurs once in train, on “c”"
    assert report.columns["tag"].tags["dev"] == {"X": 1, "Q": 2, "R": 1}


def test_illegal_sequences(examined: Examined, of: Of) -> None:
    report = examined(train=["a_O b_B-x c_I-x", "d_O e_I-x"], dev=["a_I-x", "b_B-x c_B-x"])
    train, dev = of(report, "scheme")
    assert train.title == "1 place in train where tags break IOB2 (column tag), so training uses no constraints"
    assert train.severity == "error"
    (finding,) = train.findings
    assert finding.message == "I-x after O is no IOB2, on “e”"
    assert finding.place == Location("train.txt", 2)
    assert finding.details == {"column": "tag", "split": "train", "scheme": "iob2", "before": "O", "after": "I-x"}
    assert dev.findings[0].message == "I-x at the beginning of a sentence is no IOB2, on “a”"


def test_few_illegal_sequences_are_mended_in_training(examined: Examined, of: Of) -> None:
    (train,) = of(examined(train=["a_O b_B-x"] * 20 + ["a_O b_I-x"]), "scheme")
    assert train.title == "1 place in train where tags break IOB2 (column tag), mended in training"
    (train,) = of(examined(train=["a_B-x b_B-"] * 20), "scheme")  # constraints know B- as a type
    assert train.title == "20 places in train where tags break IOB2 (column tag)"


def test_another_scheme(examined: Examined, of: Of) -> None:
    report = examined(train=["a_B-x b_I-x"], dev=["a_I-x b_I-x", "a_I-x b_B-x"], test=["a_O b_O"])
    (group,) = of(report, "scheme")
    assert group.title == "dev is in another tag scheme (column tag)"
    assert group.findings[0].message == "dev is IOB1, train is IOB2; elman convert makes them one"
    found = report.columns["tag"].schemes
    assert [found[split].scheme for split in ("train", "dev", "test")] == ["iob2", "iob1", "none"]


def test_a_scheme_that_can_be_two(examined: Examined, of: Of) -> None:
    report = examined(train=["a_I-x b_I-x"], dev=["a_I-x b_B-x"], test=["a_I-x b_O"])
    assert of(report, "scheme") == []
    report = examined(train=["a_O b_O"], dev=["a_B-x b_I-x"])
    (group,) = of(report, "scheme")
    assert group.findings[0].message.startswith("dev is IOB2, train is no scheme of spans;")


def test_shape(examined: Examined, of: Of) -> None:
    report = examined(train=["a_X", "b_X"], dev=["a_X c_Y"])
    (group,) = of(report, "shape")
    assert [finding.message.split(";")[0] for finding in group.findings] == [
        "train: column tag: every tag is 'X'",
        "train: 2 of 2 sentences have one word only, so there is no context to learn from",
    ]


def test_tags_that_mark_no_span(examined: Examined, of: Of) -> None:
    report = examined(train=["a_B-x b_I-x c_O"] * 9 + ["a_B-x b_0 c_O"], dev=["a_B-x b_o c_O"])
    (group,) = of(report, "shape")
    effect = "marks no span, while the others do, so there is no span F1, and no rules of spans are kept"
    assert [(finding.place, finding.message) for finding in group.findings] == [
        (Location("train.txt", 10), f"train: column tag: the tag '0' (1 word) {effect}"),
        (Location("dev.txt", 1), f"dev: column tag: the tag 'o' (1 word) {effect}"),
    ]


def test_a_tag_without_a_type(examined: Examined, of: Of) -> None:
    report = examined(train=["a_B- b_I- c_O"] + ["a_B-x b_I-x c_O"] * 9)
    (group,) = of(report, "scheme")
    assert [finding.message for finding in group.findings] == [
        "B- at the beginning of a sentence is no IOB2: it has no type, on “a”",
        "I- after B- is no IOB2: it has no type, on “b”",
    ]


def test_labels_of_sentences(examined: Examined, of: Of) -> None:
    report = examined(train=["=play a_X b_X", "=play c_X", "=stop d_X"], test=["=go a_X b_X", "=go\u00a0 d_X"])
    once, missing, odd = (group for check in ("once", "missing", "characters") for group in of(report, check))
    assert once.title == "1 label seen once in train (label intent)"
    assert once.findings[0].message == "the label “stop” occurs once in train, on “d”"
    assert missing.title == "2 labels that train lacks (label intent)"
    assert missing.findings[0].message == "the label “go” occurs once in test, never in train"
    assert odd.title == "U+00A0 NO-BREAK SPACE in 1 label (label intent)"
    assert odd.findings[0].message == "the label “go\\xa0” holds U+00A0 NO-BREAK SPACE"
