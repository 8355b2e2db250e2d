"""Fixtures that many tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded: tests run side by side already

from elman import kernels
from elman.errors import ConfigError

# Examples of a property: all of them in CI, some on a developer's machine, few in `make test TESTS=quick`.
settings.register_profile("full", max_examples=100, deadline=None)
settings.register_profile("usual", max_examples=40, deadline=None)
settings.register_profile("quick", max_examples=10, deadline=None)
settings.load_profile(os.environ.get("ELMAN_TEST_PROFILE") or ("full" if os.environ.get("CI") else "usual"))

SLOW = {
    "analysis",
    "benchmarks",
    "browser",
    "cli",
    "engines",
    "integrations",
    "journeys",
    "models",
    "reliability",
    "scale",
    "taggers",
    "training",
}
"""Folders whose tests train models or start processes."""
SLOW_FILES = {"test_build.py", "test_docs.py", "test_exit.py", "test_plots.py", "test_state_plots.py"}
SLOW_FILES |= {"test_learning.py", "test_run.py", "test_smoke.py", "test_distribution.py"}
FAST = {
    "cli/commands": {"test_check", "test_convert", "test_errors", "test_evaluate", "test_tag", "test_tutorial"},
    "models": {"test_constraints", "test_file", "test_golden_bytes"},
    "training": {"test_monitor", "test_optimizers", "test_schedule"},
}
"""Files in these folders that are fast all the same."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests, which ``make test TESTS=quick`` leaves out."""
    for item in items:
        path = item.path.relative_to(Path(__file__).parent)
        slow = path.parts[0] in SLOW or path.name in SLOW_FILES
        if slow and path.stem not in FAST.get(path.parent.as_posix(), ()):
            item.add_marker("slow")


@pytest.fixture(scope="session", autouse=True)
def usual_signals() -> None:
    """What is started here answers SIGHUP and SIGINT, also where the tests run under nohup or in the background."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def choose() -> Iterator[Callable[[str], None]]:
    """Chooses a backend, skips where it is not built, and puts back what was chosen before."""
    before = [os.environ.get(name) or None for name in ("ELMAN_KERNELS", "ELMAN_ISA")]

    def select(backend: str) -> None:
        try:
            kernels.select(backend)
        except ConfigError as error:
            pytest.skip(str(error))

    yield select
    kernels.select(*before)


@pytest.fixture(params=["native", "reference"])
def each_backend(request: pytest.FixtureRequest, choose: Callable[[str], None]) -> None:
    """Runs a test with the native kernels and with the reference."""
    choose(request.param)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; tests that need it skip where it is missing."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data (../shared/data beside the project) is not on this machine")
    return folder
