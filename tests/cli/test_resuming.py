"""``--resume``: a command that ended early goes on, and the bytes are those of an undisturbed run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from elman.cli import run as command_line
from resumed import CONVERT, TAG, Stopped, make_files, stopping_often

ENDINGS = ("", ".gz", ".zst", ".xz")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files, and models."""
    return make_files(tmp_path_factory.mktemp("resuming"))


@pytest.fixture
def often(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Stops commands at the n-th mark; they run in the folder."""
    monkeypatch.chdir(folder)
    return stopping_often(monkeypatch)


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
