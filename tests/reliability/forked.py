"""Run a command many times, quickly: each in a fork of a process that has imported the library already, with system
calls that fail (faults.c), or with little address space.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from workshop import SECONDS, Command, Disturbed, Outcome, Workshop, environment

KINDS = ("create", "open", "read", "write", "fsync", "rename", "ftruncate", "unlink", "mkdir", "close")
"""The order of the counters in faults.c."""
PACKAGES = ("numpy", "safetensors.numpy", "tqdm", "pyarrow.parquet", "elman.cli.commands")
"""What is imported beforehand, and all modules of elman that commands import but those of the service."""


def build_library(folder: Path) -> Path:
    """Compile faults.c with cc. Raises CalledProcessError if that fails."""
    library = folder / "faults.so"
    source = Path(__file__).with_name("faults.c")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o", library, source, "-lpthread"], check=True
    )
    return library


class Forked:
    """Runs the commands of a workshop. Close it, or use it in a ``with`` block."""

    def __init__(self, workshop: Workshop, library: Path | None = None) -> None:
        """``library`` is that of ``build_library``; without it no call fails and none is counted."""
        self._workshop, self._library = workshop, library
        self._streams = {name: workshop.folder / name for name in ("stdin", "stdout", "stderr")}
        self._state = workshop.folder / "state"
        self._server: subprocess.Popen[bytes] | None = None

    def run(
        self,
        command: Command,
        fault: Mapping[str, object],
        *,
        journal: Path | None = None,
        more_memory: int | None = None,
    ) -> Outcome:
        """Run a command with ``fault`` (call, at, mode; empty for none), its calls noted in the file ``journal``.

        ``more_memory``: KB of address space beyond what the process has already. Raises Disturbed if it hangs.
        """
        place = self._workshop.prepare()
        self._streams["stdin"].write_bytes(self._workshop.before[command.stdin] if command.stdin else b"")
        self._state.write_bytes(bytes(8 * len(KINDS)))
        env = {"ELMAN_FAULT_UNDER": str(place), "ELMAN_FAULT_STATE": str(self._state), "TMPDIR": str(place / "tmp")}
        env |= {f"ELMAN_FAULT_{name.upper()}": str(value) for name, value in fault.items()}
        if journal is not None:
            env["ELMAN_FAULT_JOURNAL"] = str(journal)
        request = {
            "words": command.words,
            "cwd": str(place),
            "env": env,
            "streams": list(map(str, self._streams.values())),
            "more_memory": more_memory,
        }
        status = self._ask(json.dumps(request))
        return self._workshop.outcome(
            status, self._streams["stdout"].read_bytes(), self._streams["stderr"].read_bytes()
        )

    def reached(self) -> dict[str, int]:
        """Return how many calls of each kind the last command made."""
        counters = memoryview(self._state.read_bytes()).cast("q")
        return dict(zip(KINDS, counters.tolist(), strict=True))

    def _ask(self, request: str) -> int:
        if self._server is None:
            words = [sys.executable, __file__]
            env = environment() if self._library is None else environment(LD_PRELOAD=str(self._library))
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
            self._server = subprocess.Popen(words, env=env, start_new_session=True, **pipes)  # Ctrl-C is for the proof
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.write(request.encode() + b"\n")
        ready, _, _ = select.select([self._server.stdout], [], [], SECONDS)
        reply = self._server.stdout.readline() if ready else b""
        if not reply:
            self.close()
            raise Disturbed(f"did not end within {SECONDS} s")
        return int(reply)

    def close(self) -> None:
        """End the process that forks, and its child."""
        if self._server is not None:
            with self._server:
                self._server.kill()  # its child ends with it, see serve
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve() -> None:
    """Read requests from standard input, a JSON object a line; answer each with the exit status of its command."""
    import gc

    _import_all()
    gc.collect()
    gc.freeze()  # what a child frees is its own
    requests = os.fdopen(os.dup(0), "rb")
    while line := requests.readline():
        process = os.fork()
        if not process:
            requests.close()
            _become(json.loads(line))  # exits as elman does
        _, status = os.waitpid(process, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _import_all() -> None:
    from importlib import import_module
    from pkgutil import walk_packages

    import elman

    for name in PACKAGES:
        import_module(name)
    needs_more = ("elman.server", "elman.integrations", "elman.sklearn", "elman.__main__")
    for module in walk_packages(elman.__path__, "elman.", onerror=lambda name: None):
        if not module.name.startswith(needs_more):
            import_module(module.name)


def _become(request: dict[str, object]) -> None:
    import ctypes
    import signal
    import tempfile

    libc = ctypes.CDLL(None)
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: end with the server
    for number, path in enumerate(request["streams"]):  # type: ignore[arg-type,var-annotated]
        opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(str(request["cwd"]))
    os.environ.update(request["env"])  # type: ignore[call-overload]
    tempfile.tempdir = None
    sys.argv = ["elman", *request["words"]]  # type: ignore[misc]
    if hasattr(libc, "elman_faults_start"):
        libc.elman_faults_start()
    from elman.__main__ import main

    if request["more_memory"] is not None:
        _limit(int(str(request["more_memory"])))
    try:
        main()
    except SystemExit as end:
        _end(int(end.code or 0))


def _limit(kilobytes: int) -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 1_024 * kilobytes, resource.RLIM_INFINITY))


def _end(status: int) -> None:
    """End as the interpreter does, but leave memory to the system: freeing all modules takes longer than tagging."""
    import atexit
    import gc
    import threading

    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    try:
        sys.stdout.flush()
    except OSError as error:
        sys.stderr.write(f"Exception ignored at the end: {error}\n")
        status = 120
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    serve()
