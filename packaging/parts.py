"""What is compiled into a wheel, its licences, and the bill of materials (CycloneDX, PEP 770)."""

from __future__ import annotations

import email
import json
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """Code of others that a compiled module contains."""

    name: str
    package: str
    """The PyPI package that brings it, whose version counts."""
    licence: str
    """SPDX expression."""
    file: str
    """The licence's text, in the package's folder or beside it."""
    url: str
    systems: tuple[str, ...] = ("linux", "macos", "win")

    def licence_text(self) -> bytes:
        """Return the licence as the package brings it."""
        spec = find_spec({"ziglang": "ziglang", "nanobind": "nanobind"}[self.package])
        assert spec is not None and spec.origin is not None
        return (Path(spec.origin).parent / self.file).read_bytes()


VENDORED = [
    Part("nanobind", "nanobind", "BSD-3-Clause", f"../nanobind-{version('nanobind')}.dist-info/licenses/LICENSE", "https://github.com/wjakob/nanobind"),
    Part("robin-map", "nanobind", "MIT", "ext/robin_map/LICENSE", "https://github.com/Tessil/robin-map"),
    Part("libcxx", "ziglang", "Apache-2.0 WITH LLVM-exception", "lib/libcxx/LICENSE.TXT", "https://libcxx.llvm.org"),
    Part("libunwind", "ziglang", "Apache-2.0 WITH LLVM-exception", "lib/libunwind/LICENSE.TXT", "https://github.com/llvm/llvm-project"),
    Part("compiler-rt", "ziglang", "MIT", "LICENSE", "https://ziglang.org"),
    Part("mingw-w64", "ziglang", "ZPL-2.1", "lib/libc/mingw/COPYING", "https://www.mingw-w64.org", ("win",)),
]  # fmt: skip
