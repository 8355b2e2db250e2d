"""``--resume``: a command that ended early goes on, and the bytes are those of an undisturbed run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from elman.cli import chunks, run as command_line
from elman.utils import resumable

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]

ROWS = [
    ("Cats", "cat", "NOUN", "Number=Plur", "2", "nsubj", "_"),
    ("ran", "run", "VERB", "Tense=Past", "0", "root", "_"),
    ("mats", "mat", "NOUN", "Number=Plur", "2", "obl", "SpaceAfter=No"),
    (".", ".", "PUNCT", "_", "2", "punct", "_"),
]
SENTENCE = "".join(
    f"{i}\t{form}\t{lemma}\t{upos}\tX{upos}\t{feats}\t{head}\t{deprel}\t_\t{misc}\n"
    for i, (form, lemma, upos, feats, head, deprel, misc) in enumerate(ROWS, 1)
)
WORDS = "Cats ran mats. Dogs ran. A film of cats on mats, and dogs."
BOTH = '{"tokens":["%s","b"],"tags":["%s","N"],"intent":"%s"}\n'
FILES = {
    "train.conllu": ("# newpar\n# text = Cats ran mats.\n" + SENTENCE + "\n") * 12,
    "train.txt": "Cats_N ran_V mats_N\n" * 8,
    "train.trees": "(S (NP (N Cats)) (VP (V ran) (NP (N mats))))\n" * 8,
    "train.tsv": "pos\tgood film\nneg\tbad film\n" * 6,
    "train.jsonl": (BOTH % ("a", "A", "p") + BOTH % ("c", "B", "q")) * 5,
    "lines.csv": "text,year\n" + "".join(f'"{WORDS[: 9 + i % 7]}, {i}",19{i:02}\n' for i in range(24)),
    "new.txt": "".join(f"Cats ran {'mats ' * (i % 5)}w{i}\n" + "\n" * (i % 7 == 3) for i in range(40)) + "mats",
    "bom.txt": "\ufeff" + "".join(f"Cats {i}\n" for i in range(30)),
    "raw.txt": "".join("Cats ran\nmats. Cats ran mats. " * (1 + i % 3) + "\n" * (1 + i % 3) for i in range(9)),
    "new.conllu": "".join(
        f"# n = {i}\n" + SENTENCE.replace("Cats", f"W{i}").replace("NOUN", "_" if i % 2 else "NOUN") + "\n"
        for i in range(24)
    ),
    "new.conllup": "# global.columns = ID FORM UPOS\n" + "".join(f"1\tW{i}\t_\n2\tran\tV\n\n" for i in range(24)),
    "new.columns": "-DOCSTART-\tO\n\n" + "".join(f"w{i}\tN\nran\tV\n\n" for i in range(30)),
    "spans.columns": "".join(f"w{i}\tB-PER\nran\tI-PER\nw\tO\n\n" for i in range(30)),
    "texts.csv": "text,label\n" + "".join(f'"a film, {i}",{"np"[i % 2]}\n' for i in range(24)),
    "words.csv": "id,word,upos\n" + "".join(f"{i},w{i},\n{i},ran,\n\n" for i in range(24)),
    "new.jsonl": "".join(f'{{"id": {i}, "tokens": ["w{i}", "ran"], "intent": "p"}}\n' for i in range(24)),
    "new.json": json.dumps([{"id": i, "tokens": ["ran", f"w{i}"]} for i in range(24)], indent=1),
}
FILES["more.txt"] = FILES["new.txt"].replace("Cats", "ran")
FILES["more.csv"] = FILES["lines.csv"].replace("Cats", "Dogs")
SMALL = ("--set", "epochs=1", "--set", "hidden=4", "--set", "ensemble=1", "--set", "embedding=4", "--threads", "1")
RAW = ("--set", "epochs=20", "--set", "hidden=16", "--set", "batch=2", "--set", "ensemble=1", "--threads", "1")
MODELS: dict[str, Sequence[str]] = {
    "fast": ("train.txt", "--set", "epochs=1", "--set", "hidden=8", "--set", "ensemble=1", "--threads", "1"),
    "spans": ("spans.columns", "--model", "frequent"),
    "frequent": ("train.txt", "--model", "frequent"),
    "columns": ("train.conllu", "--target", "upos,xpos", *SMALL),
    "parse": ("train.conllu", "--task", "parse", *SMALL),
    "trees": ("train.trees", "--task", "parse", *SMALL),
    "classes": ("train.tsv", *SMALL),
    "both": ("train.jsonl", "--target", "tags,intent", *SMALL),
    "pipeline": ("train.conllu", "--task", "pipeline", *RAW),
    "segment": ("train.conllu", "--task", "segment", *RAW),
}
TAG: dict[str, Sequence[str]] = {
    "fast lines": ("fast", "new.txt", "more.txt", "-o", "out.txt"),
    "threads": ("fast", "new.txt", "-o", "out.txt", "--threads", "2"),
    "bom": ("fast", "bom.txt", "new.txt", "-o", "out.txt"),
    "text": ("frequent", "new.txt", "more.txt", "-o", "out.txt"),
    "tags": ("frequent", "new.txt", "-o", "out", "--as", "tags"),
    "columns": ("frequent", "new.columns", "new.columns", "-o", "out.conll"),
    "to columns": ("columns", "new.txt", "more.txt", "-o", "out.conll", "--as", "columns"),
    "utf-16": ("fast", "utf16.txt", "-o", "out.txt", "--encoding", "utf-16"),
    "conllu": ("columns", "new.conllu", "-o", "out.conllu"),
    "new conllu": ("columns", "new.txt", "new.txt", "-o", "out.conllu"),
    "conllup": ("frequent", "new.conllup", "-o", "out.conllup"),
    "new conllup": ("frequent", "new.txt", "-o", "out.conllup"),
    "csv": ("frequent", "words.csv", "words.csv", "-o", "out.csv"),
    "new csv": ("frequent", "new.txt", "more.txt", "-o", "out.csv"),
    "new tsv": ("frequent", "new.txt", "-o", "out.tsv", "--as", "tsv"),
    "jsonl": ("both", "new.jsonl", "-o", "out.jsonl"),
    "json": ("frequent", "new.json", "-o", "out.json"),
    "new json": ("frequent", "new.txt", "more.txt", "-o", "out.json"),
    "prodigy": ("spans", "new.txt", "-o", "out.jsonl", "--as", "prodigy"),
    "doccano": ("spans", "new.txt", "-o", "out.jsonl", "--as", "doccano"),
    "trees": ("trees", "new.txt", "-o", "out.trees"),
    "tree": ("parse", "new.txt", "-o", "out.tree", "--as", "tree"),
    "page": ("frequent", "new.txt", "more.txt", "-o", "out.html"),
    "page of trees": ("parse", "new.conllu", "-o", "out.html"),
    "labels": ("classes", "new.txt", "-o", "out"),
    "labels of csv": ("classes", "lines.csv", "more.csv", "-o", "out.csv"),
    "fasttext": ("classes", "new.txt", "-o", "out", "--as", "fasttext"),
    "confidence": ("columns", "new.conllu", "-o", "out.conllu", "--confidence"),
    "least": ("columns", "new.conllu", "-o", "out.conllu", "--min-confidence", "0.5"),
    "n-best": ("fast", "new.txt", "-o", "out.jsonl", "--nbest", "2", "--as", "jsonl"),
    "only empty": ("columns", "new.conllu", "-o", "out.conllu", "--only-empty"),
    "tokenize": ("fast", "raw.txt", "new.txt", "-o", "out.txt", "--tokenize"),
    "tokenize conllu": ("fast", "raw.txt", "new.txt", "-o", "out.conllu", "--tokenize"),
    "tokenize csv": ("fast", "lines.csv", "-o", "out.conll", "--tokenize", "--as", "columns"),
    "pipeline": ("pipeline", "raw.txt", "new.txt", "-o", "out.conllu"),
    "pipeline confidence": ("pipeline", "raw.txt", "raw.txt", "-o", "out.conllu", "--confidence"),
    "segment": ("segment", "raw.txt", "-o", "out.conllu"),
    "segment text": ("segment", "raw.txt", "new.txt", "-o", "out", "--as", "text"),
    "fields": ("fast", "lines.csv", "more.csv", "-o", "out.csv", "--as", "fields", "--text-column", "text"),
    "fields json": ("fast", "lines.csv", "-o", "out.json", "--as", "fields", "--text-column", "text"),
    "fields jsonl": ("fast", "new.txt", "-o", "out.jsonl", "--as", "fields"),
}
CONVERT: dict[str, Sequence[str]] = {
    "conllu": ("new.conllu", "new.conllu", "out.conllu"),
    "jsonl": ("new.conllu", "out.jsonl", "--drop", "all"),
    "json": ("new.jsonl", "out.json", "--drop", "all"),
    "json again": ("new.json", "new.json", "out.json"),
    "csv": ("new.columns", "new.columns", "out.csv", "--drop", "all"),
    "csv again": ("texts.csv", "texts.csv", "out.csv"),
    "tsv": ("texts.csv", "out.tsv", "--to", "tsv"),
    "label_text": ("texts.csv", "out.tsv", "--to", "label_text"),
    "fasttext": ("texts.csv", "out", "--to", "fasttext"),
    "doccano": ("spans.columns", "out.jsonl", "--to", "doccano", "--drop", "words"),
    "columns": ("new.conllup", "out.conll", "--to", "columns", "--drop", "all"),
    "conllup": ("new.conllu", "out.conllup", "--drop", "all"),
    "conllup again": ("new.conllup", "new.conllup", "out.conllup"),
    "word_tag": ("new.columns", "out", "--to", "word_tag", "--drop", "all"),
    "text": ("new.conllu", "out", "--to", "text", "--drop", "all"),
    "prodigy": ("spans.columns", "out.jsonl", "--to", "prodigy"),
    "trees": ("train.trees", "train.trees", "out.trees"),
    "tree": ("new.conllu", "out", "--to", "tree", "--drop", "all", "--target", "head,deprel"),
    "html": ("new.conllu", "out.html", "--drop", "all"),
}
ENDINGS = ("", ".gz", ".zst", ".xz")


class Stopped(BaseException):
    """What no command catches."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files, and a model of each kind."""
    path = tmp_path_factory.mktemp("resuming")
    for name, text in FILES.items():
        (path / name).write_text(text, encoding="utf-8")
    (path / "utf16.txt").write_text(FILES["new.txt"], encoding="utf-16")
    for name, (file, *rest) in MODELS.items():
        assert command_line(["train", str(path / file), *rest, "-o", str(path / f"{name}.model")]) == 0
    return path


@pytest.fixture
def often(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Journals at every mark, in small pieces; a function that stops the command at the n-th mark, never at 0."""
    monkeypatch.chdir(folder)
    for module, values in ((resumable, {"SECONDS": 0, "MEMBER": 300, "_BETWEEN": 0}), (chunks, {"CHUNK_WORDS": 12})):
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(chunks, "CHUNK_CHARACTERS", 60)
    monkeypatch.setattr(os, "fsync", lambda number: None)
    mark, left = resumable.ResumableFile.mark, [0]

    def stopping(self: resumable.ResumableFile, state: Any, **options: Any) -> None:
        mark(self, state, **options)
        left[0] -= 1
        if left[0] == 0:
            raise Stopped

    def stop_at(n: int) -> None:
        left[0] = n

    monkeypatch.setattr(resumable.ResumableFile, "mark", stopping)
    return stop_at


def arguments_of(command: str, case: str, ending: str) -> tuple[list[str], str]:
    """The command line of a case, and its output."""
    words = list(TAG[case] if command == "tag" else CONVERT[case])
    if command == "tag":
        words[0] += ".model"
    words = [word + ending if word.partition(".")[0] == "out" else word for word in words]
    return [command, *words], next(word for word in words if word.partition(".")[0] == "out")


CASES = [(command, case) for command, cases in (("tag", TAG), ("convert", CONVERT)) for case in cases]


@pytest.mark.parametrize(("command", "case"), CASES)
def test_stopped_again_and_again(
    folder: Path, often: Callable[[int], None], capsys: pytest.CaptureFixture[str], command: str, case: str
) -> None:
    for path in folder.glob("out*"):
        path.unlink()
    before = {path.name for path in folder.iterdir()}
    for ending in ENDINGS if case in ("fast lines", "conllu") else ENDINGS[:3]:
        arguments, output = arguments_of(command, case, ending)
        out, part = folder / output, folder / f"{output}.part"
        assert command_line(arguments) == 0, capsys.readouterr().err
        plain, notes = out.read_bytes(), capsys.readouterr().err
        assert command_line([*arguments, "--resume"]) == 0
        whole = out.read_bytes()
        assert capsys.readouterr().err == notes
        assert ending or whole == plain
        out.unlink()
        stops = 0
        for n in range(2, 200):
            often(n)
            try:
                status = command_line([*arguments, "--resume"])
                break
            except Stopped:
                stops += 1
                with part.open("ab") as file:
                    file.write(b"torn")
        often(0)
        assert status == 0 and stops > 0, (status, stops, capsys.readouterr().err)
        assert out.read_bytes() == whole, ending
        said = capsys.readouterr().err.splitlines()
        assert [line for line in said if "goes on where" not in line] == notes.splitlines()
        out.unlink()
        assert {path.name for path in folder.iterdir()} == before


def begun(often: Callable[[int], None], *arguments: str) -> None:
    """Run a command that stops at its third mark."""
    often(3)
    with pytest.raises(Stopped):
        command_line([*arguments, "--resume"])
    often(0)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("fast.model", "new.txt"), "standard output cannot be gone on with; name an output file, -o FILE"),
        (("fast.model", "-o", "out.txt"), "standard input can be read only once; name an input file"),
        (("fast.model", "new.txt", "-", "-o", "out.txt"), "standard input can be read only once; name an input file"),
        (
            ("fast.model", "new.txt", "-o", "/dev/null"),
            "/dev/null cannot be gone on with; name an output file, -o FILE",
        ),
        (("fast.model", "new.txt", "-o", "out.parquet"), "parquet is not written sentence by sentence; write jsonl"),
        (("fast.model", "new.txt", "-o", "out.txt", "--stream"), "not with --stream, which reads text that has no end"),
    ],
)
def test_what_cannot_be_gone_on_with(refused: Refused, folder: Path, arguments: Sequence[str], line: str) -> None:
    before = {path.name for path in folder.iterdir()}
    assert refused("tag", *arguments, "--resume", cwd=folder).startswith(f"elman: --resume: {line}")
    assert {path.name for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("new.columns", "-"), "standard output cannot be gone on with"),
        (("-", "out.jsonl"), "standard input can be read only once"),
        (("new.columns", "out.parquet"), "parquet is not written sentence by sentence"),
    ],
)
def test_what_cannot_be_converted_later(refused: Refused, folder: Path, arguments: Sequence[str], line: str) -> None:
    to = () if "." in arguments[1] else ("--to", "jsonl")
    assert refused("convert", *arguments, *to, "--resume", cwd=folder).startswith(f"elman: --resume: {line}")
    assert not list(folder.glob("out*"))


def test_what_has_changed_is_named(
    often: Callable[[int], None], folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "in.txt").write_text(FILES["new.txt"], encoding="utf-8")
    usual = ["tag", "fast.model", "in.txt", "-o", "out.txt"]
    begun(often, *usual)
    part = folder / "out.txt.part"
    kept = part.read_bytes()

    def refused(*arguments: str) -> str:
        capsys.readouterr()
        assert command_line([*arguments, "--resume"]) == 2
        assert part.read_bytes() == kept
        line = capsys.readouterr().err
        end = f"; delete {part} to begin again\n"
        assert line.startswith(f"elman: {part}: ") and line.endswith(end) and line.count("\n") == 1
        return line[len(f"elman: {part}: ") : -len(end)]

    assert refused(*usual, "--confidence", "--as", "columns") == "--as was not given, and is columns now"
    assert refused(*usual, "--min-confidence", "0.5") == "--min-confidence was not given, and is 0.5 now"
    assert refused("tag", "frequent.model", *usual[2:]).startswith("the model frequent.model was not given")
    assert refused("convert", "train.txt", "out.txt", "--to", "columns") == "the command was tag, and is convert now"
    assert refused("tag", "fast.model", "in.txt", "new.txt", *usual[3:]).startswith("the list of inputs was ")
    with monkeypatch.context() as patch:
        patch.setattr("elman.__version__", "9.9")
        assert refused(*usual).endswith("and is 9.9 now")
    (folder / "in.txt").write_text(FILES["new.txt"].replace("Cats", "cats"), encoding="utf-8")
    assert refused(*usual) == "in.txt has changed since it was begun"
    (folder / "in.txt").write_text(FILES["new.txt"], encoding="utf-8")
    part.write_bytes(kept[:20])
    kept = kept[:20]
    assert refused(*usual) == "is shorter than its journal says"
    part.write_bytes(b"x" * 9_999)
    kept = b"x" * 9_999
    assert refused(*usual) == "is not what its journal says"
    part.unlink()
    assert command_line([*usual, "--resume"]) == 0  # begins again
    for path in (folder / "in.txt", folder / "out.txt"):
        path.unlink()
    assert not list(folder.glob("out*"))


def test_a_mistake_in_the_input_leaves_nothing(folder: Path, often: Callable[[int], None]) -> None:
    """It has to be corrected, and then it is another input."""
    (folder / "bad.conllu").write_text(FILES["new.conllu"] + "1\tx\n\n", encoding="utf-8")
    begun(often, "tag", "columns.model", "bad.conllu", "-o", "out.conllu")
    assert command_line(["tag", "columns.model", "bad.conllu", "-o", "out.conllu", "--resume"]) == 2
    (folder / "bad.conllu").unlink()
    assert not list(folder.glob("out*"))


def test_lines_of_mistakes_count_from_the_beginning(
    folder: Path, often: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.conllu").write_text(FILES["new.conllu"] + "1\tx\n\n", encoding="utf-8")
    lines = FILES["new.conllu"].count("\n") + 1
    begun(often, "tag", "columns.model", "bad.conllu", "-o", "out.conllu")
    assert command_line(["tag", "columns.model", "bad.conllu", "-o", "out.conllu", "--resume"]) == 2
    assert f"bad.conllu:{lines}: " in capsys.readouterr().err
    (folder / "bad.conllu").unlink()


@pytest.mark.parametrize("command", ["tag", "convert"])
def test_a_file_for_each(folder: Path, often: Callable[[int], None], command: str) -> None:
    """Those that are finished are not written again."""
    usual = {
        "tag": ["tag", "frequent.model", "new.txt", "more.txt", "bom.txt", "-o", "out/"],
        "convert": ["convert", "new.columns", "spans.columns", "--to", "jsonl", "-o", "out/"],
    }[command]
    assert command_line(usual) == 0
    out = folder / "out"
    whole = {path.name: path.read_bytes() for path in out.iterdir()}
    for path in out.iterdir():
        path.unlink()
    begun_at: dict[str, int] = {}
    for n in range(5, 99):
        often(n)
        try:
            assert command_line([*usual, "--resume"]) == 0
            break
        except Stopped:
            for path in out.iterdir():
                if not path.name.endswith((".part", ".journal")):
                    assert begun_at.setdefault(path.name, path.stat().st_mtime_ns) == path.stat().st_mtime_ns
    assert begun_at
    assert {path.name: path.read_bytes() for path in out.iterdir()} == whole
    for path in out.iterdir():
        path.unlink()
    out.rmdir()


def test_a_full_disk(folder: Path, often: Callable[[int], None], capsys: pytest.CaptureFixture[str]) -> None:
    resource = pytest.importorskip("resource")
    usual = ["tag", "frequent.model", "new.txt", "-o", "out.txt", "--resume"]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, before[1]))
    try:
        assert command_line(usual) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    part = folder / "out.txt.part"
    line = f"elman: out.txt: cannot be written: File too large; the same command goes on from {part}\n"
    assert capsys.readouterr().err == line
    assert 0 < part.stat().st_size <= 700
    assert command_line(usual) == 0
    resumed = (folder / "out.txt").read_bytes()
    assert command_line(usual[:-1]) == 0
    assert (folder / "out.txt").read_bytes() == resumed
    (folder / "out.txt").unlink()


@pytest.mark.skipif(os.name == "nt", reason="no such signals there")
@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM", "SIGINT"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_real_process(folder: Path, environment: dict[str, str], number: str, ending: str, run: Run) -> None:
    """It has journals at every mark, and waits at the fourth."""
    code = (
        "import os, sys, time\n"
        "from elman.utils import resumable, signals\n"
        "signals.install()\n"
        "resumable.SECONDS, resumable.MEMBER, resumable._BETWEEN = 0, 300, 0\n"
        "from elman.cli import chunks\n"
        "chunks.CHUNK_CHARACTERS = chunks.CHUNK_WORDS = 60\n"
        "mark, left = resumable.ResumableFile.mark, int(sys.argv.pop(1))\n"
        "def waiting(self, *arguments, **options):\n"
        "    global left\n"
        "    mark(self, *arguments, **options)\n"
        "    left -= 1\n"
        "    if not left:\n"
        "        print(flush=True)\n"
        "        time.sleep(60)\n"
        "resumable.ResumableFile.mark = waiting\n"
        "from elman.__main__ import main\n"
        "main()\n"
    )
    usual = ["tag", "fast.model", "new.txt", "-o", f"real{ending}", "--resume", "--quiet"]
    options: dict[str, Any] = {"cwd": folder, "env": environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", code, "9", *usual], **options)
    assert process.stdout is not None
    assert process.stdout.readline() == b"\n"
    second = run(*usual, cwd=folder)
    part = folder / f"real{ending}.part"
    assert second.returncode == 2
    assert second.stderr.decode().startswith(f"elman: {part}: another process is writing it; ")
    process.send_signal(getattr(signal, number))
    _, err = process.communicate(timeout=60)
    status = {"SIGKILL": -9, "SIGTERM": 143, "SIGINT": 130}[number]
    assert process.returncode == status
    assert err == (b"" if number == "SIGKILL" else b"elman: stopped; the same command goes on from here\n")
    size = json.loads((folder / f"real{ending}.part.journal").read_bytes())["size"]
    assert size > 0
    result = subprocess.run([sys.executable, "-c", code, "0", *usual], timeout=60, check=True, **options)
    assert result.stderr == b""
    resumed = (folder / f"real{ending}").read_bytes()
    assert subprocess.run([sys.executable, "-c", code, "0", *usual], timeout=60, check=True, **options).stderr == b""
    assert resumed == (folder / f"real{ending}").read_bytes()
    (folder / f"real{ending}").unlink()
    assert not list(folder.glob("real*"))
