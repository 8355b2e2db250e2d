"""Files in every form where commands take files: formats, compressed, several, folders, patterns, standard input."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TRAIN = "the_DET dog_NOUN barks_VERB ._PUNCT\na_DET cat_NOUN sleeps_VERB ._PUNCT\n"
DEV = "a_DET dog_NOUN sleeps_VERB ._PUNCT\nthe_DET bird_NOUN sings_VERB ._PUNCT\n"
Run = Callable[..., Any]
Refused = Callable[..., str]

CSV = "word,pos\n" + "".join(
    "".join(f"{token.replace('_', ',')}\n" for token in line.split(" ")) + ",\n" for line in TRAIN.splitlines()
)


@pytest.fixture(scope="module")
def model(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "t").write_text(TRAIN)
    assert run("train", folder / "t", "-o", folder / "m", "--model", "frequent").returncode == 0
    return folder / "m"


def test_a_folder_of_compressed_files_of_several_formats(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / "a.csv").write_bytes(gzip.compress(CSV.encode()))
    (folder / "b.txt").write_bytes(lzma.compress(TRAIN.encode()))
    result = run("train", folder, "-o", tmp_path / "m", "--model", "frequent")
    err = result.stderr.decode()
    assert result.returncode == 0, err
    assert f"{folder / 'a.csv'} read as csv, tags in column pos: usual names of columns in the first line (2" in err
    assert f"{folder / 'b.txt'} read as word_tag, tags in column tag" in err
    assert b"4 sentences" in result.stdout


def test_a_pattern_and_several_files_for_evaluate(run: Run, model: Path, tmp_path: Path) -> None:
    for name in ("x1.txt", "x2.txt"):
        (tmp_path / name).write_text(DEV)
    one = run("evaluate", model, tmp_path / "x1.txt", "--json").stdout
    both = run("evaluate", model, str(tmp_path / "x?.txt"), "--json").stdout
    listed = run("evaluate", model, tmp_path / "x1.txt", tmp_path / "x2.txt", "--json")
    assert both == listed.stdout != one
    assert listed.stderr.count(b"read as word_tag") == 2


def test_tag_takes_them_too_and_packs_what_it_writes(run: Run, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "1.txt").write_bytes(gzip.compress(b"the dog\n", mtime=0))
    (folder / "2.txt").write_text("a cat\n")
    out = tmp_path / "out.txt.gz"
    assert run("tag", model, folder, "-o", out).returncode == 0
    assert gzip.decompress(out.read_bytes()) == b"the_DET dog_NOUN\na_DET cat_NOUN\n"
    assert run("tag", model, "-", stdin=gzip.compress(b"the dog\n", mtime=0)).stdout == b"the_DET dog_NOUN\n"


def test_tables_keep_their_other_columns(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('word,note\nthe,"a, b"\ndog,\n')
    (tmp_path / "b.csv").write_text("word,note\na,x\n")
    result = run("tag", model, tmp_path / "a.csv", tmp_path / "b.csv", "--format", "csv", "--target", "pos")
    assert result.stdout == b'word,note,pos\nthe,"a, b",DET\ndog,,NOUN\n\na,x,DET\n'
    assert run("tag", model, "--as", "csv", stdin=b"the dog\na cat\n").stdout == (
        b"word,tag\nthe,DET\ndog,NOUN\n\na,DET\ncat,NOUN\n\n"
    )


def test_trees_keep_their_phrases(run: Run, model: Path) -> None:
    tree = b"(S (NP (X the) (X dog))\n  (VP (X barks)))\n"
    assert run("tag", model, stdin=tree).stdout == b"(S (NP (DET the) (NOUN dog))\n  (VP (VERB barks)))\n"


def test_names_for_columns(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "g").write_text("X the DET\nX dog NOUN\n\n")
    arguments = ["--format", "columns:word=2,pos=3", "--target", "pos", "--json"]
    assert b'"accuracy"' in run("evaluate", model, tmp_path / "g", *arguments).stdout


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            gzip.compress(b"a_X\n" * 99, mtime=0)[:20],
            "the gzip data end before their end; the file is cut off: get it again",
        ),
        (b"PK\3\4", "a zip archive; expected text, gzip, xz or zstd: unpack it first"),
        (b"a_X\nb_\xf0\n", "byte 0xF0 at offset 6 is not utf-8"),
        (b"(S (A b)\n(S (A b))\n", "the tree that begins here does not close: 1 bracket is open where line 2 begins"),
        (b"a b c\n", "no tags to be seen in the first lines, the first is 'a b c'; pass --format"),
    ],
)
def test_broken_files(refused: Refused, tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "f").write_bytes(data)
    line = refused("train", tmp_path / "f", "-o", tmp_path / "m")
    assert line.startswith(f"elman: {tmp_path / 'f'}:") and message in line
    assert not (tmp_path / "m").exists()


def test_no_such_files(refused: Refused, model: Path, tmp_path: Path) -> None:
    assert "no file matches this pattern" in refused("tag", model, str(tmp_path / "*.txt"))
    assert "a folder without files" in refused("tag", model, tmp_path)
    (tmp_path / "x.txt").write_text("a\n")
    assert "is read and would be written over" in refused("tag", model, str(tmp_path / "*"), "-o", tmp_path / "x.txt")


def test_numbers_without_names_are_asked_for_by_every_command(refused: Refused, run: Run, tmp_path: Path) -> None:
    text = '{"tokens": ["in", "Rome"], "ner_tags": [0, 1], "lang": "de"}\n' * 3
    (tmp_path / "t.jsonl").write_text(text)
    file, model = tmp_path / "t.jsonl", tmp_path / "m"
    for command in (("train", file, "-o", model), ("check", file), ("evaluate", "--predicted", file, file)):
        assert "t.jsonl: ner_tags is a number without a name; pass --names" in refused(*command), command
    assert not model.exists()
    assert run("train", file, "-o", model, "--target", "lang", "--set", "epochs=1").returncode == 0
    assert run("evaluate", model, file).returncode == 0
    assert run("evaluate", "--predicted", file, file, "--label", "lang").returncode == 0


@pytest.mark.parametrize(
    "command",
    [
        "train FILE --model frequent -o OUT",
        "train FILE --task lm -o OUT",
        "train FILE --task segment -o OUT",
        "tag MODEL FILE -o OUT",
        "tag MODEL FILE --confidence -o OUT",
        "evaluate MODEL FILE",
        "compare FILE MODEL MODEL",
        "check FILE",
        "errors MODEL FILE",
        "convert FILE OUT",
    ],
)
def test_text_that_is_not_in_its_encoding(refused: Refused, model: Path, tmp_path: Path, command: str) -> None:
    """UTF-16 without a byte order mark raises another error than other bytes do: one line, and OUT stays as it was."""
    file, out = tmp_path / "file.txt", tmp_path / "out.conllu"
    file.write_bytes("a_X b_Y\n".encode("utf-16-le"))
    out.write_text("before", encoding="utf-8")
    names = {"FILE": str(file), "OUT": str(out), "MODEL": str(model)}
    arguments = [names.get(word, word) for word in command.split()]
    assert f"{file}:1: it is not utf-16 (UTF-16 stream does not start with BOM); pass the file's own" in refused(
        *arguments, "--encoding", "utf-16"
    )
    for encoding in ("punycode", "rot13"):
        assert f"'{encoding}'; the usual one is utf-8" in refused(*arguments, "--encoding", encoding)
    assert out.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt", "out.conllu"]
