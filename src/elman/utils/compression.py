"""gzip, xz and Zstandard: read by what a file begins with, written by what its name ends in."""

from __future__ import annotations

import io
import os
import re
import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

from elman.errors import DataError, ElmanError, MissingExtraError

ENDINGS = {".gz": "gzip", ".xz": "xz", ".zst": "zstd"}
"""Name endings of files that are written compressed."""

_MAGIC = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")
_FIRST = 1 << 18  # bytes
_BLOCK = 1 << 16  # bytes of what is unpacked
_MOST = 1 << 29  # bytes of memory that xz may ask for; its strongest preset takes 65 million


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
        while any(len(first) < len(magic) and magic.startswith(first) for magic in (*_MAGIC, *_ZIP)):
            more = rest.read1(_FIRST)  # a pipe may bring them one by one
            if not more:
                break
            first += more
        other = "a zip archive" if first.startswith(_ZIP) else "a bzip2 file" if _BZIP2.match(first) else ""
        if other:
            raise DataError(f"{other}; expected text, gzip, xz or zstd: unpack it first", path=path)
        self._kind = _kind(first)
        whole = _Joined(first, rest)
        self._stream: Blocks = whole
        if self._kind == "gzip":
            self._stream = cast(Blocks, _library(self._kind)(io.BufferedReader(whole), "rb"))
        elif self._kind is not None:
            self._stream = _Unpacked(whole, _decompressor(self._kind), b"\0" if self._kind == "xz" else b"")

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
            said = " ".join(str(error).split())
            message = f"the {self._kind} data are damaged ({said}); get the file again"
            if "emory" in said:
                message = f"the {self._kind} data cannot be unpacked ({said}); pack them with a smaller window"
            raise DataError(message, path=self._path) from None


def first_bytes(path: str) -> bytes:
    """What a regular file begins with, unpacked; nothing of a pipe, or of a file that cannot be read."""
    try:
        if path == "-" or not os.path.isfile(path):
            return b""
        with open(path, "rb") as file:
            first = file.read(8)
            if _kind(first) is None:
                return first
            file.seek(0)
            stream, first = CompressedFile(file, path), b""
            while len(first) < 8 and (block := stream.read1(8 - len(first))):
                first += block
            return first
    except (OSError, ElmanError):  # reading it will say why
        return b""


def is_plain(path: str) -> bool:
    """Whether a path is a regular file that is not compressed. Raises OSError."""
    if path == "-" or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return _kind(file.read(8)) is None


def _kind(first: bytes) -> str | None:
    return next((kind for magic, kind in _MAGIC.items() if first.startswith(magic)), None)


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
    zstd = _zstd()
    options = {zstd.CompressionParameter.checksum_flag: 1}
    return lambda stream, mode: zstd.ZstdFile(stream, mode, options=options)


def _decompressor(kind: str) -> Callable[[], Any]:
    """What makes a decompressor of one stream."""
    if kind == "xz":
        from lzma import FORMAT_XZ, LZMADecompressor

        return lambda: LZMADecompressor(FORMAT_XZ, _MOST)
    return cast(Callable[[], Any], _zstd().ZstdDecompressor)


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


class _Unpacked:
    """What streams of one kind hold, one behind the other. What stands behind them and is none is an error: Python's
    own readers take it for rubbish, and what has been damaged there is lost.
    """

    def __init__(self, packed: Blocks, new: Callable[[], Any], padding: bytes) -> None:
        """``new`` makes a decompressor of one stream; ``padding`` may stand between streams."""
        self._packed, self._new, self._padding = packed, new, padding
        self._one: Any = None
        self._rest = b""

    def read1(self, size: int, /) -> bytes:
        while True:
            if self._one is not None and self._one.eof:
                self._rest, self._one = self._one.unused_data, None
            block = b""
            if self._one is None or self._one.needs_input:
                block, self._rest = self._rest or self._packed.read1(_BLOCK), b""
                if not block and self._one is not None:
                    raise EOFError
                if not block:
                    return b""
            if self._one is None:
                block = block.lstrip(self._padding)
                if not block:
                    continue
                self._one = self._new()
            data: bytes = self._one.decompress(block, size)
            if data:
                return data


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
