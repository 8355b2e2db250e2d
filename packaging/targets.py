"""What wheels there are: platforms and Pythons, and how far each is checked."""

from __future__ import annotations

from dataclasses import dataclass

BUILT, RUN, KERNELS = "built only", "installed and tested", "kernels tested under qemu-user"


@dataclass(frozen=True)
class Platform:
    """A system and processor that wheels are built for."""

    name: str
    zig: str
    """Target of ``zig c++``: the oldest C library or system."""
    tag: str
    """Platform tag of the wheel."""
    suffix: str
    """What follows cpython-311 in the name of the module of one Python version."""
    checked: str = BUILT

    @property
    def system(self) -> str:
        """Return what CMake calls the system."""
        return {"mac": "Darwin", "win": "Windows"}.get(self.tag[:3], "Linux")

    @property
    def machine(self) -> str:
        """Return what the system calls its processor."""
        names = {"win_amd64": "AMD64", "macosx_11_0_arm64": "arm64"}
        return names.get(self.tag, self.zig.partition("-")[0])


@dataclass(frozen=True)
class Python:
    """A Python, or all from one version on, that a wheel is built for."""

    tag: str
    """Python tag and ABI tag of the wheel."""
    version: str
    abi: str
    """What ``sys.implementation.cache_tag`` says, with a t for builds without the GIL."""
    stable: bool = False
    """Whether the module keeps to the stable ABI: the wheel serves all later versions, too."""
    defines: tuple[str, ...] = ()


PLATFORMS = [
    Platform("linux-x86_64", "x86_64-linux-gnu.2.28", "manylinux_2_28_x86_64", "-x86_64-linux-gnu.so", RUN),
    Platform("linux-aarch64", "aarch64-linux-gnu.2.28", "manylinux_2_28_aarch64", "-aarch64-linux-gnu.so", KERNELS),
    Platform("musl-x86_64", "x86_64-linux-musl", "musllinux_1_2_x86_64", "-x86_64-linux-musl.so"),
    Platform("musl-aarch64", "aarch64-linux-musl", "musllinux_1_2_aarch64", "-aarch64-linux-musl.so"),
    Platform("macos-x86_64", "x86_64-macos.11.0", "macosx_11_0_x86_64", "-darwin.so"),
    Platform("macos-arm64", "aarch64-macos.11.0", "macosx_11_0_arm64", "-darwin.so"),
    Platform("windows-x86_64", "x86_64-windows-gnu", "win_amd64", "-win_amd64.pyd"),
]

PYTHONS = [
    Python("cp311-cp311", "3.11", "cpython-311"),
    Python("cp312-abi3", "3.12", "cpython-312", stable=True),
    Python("cp314-cp314t", "3.14", "cpython-314t", defines=("Py_GIL_DISABLED=1",)),
]
