"""What a command takes its input for: as all others do, from a file as from a pipe, and each input opened once."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
BLANKS = "\t_" * 6
CONLLU = f"1\tthe\t_\tX{BLANKS}\n2\tdog\t_\tX{BLANKS}\n\n"
TEXTS = [f"{label}\t{text} {n}\n" for n in range(20) for label, text in (("s", "the match is late"), ("f", "no salt"))]


@contextmanager
def fifo(folder: Path, data: bytes) -> Iterator[Path]:
    """A named pipe that somebody writes to once."""
    path = folder / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(data,), daemon=True)
    writer.start()
    yield path
    writer.join(timeout=10)
    assert not writer.is_alive()
    path.unlink()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("at", [0, 17, 40])
@pytest.mark.parametrize("kind", ["label", "sign", "coarse"])
def test_a_blank_line_decides_nothing(run: Run, tmp_path: Path, kind: str, at: int, end: str) -> None:
    changed = {"label": {}, "sign": {"s\t": "+1\t", "f\t": "-1\t"}, "coarse": {"s\t": "A:b ", "f\t": "C:d "}}
    text = "".join([*TEXTS[:at], "\n", *TEXTS[at:]])
    for old, new in changed[kind].items():
        text = text.replace(old, new)
    (tmp_path / "t.tsv").write_bytes(text.replace("\n", end).encode())
    result = run("train", tmp_path / "t.tsv", "-o", tmp_path / "m", "--model", "linear", "--set", "epochs=1")
    assert result.returncode == 0, result.stderr
    assert b"40 texts" in result.stdout and b"2 labels (label)" in result.stdout
    assert b"read as label_text, labels label" in run("check", tmp_path / "t.tsv").stderr


def test_check_warns_of_texts_read_as_words(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("".join(TEXTS))
    said = run("check", tmp_path / "t.tsv", "--format", "columns").stdout.decode()
    assert "40 distinct tags of 40 words; is it a text with its label" in " ".join(said.split())


def test_two_files_of_other_columns(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("Ann\tN\tB-PER\nleft\tV\tO\n\n" * 5)
    (tmp_path / "b.tsv").write_text("Bo\tN\nran\tV\n\n" * 5)
    for command in (["train", "-o", tmp_path / "m", "--model", "hmm"], ["check", "--train"]):
        files = [tmp_path / "a.tsv", tmp_path / "b.tsv"] if command[0] == "train" else []
        if command[0] == "check":
            command += [tmp_path / "a.tsv", "--train", tmp_path / "b.tsv"]
        result = run(*command, *files)
        said = " ".join((result.stdout + result.stderr).decode().split())
        assert "b.tsv: 10 of 10 words have tags that are not in the files before: 'N', 'V'" in said
    result = run("evaluate", tmp_path / "m", tmp_path / "b.tsv", "--target", "2")
    assert b"warning" not in result.stderr
    (tmp_path / "c.tsv").write_text("Bo\tX\nran\tY\n\n" * 5)
    assert b"c.tsv: 10 of 10 words have tags that are not in the model" in (
        run("evaluate", tmp_path / "m", tmp_path / "c.tsv", "--target", "2").stderr
    )


INPUTS = {
    "a hash without a space": (f"#by hand\n{CONLLU}", f"#by hand\n{CONLLU}"),
    "space-separated": ("-DOCSTART- -X- O\n\nthe X Y\ndog X Y\n\n", "-DOCSTART- -X- O\n\nthe X DET\ndog X NOUN\n\n"),
    "word_tag": ("the_NOUN dog_VERB\n", "the_DET dog_NOUN\n"),
    "word/TAG": ("\n\tthe/NOUN dog/VERB \n", "\n\tthe/DET dog/NOUN \n"),
    "a tree": ("(\n  (S\n    (X the) (X dog)))\n", "(\n  (S\n    (DET the) (NOUN dog)))\n"),
}


@pytest.mark.parametrize(("text", "tagged"), INPUTS.values(), ids=INPUTS)
def test_what_is_tagged_is_read_as_what_it_is(run: Run, model: Path, tmp_path: Path, text: str, tagged: str) -> None:
    tagged = tagged.replace("the\t_\tX", "the\t_\tDET").replace("dog\t_\tX", "dog\t_\tNOUN")
    (tmp_path / "f").write_text(text)
    for result in (run("tag", model, tmp_path / "f"), run("tag", model, stdin=text.encode())):
        assert result.stdout.decode() == tagged, result.stderr
    with fifo(tmp_path, text.encode()) as pipe:
        assert run("tag", model, pipe).stdout.decode() == tagged


def test_a_broken_comment_is_refused_in_a_pipe_too(refused: Refused, model: Path) -> None:
    text = f"# text = the\nold dog\n{CONLLU}"
    assert refused("tag", model, stdin=text.encode()) == (
        "elman: standard input:2: expected 10 columns separated by tabs, found 1\n"
    )


@pytest.fixture(scope="module")
def pipeline(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "t.conllu").write_text(f"# text = the dog\n{CONLLU}" * 12)
    small = [f"--set={one}" for one in ("hidden=8", "epochs=20", "batch=2", "ensemble=1")]
    for task in ("pipeline", "segment"):
        assert run("train", folder / "t.conllu", "--task", task, "-o", folder / task, *small).returncode == 0
    return folder


def test_words_through_a_pipe_to_a_pipeline(run: Run, pipeline: Path) -> None:
    result = run("tag", pipeline / "pipeline", stdin=CONLLU.replace("X", "_").encode())
    assert result.stdout.decode() == CONLLU
    assert b"standard input read as conllu: " in result.stderr


def test_raw_text_and_words_one_behind_the_other(run: Run, pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "raw.txt").write_text("the dog\n")
    (tmp_path / "w.conllu").write_text(CONLLU.rstrip("\n"))
    raw = "# newdoc\n# newpar\n# sent_id = {}\n# text = the dog\n" + CONLLU
    files = [tmp_path / name for name in ("raw.txt", "w.conllu", "raw.txt")]
    result = run("tag", pipeline / "pipeline", *files)
    assert result.stdout.decode() == raw.format(1) + CONLLU + raw.format(2), result.stderr
    assert [line.split(b" read as ")[1][:6] for line in result.stderr.splitlines()] == [b"text: ", b"conllu", b"text: "]


@pytest.mark.parametrize("name", ["pipeline", "segment"])
def test_the_first_lines_of_a_pipe_are_not_lost(run: Run, pipeline: Path, tmp_path: Path, name: str) -> None:
    with fifo(tmp_path, b"the dog\n") as path:
        found = run("tag", pipeline / name, path).stdout
    assert found and found == run("tag", pipeline / name, stdin=b"the dog\n").stdout


@pytest.mark.parametrize(
    "command",
    [
        ["states", "MODEL", "PIPE"],
        ["gradients", "MODEL", "PIPE"],
        ["gradients", "MODEL", "PIPE", "--sentence", "2"],
        ["evaluate", "MODEL", "PIPE"],
        ["errors", "MODEL", "PIPE"],
        ["check", "PIPE"],
        ["compare", "PIPE", "MODEL", "MODEL"],
        ["train", "PIPE", "-o", "OUT", "--model", "frequent"],
    ],
    ids=" ".join,
)
def test_every_command_opens_its_input_once(run: Run, tmp_path: Path, command: list[str]) -> None:
    text = b"the_D dog_N barks_V\na_D cat_N sleeps_V\n"
    (tmp_path / "t").write_bytes(text)
    small = [f"--set={one}" for one in ("hidden=4", "epochs=1", "ensemble=1")]
    assert run("train", tmp_path / "t", "-o", tmp_path / "m", *small).returncode == 0
    names = {"MODEL": tmp_path / "m", "OUT": tmp_path / "o"}
    expected = run(*(names.get(word, word) if word != "PIPE" else tmp_path / "t" for word in command))
    with fifo(tmp_path, text) as path:
        found = run(*(names.get(word, word) if word != "PIPE" else path for word in command))
    assert found.returncode == expected.returncode == 0, found.stderr
    shown = [b" ".join(one.stdout.replace(b"pipe", b"t").split()) for one in (found, expected)]
    assert shown[0] == shown[1]


def test_a_pipe_in_two_encodings_is_refused_at_once(refused: Refused, tmp_path: Path) -> None:
    with fifo(tmp_path, "é_X ".encode() + b"caf\xe9_Y\n") as path:
        assert "byte 0xE9 at offset 8 is not utf-8" in refused("check", path)


def test_what_several_models_read_cannot_be_a_pipe(refused: Refused, model: Path) -> None:
    message = "elman: -: each of several models reads it, and it can be read once; name a file\n"
    assert refused("gradients", model, model, "-") == message


def test_a_table_asks_for_its_column(run: Run, refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,customer,address\n1,Ann,"the dog"\n')
    ask = "which column of this csv has the text? it has id, customer, address; pass --text-column NAME, --format csv"
    assert ask in refused("tag", model, tmp_path / "a.csv")
    assert ask in refused("tag", model, stdin=(tmp_path / "a.csv").read_bytes())
    options = ["--text-column", "address", "--as", "tags"]
    for result in (
        run("tag", model, tmp_path / "a.csv", *options),
        run("tag", model, *options, stdin=(tmp_path / "a.csv").read_bytes()),
        run("tag", model, tmp_path / "a.csv", "--format", "csv", *options),
    ):
        assert result.stdout == b"DET NOUN\n", result.stderr
    assert "no column 'adress'; it has id, customer" in refused(
        "tag", model, tmp_path / "a.csv", "--text-column", "adress"
    )
