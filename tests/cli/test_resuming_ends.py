"""``--resume``: what is refused, what is left behind, real processes that are killed."""

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

from elman.cli import run as command_line
from resumed import FILES, Stopped, make_files, stopping_often

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files, and models."""
    return make_files(tmp_path_factory.mktemp("resuming"), ("fast", "frequent", "columns"))


@pytest.fixture
def often(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Stops commands at the n-th mark; they run in the folder."""
    monkeypatch.chdir(folder)
    return stopping_often(monkeypatch)


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

    assert refused(*usual, "--confidence", "--as", "columns") == "--as was not given, and is 'columns' now"
    assert refused(*usual, "--min-confidence", "0.5") == "--min-confidence was not given, and is '0.5' now"
    assert refused("tag", "frequent.model", *usual[2:]) == "the model has changed since it was begun"
    assert (
        refused("convert", "train.txt", "out.txt", "--to", "columns") == "the command was 'tag', and is 'convert' now"
    )
    assert refused("tag", "fast.model", "in.txt", "new.txt", *usual[3:]).startswith("the list of inputs was ")
    with monkeypatch.context() as patch:
        patch.setattr("elman.__version__", "9.9")
        assert refused(*usual).endswith(", and is '9.9' now")
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
        "convert": ["convert", "texts.csv", "spans.columns", "--to", "jsonl", "-o", "out/"],
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
    usual = ["tag", "frequent.model", *["new.txt"] * 8, "-o", "out.txt", "--resume"]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, before[1]))
    try:
        assert command_line(usual) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    part = folder / "out.txt.part"
    line = f"elman: out.txt: cannot be written: File too large; the same command goes on from {part}\n"
    assert capsys.readouterr().err == line
    assert 1_000 < part.stat().st_size <= 5_000
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
        "chunks.CHUNK_BYTES = chunks.CHUNK_WORDS = 60\n"
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
    part = folder / f"real{ending}.part"
    with subprocess.Popen([sys.executable, "-c", code, "9", *usual], **options) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        second = run(*usual, cwd=folder)
        process.send_signal(getattr(signal, number))
        _, err = process.communicate(timeout=60)
    assert second.returncode == 2
    assert second.stderr.decode().startswith(f"elman: {part}: another process is writing it; ")
    assert process.returncode == {"SIGKILL": -9, "SIGTERM": 143, "SIGINT": 130}[number]
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
