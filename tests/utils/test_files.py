"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import gc
import io
import os
import stat
import subprocess
import sys
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace

import pytest

from elman.data.formats import text_io
from elman.data.formats.text_io import line_blocks
from elman.errors import ConfigError, DataError, OutputError
from elman.features import vectors as word_vectors
from elman.utils.files import OutputFile, check_target, drop_standard_output, input_files, write_bytes_atomically

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def target(tmp_path):
    return tmp_path / "folder" / "out"


@pytest.fixture(autouse=True)
def folder(target):
    target.parent.mkdir()
    return target.parent


def failing(*_arguments, **_options):
    raise FULL


def test_written_as_it_is_and_nothing_beside_it(target, folder):
    with OutputFile(str(target)) as file:
        file.write("\ufeffé\r\n")
        file.write("b\n")
        assert not target.exists()
    assert target.read_bytes() == "\ufeffé\r\nb\n".encode()
    assert os.listdir(folder) == ["out"]


def test_other_encodings(target):
    with OutputFile(str(target), encoding="utf-16") as file:
        file.write("a")
        file.write("b")
    assert target.read_bytes() == "ab".encode("utf-16")
    with pytest.raises(OutputError, match="out: 'é' cannot be written in ascii; pass another --encoding"):
        with OutputFile(str(target), encoding="ascii") as file:
            file.write("né")
    with pytest.raises(ConfigError, match="no text encoding is called 'nope'"):
        OutputFile(str(target), encoding="nope")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_old_file_stays_when_anything_goes_wrong(target, folder, error):
    target.write_text("old")
    with pytest.raises(error), OutputFile(str(target)) as file:
        file.write("new")
        raise error
    assert target.read_text() == "old"
    assert os.listdir(folder) == ["out"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_the_old_file_stays_when_the_end_fails(target, folder, monkeypatch, step):
    target.write_text("old")
    monkeypatch.setattr(os, step, failing)
    with pytest.raises(OutputError, match="out: cannot be written: No space left on device"):
        write_bytes_atomically(str(target), b"new")
    assert target.read_text() == "old"
    assert os.listdir(folder) == ["out"]


def test_nothing_is_left_when_the_start_fails(target, folder, monkeypatch):
    target.write_text("old")
    monkeypatch.setattr(os, "chmod", failing)
    with pytest.raises(OutputError, match="cannot be written"), OutputFile(str(target)):
        raise AssertionError("not reached")
    assert os.listdir(folder) == ["out"]
    monkeypatch.setattr("builtins.open", failing)
    with pytest.raises(OutputError, match="cannot be written"), OutputFile(str(target)):
        raise AssertionError("not reached")


def test_mode_and_links_are_kept(target, folder):
    target.write_text("old")
    target.chmod(0o640)
    link = folder / "link"
    link.symlink_to(target)
    write_bytes_atomically(str(link), b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (".", "it is a folder; name a file"),
        ("new/", "it is a folder; name a file"),
        ("missing/out", "there is no folder"),
    ],
)
def test_targets_that_cannot_be(folder, path, message):
    for call in (check_target, lambda path: write_bytes_atomically(path, b"")):
        with pytest.raises(OutputError, match=message):
            call(os.path.join(folder, path))


def test_read_only_file_and_folder(target, folder):
    target.write_text("old")
    target.chmod(0o444)
    with pytest.raises(OutputError, match="out: cannot be written: the file is read-only"):
        write_bytes_atomically(str(target), b"new")
    assert target.read_text() == "old"
    folder.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="other: cannot be written: the folder is read-only"):
            write_bytes_atomically(str(folder / "other"), b"new")
    finally:
        folder.chmod(0o755)


def test_full_device():
    with pytest.raises(OutputError, match="^/dev/full: cannot be written: No space left on device$"):
        write_bytes_atomically("/dev/full", b"x" * 100)
    with pytest.raises(OutputError, match="^/dev/full: cannot be written: No space left on device$"):
        write_bytes_atomically("/dev/full", b"x" * 1_000_000)


def test_a_pipe_is_written_directly(target):
    os.mkfifo(target)
    reader = os.open(target, os.O_RDONLY | os.O_NONBLOCK)
    write_bytes_atomically(str(target), b"new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(target.stat().st_mode)


def test_standard_output(monkeypatch):
    class Out(io.BytesIO):
        flushes = 0

        def flush(self):
            self.flushes += 1

    out = Out()
    check_target("-")
    check_target("/dev/stdout")
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=out, flush=lambda: None))
    with OutputFile("-") as file:
        file.write("é\r\n")
        file.flush()
        assert (out.getvalue(), out.flushes) == ("é\r\n".encode(), 1)
    assert not out.closed and out.flushes == 2


def test_standard_output_without_a_buffer_may_take_a_part_at_a_time(monkeypatch):
    taken = []

    class Raw(io.RawIOBase):
        def write(self, data):
            taken.append(bytes(data[:3]))
            return len(taken[-1])

    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=Raw(), flush=lambda: None))
    with OutputFile("-") as file:
        file.write("abcdefgh")
    assert taken == [b"abc", b"def", b"gh"]


@pytest.mark.parametrize(("error", "expected"), [(FULL, OutputError), (BrokenPipeError(), BrokenPipeError)])
def test_standard_output_that_fails(monkeypatch, error, expected):
    class Out(io.BytesIO):
        def flush(self):
            raise error

    def no_number():
        raise ValueError

    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=Out(), flush=lambda: None, fileno=no_number))
    with pytest.raises(expected), OutputFile("-") as file:
        file.write("a")


CHILD = """
import sys
from elman.errors import OutputError
from elman.utils.files import OutputFile
try:
    with OutputFile(sys.argv[1]) as file:
        file.write("x" * int(sys.argv[2]))
        file.flush()
except OutputError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize(("path", "name"), [("-", "standard output"), ("/dev/stdout", "/dev/stdout")])
@pytest.mark.parametrize("size", [10, 1_000_000])
def test_one_line_and_no_more_when_standard_output_is_full(path, name, size):
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-c", CHILD, path, str(size)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.stderr == f"{name}: cannot be written: No space left on device\n"
    assert done.returncode == 1


def test_dev_stdout_keeps_what_is_there_already(target):
    target.write_text("old\n")
    with open(target, "ab") as out:
        subprocess.run([sys.executable, "-c", CHILD, "/dev/stdout", "3"], stdout=out, check=True)
    assert target.read_text() == "old\nxxx"


def test_standard_output_can_be_dropped(target, monkeypatch):
    with open(target, "w") as out:
        monkeypatch.setattr("sys.stdout", out)
        out.write("a")
        drop_standard_output()
    assert target.read_text() == ""


def test_which_files_are_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.txt", "a.txt", ".hidden", "sub/deep/c.txt", "[x].txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    here = os.path.join(".", "")
    assert input_files(["b.txt", "-", "nowhere", "b.txt"]) == ["b.txt", "-", "nowhere", "b.txt"]
    assert input_files(["."]) == [here + "[x].txt", here + "a.txt", here + "b.txt"]
    assert input_files(["b.txt", "?.txt"]) == ["b.txt", "a.txt"]
    assert input_files(["[x].txt"]) == ["[x].txt"]
    assert input_files([os.path.join("**", "*.txt")])[-1] == os.path.join("sub", "deep", "c.txt")
    with pytest.raises(DataError, match=r"^\*\.conllu: no file matches this pattern$"):
        input_files(["*.conllu"])
    with pytest.raises(DataError, match="^sub: a folder without files; a pattern like .* takes those further down$"):
        input_files(["sub"])


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize("blocks", [word_vectors._blocks, partial(line_blocks, encoding="utf-8")])
def test_a_file_read_half_way_is_closed_in_silence(target, monkeypatch, blocks):
    """Also if garbage collection finds it before the generator that reads it."""
    monkeypatch.setattr(word_vectors, "_BLOCK", 2)
    monkeypatch.setattr(text_io, "_BLOCK_BYTES", 2)
    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    target.write_text("a\n" * 9)
    reading = blocks(str(target))
    next(reading)
    file = [one for one in gc.get_objects() if isinstance(one, io.FileIO) and not one.closed and is_of(one, target)]
    cycle = [reading]
    del reading
    gc.collect()  # the generator is now behind the file in the list of objects
    assert len(file) == 1
    cycle.append(cycle)
    del cycle, file
    gc.collect()
    assert unraisable == []
    numbers = os.listdir("/proc/self/fd")
    assert not any(os.path.realpath(f"/proc/self/fd/{number}") == str(target.resolve()) for number in numbers)


def is_of(file, path):
    return os.path.realpath(f"/proc/self/fd/{file.fileno()}") == str(path.resolve())


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_the_new_name_is_flushed_behind_the_data(target, folder, monkeypatch):
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda number: flushed.append(os.readlink(f"/proc/self/fd/{number}")))
    with OutputFile(str(target)) as file:
        file.write("new")
    assert len(flushed) == 2 and flushed[1] == str(folder.resolve())


@pytest.mark.skipif(os.name == "nt", reason="folders are not flushed there")
@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_a_folder_that_cannot_be_flushed(target, folder, monkeypatch, number):
    """Some network drives cannot; a broken disk is an error, and the new file is there."""

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OutputError, match="Input/output error") if number == errno.EIO else nullcontext():
        with OutputFile(str(target)) as file:
            file.write("new")
    assert (target.read_text(), os.listdir(folder)) == ("new", ["out"])
