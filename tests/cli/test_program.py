"""How the process of the command ends: at once, as the interpreter does otherwise, with nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import atexit, os, sys, threading, time
import elman.__main__ as program
atexit.register(print, "at exit")
class Freed:
    def __del__(self):
        os.write(1, b"freed\\n")
kept = Freed()
def main():
{body}
program.main = main
program.program()
"""


def ended(body: str, stdout: int = subprocess.PIPE) -> tuple[int, str, str]:
    """Run the program with another ``main``; return its status and what it wrote."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    command = [sys.executable, "-c", PROGRAM.format(body=lines)]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, env=buffered)
    return done.returncode, done.stdout or "", done.stderr


@pytest.mark.parametrize(("status", "code"), [("", 0), ("0", 0), ("2", 2), ("141", 141)])
def test_the_process_ends_at_once_with_its_status(status: str, code: int) -> None:
    assert ended(f"print('written')\nsys.exit({status})") == (code, "written\nat exit\n", "")


def test_threads_are_waited_for() -> None:
    body = "threading.Thread(target=lambda: (time.sleep(0.3), print('thread'))).start()\nsys.exit(3)"
    assert ended(body) == (3, "thread\nat exit\nfreed\n", "")


def test_a_message_or_an_error_ends_it_as_usual() -> None:
    assert ended("sys.exit('a message')") == (1, "at exit\nfreed\n", "a message\n")
    status, out, err = ended("raise ValueError('a mistake')")
    assert (status, out, err.splitlines()[-1]) == (1, "at exit\nfreed\n", "ValueError: a mistake")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
def test_output_that_cannot_be_written_is_said() -> None:
    with open("/dev/full", "wb") as full:
        status, _, err = ended("sys.stdout.write('lost')\nsys.exit(0)", stdout=full.fileno())
    assert status == 120 and "No space left" in err
