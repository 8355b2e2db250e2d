"""``-o DIR/`` of ``elman tag`` and ``elman convert``: an output for each input."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from elman.cli.output_folder import name_as

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

CONLLU = "1\tthe\t_\t{}\t_\t_\t_\t_\t_\t_\n\n"


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.conllu").write_text(CONLLU.format("_"), encoding="utf-8")
    (folder / "b.txt").write_text("the dog\n", encoding="utf-8")
    return folder


def test_tag_writes_a_file_for_each(run: Run, model: Path, inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("tag", model, inputs, "-o", f"{out}/")
    assert (result.returncode, result.stdout) == (0, b"")
    assert (out / "a.conllu").read_text(encoding="utf-8") == CONLLU.format("DET")
    assert (out / "b.txt").read_text(encoding="utf-8") == "the_DET dog_NOUN\n"
    assert run("tag", model, inputs / "b.txt", inputs / "a.conllu", "-o", out, "--as", "jsonl").returncode == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.conllu", "a.jsonl", "b.jsonl", "b.txt"]
    assert (out / "b.jsonl").read_bytes() == run("tag", model, inputs / "b.txt", "--as", "jsonl").stdout


def test_nothing_is_written_over(refused: Refused, model: Path, inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = (inputs / "a.conllu").read_bytes()
    message = f"elman: {inputs / 'a.conllu'}: is read and would be written over; name another folder\n"
    assert refused("tag", model, inputs / "a.conllu", "-o", inputs) == message
    assert refused("convert", inputs / "a.conllu", inputs, "--to", "conllu") == message
    assert (inputs / "a.conllu").read_bytes() == before
    (inputs / "a.txt").write_text("the\n", encoding="utf-8")
    clash = f"a.jsonl: would be written from {inputs / 'a.conllu'} and from {inputs / 'a.txt'}; rename one"
    assert clash in refused("tag", model, inputs, "-o", f"{out}/", "--as", "jsonl")
    assert list(out.iterdir()) == []  # found before anything is written
    again = tmp_path / "again"
    again.mkdir()
    (again / "a.conllu").write_bytes(before)
    message = refused("tag", model, again / "a.conllu", inputs / "a.conllu", "-o", f"{out}/")
    assert "a.conllu: would be written from " in message
    assert "standard input has no name for a file in a folder" in refused("tag", model, "-o", f"{out}/")


def test_an_error_leaves_no_half_file(run: Run, model: Path, inputs: Path, tmp_path: Path) -> None:
    (inputs / "c.conllu").write_text(CONLLU.format("_") + "1\tthe\n", encoding="utf-8")
    result = run("tag", model, inputs, "-o", f"{tmp_path}/out/")
    assert result.returncode == 2
    assert "c.conllu:3: expected 10 columns separated by tabs" in result.stderr.decode()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.conllu", "b.txt"]


def test_convert_writes_a_file_for_each(run: Run, refused: Refused, inputs: Path, tmp_path: Path) -> None:
    (inputs / "b.txt").write_text("the_DET\n", encoding="utf-8")
    out = tmp_path / "out"
    for arguments in ([inputs, "-o", f"{out}/"], [inputs, f"{out}/"]):
        result = run("convert", *arguments, "--to", "jsonl", "--drop", "all")
        assert result.returncode == 0, result.stderr.decode()
        assert f"1 sentence, 1 word, written to {out}/a.jsonl as jsonl" in result.stderr.decode()
        assert (out / "b.jsonl").read_text(encoding="utf-8") == '{"tokens": ["the"], "tags": ["DET"]}\n'
        for path in out.iterdir():
            path.unlink()
    assert f"{out}: a folder, whose name says no format; --to FORMAT does" in refused("convert", inputs, out)
    assert "expected IN and OUT" in refused("convert", inputs)


@pytest.mark.parametrize(
    ("name", "read", "written", "wanted"),
    [
        ("a.conllu", "conllu", "conllu", "a.conllu"),
        ("a.conllu.gz", "conllu", "jsonl", "a.jsonl.gz"),
        ("a.txt", "text", "word_tag", "a.txt"),
        ("a.txt", "text", "conllu", "a.conllu"),
        ("a", "text", "conllu", "a.conllu"),
        ("v1.2", "text", "columns", "v1.2.conll"),
        ("a.conllu", "conllu", "word_tag", "a.txt"),
        ("a.tsv", "columns", "columns", "a.tsv"),
        ("a.csv:text=x", "csv:text=x", "csv", "a.csv:text=x"),
        ("a.iob", "", "columns", "a.iob"),
    ],
)
def test_names(name: str, read: str, written: str, wanted: str) -> None:
    assert name_as(name, read, written) == wanted
