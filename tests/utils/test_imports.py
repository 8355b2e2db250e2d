"""Packages that are missing, do not fit into memory, or are broken."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import elman
from elman.errors import ElmanError, MissingExtraError
from elman.utils.imports import needed, optional_package


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ModuleNotFoundError("No module named 'toy'"), MissingExtraError, "this needs the package toy"),
        (ImportError("libtoy.so: failed to map segment from shared object"), MemoryError, "^$"),
        (ImportError("libtoy.so: cannot allocate memory in static TLS block"), MemoryError, "^$"),
        (ImportError("libtoy.so: undefined symbol: x"), ElmanError, "the package toy is installed, but it cannot be"),
    ],
)
def test_a_failed_import_is_one_error(error: ImportError, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message) as caught, optional_package("toy", "extra"):
        raise error
    assert type(caught.value) is kind


def test_an_import_that_works_is_left_alone() -> None:
    with optional_package("json", "extra"):
        import json
    assert json.loads("1") == 1


def test_a_package_that_elman_cannot_do_without() -> None:
    line = needed(ModuleNotFoundError("No module named\n'numpy'", name="numpy.linalg"))
    assert line.startswith("elman needs the package numpy: No module named") and "\n" not in line
    with pytest.raises(ImportError, match="a mistake of ours"):
        needed(ImportError("a mistake of ours", name="elman.utils"))


def test_only_a_module_that_is_not_found_is_called_missing() -> None:
    """A package that does not fit into memory raises ImportError too."""
    source = Path(elman.__file__).parent
    caught = [
        f"{path.relative_to(source).as_posix()}:{node.lineno}"
        for path in sorted(source.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and node.type is not None and "ImportError" in ast.unparse(node.type)
    ]
    who = {place.partition(":")[0] for place in caught}
    allowed = {"__main__.py", "kernels/__init__.py", "utils/imports.py"}
    assert who == allowed, f"use elman.utils.imports.optional_package: {caught}"
