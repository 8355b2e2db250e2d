"""Write files atomically, and expand the input names of a command line to files."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from elman.errors import ConfigError, DataError, OutputError, reason, while_reading, while_writing
from elman.utils.charsets import Encoder
from elman.utils.compression import compressing, kind_of
from elman.utils.durable import PartFile

_LONGEST = 4_096  # characters of a path


def input_files(names: Iterable[str]) -> list[str]:
    """Expand names on a command line to files, in order.

    A folder expands to the files directly in it, a pattern with ``*``, ``?`` or ``[…]`` to the files that match it
    (``**`` matches folders at any depth); both are sorted by name, without hidden files and files already listed. Any
    other name, including ``-``, is kept, whether the file exists or not.

    Raises DataError if a folder has no files or a pattern matches none.
    """
    files: list[str] = []
    listed: set[str] = set()
    for name in names:
        if os.path.isdir(name):
            with while_reading(name):
                entries = sorted(os.listdir(name))
            paths = [os.path.join(name, entry) for entry in entries if not entry.startswith(".")]
            problem = (
                f"a folder without files; a pattern like {os.path.join(name, '**', '*')!r} takes those further down"
            )
        elif any(mark in name for mark in "*?[") and not os.path.lexists(name):
            paths, problem = _matching(name), "no file matches this pattern"
        else:
            files.append(name)
            listed.add(name)
            continue
        paths = [path for path in paths if os.path.isfile(path)]
        if not paths:
            raise DataError(problem, path=name)
        files += [path for path in paths if path not in listed]
        listed.update(paths)
    return files


def _matching(pattern: str) -> list[str]:
    import glob

    if len(pattern) > _LONGEST:  # text passed by mistake
        return []
    try:
        return sorted(glob.glob(pattern, recursive=True))
    except (RecursionError, ValueError):  # a thousand nested folders; a NUL
        return []


@contextmanager
def opened(path: str) -> Iterator[io.BufferedReader]:
    """Open a file for reading, for a generator that may be left half-way.

    Garbage collection may end such a file before the generator that closes it, and Python warns of a file that is
    ended while it owns its descriptor. Here the context manager owns it.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def is_pipe(path: str) -> bool:
    """Return whether an input can be read only once: standard input, a pipe or a device."""
    return path == "-" or (os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path))


class OutputFile:
    """A text file that replaces its target only when it has been written completely.

    Text goes to a temporary file in the target's folder, which is flushed to disk and renamed when the ``with`` block
    succeeds (the new name is flushed to disk too), and removed when it raises. ``-`` is standard output; it and other
    targets that are not regular files (devices, pipes) are written to directly. Line ends are not translated. A file
    whose name ends in ``.gz``, ``.xz`` or ``.zst`` is compressed, unless ``plain``.

    Raises OutputError if the target cannot be written, if text cannot be encoded, or if binary data would go to a
    terminal (``write``). BrokenPipeError (the reader of a pipe has closed it) is left to the caller. Raises ConfigError
    if the encoding does not exist, and MissingExtraError for Zstandard if its package is not installed.

    ``state`` and ``finished`` say how far an earlier process came: never, but with a ``resumable.ResumableFile``.
    """

    state: Mapping[str, Any] = {}
    finished = False

    def __init__(self, path: str, *, encoding: str = "utf-8", plain: bool = False) -> None:
        self._path = path
        self._compressed = not plain and path != "-" and kind_of(path) is not None
        self.name = "standard output" if path == "-" else path
        self._target = path
        self._part: PartFile | None = None
        self._stream: BinaryIO | None = None
        self._file: BinaryIO | None = None  # the file below _stream if that compresses, else _stream
        self._encoding, self._encoder = encoding, Encoder(encoding)

    def __enter__(self) -> Self:
        check_target(self._path)
        self._target = os.path.realpath(self._path)  # the rename must not replace a link
        try:
            self._open()
        except OSError as error:
            self._clean_up()
            raise self._failed(error) from None
        return self

    def _open(self) -> None:
        if self._path == "-":
            sys.stdout.flush()
            self._stream = sys.stdout.buffer
        elif is_direct(self._path):
            self._stream = io.BufferedWriter(open_direct(self._path))
        else:
            self._part = PartFile(self._target)
            self._stream = self._part.file
            if os.path.exists(self._target):
                os.chmod(self._part.path, stat.S_IMODE(os.stat(self._target).st_mode))
        self._file = self._stream
        if self._compressed:
            self._stream = compressing(self._file, self._path)

    def write(self, text: str | bytes) -> None:
        """Write text, or binary data unless to a terminal."""
        if isinstance(text, bytes):
            assert self._stream is not None, "write inside the with block"
            if self._stream.isatty():
                raise _no_text(self.name)
            self.write_bytes(text)
            return
        try:
            data = self._encoder.encode(text)
        except UnicodeError as error:
            part = repr(error.object[error.start]) if isinstance(error, UnicodeEncodeError) else "some of the text"
            message = f"{self.name}: {part} cannot be written in {self._encoding}"
            raise OutputError(f"{message}; pass another --encoding") from None
        self.write_bytes(data)

    def write_utf8(self, text: bytes) -> None:
        """Write text that is encoded in UTF-8."""
        if self._encoder.is_utf8:
            self.write_bytes(text)
        else:
            self.write(text.decode())

    def write_bytes(self, data: bytes) -> None:
        """Write bytes unchanged."""
        assert self._stream is not None, "write inside the with block"
        rest = memoryview(data)
        try:
            while rest:  # unbuffered standard output (python -u) may accept only part
                rest = rest[self._stream.write(rest) :]
        except OSError as error:
            raise self._failed(error) from None

    def flush(self) -> None:
        """Flush to the readers of standard output or a pipe; does nothing for compressed files."""
        assert self._stream is not None, "flush inside the with block"
        if self._compressed:
            return
        try:
            self._stream.flush()
        except OSError as error:
            raise self._failed(error) from None

    def mark(self, state: Callable[[], Mapping[str, Any]], *, now: bool = False) -> None:
        """Do nothing; see ``resumable.ResumableFile``."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._clean_up()

    def _finish(self) -> None:
        assert self._stream is not None
        self.write_bytes(self._encoder.end())
        self.flush()
        if self._path == "-":
            return
        try:
            if self._compressed:
                self._stream.close()  # writes the rest of the compressed data; the file stays open
            assert self._file is not None
            if self._part is None:
                self._file.close()
            else:
                self._part.replace()
        except OSError as error:
            raise self._failed(error) from None

    def _clean_up(self) -> None:
        if self._path == "-":
            return
        if self._stream is not self._file:
            _close(self._stream)  # what compresses; the file stays open
        if self._part is not None:
            self._part.remove()
        _close(self._file)

    def _failed(self, error: OSError) -> OSError | OutputError:
        if self._path == "-":
            drop_standard_output()
        if isinstance(error, BrokenPipeError):
            return error
        return OutputError(f"{self.name}: cannot be written: {reason(error)}")


def _close(stream: BinaryIO | None) -> None:
    with suppress(OSError):  # errors were reported already, or the file is discarded
        if stream is not None:
            stream.close()


def check_target(path: str, *, text: bool = True) -> None:
    """Raise OutputError if a target clearly cannot be written; for use before hours of work.

    A file or folder without any write permission is refused even for the superuser. A terminal accepts only ``text``.
    """
    if path == "-" or is_direct(path):
        if not text and _is_terminal(path):
            raise _no_text("standard output" if path == "-" else path)
        return
    if len(path) > _LONGEST:
        raise OutputError(f"{path}: cannot be written: the name is too long")
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if os.path.isdir(target) or path.endswith(os.sep):
        raise OutputError(f"{path}: cannot be written: it is a folder; name a file")
    if not os.path.isdir(folder):
        raise OutputError(f"{path}: cannot be written: there is no folder {folder}")
    for checked, name in ((target, "the file"), (folder, "the folder")):
        if os.path.exists(checked) and not (os.stat(checked).st_mode & 0o222 and os.access(checked, os.W_OK)):
            raise OutputError(f"{path}: cannot be written: {name} is read-only")


def check_not_an_input(output: str, inputs: Iterable[str]) -> None:
    """Raise ConfigError if an output would replace one of these files, which are read."""
    if not os.path.isfile(output):
        return
    for path in inputs:
        if os.path.isfile(path) and os.path.samefile(output, path):
            raise ConfigError(f"{output}: is read and would be written over; name another file")


def write_bytes_atomically(path: str, data: bytes) -> None:
    """Write a file atomically, see ``OutputFile``."""
    with OutputFile(path, plain=True) as file:
        file.write_bytes(data)


@contextmanager
def scratch_beside(target: str | None) -> Iterator[str]:
    """Make a temporary file in the folder of ``target``, or in ``TMPDIR`` if None; remove it at the end of the block.

    Raises OutputError if it cannot be made.
    """
    target = os.path.join(_temporary(), "elman") if target is None else os.path.realpath(target)
    with while_writing(f"a temporary file in {os.path.dirname(target)}"):
        part = PartFile(f"{target}.scratch", private=True)
    try:
        yield part.path
    finally:
        part.remove()


class Scratch(io.FileIO):
    """A temporary file in the folder ``place``. Raises OutputError if writing fails."""

    def __init__(self, file: str | int, mode: str, place: str) -> None:
        super().__init__(file, mode)
        self._place = place

    def write(self, data: Any) -> int:
        with while_writing(f"a temporary file in {self._place}"):
            return super().write(data)


def scratch_file() -> BinaryIO:
    """Return an unnamed temporary file in ``TMPDIR``, open for writing and reading; closing it deletes it.

    Raises OutputError if it cannot be made or written.
    """
    import tempfile

    place = _temporary()
    with while_writing(f"a temporary file in {place}"), tempfile.TemporaryFile(buffering=0) as file:
        number = os.dup(file.fileno())
    return cast(BinaryIO, io.BufferedRandom(Scratch(number, "w+", place)))


def discard(file: BinaryIO) -> None:
    """Close a temporary file; what cannot be written any more is not needed either."""
    with suppress(OSError, OutputError):
        file.close()


def _temporary() -> str:
    """Return the folder for temporary files (``TMPDIR``). Raises OutputError if there is none."""
    import tempfile

    with while_writing("temporary files"):
        return tempfile.gettempdir()


def open_direct(path: str) -> io.FileIO:
    """Open a file to be written to directly: a device, a pipe, an open file by its name (/dev/stdout), or a log."""
    names = {"/dev/stdout": 1, "/dev/stderr": 2}
    number = path.removeprefix("/dev/fd/")
    if path in names or (number != path and number.isdecimal() and len(number) < 10):
        sys.stdout.flush()
        return io.FileIO(os.dup(names.get(path) or int(number)), "w")  # appends if it is a regular file
    return io.FileIO(path, "a" if is_direct(path) else "w")


def drop_standard_output() -> None:
    """Redirect standard output to the null device, so that flushing it at exit does not fail."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return  # not a real file: flushing cannot fail
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)


def _is_terminal(path: str) -> bool:
    if path == "-":
        return sys.stdout.isatty()
    if not os.path.exists(path) or not stat.S_ISCHR(os.stat(path).st_mode):
        return False
    with suppress(OSError), open(path, "ab", buffering=0) as device:
        return device.isatty()
    return False  # writing to it reports the error


def _no_text(name: str) -> OutputError:
    return OutputError(
        f"{name}: a terminal, and what is written is no text; name a file (-o FILE) or send it through a pipe"
    )


def is_direct(path: str) -> bool:
    """Return whether a target is a device, a pipe or the like, which must not be replaced."""
    if path.startswith(("/dev/std", "/dev/fd/")):
        return True
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)
