"""A terminal of its own for a command."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress


def on_a_terminal(
    environment: dict[str, str], *arguments: object, columns: int = 80, lines: int = 24, term: str = "xterm"
) -> tuple[int, bytes]:
    """The status, and what the terminal got."""
    import pty
    import termios

    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (lines, columns))
    with open(master, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [sys.executable, "-m", "elman", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=slave,
            env=environment | {"TERM": term},
        )
        os.close(slave)
        seen = b""
        with suppress(OSError):  # Linux says that nobody writes any more as an error
            while block := screen.read(4096):
                seen += block
        return process.wait(), seen


def screen(text: str) -> list[str]:
    """The lines that a terminal shows at the end. It knows line ends, carriage returns and the erasing of a line."""
    lines, at = [""], 0
    for part in re.findall(r"\r|\n|\x1b\[2K|[^\r\n\x1b]+", text):
        if part == "\n":
            lines.append("")
            at = 0
        elif part == "\r":
            at = 0
        elif part == "\x1b[2K":
            lines[-1] = ""
        else:
            lines[-1] = lines[-1][:at].ljust(at) + part + lines[-1][at + len(part) :]
            at += len(part)
    return [line.rstrip() for line in lines]
