"""Starts systemd in a root of its own, for ``try_unit.py``; to be run under ``unshare --mount --pid --cgroup --fork``.

booted.py ROOT
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from confined import DEVICES, mount

SYSTEMD = "/usr/lib/systemd/systemd"
ENVIRONMENT = {"container": "lxc", "PATH": "/usr/sbin:/usr/bin"}
"""``container`` tells systemd that hardware, clock and modules are not its own."""


def main() -> None:
    root = sys.argv[1]
    mount("--bind", root, root)
    mount("-t", "proc", "proc", f"{root}/proc")
    mount("-t", "sysfs", "sysfs", f"{root}/sys")
    mount("-t", "cgroup2", "cgroup2", f"{root}/sys/fs/cgroup")
    for folder in ("dev", "run", "tmp"):
        mount("-t", "tmpfs", "-o", "mode=755" if folder != "tmp" else "mode=1777", "tmpfs", f"{root}/{folder}")
    for name in (*DEVICES, "tty"):
        Path(root, "dev", name).touch()
        mount("--bind", f"/dev/{name}", f"{root}/dev/{name}")
    Path(root, "dev", "console").touch()
    os.symlink("pts/ptmx", f"{root}/dev/ptmx")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.chdir(root)
    Path("old").mkdir(exist_ok=True)
    # Units get a root of their own by pivot_root, which works from the root of the mounts alone, not from a chroot.
    subprocess.run(["pivot_root", ".", "old"], check=True)
    os.chdir("/")
    subprocess.run(["umount", "--lazy", "/old"], check=True)
    mount("--make-rshared", "/")  # so that a unit sees the credentials that systemd mounts for it
    os.execve(SYSTEMD, [SYSTEMD, "--unit=multi-user.target"], ENVIRONMENT)


if __name__ == "__main__":
    main()
