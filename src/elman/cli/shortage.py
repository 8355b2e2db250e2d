"""Recognize out-of-memory errors, and advise what to do."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from elman.utils.imports import does_not_fit
from elman.utils.parallel import Limits

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_TEXTS = (
    "array is too big",  # NumPy, if the product of sizes overflows
    "Maximum allowed dimension exceeded",
    "Maximum allowed size exceeded",
    "max_size()",  # C++ vectors and strings
    "vector::",
    "basic_string::",
    "can't start new thread",
    "can't allocate",
)
"""Texts of errors other than MemoryError that mean memory ran out."""

_ADVICE = {
    (
        "train",
        "curve",
        "find-lr",
        "search",
    ): "use shorter sentences, a smaller batch=, hidden= or ensemble=, or fewer --threads",
    ("tag", "evaluate", "errors", "compare"): "is a blank line or a line end missing? use shorter sentences, "
    "or fewer --threads",
    ("gradients", "states"): "choose a shorter sentence",
    ("sample",): "ask for fewer symbols",
    ("check", "convert"): "use smaller files, or fewer at a time",
    ("tutorial",): "use fewer sentences, a smaller --hidden, or fewer --jobs",
}


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out."""
    if isinstance(error, MemoryError):  # including those of NumPy and C++
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    if isinstance(error, ImportError):
        return does_not_fit(error)
    if isinstance(error, SystemError):  # Python lost the MemoryError
        return "without" in str(error) and "exception" in str(error)
    known = isinstance(error, ValueError | OverflowError | RuntimeError)
    return known and any(text in str(error) for text in _TEXTS)


def advice(arguments: Sequence[str]) -> str:
    """Return a one-line message with advice for the command that ran."""
    command = arguments[0] if arguments else ""
    action = next((text for names, text in _ADVICE.items() if command in names), "close other programs")
    return f"not enough memory: {action}, or a machine with more"


_ROOM = {"numpy": 140_000_000, "pyarrow": 480_000_000}
"""Bytes of address space that a package takes at work: NumPy with one thread and a matrix product, pyarrow a table."""
_LEAST = 1 << 20
"""Bytes that must be free as a command begins."""
_THREAD = 45_000_000
"""Bytes that NumPy takes for each thread more."""


def watch_imports() -> None:
    """Raise MemoryError when a package is imported for which the limit of address space (``ulimit -v``) leaves no room.

    The libraries in these packages end the process themselves if memory is short, with messages of their own. What
    Python says of a thread without room for its first call is dropped: its work is done by others.
    """
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        sys.meta_path.insert(0, _Room())
        sys.unraisablehook = bool  # takes no memory
        Limits.address_space = True
        bytes(_LEAST)  # raises MemoryError: Python itself may crash with nothing left, so it ends before


class _Room:
    """A finder of modules: Python asks it before it imports one."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Raise MemoryError if there is no room for the package ``name``; return how NumPy is loaded, else None."""
        if name not in _ROOM:
            return None
        import mmap

        more = min(_wished_threads(), os.cpu_count() or 1) - 1 if name == "numpy" else 0
        try:
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
            mmap.mmap(-1, _ROOM[name] + _THREAD * more, flags=flags, prot=mmap.PROT_READ).close()
        except OSError:
            raise MemoryError from None
        return _with_product(name, path) if name == "numpy" else None


def _with_product(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Return how NumPy is loaded, with a matrix product at once: its library ends the process if it begins later."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(name, path)
    if spec is None or spec.loader is None:
        return None
    load = spec.loader.exec_module

    def exec_module(module: ModuleType) -> None:
        load(module)
        table = module.ones((256, 256))
        table @ table

    spec.loader.exec_module = exec_module  # type: ignore[method-assign]
    return spec


def _wished_threads() -> int:
    wished = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or ""
    return int(wished) if wished.isdecimal() and 0 < len(wished.lstrip("0")) < 4 else os.cpu_count() or 1
