"""Read and write gzip, xz and Zstandard: detect the format by magic bytes, choose it by the ending of the name."""

from __future__ import annotations

import io
import os
import re
import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO, Protocol, cast

from elman.errors import DataError, ElmanError
from elman.utils.imports import optional_package

ENDINGS = {".gz": "gzip", ".xz": "xz", ".zst": "zstd"}
"""Name endings of files that are written compressed."""

_MAGIC = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")
_FIRST = 1 << 18  # bytes of the first read
_BLOCK = 1 << 16  # compressed bytes a read
_MAX_XZ_MEMORY = 1 << 29  # bytes; the strongest preset of xz takes 65 million


class Blocks(Protocol):
    """An open file that is read block by block."""

    def read1(self, size: int, /) -> bytes: ...


class CompressedFile:
    """A file opened for reading, decompressed if its first bytes are those of gzip, xz or Zstandard.

    ``path`` is the name in messages. Raises DataError if the file is damaged, cut off or in an unsupported format.
    Raises MissingExtraError if it is Zstandard and the package for it is not installed.
    """

    def __init__(self, stream: BinaryIO, path: str) -> None:
        self._path = path
        rest = cast(io.BufferedReader, stream)
        first = rest.read1(_FIRST)
        while any(len(first) < len(magic) and magic.startswith(first) for magic in (*_MAGIC, *_ZIP)):
            more = rest.read1(_FIRST)  # a pipe may deliver them one by one
            if not more:
                break
            first += more
        unsupported = "a zip archive" if first.startswith(_ZIP) else "a bzip2 file" if _BZIP2.match(first) else ""
        if unsupported:
            raise DataError(f"{unsupported}; expected text, gzip, xz or zstd: unpack it first", path=path)
        self._kind = _kind(first)
        whole = _Joined(first, rest)
        self._stream: Blocks = whole
        if self._kind == "gzip":
            self._stream = cast(Blocks, _library(self._kind)(io.BufferedReader(whole), "rb"))
        elif self._kind is not None:
            self._stream = _Unpacked(whole, _decompressor(self._kind), b"\0" if self._kind == "xz" else b"")

    def read1(self, size: int) -> bytes:
        """Return at most ``size`` bytes, none at the end of the file; wait for no more than one block."""
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
            detail = " ".join(str(error).split())
            message = f"the {self._kind} data are damaged ({detail}); get the file again"
            if "emory" in detail:
                message = f"the {self._kind} data cannot be unpacked ({detail}); pack them with a smaller window"
            raise DataError(message, path=self._path) from None


def first_bytes(path: str) -> bytes:
    """Return up to 8 decompressed bytes of a regular file; b"" for a pipe or a file that cannot be read."""
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
    except (OSError, ElmanError):  # reading the file reports the error
        return b""


def is_plain(path: str) -> bool:
    """Return whether a path is a regular file that is not compressed. Raises OSError."""
    if path == "-" or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return _kind(file.read(8)) is None


def _kind(first: bytes) -> str | None:
    return next((kind for magic, kind in _MAGIC.items() if first.startswith(magic)), None)


def compressing(stream: BinaryIO, path: str) -> BinaryIO | None:
    """Return a stream that compresses into ``stream``, in the format of the ending of ``path``; None without one.

    Output is reproducible: it contains neither a time nor a file name. Raises MissingExtraError.
    """
    kind = kind_of(path)
    return None if kind is None else cast(BinaryIO, _library(kind)(stream, "wb"))


def kind_of(path: str) -> str | None:
    """Return the compression format for a file name; None for no compression. Raises MissingExtraError."""
    kind = next((kind for ending, kind in ENDINGS.items() if path.lower().endswith(ending)), None)
    if kind == "zstd":
        _zstd()
    return kind


def _library(kind: str) -> Any:
    """Return a function (stream, mode) -> compressed file. Imports the library of the format only now."""
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
    """Return a function that makes a decompressor for one stream."""
    if kind == "xz":
        from lzma import FORMAT_XZ, LZMADecompressor

        return lambda: LZMADecompressor(FORMAT_XZ, _MAX_XZ_MEMORY)
    return cast(Callable[[], Any], _zstd().ZstdDecompressor)


def _zstd() -> Any:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    with optional_package("backports.zstd", "zstd"):
        return import_module(name)


def _is_damage(error: Exception) -> bool:
    """Return whether a library's error means damaged data, rather than a failed read."""
    if isinstance(error, OSError):
        return error.errno is None  # BadGzipFile
    return isinstance(error, zlib.error) or type(error).__name__ in ("LZMAError", "ZstdError")


class _Unpacked:
    """The decompressed contents of consecutive streams of one format.

    Bytes after a stream that are not another stream are an error; Python's own readers skip them silently, and so lose
    a damaged stream.
    """

    def __init__(self, packed: Blocks, new: Callable[[], Any], padding: bytes) -> None:
        """``new`` makes a decompressor for one stream; ``padding`` bytes may separate streams."""
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
    """The bytes already read from a stream, followed by the rest of it."""

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
