"""Files that survive a power failure."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from elman.errors import OutputError
from elman.utils.durable import PartFile, remove_left, sync_folder, write_generation


def test_the_last_content_stays_beside_the_new_one(tmp_path: Path) -> None:
    file, previous = tmp_path / "state", tmp_path / "state.previous"
    for data in (b"1", b"2", b"3"):
        write_generation(str(file), str(previous), data)
    assert (file.read_bytes(), previous.read_bytes()) == (b"3", b"2")
    assert sorted(os.listdir(tmp_path)) == ["state", "state.previous"]


def test_a_write_that_fails_leaves_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, previous = tmp_path / "state", tmp_path / "state.previous"
    for data in (b"1", b"2"):
        write_generation(str(file), str(previous), data)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"state: cannot be written: No space left on device"):
        write_generation(str(file), str(previous), b"3")
    assert (file.read_bytes(), previous.read_bytes()) == (b"2", b"1")
    assert sorted(os.listdir(tmp_path)) == ["state", "state.previous"]


@pytest.mark.parametrize(("number", "is_told"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_folder_that_cannot_be_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_told: bool
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    if is_told:
        with pytest.raises(OSError, match="error"):
            sync_folder(str(tmp_path))
    else:
        sync_folder(str(tmp_path))


# --- temporary files ------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from elman.utils.durable import PartFile
parts = [PartFile(sys.argv[1]) for _ in range(int(sys.argv[2]))]
for part in parts:
    part.file.write(b"half")
    part.file.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
unix = pytest.mark.skipif(os.name == "nt", reason="there is no kill -9 there")


def killed(target: Path, parts: int = 1) -> list[str]:
    """Return the files that a process left which wrote the target and was killed."""
    subprocess.run([sys.executable, "-c", KILLED, str(target), str(parts)], env=environment(), check=False)
    return sorted(set(os.listdir(target.parent)) - {target.name})


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@unix
def test_what_a_killed_process_left_is_removed_by_the_next_writer(tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert len(killed(target, parts=3)) == 3
    part = PartFile(str(target))
    assert os.listdir(tmp_path) == [os.path.basename(part.path)]
    part.file.write(b"new")
    part.replace()
    assert target.read_bytes() == b"new" and os.listdir(tmp_path) == ["out"]
    assert killed(target)
    remove_left(str(target))
    assert os.listdir(tmp_path) == ["out"]


@unix
def test_the_file_of_a_living_writer_stays(tmp_path: Path) -> None:
    target, other = tmp_path / "out", PartFile(str(tmp_path / "other"))
    first, second = PartFile(str(target)), PartFile(str(target))
    for part, data in ((first, b"first"), (second, b"second"), (other, b"other")):
        part.file.write(data)
    assert len({part.path for part in (first, second, other)}) == 3
    assert len(killed(target)) == 4
    first.replace()
    assert target.read_bytes() == b"first"
    third = PartFile(str(target))
    third.remove()
    second.replace()
    other.remove()
    assert target.read_bytes() == b"second" and os.listdir(tmp_path) == ["out"]
    second.remove()  # does nothing: it was renamed
    assert os.listdir(tmp_path) == ["out"]


def test_many_writers_of_one_target(tmp_path: Path) -> None:
    """Each writes a whole file, whoever begins and ends meanwhile."""
    target, seen = str(tmp_path / "out"), set[bytes]()

    def write(number: int) -> None:
        for _ in range(20):
            part = PartFile(target)
            part.file.write(b"%d" % number * 1_000)
            part.replace()
            seen.add(Path(target).read_bytes())

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen <= {b"%d" % number * 1_000 for number in range(8)} and os.listdir(tmp_path) == ["out"]


@unix
def test_a_file_that_was_taken_for_one_that_was_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its creation and its lock another process removes it: the next name is used."""
    import fcntl

    taken: list[str] = []

    def lock(file: object, how: int) -> None:
        if not taken:
            taken.extend(os.listdir(tmp_path))
            os.unlink(tmp_path / taken[0])
        real(file, how)

    real = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", lock)
    part = PartFile(str(tmp_path / "out"))
    assert len(taken) == 1 and os.listdir(tmp_path) == [os.path.basename(part.path)] != taken
    part.remove()


@unix
def test_without_locks_nothing_of_others_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def fail(file: object, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    left = killed(tmp_path / "out")
    monkeypatch.setattr(fcntl, "flock", fail)
    part = PartFile(str(tmp_path / "out"))
    assert sorted(os.listdir(tmp_path)) == sorted([*left, os.path.basename(part.path)])
    part.replace()
    assert sorted(os.listdir(tmp_path)) == [*left, "out"]


@unix
def test_a_link_in_place_of_a_temporary_file_is_not_followed(tmp_path: Path) -> None:
    part = PartFile(str(tmp_path / "out"))
    (tmp_path / "precious").write_bytes(b"old")
    part.remove()
    os.symlink(tmp_path / "precious", part.path)
    second = PartFile(str(tmp_path / "out"))
    assert second.path != part.path
    second.remove()
    assert (tmp_path / "precious").read_bytes() == b"old" and os.path.islink(part.path)


def test_nobody_else_reads_a_private_file(tmp_path: Path) -> None:
    part = PartFile(str(tmp_path / "out"), private=True)
    assert os.stat(part.path).st_mode & 0o077 == 0
    part.remove()
