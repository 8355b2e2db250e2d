"""Outputs that are gone on with: what the journal holds, members of compressed files, locks."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from elman.errors import ConfigError, DataError, OutputError
from elman.utils import resumable
from elman.utils.resumable import ResumableFile, restore, saved

ABOUT = {"--as": "text"}


class Stopped(BaseException):
    """The end of a process."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumable, "SECONDS", 0.0)
    monkeypatch.setattr(resumable, "MEMBER", 10)
    monkeypatch.setattr(resumable, "_BETWEEN", 0)


def write(path: Path, last: int, *, stop: bool = False, encoding: str = "utf-8") -> int:
    """Write lines up to a number, behind those that are there, and return with which it began."""
    with ResumableFile(str(path), ABOUT, encoding=encoding) as out:
        begin = out.state.get("done", 0)
        for i in range(begin, last):
            out.write(f"line ä {i}\n")
            out.mark(lambda done=i + 1: {"done": done})  # type: ignore[misc]
        if stop:
            raise Stopped
    return int(begin)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-7", "iso2022_jp_2"])
@pytest.mark.parametrize("ending", ["", ".gz", ".xz"])
def test_the_bytes_are_those_of_a_quiet_run(tmp_path: Path, ending: str, encoding: str) -> None:
    quiet, out = tmp_path / f"quiet{ending}", tmp_path / f"out{ending}"
    write(quiet, 9, encoding=encoding)
    for last in (2, 3, 3, 7):
        with pytest.raises(Stopped):
            write(out, last, stop=True, encoding=encoding)
        assert not out.exists()
        with open(f"{out}.part", "ab") as part:
            part.write(b"torn")
    assert write(out, 9, encoding=encoding) > (4 if ending else 6)
    assert out.read_bytes() == quiet.read_bytes()
    assert not os.path.exists(f"{out}.part")


def test_members_end_where_they_always_do(tmp_path: Path) -> None:
    path = tmp_path / "out.gz"
    write(path, 7)
    data = path.read_bytes()
    assert len(gzip.decompress(data)) == 70
    assert data.count(b"\x1f\x8b\x08") == 7


@pytest.mark.parametrize("name", ["out", "out.gz"])
def test_nothing_is_written(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, 0)
    data = (tmp_path / name).read_bytes()
    assert (gzip.decompress(data) if data else data) == b"" and bool(data) == name.endswith(".gz")


def test_a_finished_output_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "out"
    write(path, 3)
    with ResumableFile(str(path), ABOUT) as out:
        assert out.finished
    path.write_text("changed")
    assert write(path, 3) == 0
    path.unlink()
    assert write(path, 3) == 0


def test_killed_before_it_got_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(ResumableFile, "_rename", lambda self: (_ for _ in ()).throw(Stopped))
        with pytest.raises(Stopped):
            write(path, 3)
    with ResumableFile(str(path), ABOUT) as out:
        assert out.finished
    assert path.read_text() == "line ä 0\nline ä 1\nline ä 2\n"


def test_what_is_complete_waits_for_its_name(tmp_path: Path) -> None:
    path = tmp_path / "out.gz"
    with pytest.raises(Stopped), ResumableFile(str(path), ABOUT) as out:
        out.write("text\n")
        out.complete({"to": "compare"})
        raise Stopped
    with ResumableFile(str(path), ABOUT) as out:
        assert out.state == {"to": "compare"} and not out.finished
    assert gzip.decompress(path.read_bytes()) == b"text\n"


@pytest.mark.parametrize("journal", ["", "[]", "{}", '{"about": 1}', "[" * 9_999, "\0"])
def test_damaged_journals(tmp_path: Path, journal: str) -> None:
    path = tmp_path / "out"
    with pytest.raises(Stopped):
        write(path, 3, stop=True)
    Path(f"{path}.part.journal").write_text(journal)
    with pytest.raises(ConfigError, match="journal: is damaged; delete it and .*out.part to begin again$"):
        write(path, 3)


def test_a_part_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "out"
    part = Path(f"{path}.part")
    part.write_text("mine")
    with pytest.raises(ConfigError, match="out.part: is there without its journal; delete it to begin again$"):
        write(path, 3)
    assert part.read_text() == "mine"


def test_an_error_keeps_the_part_if_the_same_command_may_succeed(tmp_path: Path) -> None:
    path = tmp_path / "out"
    for error, keeps in ((OutputError("full"), True), (DataError("bad"), False), (MemoryError(), True)):
        with pytest.raises(type(error)), ResumableFile(str(path), ABOUT) as out:
            out.write("text\n")
            out.mark(lambda: {"done": 1})
            raise error
        assert os.path.exists(f"{path}.part") == os.path.exists(f"{path}.part.journal") == keeps
    failed = DataError("cannot be read: Input/output error")
    failed.__context__ = OSError(5, "Input/output error")
    with pytest.raises(DataError), ResumableFile(str(path), ABOUT) as out:
        raise failed
    assert os.path.exists(f"{path}.part")


def test_one_process_at_a_time(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="no such locks there")
    path = tmp_path / "out"
    with ResumableFile(str(path), ABOUT) as out:
        with pytest.raises(OutputError, match="out.part: another process is writing it; wait for its end, or name"):
            write(path, 1)
        out.write("mine")
    assert path.read_text() == "mine"


def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("before")
    path.chmod(0o640)
    write(path, 1)
    assert path.stat().st_mode & 0o777 == 0o640


def test_saved_and_restored() -> None:
    class Thing:
        STATE = ("counts", "name")

        def __init__(self, counts: Counter[str], name: str | None) -> None:
            self.counts, self.name = counts, name

    state = json.loads(json.dumps(saved([Thing(Counter("aab"), "x")])))
    other = Thing(Counter("z"), None)
    counts = other.counts
    restore([other], state)
    assert other.counts is counts and counts == Counter("aab") and other.name == "x"
