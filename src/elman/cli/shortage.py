"""Recognize out-of-memory errors, and advise what to do."""

from __future__ import annotations

import errno
from collections.abc import Sequence

_TEXTS = (
    "array is too big",  # NumPy, if the product of sizes overflows
    "Maximum allowed dimension exceeded",
    "Maximum allowed size exceeded",
    "max_size()",  # C++ vectors and strings
    "vector::",
    "basic_string::",
    "can't start new thread",
    "can't allocate",
    "failed to map segment",  # loading a shared library
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
    known = isinstance(error, ValueError | OverflowError | RuntimeError | ImportError)
    return known and any(text in str(error) for text in _TEXTS)


def advice(arguments: Sequence[str]) -> str:
    """Return a one-line message with advice for the command that ran."""
    command = arguments[0] if arguments else ""
    action = next((text for names, text in _ADVICE.items() if command in names), "close other programs")
    return f"not enough memory: {action}, or a machine with more"
