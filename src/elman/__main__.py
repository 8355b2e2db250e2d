"""The command ``elman``, and ``python -m elman``."""

from __future__ import annotations

import sys

from elman.utils import signals


def main() -> None:
    """Run the command line. A signal ends it without a traceback, also while it is still loading."""
    signals.install()  # before all that takes time
    try:
        from elman.cli import main as command_line
    except (ImportError, MemoryError, SystemError, OSError) as error:  # OSError: a folder of modules cannot be listed
        sys.exit(_not_loaded(error))
    command_line()


def _not_loaded(error: Exception) -> int:
    """Say in one line why the command line cannot be imported, and return the exit status."""
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
    if sys.stderr is not None:
        sys.stderr.write(f"elman: {line}\n")
    return 2


if __name__ == "__main__":
    main()
