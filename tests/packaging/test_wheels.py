"""Wheels from the wheel without kernels: contents, tags, licences, and the same bytes each time."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import zipfile
from pathlib import Path

import pytest

import headers
import parts
import repack
import targets

NAME = "another"
METADATA = """\
Metadata-Version: 2.4
Name: another
Version: 0.1.0
License-Expression: MIT
Requires-Dist: numpy>=1.26
Requires-Dist: matplotlib>=3.8; extra == "plot"

Text.
"""
WHEEL = "Wheel-Version: 1.0\nGenerator: scikit-build-core\nRoot-Is-Purelib: true\nTag: py3-none-any\n\n"
TAG = "cp312-abi3-manylinux_2_28_x86_64"


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setattr(parts.Part, "version", "1.2")
    monkeypatch.setattr(parts.Part, "licence_text", lambda part: f"licence of {part.name}".encode())
    file = tmp_path / "plain.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("elman/__init__.py", "")
        archive.writestr("elman/kernels/__init__.py", "")
        for name, text in {"METADATA": METADATA, "WHEEL": WHEEL, "RECORD": "old", "licenses/LICENSE": "MIT"}.items():
            archive.writestr(f"{NAME}-0.1.0.dist-info/{name}", text)
    return file


def made(plain: Path, folder: str, tag: str = TAG, module: bool = True) -> Path:
    to = plain.parent / folder
    to.mkdir()
    compiled = plain.parent / "_native.abi3.so"
    compiled.write_bytes(b"\x7fELF")
    return repack.wheel(plain, to, tag, compiled if module else None)


def test_record_lists_every_file_with_its_digest(plain: Path) -> None:
    with zipfile.ZipFile(made(plain, "a")) as archive:
        rows = list(csv.reader(archive.read(f"{NAME}-0.1.0.dist-info/RECORD").decode().splitlines()))
        assert sorted(row[0] for row in rows) == sorted(archive.namelist())
        for name, digest, size in rows:
            if not name.endswith("RECORD"):
                data = archive.read(name)
                value = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                assert (digest, int(size)) == (f"sha256={value}", len(data))


def test_tags_module_and_licences(plain: Path) -> None:
    file = made(plain, "a")
    assert file.name == f"{NAME}-0.1.0-{TAG}.whl"
    with zipfile.ZipFile(file) as archive:
        text = archive.read(f"{NAME}-0.1.0.dist-info/WHEEL").decode()
        assert f"Tag: {TAG}\n" in text and "Root-Is-Purelib: false\n" in text and text.count("Tag:") == 1
        assert archive.read("elman/kernels/_native.abi3.so") == b"\x7fELF"
        names = {name.rpartition("/")[2] for name in archive.namelist() if "/licenses/vendored/" in name}
    assert names == {f"{part.name}.txt" for part in parts.VENDORED if not part.on}


def test_the_wheel_without_kernels_has_no_parts_of_others(plain: Path) -> None:
    with zipfile.ZipFile(made(plain, "a", "py3-none-any", module=False)) as archive:
        assert "Root-Is-Purelib: true" in archive.read(f"{NAME}-0.1.0.dist-info/WHEEL").decode()
        assert not [name for name in archive.namelist() if "vendored" in name or "_native" in name]


def test_two_builds_have_the_same_bytes(plain: Path) -> None:
    assert made(plain, "a").read_bytes() == made(plain, "b").read_bytes()


def test_the_bill_names_what_is_compiled_in_and_what_is_needed(plain: Path) -> None:
    with zipfile.ZipFile(made(plain, "a", "cp311-cp311-win_amd64")) as archive:
        bill = json.loads(archive.read(f"{NAME}-0.1.0.dist-info/sboms/elman.cdx.json"))
    assert {part["name"] for part in bill["components"]} == {"numpy", *(part.name for part in parts.VENDORED)}
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/{NAME}@0.1.0"
    assert "timestamp" not in json.dumps(bill)


def test_every_wheel_has_a_tag_of_its_own() -> None:
    tags = [f"{python.tag}-{platform.tag}" for python in targets.PYTHONS for platform in targets.PLATFORMS]
    assert len(set(tags)) == len(tags)


def test_names_of_pythons_library_come_from_its_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "PyAPI_FUNC(PyObject *) PyList_New(Py_ssize_t size);\nPyAPI_DATA(PyTypeObject) PyList_Type;\n"
    (tmp_path / "listobject.h").write_text(text)
    monkeypatch.setattr(headers, "zig", lambda *arguments: None)
    by_tag = {python.tag: python for python in targets.PYTHONS}
    for tag, dll in {"cp311-cp311": "python311", "cp312-abi3": "python3", "cp314-cp314t": "python314t"}.items():
        headers.import_library(tmp_path, by_tag[tag])
        expected = f"LIBRARY {dll}.dll\nEXPORTS\n PyList_New\n PyList_Type DATA\n"
        assert (tmp_path / "python.def").read_text() == expected


def test_pyconfig_of_a_debian_system_is_that_of_its_processor(tmp_path: Path) -> None:
    config = tmp_path / "pyconfig.h"
    config.write_text("# include <x86_64-linux-gnu/python3.14/pyconfig.h>\n")
    expected = Path("/root/usr/include/x86_64-linux-gnu/python3.14/pyconfig.h")
    assert headers.real_config(config, Path("/root")) == expected
    config.write_text("#define SIZEOF_LONG 8\n")
    assert headers.real_config(config, Path("/root")) == config
