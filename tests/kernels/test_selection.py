"""Which kernels are in use: by themselves, by ELMAN_KERNELS and ELMAN_ISA, and what is said when that cannot be."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from elman import kernels
from elman.errors import ConfigError
from elman.kernels import reference, signatures

needs_native = pytest.mark.skipif(
    importlib.util.find_spec("elman.kernels._native") is None, reason="the native kernels are not built here"
)


def test_the_reference_can_be_chosen(selection: None) -> None:
    kernels.select("reference")
    assert kernels.elman_forward is reference.elman_forward
    found = kernels.describe()
    assert (found["backend"], found["isa"]) == ("reference", "numpy")
    assert found["why"]


@needs_native
def test_native_is_the_choice_where_it_is_built(selection: None) -> None:
    kernels.select()
    found = kernels.describe()
    assert found["backend"] == "native"
    assert found["isa"] == found["available"][-1]
    assert kernels.shortcoming() is None


@needs_native
def test_every_instruction_set_can_be_chosen(selection: None) -> None:
    kernels.select("native")  # tests may run with ELMAN_KERNELS=reference
    for isa in kernels.describe()["available"]:
        kernels.select("native", isa)
        assert kernels.describe()["isa"] == isa


@needs_native
def test_an_instruction_set_that_is_not_here(selection: None) -> None:
    with pytest.raises(ConfigError, match="ELMAN_ISA: expected .* got 'sse9'"):
        kernels.select(None, "sse9")


def test_a_backend_that_does_not_exist(selection: None) -> None:
    with pytest.raises(ConfigError, match="ELMAN_KERNELS: expected native or reference, got 'cuda'"):
        kernels.select("cuda")


def test_an_instruction_set_without_native_kernels(selection: None) -> None:
    with pytest.raises(ConfigError, match="ELMAN_ISA=avx2 needs the native kernels"):
        kernels.select("reference", "avx2")


def test_where_the_native_core_is_missing(selection: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "_load_native", lambda: (None, "not built"))
    kernels.select()
    assert kernels.describe()["backend"] == "reference"
    note = kernels.shortcoming()
    assert note and "NumPy" in note and "not built" in note and "\n" not in note
    kernels.select("reference")  # who asks for them knows
    assert kernels.shortcoming() is None
    with pytest.raises(ConfigError, match="cannot be used: not built"):
        kernels.select("native")


@pytest.mark.parametrize(("spec", "why"), [(None, "was not built"), (object(), "cannot be loaded (")])
def test_a_native_core_that_cannot_be_used(
    selection: None, monkeypatch: pytest.MonkeyPatch, spec: object, why: str
) -> None:
    monkeypatch.setattr(kernels, "find_spec", lambda name: spec)
    monkeypatch.setitem(sys.modules, "elman.kernels._native", None)
    kernels.select()
    found = kernels.describe()
    assert found["backend"] == "reference" and why in found["why"]


def test_the_environment_is_read_at_first_use(selection: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELMAN_KERNELS", "reference")
    monkeypatch.setattr(kernels, "_state", {})
    assert kernels.describe()["backend"] == "reference"
    for name in signatures.kernels():
        monkeypatch.delitem(vars(kernels), name)
    assert kernels.linear_forward is reference.linear_forward


def test_no_other_names() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'linear'"):
        kernels.linear  # noqa: B018


def test_an_instruction_set_that_is_in_use_is_not_set_again() -> None:
    """Kernels may be running in other threads: ThreadSanitizer reported that as a race."""

    class Core:
        def isa(self) -> str:
            return "avx2"

        def set_isa(self, isa: str) -> None:
            raise AssertionError("set again")

    kernels._use(Core(), "avx2")
