"""elman convert: the real command."""

from __future__ import annotations

import json

import pytest

BIO = "New\tB-LOC\nYork\tI-LOC\n\n"


@pytest.fixture
def bio(tmp_path):
    path = tmp_path / "in.conll"
    path.write_text(BIO)
    return path


def test_by_the_name_of_the_output(run, bio, tmp_path):
    out = tmp_path / "out.jsonl.gz"
    result = run("convert", bio, out)
    assert (result.returncode, result.stdout) == (0, b"")
    lines = result.stderr.decode().splitlines()
    assert lines[0].startswith(f"elman: {bio} read as columns: ")
    assert lines[1] == f"elman: 1 sentence, 2 words, written to {out} as jsonl"
    assert run("convert", out, "-", "--to", "columns").stdout.decode() == BIO
    assert run("convert", "-", "-", "--as", "word_tag", stdin=BIO.encode()).stdout == b"New_B-LOC York_I-LOC\n"


def test_options(run, tmp_path, bio):
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "Boston", "label": [[0, 3, 1]]}\n')
    result = run("convert", file, "-", "--to", "columns", "--spans", "widen", "--names", "O,X", "--scheme", "bioes")
    assert (result.returncode, result.stdout) == (0, b"Boston\tS-X\n\n"), result.stderr
    result = run("convert", bio, bio, tmp_path / "two.jsonl", "--from", "columns", "--target", "2")
    assert result.stderr.decode().splitlines()[-1].startswith("elman: 2 sentences, 4 words, written to")
    result = run("convert", file, "-", "--to", "text", "--names", "O,X", "--spans", "widen", "--drop", "all")
    assert result.stdout == b"Boston\n"
    assert b"left out: columns (tags)" in result.stderr


def test_latin_1_becomes_utf_8(run, tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes("LOC:city Où est l'hôtel\n".encode("latin-1"))
    result = run("convert", file, "-", "--to", "jsonl", "--from", "label_text", "--encoding", "latin-1")
    assert json.loads(result.stdout.decode())["text"] == "Où est l'hôtel"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["IN"], "expected IN and OUT; see elman convert --help"),
        (["IN", "out.foo"], "out.foo: which format? pass --to, one of: "),
        (["IN", "out", "--to", "xml"], "format: 'xml' is not written; expected "),
        (["IN", "out.jsonl", "--to", "csv"], "out.jsonl: the name stands for jsonl, and --to asks for csv; leave out"),
        (["IN", "IN", "--to", "columns"], "is read and would be written over; name another file"),
        (["IN", "out", "--to", "text"], "text cannot hold columns (2); to leave that out, pass --drop columns"),
        (
            ["IN", "out", "--to", "text", "--drop", "x"],
            "drop: no kind 'x'; expected columns, labels, words, comments",
        ),
        (["IN", "out", "--to", "jsonl", "--scheme", "x"], "scheme: 'x' does not exist; expected io, "),
        (["IN", "out", "--to", "jsonl", "--spans", "widen"], "--spans: for jsonl, json, parquet; "),
        (["nothing", "out", "--to", "jsonl"], "nothing: cannot be read: No such file or directory"),
    ],
)
def test_refused(refused, bio, tmp_path, arguments, message):
    given = [{"IN": bio, "out": tmp_path / "out"}.get(argument, argument) for argument in arguments]
    assert message in refused("convert", *given)
    assert [path.name for path in tmp_path.iterdir()] == ["in.conll"]


def test_real_data_and_back(run, shared_data, tmp_path):
    """Every set that may be, through jsonl and back, is the same to the byte, but for what was said to be left out."""
    snips = shared_data / "other" / "slots_snips" / "valid.bio"
    assert run("convert", snips, tmp_path / "a.jsonl").returncode == 0
    back = run("convert", tmp_path / "a.jsonl", "-", "--to", "columns")
    assert back.stdout == snips.read_bytes()
    wnut = shared_data / "other" / "ner_wnut17" / "dev.conll"
    assert run("convert", wnut, tmp_path / "b.jsonl", "--to", "prodigy").returncode == 0
    assert run("convert", tmp_path / "b.jsonl", "-", "--to", "columns").stdout == wnut.read_bytes()
