"""``elman tag`` by blocks: the same output and messages as sentence by sentence, and where a refused block begins."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from elman import kernels
from elman.cli import chunks
from elman.data.formats import read_sentences
from elman.taggers import fast_lines
from light_models import models_in

Run = Callable[..., subprocess.CompletedProcess[bytes]]
pytestmark = [
    pytest.mark.filterwarnings("ignore:no dev set"),
    pytest.mark.skipif(kernels.native_core() is None, reason="the native kernels are not in use"),
]

ROW = "\t_" * 8
GOOD = f"# text = x\n1-2\tdon't{ROW}\n1\tthe{ROW}\n2\tdog{ROW}\n\n"
BAD = f"1\tthe{ROW}\n3\tdog{ROW}\n\n"
FILES = {
    "a.txt": "the dog barks .\r\n\n  a   cat\nno end",
    "tab.txt": "the dog barks and barks .\n" * 9 + "the\tdog barks a lot\n" + "a cat barks and sleeps\n" * 9,
    "bom.txt": "\ufeffthe dog\n",
    "empty.txt": "",
    "a.conllu": GOOD * 9,
    "crlf.conllu": (GOOD * 9).replace("\n", "\r\n"),
    "spaces.conllu": (GOOD * 9).replace("\n\n", "\n \t\n"),
    "end.conllu": "\n\n" + GOOD * 3 + GOOD.rstrip("\n"),
    "first.conllu": BAD + GOOD,
    "late.conllu": GOOD * 9 + BAD + GOOD,
    "a.tsv": "the\tDET\ndog\tNOUN\n\n" * 9,
    "doc.tsv": "the\tDET\ndog\tNOUN\n\n" * 9 + "-DOCSTART-\tO\n\nthe\tDET\n\n",
    "a.jsonl": '{"tokens": ["the", "dog"], "id": 1}\n' * 9,
    "names.jsonl": '{"tokens": ["the", "dog"]}\n' * 9 + '{"names": ["A"]}\n{"tokens": ["a"], "tags": [0]}\n' * 2,
    "blank.jsonl": '{"tokens": ["the", "dog"], "id": 1}\n\n' * 9,
    "bad.jsonl": '{"tokens": ["the", "dog"]}\n' * 9 + '{"tokens": ["the", 3]}\n',
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_in(tmp_path_factory.mktemp("models"))("crf")


def test_blocks_are_tagged(model: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows compares two ways: without sentences, the common files need no full tagger."""
    monkeypatch.setattr(fast_lines.LightTagger, "__getattr__", None)
    for name in ("a.txt", "a.conllu", "crlf.conllu", "spaces.conllu", "end.conllu", "a.tsv", "a.jsonl"):
        (tmp_path / name).write_text(FILES[name], encoding="utf-8", newline="")
        assert run("tag", model, tmp_path / name, "-q").returncode == 0


@pytest.mark.parametrize("options", [(), ("--confidence",), ("--as", "columns"), ("--as", "jsonl"), ("--as", "conllu")])
@pytest.mark.parametrize("file", FILES)
def test_as_sentence_by_sentence(
    model: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, options: tuple[str, ...]
) -> None:
    (tmp_path / file).write_text(FILES[file], encoding="utf-8", newline="")
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 30)
    commands = [
        ("tag", model, tmp_path / file, *options),
        ("tag", model, tmp_path / file, tmp_path / file, *options, "--threads", "2"),
        ("tag", model, tmp_path / file, *options, "--encoding", "utf-8-sig", "-o", tmp_path / "out"),
    ]
    found = [run(*command) for command in commands]
    monkeypatch.setattr(fast_lines.LightTagger, "block_tagger", lambda self, request: None)
    for command, own in zip(commands, found, strict=True):
        plain = run(*command)
        assert (own.returncode, own.stderr) == (plain.returncode, plain.stderr)
        assert own.stdout == plain.stdout or own.returncode == 2


def test_standard_input_by_blocks(model: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        found = run("tag", model, "--as", "columns", stdin=text.encode())
        with monkeypatch.context() as patched:
            patched.setattr(fast_lines.LightTagger, "block_tagger", lambda self, request: None)
            plain = run("tag", model, "--as", "columns", stdin=text.encode())
        assert (found.returncode, found.stderr) == (plain.returncode, plain.stderr), name
        assert found.stdout == plain.stdout or found.returncode == 2, name


def test_the_rest_of_a_file_is_read_as_sentences(tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text(GOOD * 3, encoding="utf-8")
    reading = read_sentences(str(tmp_path / "a.conllu"), labelled=False)
    pieces = reading.pieces(5)
    assert pieces is not None and "".join(pieces) == GOOD * 2
    reading.put_back([GOOD, GOOD], 5)
    assert [sentence.line for sentence in reading.after(1, 5)] == [6, 11]
