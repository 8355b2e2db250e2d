"""Import what may be missing, or may not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from elman.errors import ElmanError, MissingExtraError
from elman.utils.display import one_line

_NO_ROOM = ("failed to map segment", "annot allocate memory", "cannot map zero-fill pages")
"""What the dynamic linker says if a shared library does not fit into memory."""


def does_not_fit(error: ImportError) -> bool:
    """Return whether a module could not be imported because memory ran out."""
    return any(text in str(error) for text in _NO_ROOM)


def needed(error: ImportError) -> str:
    """Return a line about a package that elman cannot work without and that cannot be imported.

    Raises the error itself if it is a mistake in elman.
    """
    package = (error.name or "").partition(".")[0]
    if package in ("", "elman"):
        raise error
    return one_line(
        f"elman needs the package {package}: {error}; install elman again, with pip, in the Python that runs it"
    )


@contextmanager
def optional_package(package: str, extra: str) -> Iterator[None]:
    """Report a failed import of an optional package in one line.

    Raises MissingExtraError if it is not installed, MemoryError if memory ran out, ElmanError if it cannot be loaded.
    """
    try:
        yield
    except ModuleNotFoundError:
        raise MissingExtraError(package, extra) from None
    except ImportError as error:
        if does_not_fit(error):
            raise MemoryError from None
        raise ElmanError(f"the package {package} is installed, but it cannot be loaded: {error}") from None
