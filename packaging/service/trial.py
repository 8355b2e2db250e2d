"""Tries the image of a Containerfile: starts its service as an engine would, asks it, and looks for what it may do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from confined import Confined
from containerfile import Stage

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
TOKEN = "a-token-for-the-trial-only"
PATIENCE = 60.0
Checks = list[tuple[str, bool]]
WRITE = """
import errno, os
wrong = []
for folder, folders, files in os.walk("/"):
    if os.lstat(folder).st_dev != os.lstat("/").st_dev:
        folders.clear()
        continue
    try:
        os.close(os.open(os.path.join(folder, ".written"), os.O_CREAT | os.O_WRONLY))
        wrong.append(folder)
    except OSError as error:
        if error.errno != errno.EROFS:
            wrong.append(f"{folder}: {error}")
print(len(wrong), *wrong[:5])
"""
"""Tries to make a file in each folder of the root, and prints where that is not refused as read-only."""


def missing() -> list[str]:
    """Return the packages that the trial needs in this Python."""
    return [f"the package {name}" for name in ("elman", "starlette", "uvicorn") if find_spec(name) is None]


@dataclass
class Running:
    """The service in its container. ``pid`` is its number outside."""

    unshare: subprocess.Popen[str]
    pid: int
    environment: dict[str, str]

    def enter(self, *command: str, user: str = "0:0") -> subprocess.CompletedProcess[str]:
        """Run a command in the container."""
        number, group = user.split(":")
        spaces = ["--mount", "--net", "--pid", "--ipc", "--root", "--wd"]
        who = ["--setuid", number, "--setgid", group]
        words = ["nsenter", "--target", str(self.pid), *spaces, *who, "--", *command]
        return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, env=self.environment)

    def visit(self, what: str) -> dict[str, Any]:
        """Ask it from outside, over its network."""
        words = ["nsenter", "--target", str(self.pid), "--net", sys.executable, str(HERE / "visit.py"), TOKEN, what]
        found = subprocess.run(words, capture_output=True, text=True)
        if found.returncode:
            print(found.stderr, file=sys.stderr)
            return {}
        return dict(json.loads(found.stdout))

    def status(self) -> dict[str, str]:
        """Return what the system says about the process."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def stop(self, name: str) -> tuple[int, float]:
        """Send the signal that stops it; return its exit status and the seconds that it took."""
        begun = time.monotonic()
        os.kill(self.pid, getattr(signal, name))
        try:
            return self.unshare.wait(PATIENCE), time.monotonic() - begun
        except subprocess.TimeoutExpired:
            return -1, PATIENCE


def checks(image: Stage, root: Path, folder: Path) -> tuple[Checks, int]:
    """Return what was tried and whether it went well, and the most memory in MB. ``folder`` is for what it needs."""
    models = train(folder)
    user, group = map(int, image.user.split(":"))
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o400)
    os.chown(token, user, group)
    data = folder / "data"
    data.mkdir()
    os.chown(data, user, group)
    secret = image.entrypoint[image.entrypoint.index("--token-file") + 1]
    binds = [(str(models), "/models", False), (str(token), secret, False)]
    learning = ["/models/default.model", "/models/new.conll", "--db", "/data/corrections.sqlite"]
    found: Checks = [("the user is not root", user != 0 and group != 0)]
    with started(image, root, image.command, binds) as service:
        found += tagging(image, service)
    with started(image, root, learning, [*binds, (str(data), "/data", True)]) as service:
        more, memory = learned(service, image)
    return found + more, memory


def train(folder: Path) -> Path:
    """Train a small model; return the folder with it and with text to correct."""
    models = folder / "models"
    models.mkdir()
    subprocess.run([sys.executable, str(ROOT / "tests/helpers/example_data.py"), "addresses", str(models)], check=True)
    files = ["train.conll", "--dev", "dev.conll", "-o", "default.model", "--preset", "fast", "--set", "epochs=3"]
    subprocess.run([sys.executable, "-m", "elman", "train", *files, "--quiet"], cwd=models, check=True)
    (models / "test.conll").rename(models / "new.conll")
    folder.chmod(0o755)  # the service is another user
    return models


@contextmanager
def started(image: Stage, root: Path, command: list[str], binds: list[tuple[str, str, bool]]) -> Iterator[Running]:
    """Start the image's program with these words after it, and wait until it answers."""
    user, group = map(int, image.user.split(":"))
    confined = Confined(
        root=str(root),
        command=[*image.entrypoint, *command],
        environment=image.environment,
        user=user,
        group=group,
        folder=image.folder,
        binds=binds,
    )
    process = confined.started(stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        if TOKEN not in process.stdout.readline():
            raise SystemExit(f"FAILED  the service does not start: status {process.wait()}")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield Running(process, int(children[0]), image.environment)
    finally:
        process.kill()  # what it has started ends with it
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def tagging(image: Stage, service: Running) -> Checks:
    """Try the image's own command, which only tags."""
    answer, about = service.visit("tag"), service.status()
    health = service.enter(*image.health, user=image.user)
    written = service.enter("python3", "-c", WRITE)
    as_user = service.enter("python3", "-c", "open('/tmp/x', 'w').close(); open('/models/x', 'w')", user=image.user)
    shells = [name for name in ("sh", "bash", "apt", "dpkg", "pip", "cc", "perl") if service_has(service, name)]
    info = service.enter("elman", "info", user=image.user).stdout
    status, seconds = service.stop(image.stop_signal)
    none = {about[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    return [
        ("it answers /healthz without the token", answer.get("health") == 200),
        ("it answers nothing else without it", answer.get("without_token") == 401),
        (f"it tags: {answer.get('tags')}", answer.get("status") == 200 and len(answer["tags"]) == 5),
        ("HEALTHCHECK succeeds", health.returncode == 0),
        ("the kernels are native", any(line.split() == ["kernels", "native"] for line in info.splitlines())),
        ("it runs as the image's user", about["Uid"].split() == [image.user.split(":")[0]] * 4),
        ("it has no capability, and can get none", none and about["NoNewPrivs"] == "1"),
        (f"root cannot write a file into any folder {written.stdout.strip()[2:]}", written.stdout.split() == ["0"]),
        ("the model cannot be written, /tmp can", "Read-only file system: '/models/x'" in as_user.stderr),
        (f"no shell, package manager or compiler {shells or ''}", not shells),
        (f"{image.stop_signal} ends it with status 0", status == 0 and seconds < 10),
    ]


def service_has(service: Running, name: str) -> bool:
    """Return whether a program of this name is in the container."""
    places = ("/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin", "/sbin", "/opt/elman/bin")
    return any(os.path.lexists(f"/proc/{service.pid}/root{place}/{name}") for place in places)


def learned(service: Running, image: Stage) -> tuple[Checks, int]:
    """Try it with /data that can be written; return the most memory of all its processes, too."""
    answer = service.visit("learn")
    numbers = [service.pid, *children(service.pid)]
    memory = sum(peak(number) for number in numbers)
    status, seconds = service.stop(image.stop_signal)
    good = answer.get("status") == 201 and answer["models"] > 1 and not answer["waiting"]
    return [
        (f"with /data it learns a correction: {answer}", good),
        (f"{image.stop_signal} ends it with status 0 then, too", status == 0 and seconds < 30),
    ], round(memory / 1e6)


def children(pid: int) -> list[int]:
    """Return the processes that one has started, those of all its threads."""
    return [int(word) for file in Path(f"/proc/{pid}/task").glob("*/children") for word in file.read_text().split()]


def peak(pid: int) -> int:
    """Return the most memory that a process has had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
