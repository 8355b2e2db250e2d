"""Numerical kernels on arrays: a NumPy reference and a native core behind one table of signatures.

Letters: N tokens of a packed batch, T steps, B sentences, V word types, E input width, H hidden units, K tags.
``sizes`` (T,) int32 never increases: step t holds the sizes[t] sentences that have a word there, longest first.
Floating arrays of one call are all float32 or all float64; ids are int32.

A kernel is declared in three places: in NumPy (``reference/``), in C++ (``native/``) and as a row of
``signatures.def``, from which dispatch, type stubs and the native checks of arguments come. An array of another dtype
is a TypeError, one of another shape a ValueError; an array that is not C-contiguous is copied.

``ELMAN_KERNELS`` = ``native`` or ``reference`` and ``ELMAN_ISA`` = one of ``describe()["available"]`` force a choice.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from elman.errors import ConfigError
from elman.utils.imports import does_not_fit

if TYPE_CHECKING:
    from elman.kernels._native import *  # noqa: F403

_NATIVE = "elman.kernels._native"
_CHOSEN = "chosen by ELMAN_KERNELS"
_state: dict[str, Any] = {}


def __getattr__(name: str) -> Any:
    # The first access to a kernel makes all of them attributes of this module.
    from elman.kernels.signatures import kernels

    if name in kernels():
        select(os.environ.get("ELMAN_KERNELS") or None, os.environ.get("ELMAN_ISA") or None)
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def select(backend: str | None = None, isa: str | None = None) -> None:
    """Use a backend (None: native if it is built) and, in it, an instruction set (None: the widest).

    Raises ConfigError if the backend or the instruction set is not available.
    """
    if backend not in (None, "native", "reference"):
        raise ConfigError(f"ELMAN_KERNELS: expected native or reference, got {backend!r}")
    core, why = _load_native() if backend != "reference" else (None, _CHOSEN)
    if core is None and backend == "native":
        raise ConfigError(f"ELMAN_KERNELS=native, but the native kernels cannot be used: {why}")
    available = ["numpy"] if core is None else list(core.available())
    if core is not None:
        if isa is not None and isa not in available:
            raise ConfigError(f"ELMAN_ISA: expected {' or '.join(available)} on this machine, got {isa!r}")
        _use(core, isa or available[-1])
    elif isa is not None and isa != "numpy":
        raise ConfigError(f"ELMAN_ISA={isa} needs the native kernels, which are not in use: {why}")
    _state.update(
        backend="reference" if core is None else "native",
        isa="numpy" if core is None else core.isa(),
        available=available,
        int8=core is not None and core.has_int8(),
        why=why,
    )
    _dispatch(core)


def _use(core: Any, isa: str) -> None:
    """Set the instruction set, unless it is in use already: kernels may be running in other threads."""
    if core.isa() != isa:
        core.set_isa(isa)


def _dispatch(core: Any) -> None:
    """Make the kernels attributes of this module: those of the native core if it has them, else the reference's."""
    from elman.kernels.signatures import kernels

    for name, kernel in kernels().items():
        native = core is not None and (kernel.kind != "KERNEL_INT8" or _state["int8"])
        globals()[name] = getattr(core if native else import_module("elman.kernels.reference"), name)


def native_core() -> Any:
    """Return the native core with an instruction set selected, without importing NumPy; None if it is not in use."""
    if os.environ.get("ELMAN_KERNELS") not in (None, "", "native"):
        return None
    core, _ = _load_native()
    if core is None:
        return None
    isa, available = os.environ.get("ELMAN_ISA") or None, list(core.available())
    if isa not in (None, *available):
        return None
    in_use: Any = _state.get("isa")
    _use(core, in_use if in_use in available else isa or available[-1])
    return core


def describe() -> dict[str, Any]:
    """Return ``backend``, ``isa``, ``available`` instruction sets, ``int8``, and ``why`` native is not in use."""
    if not _state:
        select(os.environ.get("ELMAN_KERNELS") or None, os.environ.get("ELMAN_ISA") or None)
    return dict(_state)


def shortcoming() -> str | None:
    """Return a warning if the slow NumPy kernels are in use without having been chosen, else None."""
    found = describe()
    if found["backend"] == "native" or found["why"] == _CHOSEN:
        return None
    return f"the kernels in NumPy are in use, which are slow: {found['why']}; README.md has the installation notes"


def _load_native() -> tuple[Any, str]:
    """Return the native core and an empty string, or None and the reason why it cannot be used."""
    if find_spec(_NATIVE) is None:
        return None, "the native core was not built when elman was installed"
    try:
        return import_module(_NATIVE), ""
    except ImportError as error:
        if does_not_fit(error):  # the kernels in NumPy would be slow, and would not give the same bits
            raise MemoryError from None
        return None, f"the native core cannot be loaded ({error})"
