"""Starts elman.service under a systemd of its own, and tries what the unit promises.

    python packaging/service/try_unit.py

Needs what try_containerfile.py needs, and the first stage that it has made: systemd is installed into a copy of it.
Exit status: 0 passed, 1 failed, 2 could not be tried here.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import roots
import trial
from trial import TOKEN, Running

HERE = Path(__file__).parent
WORK = roots.ROOT / "build" / "container"
STAGE = WORK / "stage-0"
UNIT = HERE / "elman.service"
EXPOSURE = 15
"""The most that ``systemd-analyze security`` may find, in tenths; 100 is a unit without any protection."""
PATIENCE = 60.0
INSTALL = "apt-get update -qq && apt-get install --yes -qq --no-install-recommends systemd systemd-sysv"


def main() -> int:
    lacking = roots.missing() + trial.missing()
    if not (STAGE / "opt/elman/bin/elman").exists():
        lacking.append(f"{STAGE.relative_to(roots.ROOT)}, which try_containerfile.py makes")
    if lacking:
        print(f"not tried: this needs {'; '.join(lacking)}", file=sys.stderr)
        return 2
    root = WORK / "systemd"
    with tempfile.TemporaryDirectory() as folder:
        prepare(root, trial.train(Path(folder)))
    with booted(root) as machine:
        checks = tried(machine)
    for what, passed in checks:
        print(f"{'ok    ' if passed else 'FAILED'}  {what}")
    return 0 if all(passed for _, passed in checks) else 1


def prepare(root: Path, models: Path) -> None:
    """Make a root with systemd, elman, the unit, a model and a token, as the guide says."""
    if root.exists():
        shutil.rmtree(root)
    subprocess.run(["cp", "-aT", str(STAGE), str(root)], check=True)
    roots.run(root, INSTALL, {"DEBIAN_FRONTEND": "noninteractive"}, "/")
    shutil.copytree(models, root / "srv/elman")
    shutil.copy(UNIT, root / "etc/systemd/system/elman.service")
    settings = root / "etc/elman"
    settings.mkdir()
    (settings / "elman.env").write_text("OPTIONS=/srv/elman/new.conll\n")
    (settings / "token").write_text(f"{TOKEN}\n")
    (settings / "token").chmod(0o600)


@contextmanager
def booted(root: Path) -> Iterator[Running]:
    """Start systemd in a root, and wait until it is ready; all its processes end with it."""
    spaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child"]
    process = subprocess.Popen(["unshare", *spaces, sys.executable, str(HERE / "booted.py"), str(root)], text=True)
    try:
        machine = Running(process, 0, {"PATH": roots.PATH})
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and process.poll() is None:
            machine.pid = next(iter(trial.children(process.pid)), 0)
            if machine.pid and machine.enter("systemctl", "is-active", "multi-user.target").stdout == "active\n":
                break
            time.sleep(0.5)
        else:
            raise SystemExit("FAILED  systemd does not start here")
        yield machine
    finally:
        process.kill()
        process.wait()


def shown(machine: Running, name: str) -> str:
    """Return a property of the unit."""
    return machine.enter("systemctl", "show", "elman", "--value", "-p", name).stdout.strip()


def answers(machine: Running) -> bool:
    """Wait until the service answers, and return whether it does."""
    until = time.monotonic() + PATIENCE
    # the port accepts connections before the service is ready; only an answer counts
    ask = (
        "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=20); "
        "c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"
    )
    while machine.enter("python3", "-c", ask).returncode:
        if time.monotonic() > until:
            print(machine.enter("journalctl", "-u", "elman", "-o", "cat", "--no-pager").stdout, file=sys.stderr)
            return False
        time.sleep(0.2)
    return True


def tried(machine: Running) -> trial.Checks:
    """Return what was tried, and whether it went well."""
    analyze = ["systemd-analyze", "--no-pager"]
    verified = machine.enter(*analyze, "verify", "/etc/systemd/system/elman.service")
    checks = [(f"systemd-analyze verify {verified.stderr}", verified.returncode == 0 and not verified.stderr)]
    safe = machine.enter(*analyze, "security", f"--threshold={EXPOSURE}", "elman.service")
    checks.append((safe.stdout.strip().splitlines()[-1], safe.returncode == 0))
    machine.enter("systemctl", "enable", "--now", "elman")
    if not answers(machine):
        return [*checks, ("the service answers", False)]
    about = status(machine)
    nothing = all(about[name] == "0" * 16 for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb"))
    checks.append(("a user of its own, without capabilities", about["Uid"].split()[0] != "0" and nothing))
    checks.append(("system calls are filtered", about["Seccomp"] == "2" and about["NoNewPrivs"] == "1"))
    answer = machine.visit("tag")
    checks.append((f"it tags: {answer.get('tags')}", answer.get("status") == 200))
    answer = machine.visit("learn")
    good = answer.get("status") == 201 and answer["models"] > 1 and not answer["waiting"]
    checks.append((f"it learns a correction: {answer}", good))
    first = shown(machine, "MainPID")
    machine.enter("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "elman")
    until = time.monotonic() + PATIENCE
    while shown(machine, "MainPID") in (first, "0") and time.monotonic() < until:
        time.sleep(0.2)
    again = (
        shown(machine, "MainPID") != first
        and answers(machine)
        and machine.enter("ls", "/var/lib/elman/corrections.models").stdout != ""
    )
    checks.append(("killed, it is started again, with what it has learned", again))
    journal = machine.enter("journalctl", "--no-pager", "-o", "cat").stdout
    checks.append(("the token is not in the journal", "elman" in journal and TOKEN not in journal))
    stopped = machine.enter("systemctl", "stop", "elman")
    ended = (shown(machine, "Result"), shown(machine, "ExecMainStatus"))
    checks.append((f"stopped, it ends with status 0: {ended} {stopped.stderr}", ended == ("success", "0")))
    return checks


def status(machine: Running) -> dict[str, str]:
    """Return what the system says about the process of the unit."""
    text = machine.enter("cat", f"/proc/{shown(machine, 'MainPID')}/status").stdout
    return {key: value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started ends, too
    sys.exit(main())
