"""Checks and files of a release; docs/releasing.md says when each is run.

    python packaging/release.py version [--tag v1.2.3]    do all places name the same version?
    python packaging/release.py checksums dist            write dist/SHA256SUMS
    python packaging/release.py verify dist               compare the files with dist/SHA256SUMS
    python packaging/release.py recipe dist --url URL     print the conda recipe of the sdist in dist

The exit status is 1 if a check fails, with a line for each reason. Python alone is enough to run it.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SUMS = "SHA256SUMS"
SIGNATURE = f"{SUMS}.sig"
LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>[^/\\\n]+)")
"""A line of a file of checksums, as ``sha256sum`` writes and reads it: two spaces, or a space and ``*``."""
RELEASE = re.compile(r"^## \[(?P<version>[^\]]+)\] - \d{4}-\d\d-\d\d$", re.MULTILINE)
"""The heading of a release in CHANGELOG.md."""


class ReleaseError(Exception):
    """What keeps a release from being made, a reason a line."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    options = parser().parse_args(argv)
    try:
        print(options.run(options))
    except (ReleaseError, OSError) as error:
        for line in str(error).splitlines():
            print(f"release: {line}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; each command's function is in ``run``."""
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = result.add_subparsers(required=True, metavar="COMMAND")
    checksums = commands.add_parser("checksums", help=f"write {SUMS} of the files in a folder")
    checksums.set_defaults(run=lambda options: write_checksums(options.dist))
    verify = commands.add_parser("verify", help=f"compare the files in a folder with its {SUMS}")
    verify.set_defaults(run=lambda options: verify_checksums(options.dist))
    recipe = commands.add_parser("recipe", help="print the conda recipe of the sdist in a folder")
    recipe.set_defaults(run=lambda options: conda_recipe(options.dist, options.url, options.root))
    recipe.add_argument("--url", required=True, help="where the sdist can be downloaded")
    for command in (checksums, verify, recipe):
        command.add_argument("dist", type=Path, metavar="DIST", help="folder of the release's files")
    version = commands.add_parser("version", help="check that all places name the same version")
    version.set_defaults(run=lambda options: check_versions(options.root, options.tag))
    version.add_argument("--tag", help="the release's tag (default: the tag of HEAD, if it has one)")
    for command in (recipe, version):
        command.add_argument("--root", type=Path, default=ROOT, help="the source folder (default: this one)")
    return result


# --- checksums ---------------------------------------------------------------------------------------------------


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def release_files(dist: Path) -> list[Path]:
    """Return the files of a release in the order of their names, without checksums and signature."""
    if not dist.is_dir():
        raise ReleaseError(f"{dist}: expected a folder")
    files = sorted(file for file in dist.iterdir() if file.is_file() and file.name not in (SUMS, SIGNATURE))
    if not files:
        raise ReleaseError(f"{dist}: there is no file in it; run make wheels first")
    return files


def write_checksums(dist: Path) -> str:
    """Write the checksums of a folder's files into it, and return a line for the reader.

    A signature of other checksums is removed: it would be taken for one of these.
    """
    files = release_files(dist)
    text = "".join(f"{sha256(file)}  {file.name}\n" for file in files)
    target = dist / SUMS
    if not target.exists() or target.read_bytes() != text.encode():
        target.write_bytes(text.encode())  # line feeds on every system
        (dist / SIGNATURE).unlink(missing_ok=True)
    return f"{target}: {len(files)} files"


def read_checksums(dist: Path) -> dict[str, str]:
    """Return file name -> digest, as the folder's checksums have them; ReleaseError for a line of another form."""
    digests = {}
    for number, line in enumerate((dist / SUMS).read_text(encoding="utf-8").splitlines(), start=1):
        found = LINE.fullmatch(line)
        if found is None:
            raise ReleaseError(f"{dist / SUMS}:{number}: expected 64 hexadecimal digits, two spaces and a file name")
        digests[found["name"]] = found["digest"]
    return digests


def verify_checksums(dist: Path) -> str:
    """Return a line if all files are as listed; else raise ReleaseError with each file that is not."""
    digests = read_checksums(dist)
    problems = []
    for name, digest in digests.items():
        file = dist / name
        if not file.is_file():
            problems.append(f"{file}: missing")
        elif sha256(file) != digest:
            problems.append(f"{file}: differs from its checksum")
    problems += [f"{file}: not in {SUMS}" for file in release_files(dist) if file.name not in digests]
    if problems:
        raise ReleaseError("\n".join(problems))
    return f"{dist}: {len(digests)} files are as in {SUMS}"


# --- versions ----------------------------------------------------------------------------------------------------


def project(root: Path) -> dict[str, Any]:
    """Return the table ``project`` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def first(pattern: str, file: Path) -> str | None:
    """Return what the group of a pattern matches first in a file, at the beginning of a line."""
    found = re.search(pattern, file.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else None


def named_versions(root: Path, tag: str | None) -> dict[str, str | None]:
    """Return place -> the version that it names (None: no version), pyproject.toml first."""
    places = {
        "pyproject.toml": project(root)["version"],
        "src/elman/__init__.py": first(r'^__version__ = "(.*)"$', root / "src" / "elman" / "__init__.py"),
        "CITATION.cff": first(r'^version: "?([^"\n]*)"?$', root / "CITATION.cff"),
        "CHANGELOG.md, the newest release": first(RELEASE.pattern, root / "CHANGELOG.md"),
    }
    tags = head_tags(root) if tag is None else [tag]
    return places | {f"git tag {name}": name[1:] if name.startswith("v") else None for name in tags}


def head_tags(root: Path) -> list[str]:
    """Return the tags of HEAD that begin as those of a version; none outside a git repository."""
    try:
        command = ["git", "-C", str(root), "tag", "--points-at", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return [name for name in done.stdout.split() if re.match(r"v\d", name)]


def check_versions(root: Path, tag: str | None) -> str:
    """Return a line if all places name the same version; else raise ReleaseError with each that does not."""
    places = named_versions(root, tag)
    expected = places["pyproject.toml"]
    problems = [
        f"{place}: expected version {expected}, as in pyproject.toml, found {version or 'none'}"
        for place, version in places.items()
        if version != expected
    ]
    if problems:
        raise ReleaseError("\n".join(problems))
    return f"{expected}: {', '.join(places)}"


# --- conda -------------------------------------------------------------------------------------------------------


def sdist_name(root: Path) -> str:
    """Return the file name of the sdist, from the name and version in pyproject.toml."""
    name = re.sub(r"[-_.]+", "_", project(root)["name"]).lower()  # PEP 625
    return f"{name}-{project(root)['version']}.tar.gz"


def conda_recipe(dist: Path, url: str, root: Path) -> str:
    """Return packaging/conda/recipe.yaml with name, version, address and checksum of the sdist."""
    sdist = dist / sdist_name(root)
    if not sdist.is_file():
        raise ReleaseError(f"{sdist}: missing; run make wheels first")
    values = {"NAME": project(root)["name"], "VERSION": project(root)["version"], "URL": url, "SHA256": sha256(sdist)}
    text = (root / "packaging" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    for name, value in values.items():
        text, count = re.subn(rf"<{name}>", lambda _, value=value: value, text)
        if count != 1:
            raise ReleaseError(f"packaging/conda/recipe.yaml: expected <{name}> once, found it {count} times")
    return text.rstrip("\n")


if __name__ == "__main__":
    sys.exit(main())
