"""The command ``elman``, and ``python -m elman``."""

from __future__ import annotations

from elman.utils import signals


def main() -> None:
    """Run the command line. A signal ends it without a traceback, also while it is still loading."""
    signals.install()  # before all that takes time
    from elman.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
