"""Fixtures that many tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from elman import kernels
from elman.errors import ConfigError


@pytest.fixture(scope="session", autouse=True)
def usual_signals() -> None:
    """What is started here answers SIGHUP, also where the tests themselves run under nohup."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(params=["native", "reference"])
def each_backend(request: pytest.FixtureRequest) -> Iterator[None]:
    """Runs a test with the native kernels and with the reference."""
    before = [os.environ.get(name) or None for name in ("ELMAN_KERNELS", "ELMAN_ISA")]
    try:
        kernels.select(request.param)
    except ConfigError as error:
        pytest.skip(str(error))
    yield
    kernels.select(*before)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; tests that need it skip where it is missing."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data (../shared/data beside the project) is not on this machine")
    return folder
