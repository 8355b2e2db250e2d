"""Starts a program in a root of its own, as a container engine does; to be run under ``unshare --mount --pid --fork``.

    confined.py JSON        the JSON is a ``Confined``

Read-only: the root cannot be written, /tmp is a file system in memory, and the program has no capabilities, cannot get
any, and can have no memory that is both written and executed (as with MemoryDenyWriteExecute= of systemd). Otherwise
the root can be written, as in a step of a build.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 23, 24, 38, 65
DEVICES = ("null", "zero", "full", "random", "urandom")
QUIET = "nosuid,nodev,noexec"


@dataclass(frozen=True, kw_only=True)
class Confined:
    """What is started, and where. ``binds`` are (path outside, path inside, whether it can be written)."""

    root: str
    command: list[str]
    environment: dict[str, str]
    user: int = 0
    group: int = 0
    folder: str = "/"
    read_only: bool = True
    network: bool = False
    files: int = 1024
    binds: list[tuple[str, str, bool]] = field(default_factory=list)

    def started(self, **options: object) -> subprocess.Popen[str]:
        """Start it. The process is that of ``unshare``, which ends with the program's status."""
        spaces = ["--mount", "--pid", "--ipc", "--uts", *([] if self.network else ["--net"])]
        command = ["unshare", *spaces, "--fork", "--kill-child", sys.executable, __file__, json.dumps(asdict(self))]
        return subprocess.Popen(command, text=True, **options)  # type: ignore[call-overload,no-any-return]


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def prepare(confined: Confined) -> None:
    """Mount what a container has beside its root."""
    root = confined.root
    mount("--bind", root, root)
    mount("-t", "proc", "-o", QUIET, "proc", f"{root}/proc")
    mount("-t", "tmpfs", "-o", "nosuid,noexec,mode=755,size=64k", "tmpfs", f"{root}/dev")
    for name in DEVICES:
        Path(root, "dev", name).touch()
        mount("--bind", f"/dev/{name}", f"{root}/dev/{name}")
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    Path(root, "dev", "shm").mkdir()
    mount("-t", "tmpfs", "-o", f"{QUIET},mode=1777,size=64m", "tmpfs", f"{root}/dev/shm")
    if confined.read_only:
        mount("-t", "tmpfs", "-o", f"{QUIET},mode=1777,size=64m", "tmpfs", f"{root}/tmp")
    for outside, inside, writable in confined.binds:
        place = Path(root, inside.lstrip("/"))
        if not place.exists():  # engines make it, too
            place.parent.mkdir(parents=True, exist_ok=True)
            place.mkdir() if Path(outside).is_dir() else place.touch()
        mount("--bind", outside, str(place))
        if not writable:
            mount("-o", "remount,bind,ro", str(place))
    if confined.read_only:
        mount("-o", "remount,bind,ro", root)
    if not confined.network:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def control(libc: ctypes.CDLL, option: int, value: int) -> None:
    """Call prctl."""
    if libc.prctl(option, value, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def give_up_rights(confined: Confined) -> None:
    """Become the user, for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    if confined.read_only:
        capability = 0
        while libc.prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0:
            control(libc, PR_CAPBSET_DROP, capability)
            capability += 1
        control(libc, PR_SET_MDWE, 1)
        resource.setrlimit(resource.RLIMIT_NOFILE, (confined.files, confined.files))
    os.setgroups([])
    os.setgid(confined.group)
    os.setuid(confined.user)
    if confined.read_only:
        control(libc, PR_SET_NO_NEW_PRIVS, 1)


def main() -> None:
    confined = Confined(**json.loads(sys.argv[1]))
    prepare(confined)
    os.chroot(confined.root)
    os.chdir(confined.folder)
    give_up_rights(confined)
    os.execvpe(confined.command[0], confined.command, confined.environment)


if __name__ == "__main__":
    main()
