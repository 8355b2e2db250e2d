"""Set up standard input, output and error for a command, however it was started.

Write errors on standard output name it. Write errors on standard error are ignored: a message that cannot be printed
must not abort the work.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any

OUTPUT = "standard output"


def prepare() -> None:
    """Replace the three streams of ``sys``.

    A stream that the caller has closed (``>&-``) is opened on the null device, so that no other file gets its
    descriptor; it can be neither read nor written.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if not _is_open(number):
            opened = os.open(os.devnull, os.O_WRONLY if number == 0 else os.O_RDONLY)  # the lowest free number
            assert opened == number
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "rw"[number > 0], encoding="utf-8", closefd=False))
    sys.stdout, sys.stderr = _over(sys.stdout, _Output), _over(sys.stderr, _Error)
    # escape what the terminal cannot show, instead of raising UnicodeEncodeError
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _over(stream: Any, kind: type[io.FileIO]) -> Any:
    """Return a copy of a stream whose raw file is of class ``kind``; a Windows console is returned unchanged."""
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if type(raw) is not io.FileIO:
        return stream
    file: Any = kind(raw.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        file if buffer is raw else io.BufferedWriter(file),
        stream.encoding,
        stream.errors,
        newline=None if os.name == "nt" else "\n",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class _Output(io.FileIO):
    """Standard output; write errors name it."""

    def write(self, data: Any) -> Any:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = OUTPUT
            raise


class _Error(io.FileIO):
    """Standard error; write errors are ignored."""

    def write(self, data: Any) -> Any:
        try:
            return super().write(data)
        except OSError:
            return len(data)
