"""``elman tag``: confidences, words left untagged, n-best lists."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import elman

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

TEXT = b"the dog barks .\n\nunheard words ,\n"


@pytest.fixture(scope="module")
def network(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of two columns, with a dev set; the tags ``_`` and ``A=1`` are in the second."""
    folder = tmp_path_factory.mktemp("network")
    rows = [("the", "DET", "_"), ("dog", "NOUN", "A=1"), ("barks", "VERB", "_")]
    sentence = "".join(f"{i}\t{w}\t_\t{u}\t_\t{f}\t_\t_\t_\t_\n" for i, (w, u, f) in enumerate(rows, start=1)) + "\n"
    (folder / "train.conllu").write_text(sentence * 4, encoding="utf-8")
    path = folder / "m"
    settings = [part for key in ("hidden=8", "epochs=4", "ensemble=1") for part in ("--set", key)]
    result = run("train", folder / "train.conllu", "--dev", "50%", "-o", path, "--target", "upos,feats", *settings)
    assert result.returncode == 0, result.stderr.decode()
    return path


def confidences(model: Path, text: bytes) -> list[list[tuple[str, str, float]]]:
    """(word, tag, confidence) of each word, from Python."""
    words = [line.split(" ") if line else [] for line in text.decode().splitlines()]
    found = elman.load(model).pipe(words, confidence=True)
    return [list(zip(of, tags, sure, strict=True)) for of, (tags, sure) in zip(words, found, strict=True)]


@pytest.mark.parametrize("form", ["word_tag", "tags", "columns", "conllu", "jsonl"])
def test_unsure_words_are_left_untagged_in_every_format(run: Run, model: Path, form: str) -> None:
    wanted = confidences(model, TEXT)
    sure = sorted({p for of in wanted for *_, p in of})
    least = (sure[0] + sure[-1]) / 2
    result = run("tag", model, "--min-confidence", least, "--as", form, stdin=TEXT)
    assert result.returncode == 0
    text = result.stdout.decode()
    nothing = "?" if form == "word_tag" else "_"
    expected = [[tag if p >= least else nothing for _, tag, p in of] for of in wanted]
    n_sure = sum(tag != nothing for of in expected for tag in of)
    assert 0 < n_sure < 7
    if form == "word_tag":
        found = [[word.rpartition("_")[2] for word in line.split(" ") if word] for line in text.splitlines()]
    elif form == "tags":
        found = [line.split() for line in text.splitlines()]
    elif form == "jsonl":
        found = [json.loads(line)["tags"] for line in text.splitlines()]
    else:
        column = 1 if form == "columns" else 3
        found = [[line.split("\t")[column] for line in text.splitlines() if "\t" in line]]
        expected = [sum(expected, [])]
    assert found == expected
    said = result.stderr.decode().splitlines()[1:]
    assert said == [
        f"elman: tagged {n_sure} of 7 words ({100 * n_sure / 7:.2f} %); the others, with a confidence below {least:g}, "
        f"are {nothing}",
        "elman: the confidences are raw; those of a network trained with --dev are calibrated on it",
    ]


def test_all_and_none(run: Run, model: Path) -> None:
    assert run("tag", model, "--min-confidence", 0, stdin=TEXT).stdout == run("tag", model, stdin=TEXT).stdout
    result = run("tag", model, "--min-confidence", 1, stdin=b"xyzzy\n")
    assert result.stdout == b"xyzzy_?\n" and b"tagged 0 of 1 words (0.00 %)" in result.stderr
    empty = run("tag", model, "--min-confidence", 0.5, stdin=b"\n")
    assert empty.stdout == b"\n" and b"tagged 0 of 0 words; the others" in empty.stderr


def test_confidences_stand_beside_untagged_words(run: Run, model: Path) -> None:
    result = run("tag", model, "--min-confidence", 1, "--confidence", stdin=b"the xyzzy\n")
    assert re.fullmatch(rb"the\t_\t0\.\d{4}\nxyzzy\t_\t0\.\d{4}\n\n", result.stdout)
    assert b"confidence below" not in run("tag", model, "--confidence", stdin=b"the\n").stderr


def test_several_columns_and_a_tag_that_is_the_placeholder(run: Run, network: Path) -> None:
    result = run("tag", network, "--min-confidence", 1, "--as", "conllu", stdin=b"the dog\n")
    assert [line.split("\t")[3::2][:2] for line in result.stdout.decode().splitlines() if line] == [["_", "_"]] * 2
    said = result.stderr.decode()
    assert "elman: column upos: tagged 0 of 2 words (0.00 %)" in said and "elman: column feats: tagged 0 of" in said
    assert "elman: warning: _ is a tag of column feats too" in said and "column upos too" not in said
    assert "raw" not in said


def test_nbest_as_columns_and_jsonl(run: Run, network: Path) -> None:
    text = b"the dog\n\nbarks\n"
    tagger = elman.load(network)
    wanted = [tagger.nbest(words, 3) for words in (["the", "dog"], [], ["barks"])]
    lines = (
        run("tag", network, "--nbest", 3, "--target", "upos", "--as", "jsonl", stdin=text).stdout.decode().splitlines()
    )
    for line, words, found in zip(lines, (["the", "dog"], [], ["barks"]), wanted, strict=True):
        record = json.loads(line)
        assert record["tokens"] == words
        assert [(one["tags"], one["probability"]) for one in record["nbest"]] == [
            (tags, pytest.approx(p, rel=1e-5)) for tags, p in found
        ]
    blocks = run("tag", network, "--nbest", 3, "--target", "upos", stdin=text).stdout.decode().split("\n\n")
    first = [row.split("\t") for row in blocks[1].splitlines()]
    assert [row[:3] for row in first] == [[w, t, "2"] for w, t in zip(["the", "dog"], wanted[0][1][0], strict=True)]
    assert float(first[0][3]) == float(first[1][3]) == pytest.approx(wanted[0][1][1], rel=1e-5)
    assert sum(block.strip() != "" for block in blocks) == 6


def test_nbest_of_each_column(run: Run, network: Path) -> None:
    tagger = elman.load(network)
    record = json.loads(run("tag", network, "--nbest", 2, "--as", "jsonl", stdin=b"the dog\n").stdout)
    assert list(record["nbest"]) == ["upos", "feats"]
    rows = run("tag", network, "--nbest", 2, stdin=b"the dog\n").stdout.decode().split("\n\n")
    for number, name in enumerate(("upos", "feats")):
        found = tagger.nbest(["the", "dog"], 2, name)
        assert [one["tags"] for one in record["nbest"][name]] == [tags for tags, _ in found]
        for rank, (tags, _) in enumerate(found):
            fields = [row.split("\t") for row in rows[2 * number + rank].splitlines()]
            assert [row[1:3] + row[4:] for row in fields] == [[tag, str(rank + 1), name] for tag in tags]


def test_nbest_of_another_column_and_of_files(run: Run, network: Path, tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text("# a comment\n1\tdog" + "\t_" * 8 + "\n\n# the end\n", encoding="utf-8")
    result = run("tag", network, tmp_path / "a.conllu", "--nbest", 2, "--target", "feats")
    tags = [tags for tags, _ in elman.load(network).nbest(["dog"], 2, "feats")]
    assert [line.split("\t")[:3] for line in result.stdout.decode().splitlines() if line] == [
        ["dog", tags[0][0], "1"],
        ["dog", tags[1][0], "2"],
    ]


def test_what_does_not_go_together(refused: Refused, network: Path, model: Path) -> None:
    assert "expected a number in the range 0<=x<=1, got '1.5'" in refused("tag", network, "--min-confidence", 1.5)
    assert "expected a number in the range 0<=x<=1, got 'nan'" in refused("tag", network, "--min-confidence", "nan")
    assert "0<=x<=1, got '90%'" in refused("tag", network, "--min-confidence", "90%")
    assert "leave out the other" in refused("tag", network, "--nbest", 2, "--confidence")
    assert "leave out the other" in refused("tag", network, "--nbest", 2, "--min-confidence", 0.5)
    assert "word_tag holds one sequence" in refused("tag", network, "--nbest", 2, "--as", "word_tag")
    assert "frequent has one best" in refused("tag", model, "--nbest", 2, stdin=b"a\n")
    assert "1<=x<=1000" in refused("tag", network, "--nbest", 0)
