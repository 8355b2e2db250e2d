"""Errors for want of memory: how to know them, and what to advise."""

from __future__ import annotations

import errno
from collections.abc import Sequence

_TEXTS = (
    "array is too big",  # NumPy, of sizes whose product is no size
    "Maximum allowed dimension exceeded",
    "Maximum allowed size exceeded",
    "max_size()",  # C++, of vectors and strings
    "vector::",
    "basic_string::",
    "can't start new thread",
    "can't allocate",
    "failed to map segment",  # while loading a library
)
"""Texts of errors that are no MemoryError and mean one."""

_ADVICE = {
    ("train", "curve", "find-lr"): "use shorter sentences, a smaller batch=, hidden= or ensemble=, or fewer --threads",
    ("tag", "evaluate", "errors", "compare"): "is a blank line or a line end missing? use shorter sentences, "
    "or fewer --threads",
    ("gradients", "states"): "choose a shorter sentence",
    ("sample",): "ask for fewer symbols",
    ("check", "convert"): "use smaller files, or fewer at a time",
    ("tutorial",): "use fewer sentences, a smaller --hidden, or fewer --jobs",
}


def lacks_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out."""
    if isinstance(error, MemoryError):  # also NumPy's and C++'s
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    known = isinstance(error, ValueError | OverflowError | RuntimeError | ImportError)
    return known and any(text in str(error) for text in _TEXTS)


def advice(arguments: Sequence[str]) -> str:
    """Return the line that says so, with advice for the command that ran."""
    command = arguments[0] if arguments else ""
    helps = next((text for names, text in _ADVICE.items() if command in names), "close other programs")
    return f"not enough memory: {helps}, or a machine with more"
