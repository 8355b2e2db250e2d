"""One plain line out of a pipe: the same as by the command line, which does all else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from elman import kernels
from elman.cli.punctuation import attached_punctuation
from elman.data.formats.sniff import ModelHints, sniff
from elman.taggers import direct
from light_models import models_in

pytestmark = [
    pytest.mark.filterwarnings("ignore:no dev set"),
    pytest.mark.skipif(os.name == "nt", reason="pipes cannot be asked there"),
]
native = pytest.mark.skipif(kernels.native_core() is None, reason="the native kernels are not in use")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(models_in(tmp_path_factory.mktemp("models"))("default"))


@contextmanager
def descriptors(folder: Path, held: bytes, *, writer: bool = False) -> Iterator[Callable[[], tuple[bytes, bytes]]]:
    """Make standard input a pipe that holds bytes, and the others files; yields what returns the contents of these."""
    names = [folder / "out", folder / "err"]
    with ExitStack() as stack:
        for number in range(3):
            before = os.dup(number)
            stack.callback(os.close, before)
            stack.callback(os.dup2, before, number)
        source, target = os.pipe()
        os.write(target, held)
        if writer:
            stack.callback(os.close, target)
        else:
            os.close(target)
        os.dup2(source, 0)
        os.close(source)
        for number, name in enumerate(names, start=1):
            file = os.open(name, os.O_CREAT | os.O_TRUNC | os.O_RDWR)
            os.dup2(file, number)
            os.close(file)
        yield lambda: (names[0].read_bytes(), names[1].read_bytes())


def process(arguments: list[str], held: bytes) -> tuple[int, bytes, bytes]:
    done = subprocess.run([sys.executable, "-m", "elman", *arguments], input=held, capture_output=True)
    return done.returncode, done.stdout, done.stderr


LINES = ["the dogs sleep .\n", "Zürich barks", "sleep", "the « old » dogs !"]
OTHERS = [
    "",
    "\n",
    "the, dogs\n",
    "the\told\n",
    "the_DET\n",
    "one\ntwo\n",
    " the\n",
    "a  b",
    "日本\n",
    "1 2",
    "Oh! Oh!\n",
]


@native
@pytest.mark.parametrize("line", LINES)
def test_a_plain_line(model: str, tmp_path: Path, line: str) -> None:
    with descriptors(tmp_path, line.encode()) as written:
        assert direct.tag_line(["tag", model]) == 0
        found = written()
    assert process(["tag", model, "-"], line.encode()) == (0, *found)  # with FILE it is the command's
    assert process(["tag", model], line.encode()) == (0, *found)


@native
@pytest.mark.parametrize("line", OTHERS)
def test_all_else_is_left_to_the_command(model: str, tmp_path: Path, line: str) -> None:
    with descriptors(tmp_path, line.encode()) as written:
        assert direct.tag_line(["tag", model]) is None
        assert os.read(0, 100) == line.encode() and os.read(0, 1) == b""
        assert written() == (b"", b"")
    assert process(["tag", model], line.encode()) == process(["tag", model, "-"], line.encode())


@pytest.mark.parametrize("arguments", [[], ["tag"], ["tag", "--help"], ["evaluate", "m"], ["tag", "m", "file"]])
def test_other_commands(arguments: list[str]) -> None:
    assert direct.tag_line(arguments) is None


def test_what_is_not_there_or_still_written(model: str, tmp_path: Path) -> None:
    with descriptors(tmp_path, b"dogs sleep\n") as written:
        assert direct.tag_line(["tag", str(tmp_path / "none")]) is None
        assert os.read(0, 100) == b"dogs sleep\n" and written() == (b"", b"")
    with descriptors(tmp_path, b"dogs sleep\n", writer=True):
        assert direct.tag_line(["tag", model]) is None
        assert os.read(0, 100) == b"dogs sleep\n"
    with descriptors(tmp_path, b"a " * 3000):
        assert direct.tag_line(["tag", model]) is None
        assert len(os.read(0, 9000)) == 6000
    with descriptors(tmp_path, b"dogs sleep\n"):
        os.close(2)
        assert direct.tag_line(["tag", model]) is None
    with descriptors(tmp_path, b"caf\xe9\n"):
        assert direct.tag_line(["tag", model]) is None
    with descriptors(tmp_path, b""):
        os.dup2(1, 0)
        assert direct.tag_line(["tag", model]) is None


def test_with_limited_address_space(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1 << 32, 1 << 32))
    with descriptors(tmp_path, b"dogs sleep\n"):
        assert direct.tag_line(["tag", model]) is None
        assert os.read(0, 100) == b"dogs sleep\n"


@native
def test_where_nothing_can_be_written(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with descriptors(tmp_path, b"dogs sleep\n"):
        source, target = os.pipe()
        os.close(source)
        os.dup2(target, 1)
        os.close(target)
        assert direct.tag_line(["tag", model]) == 141
    wrote = os.write
    for at_once, status in ((0, None), (3, 2)):

        def write(number: int, data: bytes, at_once: int = at_once) -> int:
            if number == 1 and (not at_once or not data.startswith(b"dogs")):
                raise OSError(28, "No space left on device")
            return wrote(number, data[:at_once] if number == 1 else data)

        with descriptors(tmp_path, b"dogs sleep\n") as written:
            monkeypatch.setattr(direct.os, "write", write)
            assert direct.tag_line(["tag", model]) == status
            monkeypatch.undo()
            if status:
                said = b"elman: standard output: cannot be written: No space left on device\n"
                assert written() == (b"dog", said)


def test_a_message_that_cannot_be_printed(tmp_path: Path) -> None:
    with descriptors(tmp_path, b""):
        os.dup2(0, 2)  # for reading only
        direct._tell(b"a note\n")


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1)
    | st.from_regex(r"[a-z0-9., !-]+", fullmatch=True)
)
def test_what_is_plain_is_text_by_the_first_line(text: str) -> None:
    if direct.is_plain(text.encode()):
        hints = ModelHints("columns", ["upos"], frozenset(["DET", "NOUN"]), frozenset())
        assert sniff([text + "\n"], labelled=False, known=hints) == ("text", "no tab in the first line")
        assert attached_punctuation([text], lambda word: True) is None
