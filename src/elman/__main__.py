"""The command ``elman``, and ``python -m elman``."""

from __future__ import annotations

import os
import sys

from elman.utils import signals

TYPE_CHECKING = False  # importing typing takes long
if TYPE_CHECKING:
    from typing import NoReturn


def program() -> NoReturn:
    """Run the command line and end the process, at once where nothing is left to do."""
    try:
        main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            _end(end.code or 0)
        raise
    sys.exit()


def _end(status: int) -> None:
    """End the process as the interpreter does, but without freeing all modules first, which takes 8 ms.

    Return if there is more to do: other threads to wait for, or output that cannot be written.
    """
    import atexit

    if "threading" in sys.modules and sys.modules["threading"].active_count() > 1:
        return
    try:
        _flush()
        atexit._run_exitfuncs()
        _flush()  # what these have written
    except (OSError, ValueError, MemoryError):
        return
    os._exit(status)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def main() -> None:
    """Run the command line. A signal ends it without a traceback, also while it is still loading."""
    signals.install()  # before all that takes time
    import gc

    gc.set_threshold(100_000, 20, 100)  # modules and sentences hold few cycles, and there are many of them
    try:
        from elman.cli import main as command_line

        command_line()
    except (ImportError, MemoryError, SystemError, OSError) as error:  # OSError: a folder of modules cannot be listed
        _not_loaded(error)


def _not_loaded(error: Exception) -> NoReturn:
    """Say in one line why the command line cannot be imported, or that memory ran out, and end with exit status 2.

    It ends at once, and writes without ``sys.stderr``: with no memory left Python loses the exceptions of both.
    Raises an error that is a mistake in elman.
    """
    if isinstance(error, SystemError) and "exception" not in str(error):  # not one that Python lost
        raise error
    line = "not enough memory"
    try:
        from errno import ENOMEM

        from elman.utils.imports import does_not_fit, needed
    except (ImportError, MemoryError, SystemError, OSError):
        pass  # there is no room for these either
    else:
        if isinstance(error, ImportError) and not does_not_fit(error):
            line = needed(error)
        if isinstance(error, OSError) and error.errno != ENOMEM:
            line = f"cannot be loaded: {error}"
    try:
        if sys.stderr is not None:
            os.write(2, f"elman: {line}\n".encode("ascii", "backslashreplace"))
    finally:
        os._exit(2)


if __name__ == "__main__":
    program()
