"""Load a model once for each process, and only the file that was meant."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import Any

from elman.errors import ModelFileError
from elman.models import file
from elman.taggers import fast_lines
from elman.taggers.load import of_content

_KEPT = 4
"""Models that a process keeps; workers of a cluster outlive a job."""
_lock = threading.Lock()


def _new_lock() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)  # another thread of the parent may have held it


def loaded(path: str, sha256: str, *, threads: int | None, precision: str, light: bool = True) -> Any:
    """Return the predictor of a model file, loaded at the first call in this process.

    ``light``  take the native tagger where there is one, see ``fast_lines``
    Raises ModelFileError if the SHA-256 of the file is another one, or it is no model.
    """
    with _lock:
        return _load(path, sha256, threads, precision, light)


@lru_cache(maxsize=_KEPT)
def _load(path: str, sha256: str, threads: int | None, precision: str, light: bool) -> Any:
    def read(path: str | os.PathLike[str]) -> fast_lines.Content:
        found = file.sha256_of(path)
        if found != sha256:
            message = f"expected the model with SHA-256 {sha256}, found {found}"
            raise ModelFileError(f"{os.fspath(path)}: {message}; was it replaced?")
        return file.read(path)

    if light:
        return fast_lines.load(path, threads=threads, precision=precision, read=read)
    return of_content(path, read(path), threads=threads, precision=precision)
