"""A wheel from the wheel without kernels: the module, the tags, licences and the list of parts are added."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import parts


def commit_time(root: Path) -> str:
    """Return the time of the last commit in seconds, for SOURCE_DATE_EPOCH."""
    command = ["git", "-C", str(root), "log", "-1", "--format=%ct"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def wheel(plain: Path, to: Path, tag: str, module: Path | None = None) -> Path:
    """Write the wheel of a tag into a folder, with a compiled module or without, and return its path."""
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(plain) as archive:
        for name in archive.namelist():
            if not name.endswith("/"):
                files[name] = archive.read(name)
    info = next(name.split("/")[0] for name in files if ".dist-info/" in name)
    if module is not None:
        files[f"elman/kernels/{module.name}"] = module.read_bytes()
    files[f"{info}/WHEEL"] = wheel_text(files[f"{info}/WHEEL"].decode(), tag, module is None).encode()
    compiled = [] if module is None else parts.compiled_into(tag)
    for part in compiled:
        files[f"{info}/licenses/vendored/{part.name}.txt"] = part.licence_text()
    name, version = info.removesuffix(".dist-info").split("-")
    files[f"{info}/sboms/elman.cdx.json"] = parts.bill(files[f"{info}/METADATA"].decode(), compiled).encode()
    files[f"{info}/RECORD"] = record(files, f"{info}/RECORD").encode()
    return write(to / f"{name}-{version}-{tag}.whl", files)


def wheel_text(text: str, tag: str, pure: bool) -> str:
    python, abi, platforms = tag.split("-")
    lines = [line for line in text.splitlines() if line and not line.startswith(("Tag:", "Root-Is-Purelib:"))]
    tags = [f"Tag: {python}-{abi}-{platform}" for platform in platforms.split(".")]
    return "\n".join([*lines, f"Root-Is-Purelib: {str(pure).lower()}", *tags, "", ""])


def record(files: dict[str, bytes], itself: str) -> str:
    lines = []
    for name in sorted(files):
        if name != itself:
            digest = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(files[name])}")
    return "\n".join([*lines, f"{itself},,", ""])


def write(file: Path, files: dict[str, bytes]) -> Path:
    """Write the archive: names in order, RECORD and its folder last, all with the time of SOURCE_DATE_EPOCH."""
    when = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
    temporary = file.with_suffix(".part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files, key=lambda name: (".dist-info/" in name, name.endswith("/RECORD"), name)):
            entry = zipfile.ZipInfo(name, when)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith((".so", ".pyd")) else 0o644) << 16
            archive.writestr(entry, files[name])
    shutil.move(temporary, file)
    return file
