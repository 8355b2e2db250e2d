"""Tag the one line that a pipe holds: ``echo "it rains" | elman tag MODEL`` without loading the command line.

Most of the start of ``elman tag`` is the import of options, formats and progress, none of which a plain line needs.
Whatever is not plain, and every error, is left to the command, which begins anew and finds standard input as it was.
"""

from __future__ import annotations

import errno
import gc
import os
from collections.abc import Sequence

from elman.errors import reason
from elman.models import file
from elman.taggers.fast_lines import line_tagger

MOST = 4096
"""Bytes of a line, which always fit into a pipe."""
FORBIDDEN = frozenset(',;_/#{}[]()<>|\\"\ufeff')
"""Characters that other formats of data have; ``elman.data.formats.sniff`` looks closer."""
MARKS = frozenset(".,;:!?")
NOTE = b"elman: standard input read as text: no tab in the first line\n"


def tag_line(arguments: Sequence[str]) -> int | None:
    """Run ``tag MODEL`` and return the exit status; None if the command has to do it, and nothing has been done."""
    if len(arguments) != 2 or arguments[0] != "tag" or arguments[1].startswith("-"):
        return None
    gc.disable()  # the process ends soon
    line = None
    try:
        line = _held_by_pipe()
        tagged = None if line is None or not is_plain(line) else _tagged(arguments[1], line)
        status = None if tagged is None else _written(tagged)
    except Exception:  # the command finds the same and says it
        status = None
    if status is None:
        gc.enable()
        if line is not None:
            _put_back(line)
    return status


def is_plain(line: bytes) -> bool:
    """Return whether this is one line of words with single spaces between them and no sign of any other format."""
    try:
        text = line.decode().removesuffix("\n")
    except UnicodeDecodeError:
        return False
    words = text.split(" ")
    attached = sum(len(word) > 1 and word[-1] in MARKS for word in words)  # a warning may be due
    looks_plain = text.isprintable() and FORBIDDEN.isdisjoint(text) and not text[:1].isdigit() and text[:1] != "-"
    return looks_plain and all(words) and attached < 2 and (len(words) > 1 or text.isascii())


def _held_by_pipe() -> bytes | None:
    """Return all that standard input has, if it is a pipe that nobody writes to any more, and it is not much."""
    import fcntl
    import resource
    import select
    import stat
    import termios

    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        return None  # the command is prepared for memory that is short
    for number in (1, 2):
        os.fstat(number)  # raises OSError if it is closed
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return None
    poll = select.poll()
    poll.register(0, select.POLLIN)
    if [event for _, event in poll.poll(0)] != [select.POLLIN | select.POLLHUP]:
        return None
    size = int.from_bytes(fcntl.ioctl(0, termios.FIONREAD, bytes(4)), "little")
    return os.read(0, size) if size <= MOST else None


def _put_back(data: bytes) -> None:
    """Make standard input a pipe that holds these bytes and has no writer, as it was."""
    source, target = os.pipe()
    os.write(target, data)
    os.close(target)
    os.dup2(source, 0)
    os.close(source)


def _tagged(path: str, line: bytes) -> bytes | None:
    lines = line_tagger(file.read(path), "auto")
    return None if lines is None else lines.tag(line)


def _written(tagged: bytes) -> int | None:
    """Write tagged text and the command's note; return the exit status, or None if nothing could be written."""
    done = 0
    try:
        while done < len(tagged):
            done += os.write(1, tagged[done:])
    except OSError as error:
        if error.errno == errno.EPIPE:
            return 141
        if not done:
            return None
        _tell(f"elman: standard output: cannot be written: {reason(error)}\n".encode())
        return 2
    _tell(NOTE)
    return 0


def _tell(line: bytes) -> None:
    try:
        os.write(2, line)
    except OSError:
        pass  # a message that cannot be printed does not stop the work
