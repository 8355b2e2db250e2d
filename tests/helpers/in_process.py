"""Run the command line in this process, with standard streams of its own: a process takes half a second to start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from typing import BinaryIO

from elman.utils import signals


def run(
    arguments: Sequence[str], stdin: bytes, cwd: str | os.PathLike[str] = "."
) -> subprocess.CompletedProcess[bytes]:
    """Return what a process in the folder ``cwd`` would: exit status and output. Tracebacks are raised as errors."""
    from elman.cli import run as command_line
    from elman.cli.streams import prepare

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with chdir(cwd), _streams(stdin, out, err):
            prepare()
            try:
                status = command_line(arguments)
            finally:
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(["elman", *arguments], status, out.read(), err.read())


@contextmanager
def _streams(stdin: bytes, out: BinaryIO, err: BinaryIO) -> Iterator[None]:
    """Standard input is a pipe, output and error are files, for Python and for the system alike."""
    before, environment = (sys.stdin, sys.stdout, sys.stderr), dict(os.environ)
    state = {name: value for name, value in vars(signals._State).items() if not name.startswith("__")}
    for stream in before[1:]:
        stream.flush()
    kept = [os.dup(number) for number in range(3)]
    end, begin = os.pipe()
    writer = threading.Thread(target=_write, args=(begin, stdin), daemon=True) if stdin else None
    if environment.get("COLUMNS") != "80":
        os.environ["COLUMNS"] = "80"
    try:
        for number, source in enumerate((end, out.fileno(), err.fileno())):
            os.dup2(source, number)
        os.close(end)
        if writer is None:
            os.close(begin)
        else:
            writer.start()
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", closefd=False) for number, mode in enumerate("rww")
        )
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        for number, descriptor in enumerate(kept):
            os.dup2(descriptor, number)
            os.close(descriptor)
        if writer is not None:
            writer.join()
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        for name, value in state.items():
            setattr(signals._State, name, value)


def _write(descriptor: int, data: bytes) -> None:
    try:
        with open(descriptor, "wb") as pipe:
            pipe.write(data)
    except BrokenPipeError:
        pass  # not all of it was read
