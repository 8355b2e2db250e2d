"""``elman.check`` and ``elman.convert``: the same as the commands, for files and for sentences made in Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import elman

GOOD = [("the", "DET"), ("dog", "NOUN"), ("barks", "VERB")]
OTHER = [("the", "DET"), ("dog", "VERB"), ("barks", "VERB")]


def write(path: Path, *sentences: list[tuple[str, str]]) -> Path:
    lines = [" ".join(f"{word}_{tag}" for word, tag in sentence) for sentence in sentences]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_check_of_files_is_that_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from elman.cli import run

    train, dev = write(tmp_path / "x-train.txt", GOOD, OTHER), write(tmp_path / "x-dev.txt", GOOD)
    notes: list[str] = []
    report = elman.check([train, dev], on_note=notes.append)
    assert run(["check", "--json", str(train), str(dev)]) == 1
    assert report.to_json() == json.loads(capsys.readouterr().out)
    assert list(report.splits) == ["train", "dev"] and len(notes) == 3
    assert elman.check(train=train, dev=dev).to_json() == report.to_json()


def test_check_of_sentences_names_split_and_sentence() -> None:
    report = elman.check(train=[GOOD, GOOD, OTHER], dev=[GOOD])
    assert report.counts["error"] == 1
    leak = next(finding for group in report.groups for finding in group.findings if finding.severity == "error")
    assert (leak.place.file, leak.place.line) == ("dev", 1)
    assert list(report.splits) == ["train", "dev"] and report.splits["train"].files == ()
    assert report.columns["tag"].tags["train"]["VERB"] == 4


def test_check_of_files_and_sentences_and_of_texts(tmp_path: Path) -> None:
    train = write(tmp_path / "t.txt", GOOD)
    report = elman.check(train=train, test=[elman.Sentence(("a",), {"upos": ("DET",)})])
    assert [split.sentences for split in report.splits.values()] == [1, 1]
    with pytest.raises(elman.ConfigError, match="test, sentence 1: expected 1 columns of tags.*found 0; target= says"):
        elman.check(train=train, test=[("good film", "pos")])
    texts = elman.check([("good film", "pos"), ("bad film", "neg")])
    assert texts.splits["data"].words == 4
    with pytest.raises(elman.ConfigError, match="expected data"):
        elman.check()


def test_convert(tmp_path: Path) -> None:
    source, target = write(tmp_path / "t.txt", GOOD, OTHER), tmp_path / "o.jsonl"
    done = elman.convert(source, target)
    assert (done.sentences, done.words) == (2, 6) and "read as word_tag" in done.notes[0]
    assert len(target.read_text(encoding="utf-8").splitlines()) == 2
    assert elman.convert([source, source], tmp_path / "o", to="columns").sentences == 4
    for drop in ("columns", ["columns"], "all", ("all",)):
        assert elman.convert(target, tmp_path / "words", to="text", drop=drop).words == 6
    assert (tmp_path / "words").read_text(encoding="utf-8") == "the dog barks\nthe dog barks\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dst": "t.txt", "to": "jsonl"}, "is read and would be written over"),
        ({"drop": "colums"}, "did you mean columns"),
        ({"spans": "shrink"}, "spans: expected refuse or widen"),
        ({"src": []}, "src: expected a path or a list of paths, got an empty list"),
        ({"to": "xml"}, "'xml' is not written"),
        ({"dst": "o"}, "which format"),
    ],
)
def test_convert_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, object], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("t.txt"), GOOD)
    with pytest.raises(elman.ConfigError, match=message):
        elman.convert(**{"src": "t.txt", "dst": "o.jsonl", **arguments})  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["t.txt"]
