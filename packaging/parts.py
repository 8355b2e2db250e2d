"""What is compiled into a wheel, its licences, and the bill of materials (CycloneDX, placed as PEP 770 says)."""

from __future__ import annotations

import email
import json
import re
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

MIT, BSD, LLVM = "MIT", "BSD-3-Clause", "Apache-2.0 WITH LLVM-exception"


@dataclass(frozen=True)
class Part:
    """Code of others that a compiled module contains."""

    name: str
    package: str
    """The PyPI package that brings it: its version is the part's."""
    licence: str
    """SPDX expression."""
    text: str
    """Where the package has the text of the licence."""
    url: str
    on: str = ""
    """What the platform tag begins with, of a part that only some platforms have."""

    @property
    def version(self) -> str:
        return version(self.package)

    def licence_text(self) -> bytes:
        """Return the licence as the package brings it."""
        spec = find_spec(self.package)
        assert spec is not None and spec.origin is not None
        file = Path(spec.origin).parent / self.text.format(version=self.version)
        text = file.read_text(encoding="utf-8")
        # a header has it in its first comment
        return (text.partition("/**")[2].partition("*/")[0] if file.suffix == ".h" else text).encode()


VENDORED = [
    Part("nanobind", "nanobind", BSD, "../nanobind-{version}.dist-info/licenses/LICENSE", "https://github.com/wjakob/nanobind"),
    Part("robin-map", "nanobind", MIT, "ext/robin_map/include/tsl/robin_map.h", "https://github.com/Tessil/robin-map"),
    Part("libcxx", "ziglang", LLVM, "lib/libcxx/LICENSE.TXT", "https://libcxx.llvm.org"),
    Part("libcxxabi", "ziglang", LLVM, "lib/libcxxabi/LICENSE.TXT", "https://libcxxabi.llvm.org"),
    Part("libunwind", "ziglang", LLVM, "lib/libunwind/LICENSE.TXT", "https://llvm.org"),
    Part("compiler-rt", "ziglang", MIT, "LICENSE", "https://ziglang.org"),
    Part("mingw-w64", "ziglang", "LicenseRef-mingw-w64", "lib/libc/mingw/COPYING", "https://www.mingw-w64.org", "win"),
]  # fmt: skip


def compiled_into(tag: str) -> list[Part]:
    """Return the parts that the module of a wheel with this tag contains."""
    return [part for part in VENDORED if tag.split("-")[2].startswith(part.on)]


def bill(metadata: str, compiled: list[Part]) -> str:
    """Return the bill of materials: elman, what is compiled in, and what is installed beside it.

    It has no time and no serial number, so that the same wheel has the same bytes.
    """
    about = email.message_from_string(metadata)
    name, its_version = about["Name"], about["Version"]
    root = f"pkg:pypi/{name}@{its_version}"
    components, needs = [], []
    for part in compiled:
        reference = f"pkg:generic/{part.name}@{part.version}"
        components.append(
            {
                "type": "library",
                "bom-ref": reference,
                "name": part.name,
                "version": part.version,
                "description": f"compiled in; from the PyPI package {part.package}",
                "licenses": [licence(part.licence)],
                "purl": reference,
                "externalReferences": [{"type": "website", "url": part.url}],
            }
        )
        needs.append(reference)
    for line in about.get_all("Requires-Dist", []):
        if "extra ==" not in line and (match := re.match(r"[\w.-]+", line)):
            reference = f"pkg:pypi/{match[0].lower()}"
            about_it = {"type": "library", "bom-ref": reference, "name": match[0], "purl": reference}
            components.append({**about_it, "description": f"installed beside it: {line}"})
            needs.append(reference)
    itself = {"type": "library", "bom-ref": root, "name": name, "version": its_version, "purl": root}
    itself["licenses"] = [licence(about["License-Expression"])]
    record = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": itself},
        "components": components,
        "dependencies": [{"ref": root, "dependsOn": sorted(needs)}, *({"ref": one} for one in sorted(needs))],
    }
    return json.dumps(record, indent=1, sort_keys=True) + "\n"


def licence(expression: str) -> dict[str, object]:
    if expression.startswith("LicenseRef-"):
        return {"license": {"name": expression.removeprefix("LicenseRef-")}}
    return {"expression": expression} if " " in expression else {"license": {"id": expression}}
