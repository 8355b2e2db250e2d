"""Packages that are missing, do not fit into memory, or are broken."""

from __future__ import annotations

import pytest

from elman.errors import ElmanError, MissingExtraError
from elman.utils.imports import optional_package


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
