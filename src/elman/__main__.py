"""The command ``elman``, and ``python -m elman``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Ctrl-C ends it without a traceback, also while it is still loading."""
    try:
        from elman.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        print("elman: stopped", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
