"""Functions that the worker processes of the tests of clusters import."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from elman.scale.cluster import report


def square(number: int) -> int:
    return number * number


def power(number: int, exponent: int = 2) -> int:
    return int(number**exponent)


def size(data: bytes) -> int:
    return len(data)


def process_id(item: object) -> int:
    return os.getpid()


def variable(name: str) -> str | None:
    return os.environ.get(name)


def wait_for_file(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


def meet(folder: str, name: str) -> str:
    """Returns only if the other item, a or b, runs at the same time."""
    Path(folder, name).touch()
    wait_for_file(Path(folder, {"a": "b", "b": "a"}[name]))
    return "met"


def print_and_read(item: object) -> str:
    print("printed", flush=True)
    os.write(1, b"written")
    return sys.stdin.read()


def reporting(go: str, count: int) -> str:
    for number in range(count):
        report(number + 1)
    wait_for_file(Path(go))
    thread = threading.Thread(target=report, args=("from another thread",))
    thread.start()
    thread.join()
    return "done"


def fail(error: Exception) -> None:
    raise error


class Awkward(Exception):
    """Cannot be made from its args, as unpickling does."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


def fail_awkwardly(item: object) -> None:
    raise Awkward(1, 2)


def return_a_closure(item: object) -> Any:
    return lambda: item


def once_quick(folder: str, name: str) -> str:
    """Returns for "quick"; for other names leaves the process id and never returns."""
    if name != "quick":
        stay(folder, name)
    return name


def stay(folder: str, name: str) -> None:
    """Leaves the process id and never returns; "busy" does not sleep either."""
    path = Path(folder, name)
    path.with_suffix(".part").write_text(str(os.getpid()))
    path.with_suffix(".part").rename(path)
    while True:
        if name != "busy":
            time.sleep(0.1)


def _log(path: str, line: object) -> None:
    with open(path, "a") as file:
        file.write(f"{line}\n")


def logged(log: str, number: int) -> int:
    _log(log, number)
    time.sleep(0.01)
    return -number


def deadly(log: str, name: str) -> str:
    if name == "deadly":
        _log(log, name)
        os.kill(os.getpid(), signal.SIGKILL)
    return name


def hangs_once(folder: str, name: str) -> str:
    """Returns which attempt this is; the first at "hangs" waits for a file "stop"."""
    try:
        Path(folder, name).touch(exist_ok=False)
    except FileExistsError:
        return f"second {name}"
    if name == "hangs":
        wait_for_file(Path(folder, "stop"))
    return f"first {name}"


def sleep_and_log(log: str, seconds: float) -> None:
    _log(log, seconds)
    time.sleep(seconds)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def gone(pid: int) -> bool:
    """Return whether a process has ended; one that waits to be collected has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
