"""The whole examination: figures of real data, JSON, reading of files."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from elman.data.checks import (
    CHECKS,
    SEVERITIES,
    CheckReport,
    FindingGroup,
    Location,
    SplitStatistics,
    examine,
    read_splits,
)
from elman.data.checks.dataset import role_by_name
from elman.data.corpus import ReadOptions
from elman.errors import ConfigError, DataError

Examined = Callable[..., CheckReport]
Of = Callable[[CheckReport, str], list[FindingGroup]]
Write = Callable[..., str]


def of_treebank(folder: Path) -> CheckReport:
    return examine(read_splits({}, [str(path) for path in sorted(folder.glob("*.conllu"))], ReadOptions(), []))


def test_ko_gsd(shared_data: Path, of: Of) -> None:
    report = of_treebank(shared_data / "ud" / "ko_gsd")
    leaks = [(group.severity, group.title) for group in of(report, "leak")]
    assert leaks[0] == ("error", "114 of 989 test sentences also occur in train (11.5 %)")
    assert len(of(report, "leak")[0].findings) == 114
    assert leaks[1] == ("error", "6 of 950 dev sentences also occur in train (0.6 %)")


def test_en_ewt(shared_data: Path, of: Of) -> None:
    report = of_treebank(shared_data / "ud" / "en_ewt")
    assert [group.title for group in of(report, "leak")][:2] == [
        "94 of 2,077 test sentences also occur in train (4.5 %)",
        "68 of 2,001 dev sentences also occur in train (3.4 %)",
    ]
    train = report.splits["train"]
    assert (train.sentences, train.words, train.longest_sentence, train.repeats) == (12_544, 204_577, 159, 810)
    assert of(report, "repeat")[0].title == "810 of 12,544 train sentences repeat an earlier one"
    contradictions = next(group for group in of(report, "contradiction") if group.title.endswith("(column upos)"))
    assert contradictions.title == "5 sentences have other tags elsewhere (column upos)"
    assert len(contradictions.findings) == 5
    assert not any("(column upos)" in group.title for group in of(report, "missing"))
    assert "tree" in report.nothing_found
    (crossing,) = of(report, "non-projective")
    assert crossing.title == "345 of 16,622 trees (2.08 %) have crossing arcs (non-projective)"
    test = report.splits["test"]
    assert test.unknown_words == 2_292
    of_upos = next(group for group in of(report, "outlier") if group.title.endswith("(column upos)"))
    (first, *_) = of_upos.findings
    assert first.details["word"] == "a" and first.details["tag"] == "ADP"  # "wait a least an hour"


def test_census(examined: Examined) -> None:
    report = examined(train=["a_X b_X a_X", "a_X b_X a_X"], test=["a_X c_X A_X", "c_X"])
    assert report.splits["train"] == SplitStatistics(("train.txt",), 2, 6, 2, 3, None, 1)
    assert report.splits["test"] == SplitStatistics(("test.txt",), 2, 4, 3, 3, 3, 0)


def test_long_ones(examined: Examined, of: Of) -> None:
    report = examined(train=["aaaa_X b_X", "c_X", "d_X aaaa_X bb_X"])
    (sentences,) = of(report, "long-sentence")
    assert sentences.title == "the longest sentence has 3 words"
    assert [finding.place.line for finding in sentences.findings] == [3, 1, 2]
    (words,) = of(report, "long-word")
    assert words.title == "the longest word has 4 characters"
    assert words.findings[0].message == "4 characters: “aaaa”"
    assert words.findings[0].place == Location("train.txt", 1)
    assert str(Location("train.txt", 1)) == "train.txt:1"
    assert str(Location("train.txt", None)) == "train.txt"
    assert len(words.findings) == 5


def test_json(examined: Examined) -> None:
    report = examined(train=["a_B-x b_I-x", "a_B-x b_O", "c_I-x"], test=["a_B-x b_I-x", "d_S-x"])
    record = json.loads(json.dumps(report.to_json()))
    assert list(record) == ["schema", "summary", "splits", "columns", "checks", "nothing_found", "findings"]
    assert list(record["summary"]) == list(SEVERITIES)
    assert sum(record["summary"].values()) == len(record["findings"]) == sum(c["findings"] for c in record["checks"])
    checked = set(CHECKS) - {"tree", "non-projective"}  # there are no heads
    assert {finding["check"] for finding in record["findings"]} | set(record["nothing_found"]) == checked
    assert record["splits"]["test"]["unknown_rate"] == 1 / 3
    assert record["splits"]["train"]["unknown_rate"] is None
    assert record["columns"]["tag"]["schemes"]["train"] == {"scheme": "iob2", "also": [], "breaks": 1}
    first = record["findings"][0]
    assert list(first) == ["check", "severity", "file", "line", "message", "others", "details"]
    assert (first["check"], first["file"], first["line"]) == ("leak", "test.txt", 1)
    assert first["others"] == [{"file": "train.txt", "line": 1}, {"file": "train.txt", "line": 2}]
    severities = [SEVERITIES.index(check["severity"]) for check in record["checks"]]
    assert severities == sorted(severities)


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("ud/en_ewt-ud-train.conllu", "train"),
        ("dev/valid.bio", "dev"),
        ("TEST_us50.tsv", "test"),
        ("train.conllu.gz", "train"),
        ("validation.jsonl", "dev"),
        ("trainer.txt", ""),
        ("train-test.txt", ""),
        ("train/all.txt", ""),
        ("-", ""),
    ],
)
def test_role_by_name(path: str, role: str) -> None:
    assert role_by_name(path) == role


def test_files_to_splits(write: Write, tmp_path: Path) -> None:
    notes: list[str] = []
    (tmp_path / "more").mkdir()
    files = [
        write("a-train.txt", "a_X b_Y\n"),
        write("x.txt", "c_X\n"),
        write("b-test.conllu", "1\tc\t_\tX" + "\t_" * 6 + "\n\n"),
        write("more/x.txt", "d_X\n"),
    ]
    (tmp_path / "b.xz").write_bytes(lzma.compress(b"e_X f_X\n"))
    splits = read_splits({"train": ["b.xz"]}, files, ReadOptions(), notes)
    assert [(split.name, split.role, split.files) for split in splits] == [
        ("train", "train", ("b.xz", "a-train.txt")),
        ("test", "test", ("b-test.conllu",)),
        ("x.txt", "", ("x.txt",)),
        ("more/x.txt", "", ("more/x.txt",)),
    ]
    assert [sentence.words for sentence in splits[0].sentences] == [("e", "f"), ("a", "b")]
    assert splits[1].sentences[0].columns == {"tag": ("X",)}
    assert notes[0].startswith("train, dev and test told apart by the names")
    assert notes[1].startswith("b.xz read as word_tag, tags in column tag: ")
    assert len(notes) == 6


def test_two_encodings_in_one_file(write: Write, of: Of) -> None:
    name = write("mixed.txt", "caf\u00e9_X\na_X ".encode() + b"caf\xe9_X\n\xe9_X\n")
    notes: list[str] = []
    report = examine(read_splits({}, [name], ReadOptions(), notes))
    (group,) = of(report, "encoding")
    assert group.title == "2 words in another encoding than the rest"
    assert [finding.place.line for finding in group.findings] == [2, 3]
    assert group.findings[0].details == {"word": "caf\\xe9"}
    assert group.severity == "error"
    assert len(notes) == 1


def test_one_other_encoding_is_refused(write: Write) -> None:
    name = write("latin.txt", "a_X\ncafé_X\n".encode("latin-1"))
    with pytest.raises(DataError, match="^latin.txt:2: byte 0xE9 at offset 7 is not utf-8"):
        read_splits({}, [name], ReadOptions(), [])
    (split,) = read_splits({}, [name], ReadOptions(encoding="latin-1"), [])
    assert split.sentences[1].words == ("café",)


def test_what_cannot_be_read(write: Write) -> None:
    bad = b"\xc3\xa9_X \xe9\0_X\n"
    for content, message in ((b"", "is empty"), (b"\n\n", "no sentences"), (bad, "is not utf-8")):
        with pytest.raises(DataError, match=message):
            read_splits({}, [write("x.txt", content)], ReadOptions(format="word_tag"), [])
    with pytest.raises(DataError, match="^none.txt: cannot be read"):
        read_splits({"dev": ["none.txt"]}, [], ReadOptions(), [])
    with pytest.raises(DataError, match="is not ascii"):
        read_splits({}, [write("y.txt", "é_X\n")], ReadOptions(encoding="ascii"), [])


def test_labels_without_tags(write: Write) -> None:
    notes: list[str] = []
    (split,) = read_splits(
        {}, [write("x.ft", "__label__x a b\n__label__y a c\n")], ReadOptions(format="fasttext"), notes
    )
    assert split.sentences[0].columns == {"label:label": ("x",)}
    assert notes == ["x.ft read as fasttext, labels label: as asked for"]
    report = examine([split])
    assert report.columns["label:label"].tags == {"x.ft": {"x": 1, "y": 1}}


def test_columns_that_do_not_match(write: Write) -> None:
    one, two = write("train.tsv", "a\tX\n\n"), write("x.tsv", "a\tX\tY\n\n")
    with pytest.raises(ConfigError, match="no column 3"):
        read_splits({}, [two, one], ReadOptions(targets=("2", "3")), [])
    labels = write("test.ft", "__label__x a b\n")
    with pytest.raises(
        ConfigError, match="^test.ft: expected 1 columns of tags, as in the files before, found 0; --target"
    ):
        read_splits({}, [one, labels], ReadOptions(), [])
    with pytest.raises(ConfigError):
        read_splits({}, [labels], ReadOptions(targets=("2",), format="fasttext"), [])
    splits = read_splits({}, [one, two], ReadOptions(), [])
    assert splits[1].sentences[0].columns == {"2": ("Y",)}
