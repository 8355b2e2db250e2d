"""Files that survive a power failure: folders flushed to disk, and a file that keeps its last content beside it."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from elman.errors import while_writing
from elman.utils import signals


def sync_folder(folder: str) -> None:
    """Flush the names in a folder to disk, if the system can; otherwise a power loss may bring back the old file."""
    if os.name == "nt":  # folders cannot be opened there
        return
    with suppress(PermissionError):  # one may write to a folder without being allowed to list it
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network drives cannot
                raise
        finally:
            os.close(number)


def write_generation(path: str, previous: str, data: bytes) -> None:
    """Write a file whose last content stays as the file ``previous``: at every moment one of the two is whole.

    The name of the temporary file is always the same, so a killed program leaves no others. Raises OutputError.
    """
    part = part_of(path)
    signals.UNDO[part] = lambda: _unlink(part)
    try:
        with while_writing(path):
            with open(part, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if os.path.exists(path):
                os.replace(path, previous)
            os.replace(part, path)
            sync_folder(os.path.dirname(os.path.realpath(path)))
    finally:
        _unlink(part)
        signals.UNDO.pop(part, None)


def part_of(path: str) -> str:
    """Return the name of the temporary file of ``write_generation``."""
    return f"{path}.part"


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
