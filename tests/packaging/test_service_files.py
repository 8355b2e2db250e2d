"""The Containerfile and the unit of ``elman serve``: what they promise, and that elman takes their command lines.

``packaging/service/try_containerfile.py`` and ``try_unit.py`` run them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from elman.cli import group
from elman.cli.commands.serve import serve
from elman.server.run import GRACE

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packaging" / "service"
UNIT = FOLDER / "elman.service"
GUIDE = (ROOT / "docs" / "guides" / "deploying.md").read_text(encoding="utf-8")
EXPOSURE = 15


@pytest.fixture(scope="module")
def containerfile() -> Any:
    sys.path.insert(0, str(FOLDER))
    try:
        import containerfile
    finally:
        sys.path.remove(str(FOLDER))
    return containerfile


def accepted(arguments: list[str]) -> dict[str, Any]:
    """Parse the words after ``elman serve`` as elman does; raises click's error for what it refuses."""
    above = click.Context(group, info_name="elman", **group.context_settings)
    with serve.make_context("serve", list(arguments), parent=above) as context:
        return dict(context.params)


def settings() -> dict[str, list[str]]:
    """The values of the unit, by name."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_image_has_nothing_but_what_its_build_stage_prepared(containerfile: Any) -> None:
    build, image = containerfile.read(FOLDER / "Containerfile")
    assert build.base == "debian:trixie-slim"
    assert image.base == "scratch"
    assert image.steps == [containerfile.Copy(("/image",), "/", build.name)]


def test_the_image_runs_without_rights(containerfile: Any) -> None:
    image = containerfile.read(FOLDER / "Containerfile")[-1]
    user, _, group = image.user.partition(":")
    assert int(user) > 999 and int(group) > 999
    assert f"elman:x:{user}:{group}:" in (FOLDER / "image_root.sh").read_text(encoding="utf-8")
    assert f"The user in the container has the number {user}" in GUIDE


def test_elman_takes_the_command_of_the_image(containerfile: Any) -> None:
    image = containerfile.read(FOLDER / "Containerfile")[-1]
    assert image.entrypoint[:2] == ["elman", "serve"]
    found = accepted([*image.entrypoint[2:], *image.command])
    assert found["no_learn"] and found["token_file"] == "/run/secrets/elman-token"
    assert found["port"] == image.port and f"{image.port}" in image.health[-1] and "/healthz" in image.health[-1]
    assert found["db"].startswith("/tmp/"), "the rest cannot be written"
    learning = "/models/default.model /models/new.conllu --db /data/corrections.sqlite"
    assert learning in GUIDE
    assert not accepted([*image.entrypoint[2:], *learning.split()])["no_learn"]


def test_what_is_copied_from_the_project_is_there(containerfile: Any) -> None:
    stages = containerfile.read(FOLDER / "Containerfile")
    copies = [step for stage in stages for step in stage.steps if isinstance(step, containerfile.Copy)]
    sources = [source for copy in copies if copy.stage is None for source in copy.sources]
    assert [source for source in sources if not source.startswith("dist/") and not (ROOT / source).is_file()] == []
    assert "dist/*-cp312-abi3-manylinux_*.whl" in sources


def test_packages_are_pinned_with_the_digests_of_their_files() -> None:
    text = (FOLDER / "requirements.txt").read_text(encoding="utf-8").replace("\\\n", "")
    packages = [line for line in text.splitlines() if not line.startswith("#")]
    assert [
        line for line in packages if not re.match(r"[a-z0-9-]+==[\d.]+( +--hash=sha256:[0-9a-f]{64})+$", line)
    ] == []
    names = {line.partition("==")[0] for line in packages}
    assert {"numpy", "safetensors", "click", "tqdm", "starlette", "uvicorn"} <= names


def test_the_run_line_of_the_guide_has_the_limits() -> None:
    (line,) = re.findall(r"^docker run --detach.*?elman$", GUIDE, re.DOTALL | re.MULTILINE)
    for option in (
        "--read-only",
        "--tmpfs /tmp",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--memory=1g",
        "--pids-limit=128",
        "--ulimit nofile=2048",
        "--publish 127.0.0.1:8000:8000",
        "/models:ro",
        "/run/secrets/elman-token:ro",
    ):
        assert option in line
    assert int(re.findall(r"--stop-timeout (\d+)", line)[0]) > GRACE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM scratch\nADD a /b", "line 2: ADD is not known here"),
        ("RUN true", "line 1: expected FROM first"),
        ("FROM a\nRUN --mount=type=cache,target=/x true", "line 2: expected a command of the shell"),
        ("FROM a\nCOPY --chown=1:1 a /b", "line 2: --chown is not known here"),
        ("FROM a\n\nCOPY a b", "line 3: expected COPY SOURCE"),
        ("FROM a\nENV A=$B", "line 2: expected NAME=VALUE"),
        ("FROM a\nUSER elman", "line 2: expected a numeric USER:GROUP"),
        ("FROM a\nCMD elman serve", "line 2: expected a list of strings in JSON"),
        ("FROM a\nHEALTHCHECK NONE", "line 2: expected HEALTHCHECK"),
        ("FROM a AS", "line 1: expected FROM IMAGE"),
        ("FROM a\nRUN b \\", "line 2: the last line is continued"),
        ("# nothing", "no FROM"),
    ],
)
def test_instructions_that_are_not_understood_are_refused(
    containerfile: Any, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "Containerfile"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(containerfile.ContainerfileError, match=re.escape(message)):
        containerfile.read(file)


def test_continued_lines_and_comments_between_them_are_one_instruction(containerfile: Any) -> None:
    text = "FROM a\n# first\nRUN b \\\n# why\n  && c\nENV A=1 B='2 3'\n"
    found = containerfile.instructions(text)
    assert found == [(1, "FROM", "a"), (3, "RUN", "b && c"), (6, "ENV", "A=1 B='2 3'")]


def test_elman_takes_the_command_of_the_unit() -> None:
    unit = settings()
    (command,), (environment,) = unit["ExecStart"], unit["Environment"]
    values = dict(word.split("=", 1) for word in environment.split())
    values |= {"STATE_DIRECTORY": "/var/lib/elman", "CREDENTIALS_DIRECTORY": "/run/credentials/elman.service"}
    words = re.sub(r"\$\{?([A-Z_]+)\}?", lambda match: values[match[1]], command).split()
    assert words[:2] == ["/opt/elman/bin/elman", "serve"]
    found = accepted(words[2:])
    assert found["model"] == "/srv/elman/default.model" and found["no_learn"] and found["port"] == 8000
    assert found["db"].startswith(values["STATE_DIRECTORY"]), "the rest cannot be written"
    assert found["host"] == "127.0.0.1"
    with pytest.raises(click.UsageError):
        accepted([*words[2:], "--no-such-option"])


HARDENING = """
AmbientCapabilities= CapabilityBoundingSet= DynamicUser=yes IPAddressAllow=localhost IPAddressDeny=any
LockPersonality=yes MemoryDenyWriteExecute=yes NoNewPrivileges=yes PrivateDevices=yes PrivateTmp=yes PrivateUsers=yes
ProcSubset=pid ProtectClock=yes ProtectControlGroups=yes ProtectHome=yes ProtectHostname=yes ProtectKernelLogs=yes
ProtectKernelModules=yes ProtectKernelTunables=yes ProtectProc=invisible ProtectSystem=strict ReadOnlyPaths=/
RestrictNamespaces=yes RestrictRealtime=yes RestrictSUIDSGID=yes StateDirectory=elman SystemCallArchitectures=native
SystemCallFilter=@system-service UMask=0077 MemoryMax=1G TasksMax=128 LimitNOFILE=2048 LimitCORE=0
KillSignal=SIGTERM KillMode=mixed SuccessExitStatus=143 Restart=on-failure
StandardOutput=null StandardError=journal LoadCredential=token:/etc/elman/token
EnvironmentFile=-/etc/elman/elman.env
"""


@pytest.mark.parametrize("line", HARDENING.split())
def test_the_unit_keeps_its_protection(line: str) -> None:
    name, _, value = line.partition("=")
    assert value in settings().get(name, [])


def test_the_unit_gives_requests_time_to_end_and_the_learner_its_lower_priority() -> None:
    unit = settings()
    assert int(unit["TimeoutStopSec"][0]) > GRACE
    assert "@resources" not in " ".join(unit["SystemCallFilter"]), "the process that learns calls nice()"
    assert set(unit["RestrictAddressFamilies"][0].split()) == {"AF_INET", "AF_INET6"}


def analyze(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze on the unit, with a program that exists here in place of elman."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "elman.service"
    unit.write_text(
        UNIT.read_text(encoding="utf-8").replace("/opt/elman/bin/elman", shutil.which("true") or "/bin/true")
    )
    done = subprocess.run(["systemd-analyze", *words, str(unit)], capture_output=True, text=True)
    if "Unknown option" in done.stderr or "unrecognized option" in done.stderr:
        pytest.skip("systemd-analyze is too old")
    return done


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    done = analyze(tmp_path, "verify", "--man=no")
    about_it = [line for line in done.stderr.splitlines() if "elman.service" in line]
    assert about_it == []


def test_systemd_finds_little_exposure(tmp_path: Path) -> None:
    done = analyze(tmp_path, "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager")
    assert done.returncode == 0, done.stdout


def test_the_guide_has_the_size_that_was_measured() -> None:
    result = json.loads((ROOT / "benchmarks" / "results" / "container.json").read_text(encoding="utf-8"))
    assert result["mb"] <= 150
    assert f"The image has **{result['mb']:.0f} MB**" in GUIDE and result["commit"][:7] in GUIDE
