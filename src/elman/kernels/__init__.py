"""The kernels: arrays in, arrays out, a NumPy reference and a native core behind one list of signatures.

Letters: N tokens of a packed batch, T steps, B sentences, V word types, E input width, H hidden units, K tags.
``sizes`` (T,) int32 never increases: step t holds the sizes[t] sentences that have a word there, longest first.
Floating arrays of one call are all float32 or all float64; ids are int32.

``ELMAN_KERNELS`` = ``native`` or ``reference`` and ``ELMAN_ISA`` = one of ``describe()["available"]`` force a choice.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.kernels.reference import (
        AffixIndex as AffixIndex,
        NumberIndex as NumberIndex,
        Words as Words,
        adam_rows as adam_rows,
        bag_backward as bag_backward,
        bag_forward as bag_forward,
        best_tree as best_tree,
        best_trees as best_trees,
        crf_backward as crf_backward,
        crf_best as crf_best,
        crf_forward as crf_forward,
        crf_marginals as crf_marginals,
        elman_backward as elman_backward,
        elman_forward as elman_forward,
        embedding_backward as embedding_backward,
        embedding_forward as embedding_forward,
        gru_backward as gru_backward,
        gru_forward as gru_forward,
        halves as halves,
        linear_backward as linear_backward,
        linear_best_int8 as linear_best_int8,
        linear_forward as linear_forward,
        lstm_backward as lstm_backward,
        lstm_forward as lstm_forward,
        lstm_layer_backward as lstm_layer_backward,
        lstm_layer_forward as lstm_layer_forward,
        lstm_states as lstm_states,
        lstm_states_int8 as lstm_states_int8,
        mingru_backward as mingru_backward,
        mingru_forward as mingru_forward,
        online_steps as online_steps,
        softmax_cross_entropy_backward as softmax_cross_entropy_backward,
        softmax_cross_entropy_forward as softmax_cross_entropy_forward,
        sru_backward as sru_backward,
        sru_forward as sru_forward,
        tag_lines as tag_lines,
    )

KERNELS = (
    "linear_forward",
    "linear_backward",
    "embedding_forward",
    "embedding_backward",
    "bag_forward",
    "bag_backward",
    "elman_forward",
    "elman_backward",
    "softmax_cross_entropy_forward",
    "softmax_cross_entropy_backward",
    "lstm_forward",
    "lstm_backward",
    "lstm_layer_forward",
    "lstm_layer_backward",
    "gru_forward",
    "gru_backward",
    "sru_forward",
    "sru_backward",
    "mingru_forward",
    "mingru_backward",
    "crf_forward",
    "crf_backward",
    "crf_best",
    "crf_marginals",
    "halves",
    "lstm_states",
    "lstm_states_int8",
    "linear_best_int8",
    "adam_rows",
    "online_steps",
    "AffixIndex",
    "NumberIndex",
    "Words",
    "tag_lines",
    "best_tree",
    "best_trees",
)

_NATIVE = "elman.kernels._native"
_CHOSEN = "chosen by ELMAN_KERNELS"
_state: dict[str, Any] = {}


def __getattr__(name: str) -> Any:
    # The kernels appear as attributes of this module when the first of them is asked for.
    if name in KERNELS:
        select(os.environ.get("ELMAN_KERNELS") or None, os.environ.get("ELMAN_ISA") or None)
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def select(backend: str | None = None, isa: str | None = None) -> None:
    """Use a backend (None: native where it is built) and, in it, an instruction set (None: the widest).

    Raises ConfigError for a backend or an instruction set that is not to be had here.
    """
    if backend not in (None, "native", "reference"):
        raise ConfigError(f"ELMAN_KERNELS: expected native or reference, got {backend!r}")
    module, why = _load_native() if backend != "reference" else (None, _CHOSEN)
    if module is None and backend == "native":
        raise ConfigError(f"ELMAN_KERNELS=native, but the native kernels cannot be used: {why}")
    if module is not None:
        available = list(module.available())
        if isa is not None and isa not in available:
            raise ConfigError(f"ELMAN_ISA: expected {' or '.join(available)} on this machine, got {isa!r}")
        module.set_isa(isa or available[-1])
    elif isa is not None and isa != "numpy":
        raise ConfigError(f"ELMAN_ISA={isa} needs the native kernels, which are not in use: {why}")
    chosen: ModuleType = module if module is not None else _reference()
    _state.update(
        backend="native" if module is not None else "reference",
        isa=module.isa() if module is not None else "numpy",
        available=available if module is not None else ["numpy"],
        int8=module is not None and module.has_int8(),
        why=why,
    )
    for name in KERNELS:
        globals()[name] = getattr(chosen, name)


def native_core() -> Any:
    """The native core by itself, with its instruction set chosen, for what needs no NumPy; None: not in use here."""
    if os.environ.get("ELMAN_KERNELS") not in (None, "", "native") or find_spec(_NATIVE) is None:
        return None
    try:
        core = import_module(_NATIVE)
    except ImportError:
        return None
    isa, available = os.environ.get("ELMAN_ISA") or None, list(core.available())
    if isa not in (None, *available):
        return None
    core.set_isa(_state.get("isa") or isa or available[-1])
    return core


def describe() -> dict[str, Any]:
    """What is in use: ``backend``, ``isa``, ``available`` instruction sets, and ``why`` not the native kernels."""
    if not _state:
        select(os.environ.get("ELMAN_KERNELS") or None, os.environ.get("ELMAN_ISA") or None)
    return dict(_state)


def shortcoming() -> str | None:
    """A note for the user where the NumPy kernels serve although nobody chose them; None where all is well."""
    found = describe()
    if found["backend"] == "native" or found["why"] == _CHOSEN:
        return None
    return f"the kernels in NumPy are in use, which are slow: {found['why']}; README.md has the installation notes"


def _load_native() -> tuple[Any, str]:
    if find_spec(_NATIVE) is None:
        return None, "the native core was not built when elman was installed"
    try:
        from elman.kernels import native
    except ImportError as error:
        return None, f"the native core cannot be loaded ({error})"
    return native, ""


def _reference() -> ModuleType:
    from elman.kernels import reference

    return reference
