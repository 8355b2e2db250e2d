"""``elman tag``: odd and bad input, formats, all or nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from elman import cli, kernels

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

CONLLU = (
    "# sent_id = 1\n"
    "1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "1\tdo\tdo\tX\tVB\tA=1\t_\troot\t_\t_\n"
    "2\tnot\tnot\tX\tRB\t_\t1\tadvmod\t_\tSpaceAfter=No\n"
    "2.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "\n"
    "# a comment at the end\n"
)


def without_tags(text: bytes) -> bytes:
    return re.sub(rb"_[A-Z]+(?=[ \r\n]|$)", b"", text)


def test_missing_kernels_are_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kernels, "shortcoming", lambda: "slow")
    monkeypatch.setattr(kernels, "native_core", lambda: None)
    monkeypatch.chdir(tmp_path)
    Path("train").write_text("it_PRP rains_VBZ\n", encoding="utf-8")
    Path("text").write_text("it rains\n", encoding="utf-8")
    for arguments in (["train", "train", "-o", "model", "--set", "epochs=1"], ["evaluate", "model", "train"]):
        assert cli.run(arguments) == 0
        assert capfd.readouterr().err.count("elman: slow\n") == 1
    assert cli.run(["tag", "model", "text", "text"]) == 0
    assert capfd.readouterr().err.splitlines() == [
        "elman: slow",
        *["elman: text read as text: no tab in the first line"] * 2,
    ]


ODD = {
    "U+3000": "the\u3000dog \u3000 barks\n",
    "U+0085 and U+2028": "a\u0085b c\u2028d \u000b\u000c\n",
    "CRLF": "the dog\r\na cat\r\n\r\n",
    "no final newline": "the dog\na cat",
    "BOM": "\ufeffthe dog\na cat\n",
    "extra spaces": "  the   dog \n \nx\n",
    "nothing": "",
    "a blank line": "\n",
    "a lone CRLF": "\r\n",
    "underscores": "a_b c__d _ __\n",
    "hash": "# not a comment\n#tag\n",
    "emoji": "\U0001f600 e\u0301 \u200d\n",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_text_comes_back_as_it_was(run: Run, model: Path, text: str) -> None:
    result = run("tag", model, stdin=text.encode())
    assert result.returncode == 0, result.stderr
    assert without_tags(result.stdout) == text.encode()
    words = [word for line in text.lstrip("\ufeff").split("\n") for word in line.rstrip("\r").split(" ") if word]
    assert len(re.findall(rb"_[A-Z]+(?=[ \r\n]|$)", result.stdout)) == len(words)


def test_very_long_word_and_very_long_sentence(run: Run, model: Path, tmp_path: Path) -> None:
    text = b"x" * 1_000_000 + b" dog\n" + b" ".join([b"dog", b"barks"] * 50_000) + b"\n"
    (tmp_path / "in").write_bytes(text)
    result = run("tag", model, tmp_path / "in", "-o", tmp_path / "out")
    assert (result.returncode, result.stdout) == (0, b"")
    assert without_tags((tmp_path / "out").read_bytes()) == text


@pytest.mark.parametrize("output_format", ["word_tag", "tags", "columns", "conllu", "jsonl"])
def test_empty_in_empty_out(run: Run, model: Path, output_format: str) -> None:
    result = run("tag", model, "--as", output_format)
    assert (result.returncode, result.stdout) == (0, b"")


@pytest.mark.parametrize(("output_format", "blank"), [("word_tag", b"\n"), ("tags", b"\n"), ("columns", b"\n")])
def test_blank_line_stays_one(run: Run, model: Path, output_format: str, blank: bytes) -> None:
    result = run("tag", model, "--as", output_format, stdin=b"\n")
    assert (result.returncode, result.stdout) == (0, blank)


@pytest.mark.parametrize("output_format", ["conllu", "columns", "word_tag", "csv"])
@pytest.mark.parametrize("blank", ["\n", " \t\n", "\r\n"])
def test_blank_lines_of_jsonl_are_left_out_of_other_formats(
    run: Run, model: Path, tmp_path: Path, output_format: str, blank: str
) -> None:
    records = ['{"tokens": ["the", "dog"]}\n', '{"tokens": ["a"]}\n']
    (tmp_path / "plain.jsonl").write_text("".join(records), encoding="utf-8", newline="")
    (tmp_path / "blank.jsonl").write_text(blank + blank.join(records) + blank, encoding="utf-8", newline="")
    plain, found = (run("tag", model, tmp_path / f"{name}.jsonl", "--as", output_format) for name in ("plain", "blank"))
    assert found.returncode == 0 and found.stdout == plain.stdout and b"the" in found.stdout


def test_dash_is_standard_input(run: Run, model: Path) -> None:
    assert run("tag", model, "-", stdin=b"the dog barks .\n").stdout == b"the_DET dog_NOUN barks_VERB ._PUNCT\n"


def test_says_what_it_took_the_text_for(run: Run, model: Path) -> None:
    assert run("tag", model, stdin=b"a\n").stderr.startswith(b"elman: standard input read as text: ")
    assert run("tag", model, "--format", "text", stdin=b"a\n").stderr == b""


@pytest.mark.parametrize(
    ("output_format", "expected"),
    [
        ("word_tag", "the_DET dog_NOUN\n"),
        ("tags", "DET NOUN\n"),
        ("columns", "the\tDET\ndog\tNOUN\n\n"),
        ("conllu", "1\tthe\t_\tDET" + "\t_" * 6 + "\n2\tdog\t_\tNOUN" + "\t_" * 6 + "\n\n"),
        ("jsonl", '{"tokens": ["the", "dog"], "tags": ["DET", "NOUN"]}\n'),
    ],
)
def test_every_output_format(run: Run, model: Path, output_format: str, expected: str) -> None:
    result = run("tag", model, "--as", output_format, stdin=b"the dog\n")
    assert result.stdout.decode() == expected


def test_conllu_comes_back_with_another_upos(run: Run, model: Path) -> None:
    result = run("tag", model, stdin=CONLLU.encode())
    assert result.returncode == 0
    changed = [(a, b) for a, b in zip(CONLLU.split("\n"), result.stdout.decode().split("\n"), strict=True) if a != b]
    assert len(changed) == 2
    for old, new in changed:
        fields = new.split("\t")
        assert fields[3] in ("DET", "NOUN", "VERB", "ADJ", "ADP", "PUNCT")
        assert "\t".join([*fields[:3], "X", *fields[4:]]) == old


def test_another_column_of_conllu(run: Run, model: Path) -> None:
    fields = run("tag", model, "--target", "XPOS", stdin=CONLLU.encode()).stdout.decode().split("\n")[2].split("\t")
    assert fields[3] == "X" and fields[4] in ("DET", "NOUN", "VERB", "ADJ", "ADP", "PUNCT")
    text = run("tag", model, "--as", "conllu", "--target", "xpos", stdin=b"the dog\n").stdout.decode()
    assert text.startswith("1\tthe\t_\t_\tDET\t")


def test_no_such_column(refused: Refused, model: Path) -> None:
    assert "no column 'pos'" in refused("tag", model, "--target", "pos", stdin=CONLLU.encode())
    assert "no column 'pos'" in refused("tag", model, "--target", "pos", "--as", "conllu", stdin=b"the dog\n")


def test_columns_go_to_the_last_one(run: Run, model: Path) -> None:
    text = b"-DOCSTART-\tO\n\n# a comment\nthe\tO\n#dog\tO\n\t\ndog\tO\n"
    result = run("tag", model, stdin=text)
    assert result.returncode == 0
    assert re.sub(rb"\t[A-Z]+\n", b"\tO\n", result.stdout) == text
    assert result.stdout.startswith(b"-DOCSTART-\tO\n\n# a comment\nthe\tDET\n")


def test_confidence(run: Run, model: Path) -> None:
    lines = run("tag", model, "--confidence", stdin=b"the dog\n").stdout.decode().split("\n")
    assert lines[2:] == ["", ""]  # word_tag cannot hold it, so these are columns
    word, tag, confidence = lines[0].split("\t")
    assert (word, tag) == ("the", "DET") and 0.5 < float(confidence) <= 1
    record = json.loads(run("tag", model, "--confidence", "--as", "jsonl", stdin=b"the dog\n").stdout)
    assert len(record["confidences"]) == 2
    assert b"|Confidence=0." in run("tag", model, "--confidence", stdin=CONLLU.encode()).stdout


@pytest.mark.parametrize("output_format", ["word_tag", "tags"])
def test_confidence_in_a_format_without_room(refused: Refused, model: Path, output_format: str) -> None:
    assert "confidences" in refused("tag", model, "--confidence", "--as", output_format, stdin=b"the dog\n")


def test_word_tag_in(run: Run, model: Path) -> None:
    result = run("tag", model, "--format", "word_tag", stdin=b"the_X  dog_X\r\n")
    assert result.stdout == b"the_DET  dog_NOUN\r\n"


def test_several_files_stay_apart(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"the dog")
    (tmp_path / "b").write_bytes(b"\xef\xbb\xbfa cat\n")
    (tmp_path / "empty").write_bytes(b"")
    files = [tmp_path / name for name in ("a", "empty", "b")]
    assert run("tag", model, *files).stdout == b"the_DET dog_NOUN\na_DET cat_NOUN\n"
    (tmp_path / "c").write_bytes(b"the\tX\ndog\tX")
    (tmp_path / "d").write_bytes(b"a\tX\ncat\tX\n\n")
    expected = b"the\tDET\ndog\tNOUN\n\na\tDET\ncat\tNOUN\n\n"
    assert run("tag", model, tmp_path / "c", tmp_path / "d").stdout == expected
    assert run("tag", model, tmp_path / "d", tmp_path / "c").stdout == b"a\tDET\ncat\tNOUN\n\nthe\tDET\ndog\tNOUN"


def test_files_of_two_formats(refused: Refused, run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"the dog\n")
    (tmp_path / "b").write_bytes(b"the\tX\ndog\tX\n")
    assert "--as" in refused("tag", model, tmp_path / "a", tmp_path / "b", "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    result = run("tag", model, "--as", "tags", tmp_path / "a", tmp_path / "b")
    assert result.stdout == b"DET NOUN\nDET NOUN\n"


def test_encoding(run: Run, refused: Refused, model: Path) -> None:
    text = "the \u00fcber dog\n"
    result = run("tag", model, "--encoding", "latin-1", stdin=text.encode("latin-1"))
    assert without_tags(result.stdout) == text.encode("latin-1")
    wide = run("tag", model, "--encoding", "utf-16", stdin=("the dog\n" * 3).encode("utf-16"))
    assert wide.stdout.decode("utf-16") == "the_DET dog_NOUN\n" * 3
    assert "'klingon'" in refused("tag", model, "--encoding", "klingon", stdin=b"a\n")


def test_not_in_the_encoding(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"the dog\nthe caf\xe9\n")
    (tmp_path / "out").write_bytes(b"old")
    line = refused("tag", model, tmp_path / "in", "-o", tmp_path / "out")
    assert f"{tmp_path / 'in'}:2: " in line and "0xE9" in line and "offset 15" in line
    assert (tmp_path / "out").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_nul(refused: Refused, model: Path) -> None:
    assert "standard input:2: a NUL" in refused("tag", model, stdin=b"the dog\nthe\0dog\n")


def test_whole_sentences_before_an_error(run: Run, model: Path) -> None:
    result = run("tag", model, stdin=b"the\tX\ndog\tX\n\nthe\tX\tX\n")
    assert result.returncode == 2
    assert result.stdout in (b"", b"the\tDET\ndog\tNOUN\n\n")
    assert result.stderr.startswith(b"elman: standard input:4: ") and result.stderr.count(b"\n") == 1


def test_no_such_file(refused: Refused, model: Path) -> None:
    assert "nowhere.txt" in refused("tag", model, "nowhere.txt")
    assert "no such file" in refused("tag", "nowhere.model")


def test_not_a_model(refused: Refused, model: Path, tmp_path: Path) -> None:
    data = model.read_bytes()
    broken = tmp_path / "broken.model"
    for bad in (
        b"",
        b"hello",
        data[:-1],
        data[: len(data) // 2],
        data + b"\0",
        data[:-1] + bytes([data[-1] ^ 1]),
        data.replace(b'\\"format_version\\":2', b'\\"format_version\\":9'),
        data.replace(b"\\", b"/"),
    ):
        assert bad != data
        broken.write_bytes(bad)
        assert str(broken) in refused("tag", broken, stdin=b"the dog\n")
    assert str(tmp_path) in refused("tag", tmp_path, stdin=b"the dog\n")


def test_targets_that_cannot_be_written(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for target in (tmp_path, tmp_path / "file" / "out", tmp_path / "nowhere" / "out"):
        assert str(target) in refused("tag", model, "-o", target, stdin=b"the dog\n")
    (tmp_path / "file").chmod(0o444)
    assert "read-only" in refused("tag", model, "-o", tmp_path / "file", stdin=b"the dog\n")
    assert (tmp_path / "file").read_bytes() == b"x"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this machine")
def test_full_target(refused: Refused, model: Path) -> None:
    assert "/dev/full" in refused("tag", model, "-o", "/dev/full", stdin=b"the dog\n")
    with open("/dev/full", "wb") as full:
        assert "standard output" in refused("tag", model, stdin=b"the dog\n", stdout=full)
    assert os.path.exists("/dev/full")


def test_input_is_not_written_over(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"the dog\n")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert "written over" in refused("tag", model, tmp_path / "in", "-o", tmp_path / "link")
    assert "written over" in refused("tag", model, tmp_path / "in", "-o", model)
    assert (tmp_path / "in").read_bytes() == b"the dog\n"


@pytest.mark.skipif(os.name == "nt", reason="pipes of another kind")
def test_nobody_reads(run: Run, model: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as pipe:
        result = run("tag", model, stdin=b"the dog\n" * 1000, stdout=pipe)
    assert (result.returncode, result.stderr) == (141, b"")


def test_threads_change_nothing(run: Run, model: Path) -> None:
    text = b"the dog barks .\na cat\n\n" * 3000
    one, three = (run("tag", model, "--threads", n, stdin=text).stdout for n in (1, 3))
    assert one == three and one.count(b"\n") == 9000


def test_chunks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from elman.cli import chunks as module
    from elman.data.sentence import Sentence

    monkeypatch.setattr(module, "CHUNK_WORDS", 10)
    sentences = [Sentence(("word",) * n) for n in (3, 20, 0, 0, 4, 4, 1)]
    chunks = list(module.chunks(iter(sentences), live=False))
    assert [len(chunk) for chunk in chunks] == [2, 4, 1]
    assert [sentence for chunk in chunks for sentence in chunk] == sentences
