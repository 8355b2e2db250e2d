"""gzip, xz and Zstandard: read by what a file begins with, written by what its name ends in."""

from __future__ import annotations

import io
import os
import sys
import zlib
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

from elman.errors import DataError, MissingExtraError

ENDINGS = {".gz": "gzip", ".xz": "xz", ".zst": "zstd"}
"""Name endings of files that are written compressed."""

_MAGIC = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_NOT_READ = {b"PK\x03\x04": "a zip archive", b"BZh": "a bzip2 file"}
_FIRST = 1 << 18  # bytes


class Blocks(Protocol):
    """Bytes as they come: an open file."""

    def read1(self, size: int, /) -> bytes: ...


class CompressedFile:
    """A file that is read, decompressed where its first bytes say so.

    ``path`` is what messages call it. Raises DataError while reading: damaged or cut off, or of a kind that is not
    read. Raises MissingExtraError: Zstandard without its package.
    """

    def __init__(self, stream: BinaryIO, path: str) -> None:
        self._path = path
        rest = cast(io.BufferedReader, stream)
        first = rest.read1(_FIRST)
        while any(len(first) < len(magic) and magic.startswith(first) for magic in (*_MAGIC, *_NOT_READ)):
            more = rest.read1(_FIRST)  # a pipe may bring them one by one
            if not more:
                break
            first += more
        for magic, what in _NOT_READ.items():
            if first.startswith(magic):
                raise DataError(f"{what}; expected text, gzip, xz or zstd: unpack it first", path=path)
        self._kind = next((kind for magic, kind in _MAGIC.items() if first.startswith(magic)), None)
        whole = _Joined(first, rest)
        self._stream: Blocks = whole
        if self._kind is not None:
            self._stream = cast(Blocks, _library(self._kind)(io.BufferedReader(whole), "rb"))

    def read1(self, size: int) -> bytes:
        """At most ``size`` bytes, none at the end; no more waiting than for one block."""
        if self._kind is None:
            return self._stream.read1(size)
        try:
            return self._stream.read1(size)
        except EOFError:
            message = f"the {self._kind} data end before their end; the file is cut off: get it again"
            raise DataError(message, path=self._path) from None
        except Exception as error:
            if not _is_damage(error):
                raise
            message = f"the {self._kind} data are damaged ({' '.join(str(error).split())}); get the file again"
            raise DataError(message, path=self._path) from None


def first_bytes(path: str) -> bytes:
    """What a regular file begins with, as it stands on the disk; nothing of a pipe or a file that cannot be read."""
    try:
        if path == "-" or not os.path.isfile(path):
            return b""
        with open(path, "rb") as file:
            return file.read(8)
    except OSError:
        return b""


def compressing(stream: BinaryIO, path: str) -> BinaryIO | None:
    """A stream that writes compressed to ``stream``, as the ending of ``path`` says; None where it says nothing.

    The same data give the same file: neither time nor name stand in it. Raises MissingExtraError.
    """
    kind = kind_of(path)
    return None if kind is None else cast(BinaryIO, _library(kind)(stream, "wb"))


def kind_of(path: str) -> str | None:
    """How a file of that name is to be compressed; None: not at all. Raises MissingExtraError."""
    kind = next((kind for ending, kind in ENDINGS.items() if path.lower().endswith(ending)), None)
    if kind == "zstd":
        _zstd()
    return kind


def _library(kind: str) -> Any:
    """A function (stream, mode) -> a file of that kind. The libraries are loaded when they are needed."""
    if kind == "gzip":
        from gzip import GzipFile

        return lambda stream, mode: GzipFile("", mode, 6, stream, 0)
    if kind == "xz":
        from lzma import LZMAFile

        return LZMAFile
    return _zstd().ZstdFile


def _zstd() -> Any:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    try:
        return import_module(name)
    except ImportError:
        raise MissingExtraError("backports.zstd", "zstd") from None


def _is_damage(error: Exception) -> bool:
    """Whether an error of a library says that the data are broken, and not that they cannot be had."""
    if isinstance(error, OSError):
        return error.errno is None  # BadGzipFile
    return isinstance(error, zlib.error) or type(error).__name__ in ("LZMAError", "ZstdError")


class _Joined(io.RawIOBase):
    """The bytes already taken from a stream, then the others."""

    def __init__(self, first: bytes, rest: io.BufferedReader) -> None:
        self._first = first
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read1(self, size: int) -> bytes:
        if self._first:
            taken, self._first = self._first[:size], self._first[size:]
            return taken
        return self._rest.read1(size)
