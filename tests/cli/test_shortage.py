"""Memory that is short where a package is imported."""

from __future__ import annotations

import builtins
import errno
import mmap
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import SimpleNamespace
from typing import Any

import pytest

from elman.__main__ import main
from elman.cli.shortage import _Room, lacks_memory, watch_imports
from elman.utils.parallel import Limits

resource = pytest.importorskip("resource", reason="no limits of address space here")


def no_room(*arguments: object, **options: object) -> None:
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


def test_a_package_without_room_is_short_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmap, "mmap", no_room)
    for name in ("numpy", "pyarrow"):
        with pytest.raises(MemoryError):
            _Room().find_spec(name)
    assert _Room().find_spec("numpy.linalg") is None


@pytest.mark.parametrize("threads", ["", "1", "0", "many", "4", "99999999"])
def test_room_is_asked_for_and_given_back(monkeypatch: pytest.MonkeyPatch, threads: str) -> None:
    asked = []
    real: Callable[..., mmap.mmap] = mmap.mmap
    monkeypatch.setattr(
        mmap, "mmap", lambda number, size, **options: (asked.append(size), real(number, size, **options))[1]
    )
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", threads)
    assert _Room().find_spec("pyarrow") is None
    spec = _Room().find_spec("numpy")
    assert spec is not None and spec.loader is not None
    assert len(asked) == 2 and asked[0] > asked[1] >= 140_000_000


def test_numpy_multiplies_matrices_as_soon_as_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    class Table:
        def __matmul__(self, other: object) -> None:
            loaded.append("product")

    spec = ModuleSpec("numpy", SimpleNamespace(exec_module=lambda module: loaded.append("module")))  # type: ignore[arg-type]
    monkeypatch.setattr("importlib.machinery.PathFinder.find_spec", lambda name, path: spec)
    assert _Room().find_spec("numpy") is spec and spec.loader is not None
    spec.loader.exec_module(SimpleNamespace(ones=lambda shape: Table()))  # type: ignore[arg-type]
    assert loaded == ["module", "product"]
    monkeypatch.setattr("importlib.machinery.PathFinder.find_spec", lambda name, path: None)
    assert _Room().find_spec("numpy") is None


@pytest.mark.parametrize(("limit", "watched"), [(resource.RLIM_INFINITY, 0), (8_000_000_000, 1)])
def test_imports_are_watched_only_under_a_limit(monkeypatch: pytest.MonkeyPatch, limit: int, watched: int) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, limit))
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(Limits, "address_space", False)
    before = len(sys.meta_path)
    watch_imports()
    assert len(sys.meta_path) == before + watched and Limits.address_space is bool(watched)


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (ImportError("lib.so: failed to map segment from shared object"), True),
        (ImportError("lib.so: undefined symbol: x"), False),
        (ModuleNotFoundError("No module named 'x'"), False),
        (SystemError("error return without exception set"), True),
        (SystemError("<function _find_and_load at 0x7f> returned NULL without setting an exception"), True),
        (SystemError("Negative size passed to PyUnicode_New"), False),
    ],
)
def test_a_library_that_does_not_fit(error: Exception, short: bool) -> None:
    assert lacks_memory(error) is short


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MemoryError(), "elman: not enough memory\n"),
        (OSError(12, "Cannot allocate memory", "a/folder"), "elman: not enough memory\n"),
        (OSError(24, "Too many open files", "a"), "elman: cannot be loaded: [Errno 24] Too many open files: 'a'\n"),
        (SystemError("error return without exception set"), "elman: not enough memory\n"),
        (ImportError("lib.so: failed to map segment from shared object", name="tqdm"), "elman: not enough memory\n"),
        (ModuleNotFoundError("No module named 'click'", name="click"), "elman: elman needs the package click: No mod"),
    ],
)
def test_a_command_line_that_cannot_be_imported(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], error: Exception, line: str
) -> None:
    monkeypatch.setattr("elman.utils.signals.install", lambda: None)
    monkeypatch.setattr("os._exit", sys.exit)
    monkeypatch.setattr("builtins.__import__", _failing(error))
    with pytest.raises(SystemExit) as end:
        main()
    monkeypatch.undo()
    assert end.value.code == 2 and capfd.readouterr().err.startswith(line)


def test_a_mistake_in_elman_is_no_want_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.utils.signals.install", lambda: None)
    monkeypatch.setattr("builtins.__import__", _failing(SystemError("Negative size passed to PyUnicode_New")))
    with pytest.raises(SystemError, match="Negative size"):
        main()


def _failing(error: Exception) -> Callable[..., Any]:
    def imported(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "elman.cli":
            raise error
        return real(name, *arguments, **options)

    real = builtins.__import__
    return imported
