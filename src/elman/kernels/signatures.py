"""The table of kernels, ``signatures.def``; ``python -m elman.kernels.signatures`` prints the type stub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ROW = re.compile(r'^(KERNEL(?:_PLAIN|_INT8)?|PYTHON_OBJECT)\((\w+)(?:,\s*((?:"[^"]*"\s*)+))?', re.MULTILINE)
_PARAMETER = re.compile(r"(\w+): (\w+)(!?)(?:\([^)]*\))?(?: < \w+)?(\??)(?: = (\w+))?")
_ARRAYS = {"T": "NDArray[F]", "f16": "NDArray[np.float16]", "f32": "NDArray[np.float32]", "f64": "NDArray[np.float64]"}
_ARRAYS |= {"i8": "NDArray[np.int8]", "i32": "Ids", "steps": "Ids", "lengths": "Ids", "offsets": "Ids"}
_TYPES = _ARRAYS | {"size": "int", "int": "int", "float": "float", "bool": "bool"}


@dataclass(frozen=True)
class Kernel:
    name: str
    kind: str
    """The row's macro, ``KERNEL_INT8`` for kernels that need 8-bit dot products."""
    parameters: tuple[tuple[str, str, str], ...]
    """(name, annotation, default), default empty if there is none."""
    result: str
    """Annotation of the return value."""


@cache
def kernels() -> dict[str, Kernel]:
    """Return all kernels by name, in the table's order."""
    text = Path(__file__).with_name("signatures.def").read_text(encoding="utf-8")
    return {name: _kernel(kind, name, signature) for kind, name, signature in _ROW.findall(text)}


def _kernel(kind: str, name: str, literals: str) -> Kernel:
    signature = "".join(re.findall(r'"([^"]*)"', literals)).partition(";")[0]
    arguments, _, results = signature.partition("->")
    types = [annotation for _, annotation, _ in _parameters(results)]
    result = "None" if not types else types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"
    return Kernel(name, kind, tuple(_parameters(arguments)), result)


def _parameters(text: str) -> Iterator[tuple[str, str, str]]:
    for name, kind, _, optional, default in _PARAMETER.findall(text):
        yield name, _TYPES[kind] + " | None" * bool(optional), default


def stub() -> str:
    """Return the text of ``_native.pyi``."""
    python = [kernel.name for kernel in kernels().values() if kernel.kind == "PYTHON_OBJECT"]
    lines = ["# Generated from signatures.def: python -m elman.kernels.signatures > src/elman/kernels/_native.pyi"]
    lines += ["import numpy as np", "from numpy.typing import NDArray", ""]
    lines += ["from elman.kernels.reference.text import (", *(f"    {name} as {name}," for name in python), ")"]
    lines += ["from elman.kernels.weight_layout import F, Ids", ""]
    for kernel in kernels().values():
        if kernel.kind != "PYTHON_OBJECT":
            lines.append(f"def {kernel.name}(")
            lines += [f"    {name}: {kind}{default and f' = {default}'}," for name, kind, default in kernel.parameters]
            lines.append(f") -> {kernel.result}: ...")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(stub(), end="")
