"""The commands of docs/releasing.md sign checksums and verify them, here with a key that is thrown away."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import packaged

PAGE = (packaged.ROOT / "docs" / "releasing.md").read_text(encoding="utf-8")
FILES = ("small-1.0-py3-none-any.whl", "small-1.0.tar.gz")


def blocks(heading: str) -> list[str]:
    """Return the commands under a heading of the page, a block each."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


MAKE_KEY, PUBLISH_KEY, SIGN = blocks("Sign")
(CHECKSUMS,) = blocks("Write the checksums")
(VERIFY,) = blocks("Verify a release")

missing = [name for name in ("sh", "ssh-keygen", "sha256sum") if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"not on this machine: {', '.join(missing)}")


@dataclass(frozen=True)
class Desk:
    """Where a release is signed, and where a user verifies it."""

    folder: Path

    @property
    def user(self) -> Path:
        return self.folder / "downloads"

    def run(self, commands: str, where: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a block of the page in a shell that ends at the first failure."""
        return subprocess.run(
            ["sh", "-e", "-c", commands],
            cwd=where or self.folder,
            env=os.environ
            | {"HOME": str(self.folder), "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def verify(self) -> subprocess.CompletedProcess[str]:
        return self.run(VERIFY, self.user)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A signed release, copied to the user."""
    made = Desk(tmp_path)
    for name in ("bin", "packaging", ".ssh"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(packaged.ROOT / "packaging" / "release.py", tmp_path / "packaging")
    packaged.small_dist(tmp_path / "dist")
    without_passphrase = MAKE_KEY.rstrip("\n") + " -q -N ''"
    for commands in (without_passphrase, PUBLISH_KEY, CHECKSUMS, SIGN):
        done = made.run(commands)
        assert done.returncode == 0, commands + done.stderr
    shutil.copytree(tmp_path / "dist", made.user)
    shutil.copy(tmp_path / "packaging" / "allowed_signers", made.user)
    return made


def change_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-2] ^= 1
    file.write_bytes(content)


def test_a_signed_release_is_verified(desk: Desk) -> None:
    done = desk.verify()
    assert done.returncode == 0, done.stderr
    assert re.search(r'^Good "file" signature for elman-releases ', done.stdout + done.stderr, re.MULTILINE)
    assert [line for line in done.stdout.splitlines() if line.endswith(": OK")] == [f"{name}: OK" for name in FILES]


def test_a_part_of_the_files_is_verified(desk: Desk) -> None:
    (desk.user / FILES[0]).unlink()
    done = desk.verify()
    assert done.returncode == 0 and f"{FILES[1]}: OK" in done.stdout


@pytest.mark.parametrize("name", [*FILES, "SHA256SUMS", "SHA256SUMS.sig"])
def test_a_changed_byte_is_noticed(desk: Desk, name: str) -> None:
    if name.endswith(".sig"):
        file = desk.user / name
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join([lines[0], lines[1].swapcase(), *lines[2:]]))
    else:
        change_a_byte(desk.user / name)
    assert desk.verify().returncode != 0


def test_the_signature_of_a_stranger_is_refused(desk: Desk) -> None:
    """Who changes a file and its checksum cannot sign for the owner."""
    change_a_byte(desk.folder / "dist" / FILES[0])
    for half in ("elman-release", "elman-release.pub"):
        (desk.folder / ".ssh" / half).unlink()
    for commands in (MAKE_KEY.rstrip("\n") + " -q -N ''", CHECKSUMS, SIGN):
        assert desk.run(commands).returncode == 0
    shutil.copytree(desk.folder / "dist", desk.user, dirs_exist_ok=True)
    done = desk.verify()
    assert done.returncode != 0 and "OK" not in done.stdout


def test_files_that_differ_are_not_signed(desk: Desk) -> None:
    (desk.folder / "dist" / "SHA256SUMS.sig").unlink()
    change_a_byte(desk.folder / "dist" / FILES[0])
    done = desk.run(SIGN)
    assert done.returncode == 1 and f"{FILES[0]}: differs from its checksum" in done.stderr
    assert not (desk.folder / "dist" / "SHA256SUMS.sig").exists()
