"""Checksums of a release, and the places that name its version."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import packaged

release = packaged.script("release")
VERSION = release.project(packaged.ROOT)["version"]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return packaged.small_dist(tmp_path / "dist")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return packaged.copied_tree(tmp_path / "tree")


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    """Run a command that must fail, and return its lines without the prefix."""
    assert release.main([str(one) for one in arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines and all(line.startswith("release: ") for line in lines)
    return [line.removeprefix("release: ") for line in lines]


def test_checksums_are_sorted_and_of_all_files_but_their_own(dist: Path) -> None:
    (dist / "a.empty").touch()
    for _ in range(2):  # again: the file itself is not listed
        assert release.main(["checksums", str(dist)]) == 0
    lines = (dist / "SHA256SUMS").read_text().splitlines()
    assert lines[0] == f"{EMPTY}  a.empty"
    assert [line[66:] for line in lines] == ["a.empty", "small-1.0-py3-none-any.whl", "small-1.0.tar.gz"]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum on this machine")
def test_sha256sum_reads_them(dist: Path) -> None:
    release.main(["checksums", str(dist)])
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(command, cwd=dist, capture_output=True).returncode == 0
    (dist / "small-1.0.tar.gz").write_bytes(b"sourceS")
    assert subprocess.run(command, cwd=dist, capture_output=True).returncode == 1


def test_files_as_listed_are_verified(dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release.main(["checksums", str(dist)])
    (dist / "SHA256SUMS.sig").touch()
    assert release.main(["verify", str(dist)]) == 0
    assert capsys.readouterr().out.endswith(f"{dist}: 2 files are as in SHA256SUMS\n")


def test_each_bad_file_is_named(dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release.main(["checksums", str(dist)])
    capsys.readouterr()
    (dist / "small-1.0.tar.gz").write_bytes(b"sourceS")
    (dist / "small-1.0-py3-none-any.whl").unlink()
    (dist / "added.whl").touch()
    assert refused(capsys, "verify", dist) == [
        f"{dist / 'small-1.0-py3-none-any.whl'}: missing",
        f"{dist / 'small-1.0.tar.gz'}: differs from its checksum",
        f"{dist / 'added.whl'}: not in SHA256SUMS",
    ]


@pytest.mark.parametrize("line", ["", f"{EMPTY} n", f"{EMPTY}  ../n", f"{EMPTY[1:]}  n", f"{EMPTY.upper()}  n"])
def test_other_lines_are_refused(dist: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    (dist / "SHA256SUMS").write_text(f"{EMPTY} *name\n{line}\n")
    (reason,) = refused(capsys, "verify", dist)
    assert reason.startswith(f"{dist / 'SHA256SUMS'}:2: expected 64 hexadecimal digits")


def test_a_folder_without_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "checksums", tmp_path) == [f"{tmp_path}: there is no file in it; run make wheels first"]
    assert refused(capsys, "checksums", tmp_path / "no") == [f"{tmp_path / 'no'}: expected a folder"]
    (reason,) = refused(capsys, "verify", tmp_path)
    assert "SHA256SUMS" in reason


def test_a_signature_stays_with_its_checksums_only(dist: Path) -> None:
    release.main(["checksums", str(dist)])
    signature = dist / "SHA256SUMS.sig"
    signature.touch()
    release.main(["checksums", str(dist)])
    assert signature.exists()
    (dist / "small-1.0.tar.gz").write_bytes(b"other sources")
    release.main(["checksums", str(dist)])
    assert not signature.exists()


def test_this_tree_names_one_version() -> None:
    """CHANGELOG.md and a tag name it only once it is released."""
    places = release.named_versions(packaged.ROOT, None)
    assert [places[name] for name in ("pyproject.toml", "src/elman/__init__.py", "CITATION.cff")] == [VERSION] * 3


def test_the_version_of_a_release_agrees_everywhere(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["version", "--root", str(tree), "--tag", f"v{VERSION}"]) == 0
    assert capsys.readouterr().out.startswith(f"{VERSION}: pyproject.toml, src/elman/__init__.py, CITATION.cff, CHANGE")


@pytest.mark.parametrize(
    ("name", "pattern", "replacement", "place", "found"),
    [
        ("CITATION.cff", r"^version: .*$", "version: 0.0.9", "CITATION.cff", "0.0.9"),
        ("CITATION.cff", r"^version: .*$", "", "CITATION.cff", "none"),
        ("src/elman/__init__.py", r"^__version__ = .*$", '__version__ = "7"', "src/elman/__init__.py", "7"),
        ("CHANGELOG.md", r"^## \[[\d.]+\]", "## [0.0.8]", "CHANGELOG.md, the newest release", "0.0.8"),
        ("CHANGELOG.md", r"^## \[[\d.]+\] - .*$", "", "CHANGELOG.md, the newest release", "none"),
    ],
)
def test_what_differs_is_named(
    tree: Path, name: str, pattern: str, replacement: str, place: str, found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    packaged.edit(tree / name, pattern, replacement)
    expected = f"{place}: expected version {VERSION}, as in pyproject.toml, found {found}"
    assert refused(capsys, "version", "--root", tree) == [expected]


@pytest.mark.parametrize(("tag", "found"), [("v9.9.9", "9.9.9"), (VERSION, "none")])
def test_another_tag_is_named(tree: Path, tag: str, found: str, capsys: pytest.CaptureFixture[str]) -> None:
    (reason,) = refused(capsys, "version", "--root", tree, "--tag", tag)
    assert reason == f"git tag {tag}: expected version {VERSION}, as in pyproject.toml, found {found}"


@pytest.mark.skipif(shutil.which("git") is None, reason="no git on this machine")
def test_the_tags_of_head_are_read(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(tree), "-c", "user.name=n", "-c", "user.email=e", *arguments], check=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "-m", "release")
    for tag in ("not-a-version", f"v{VERSION}"):
        git("tag", tag)
    assert release.main(["version", "--root", str(tree)]) == 0
    assert capsys.readouterr().out.endswith(f", git tag v{VERSION}\n")
    git("tag", "v8")
    (reason,) = refused(capsys, "version", "--root", tree)
    assert reason.startswith("git tag v8: expected version")


def test_it_runs_as_a_program(dist: Path) -> None:
    command = [sys.executable, str(packaged.ROOT / "packaging" / "release.py")]
    done = subprocess.run([*command, "checksums", str(dist)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{dist / 'SHA256SUMS'}: 2 files\n", "")
    assert subprocess.run(command, capture_output=True).returncode == 2
