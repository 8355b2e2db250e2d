"""A terminal of its own for a command."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress


def on_a_terminal(environment: dict[str, str], *arguments: object) -> tuple[int, bytes]:
    """The status, and what the terminal got."""
    import pty

    master, slave = pty.openpty()
    with open(master, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [sys.executable, "-m", "elman", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=slave,
            env=environment | {"TERM": "xterm"},
        )
        os.close(slave)
        seen = b""
        with suppress(OSError):  # Linux says that nobody writes any more as an error
            while block := screen.read(4096):
                seen += block
        return process.wait(), seen
