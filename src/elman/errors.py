"""The errors that elman raises: one base class, one-line messages, exit status 2 on the command line.

    ElmanError                    base class: errors that the user can fix
    ├── ConfigError               a setting that does not exist or is out of range
    ├── DataError                 a text file that cannot be read or is not in the expected format
    ├── ModelFileError            a file that is not a model, is of another version, truncated or manipulated
    ├── OutputError               a target that cannot be written
    └── MissingExtraError         an optional package that is not installed

Every message is one line of bounded length without control characters, whatever the file or value contains. It says
where the error is, what was expected, what was found and what to do.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from elman.utils.display import one_line

INSTALL = "pip install '.[{0}]' in elman's source folder, or pip install 'WHEEL[{0}]' with the path of its wheel"
"""How an optional dependency is installed: no package index has elman yet, and a stranger may take its name there."""


def how_to_install(extra: str) -> str:
    """Return the command that installs the packages of an extra, as every hint gives it."""
    return INSTALL.format(extra)


class ElmanError(Exception):
    """Base class of the errors that the user can fix."""

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class ConfigError(ElmanError):
    """A setting that does not exist or is out of range."""


class DataError(ElmanError):
    """A text file that cannot be read or is not in the expected format.

    The text of the error is ``path: message`` or ``path:line: message``; lines count from 1. The attribute ``message``
    has no prefix.
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
    """A file that is not a valid model of this version."""


class OutputError(ElmanError):
    """A target that cannot be written."""


class MissingExtraError(ElmanError):
    """An optional package that is not installed; the message has the pip command."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs the package {package}: {how_to_install(extra)}")
        self.package, self.extra = package, extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.package, self.extra)


def reason(error: OSError) -> str:
    """Return the reason for a system error."""
    if error.errno == errno.EBADF:  # happens only for a standard stream closed by the parent process
        return "it is closed"
    return error.strerror or " ".join(str(error).split())


@contextmanager
def while_reading(path: str) -> Iterator[None]:
    """Convert an OSError into a DataError that names the file being read (``-``: standard input)."""
    try:
        yield
    except BrokenPipeError:  # of output written in the block; see elman.utils.files
        raise
    except OSError as error:
        raise DataError(f"cannot be read: {reason(error)}", path="standard input" if path == "-" else path) from None


@contextmanager
def while_writing(name: str) -> Iterator[None]:
    """Convert an OSError into an OutputError that names the file being written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{name}: cannot be written: {reason(error)}") from None
