"""The table of kernels: the reference and the stub follow it, and each C++ header compiles on its own."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from elman import kernels
from elman.kernels import reference, signatures

ROWS = [row for row in signatures.kernels().values() if row.kind != "PYTHON_OBJECT"]
NATIVE = Path(__file__).parents[2] / "src/elman/kernels/native"
COMPILER = shutil.which(os.environ.get("CXX") or "c++") or ""


def test_every_row_is_read() -> None:
    text = Path(signatures.__file__).with_name("signatures.def").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith(("KERNEL", "PYTHON_OBJECT"))]
    assert len(rows) == len(signatures.kernels()) > 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_reference_has_the_signatures_of_the_table(row: signatures.Kernel) -> None:
    found = inspect.signature(getattr(reference, row.name))
    parameters = tuple(
        (p.name, p.annotation, "" if p.default is p.empty else repr(p.default)) for p in found.parameters.values()
    )
    assert (parameters, found.return_annotation) == (row.parameters, row.result)


def test_the_native_core_has_the_table() -> None:
    core = kernels.native_core()
    if core is None:
        pytest.skip("the native kernels are not in use")
    for name, row in signatures.kernels().items():
        assert hasattr(core, name) or row.kind == "KERNEL_INT8"


def test_the_stub_is_generated() -> None:
    stub = Path(signatures.__file__).with_name("_native.pyi").read_text(encoding="utf-8")
    assert stub == signatures.stub()


@pytest.mark.slow
@pytest.mark.skipif(not COMPILER, reason="needs a C++ compiler")
@pytest.mark.skipif(not NATIVE.is_dir(), reason="needs the sources")
def test_each_header_compiles_on_its_own(tmp_path: Path) -> None:
    nanobind = pytest.importorskip("nanobind")
    include = ["-I", nanobind.include_dir(), "-I", sysconfig.get_path("include")]
    sources = []
    for header in sorted(NATIVE.glob("*.hpp")):
        sources.append(tmp_path / f"{header.stem}.cpp")
        sources[-1].write_text(f'#include "{header}"\n', encoding="utf-8")
    command = [COMPILER, "-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-psabi", "-Werror", *include]
    run = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True)
    assert not run.returncode, run.stderr
