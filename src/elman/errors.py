"""Every error elman raises on purpose; one root, one line each, exit status 2 on the command line.

    ElmanError                    the user can mend it
    ├── ConfigError               a setting that does not exist or is out of range
    ├── DataError                 a text file that cannot be read as what it should be
    ├── ModelFileError            not a model, another version, truncated, tampered with
    ├── OutputError               a target that cannot be written
    └── MissingExtraError         an optional package that is not installed

The text of every error is one line, not too long and without control characters, whatever stands in the file or the
value it is about: where, what was expected, what was found, what to do.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from elman.utils.display import one_line


class ElmanError(Exception):
    """Root of all errors that are the user's to mend."""

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class ConfigError(ElmanError):
    """A setting that does not exist or is out of range."""


class DataError(ElmanError):
    """A text file that cannot be read as what it should be.

    ``where`` is ``path`` or ``path:line`` (lines count from 1), put in front of the message. ``message`` is without it.
    """

    def __init__(self, message: str, *, path: str | None = None, line: int | None = None) -> None:
        where = path if path is not None else "input"
        if line is not None:
            where = f"{where}:{line}"
        super().__init__(f"{where}: {message}" if path is not None or line is not None else message)
        self.message = message
        self.path = path
        self.line = line


class ModelFileError(ElmanError):
    """Something is wrong with a model file."""


class OutputError(ElmanError):
    """A target that cannot be written."""


class MissingExtraError(ElmanError):
    """An optional package that is not installed; the message holds the pip line."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs the package {package}: pip install 'elman[{extra}]'")


def reason(error: OSError) -> str:
    """Why the system refuses."""
    if error.errno == errno.EBADF:  # only of a standard stream, which the caller has closed
        return "it is closed"
    return error.strerror or " ".join(str(error).split())


@contextmanager
def while_reading(path: str) -> Iterator[None]:
    """Turn an error of the system into a DataError that names the file that is read (``-``: standard input)."""
    try:
        yield
    except BrokenPipeError:  # of what is written meanwhile; see elman.utils.files
        raise
    except OSError as error:
        raise DataError(f"cannot be read: {reason(error)}", path="standard input" if path == "-" else path) from None


@contextmanager
def while_writing(name: str) -> Iterator[None]:
    """Turn an error of the system into an OutputError that names what is written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{name}: cannot be written: {reason(error)}") from None
