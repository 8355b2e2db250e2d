"""Every kernel test runs on the reference and on each instruction set that this machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from elman import kernels
from elman.kernels import reference


def _engines() -> list[str]:
    core = kernels.native_core()
    return ["reference"] if core is None else ["reference", *core.available()]


@pytest.fixture(params=_engines())
def engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A module with all the kernels."""
    if request.param == "reference":
        yield reference
        return
    before = kernels.describe()["isa"]
    kernels.select("native", request.param)
    yield kernels
    kernels.select("native", before)


@pytest.fixture
def selection() -> Iterator[None]:
    """Puts back what ``kernels.select`` chose."""
    before = [os.environ.get(name) or None for name in ("ELMAN_KERNELS", "ELMAN_ISA")]
    yield
    kernels.select(*before)
