"""Files that survive a power failure and leave nothing behind: temporary files, generations, flushed folders."""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, islice
from typing import BinaryIO

from elman.errors import while_writing
from elman.utils import signals

_LOOKED_AT = 8
"""Names after that of a new temporary file that are looked at for what killed processes left."""


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


class PartFile:
    """A temporary file beside a target, which takes the target's place when it is whole.

    ``path``  its name, ``.elman-….part``: made from that of the target and a number
    ``file``  the file, open for writing, and locked until it is closed

    A process that is killed leaves its temporary file, unlocked. The next ``PartFile`` of the same target removes it;
    those of living processes, which may write the same target at the same time, are locked and stay.
    ``private``: nobody else may read it. Raises OSError.
    """

    def __init__(self, target: str, *, private: bool = False) -> None:
        self.target, self.path = target, ""
        self._mode = 0o600 if private else 0o666
        self._file: BinaryIO | None = None
        signals.UNDO[self] = self.remove  # registered before the file exists
        try:
            self.file = self._claimed()
        except BaseException:
            self.remove()
            raise

    def _claimed(self) -> BinaryIO:
        """Return the file of the first name that no living process has; remove what others have left."""
        names = _names(self.target)
        for self.path in names:
            _remove_left(self.path)
            with suppress(FileExistsError):
                self._file = open(self.path, "xb", opener=self._open)
                if try_lock(self._file, self.path) is not False:
                    break
                self._file.close()  # taken for one that was left, before it was locked
        for other in islice(names, _LOOKED_AT):
            _remove_left(other)
        assert self._file is not None
        return self._file

    def _open(self, path: str, flags: int) -> int:
        return os.open(path, flags, self._mode)

    def replace(self, previous: str | None = None) -> None:
        """Flush the file to disk, and give it the name of the target; what has it is renamed to ``previous``, if given.

        Raises OSError.
        """
        self.file.flush()
        os.fsync(self.file.fileno())
        if previous is not None and os.path.exists(self.target):
            os.replace(self.target, previous)
        rename_open(self.file, self.path, self.target)
        signals.UNDO.pop(self, None)

    def remove(self) -> None:
        """Remove the file, unless it was renamed."""
        file = self._file
        with suppress(OSError):
            if file is None or file.closed:
                _remove_left(self.path)
            elif os.name == "nt":  # pragma: no cover - an open file cannot be removed there
                os.close(file.fileno())
                os.unlink(self.path)
            elif _has_name(file.fileno(), self.path):
                os.unlink(self.path)  # while it is locked: later it may be that of another process
        with suppress(OSError):
            if file is not None:
                file.close()
        signals.UNDO.pop(self, None)


def remove_left(target: str) -> None:
    """Remove the temporary files of a target that killed processes have left."""
    for path in islice(_names(target), _LOOKED_AT):
        _remove_left(path)


def _names(target: str) -> Iterator[str]:
    folder, name = os.path.split(target)
    stem = os.path.join(folder, f".elman-{zlib.crc32(os.fsencode(name)):08x}")  # names may be too long to add to them
    return (f"{stem}-{number}.part" for number in count())


def _remove_left(path: str) -> None:
    """Remove a temporary file, unless a living process writes it or that cannot be known."""
    if not os.path.lexists(path):
        return
    with suppress(OSError):
        if os.name == "nt":  # pragma: no cover - an open file cannot be removed there
            os.unlink(path)
            return
        with open(os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if try_lock(file, path):
                os.unlink(path)


def try_lock(file: BinaryIO, path: str) -> bool | None:
    """Lock a file until it is closed, and return whether it is ours; None if there are no locks here.

    False: another process has the lock, or has removed or renamed the file before.
    """
    try:
        import fcntl
    except ModuleNotFoundError:  # pragma: no cover - Windows
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return _has_name(file.fileno(), path)


def _has_name(number: int, path: str) -> bool:
    """Return whether the name is still that of the open file; another process may remove or rename it at any time."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(number))
    except OSError:
        return False


def rename_open(file: BinaryIO, path: str, target: str) -> None:
    """Rename a file and close it, and flush the new name to disk. Raises OSError.

    It is renamed while it is locked, so that no other process takes it for one that was left.
    """
    if os.name == "nt":  # pragma: no cover - an open file cannot be renamed there
        file.close()
    os.replace(path, target)
    file.close()
    sync_folder(os.path.dirname(target))


def write_generation(path: str, previous: str | None, data: bytes) -> None:
    """Write a file whose last content stays as the file ``previous``: at every moment one of the two is whole.

    None: the last content is replaced, since it is not whole and would take the place of one that is.
    Raises OutputError.
    """
    with while_writing(path):
        part = PartFile(os.path.abspath(path))
        try:
            part.file.write(data)
            part.replace(previous)
        finally:
            part.remove()
