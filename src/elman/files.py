"""Writing files so that nothing half-written is ever left behind."""

from __future__ import annotations

import codecs
import os
import secrets
import stat
import sys
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO, Self

from elman.errors import ConfigError, OutputError


class OutputFile:
    """A text file that appears when all of it is written, in place of the old one, or not at all.

    Text goes to a temporary file beside the target, which is flushed to the disk and renamed when the ``with`` block
    ends well, and removed when it does not. ``-`` is standard output; it and other targets that are no regular files
    (devices, pipes) are written to directly. Nothing is translated: line ends stay as they are.

    Raises OutputError: a target that cannot be written, or text that is not in the encoding. BrokenPipeError (the
    reader of a pipe has gone) is left to the caller.
    """

    def __init__(self, path: str, *, encoding: str = "utf-8") -> None:
        self._path = path
        self._name = "standard output" if path == "-" else path
        self._target = os.path.realpath(path)  # the rename must not replace a link
        self._temporary: str | None = None
        self._stream: BinaryIO | None = None
        try:
            self._encoder = codecs.getincrementalencoder(encoding)()
        except LookupError:
            raise ConfigError(f"encoding: no text encoding is called {encoding!r}; the usual one is utf-8") from None

    def __enter__(self) -> Self:
        check_target(self._path)
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
        elif _is_direct(self._path):
            self._stream = open(self._path, "ab")  # appending: /dev/stdout may be a file with something in it
        else:
            temporary = os.path.join(os.path.dirname(self._target), f".elman-{secrets.token_hex(6)}.part")
            self._stream = open(temporary, "xb")
            self._temporary = temporary
            if os.path.exists(self._target):
                os.chmod(temporary, stat.S_IMODE(os.stat(self._target).st_mode))

    def write(self, text: str) -> None:
        """Write text."""
        try:
            data = self._encoder.encode(text)
        except UnicodeEncodeError as error:
            message = f"{self._name}: {error.object[error.start]!r} cannot be written in {error.encoding}"
            raise OutputError(f"{message}; pass another --encoding") from None
        self.write_bytes(data)

    def write_bytes(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self._stream is not None, "write inside the with block"
        rest = memoryview(data)
        try:
            while rest:  # standard output without a buffer (python -u) may take a part only
                rest = rest[self._stream.write(rest) :]
        except OSError as error:
            raise self._failed(error) from None

    def flush(self) -> None:
        """Pass on what is written so far, to whoever reads standard output live."""
        assert self._stream is not None, "flush inside the with block"
        try:
            self._stream.flush()
        except OSError as error:
            raise self._failed(error) from None

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
        self.flush()
        if self._path == "-":
            return
        try:
            if self._temporary is not None:
                os.fsync(self._stream.fileno())
            self._stream.close()
            if self._temporary is not None:
                os.replace(self._temporary, self._target)
                self._temporary = None
        except OSError as error:
            raise self._failed(error) from None

    def _clean_up(self) -> None:
        if self._path == "-" or self._stream is None:
            return
        with suppress(OSError):  # what could not be written is reported already, or was not wanted
            self._stream.close()
        if self._temporary is not None:
            with suppress(OSError):
                os.unlink(self._temporary)
            self._temporary = None

    def _failed(self, error: OSError) -> OSError | OutputError:
        if self._path == "-":
            drop_standard_output()
        if isinstance(error, BrokenPipeError):
            return error
        return OutputError(f"{self._name}: cannot be written: {error.strerror or error}")


def check_target(path: str) -> None:
    """Raise OutputError for a target that plainly cannot be written; worth asking before hours of work.

    A file or folder whose mode lets nobody write is refused to the superuser too.
    """
    if path == "-" or _is_direct(path):
        return
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if os.path.isdir(target) or path.endswith(os.sep):
        raise OutputError(f"{path}: cannot be written: it is a folder; name a file")
    if not os.path.isdir(folder):
        raise OutputError(f"{path}: cannot be written: there is no folder {folder}")
    for place, what in ((target, "the file"), (folder, "the folder")):
        if os.path.exists(place) and not (os.stat(place).st_mode & 0o222 and os.access(place, os.W_OK)):
            raise OutputError(f"{path}: cannot be written: {what} is read-only")


def write_bytes_atomically(path: str, data: bytes) -> None:
    """Write a file, all or nothing; see ``OutputFile``."""
    with OutputFile(path) as file:
        file.write_bytes(data)


def drop_standard_output() -> None:
    """Send what is still to come on standard output nowhere, so that Python does not fail over it at exit."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return  # not a real file: nothing to fail
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def _is_direct(path: str) -> bool:
    """Whether a target is a device, a pipe or the like, which is not to be replaced."""
    if path.startswith(("/dev/std", "/dev/fd/")):
        return True
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)
