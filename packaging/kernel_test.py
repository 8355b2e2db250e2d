"""Compiles tests/kernels/native_test.cpp for an instruction set, and runs it: on other processors under qemu-user.

python packaging/kernel_test.py neon        needs qemu-aarch64-static (Debian: apt install qemu-user-static)
python packaging/kernel_test.py avx2
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NATIVE = ROOT / "src" / "elman" / "kernels" / "native"
TEST = ROOT / "tests" / "kernels" / "native_test.cpp"
SETS = {
    "baseline": ("x86_64", 16, []),
    "avx2": ("x86_64", 32, ["-mavx2", "-mfma"]),
    "avx512": ("x86_64", 64, ["-mavx512f", "-mavx512vl", "-mavx512bw", "-mavx512dq", "-mavx2", "-mfma"]),
    "neon": ("aarch64", 16, []),
}
"""Name -> processor, bytes of a vector, flags of the compiler: those of CMakeLists.txt."""


def main(argv: Sequence[str]) -> int:
    if len(argv) != 1 or argv[0] not in SETS:
        print(f"kernel_test: expected one of {', '.join(SETS)}", file=sys.stderr)
        return 2
    machine, width, flags = SETS[argv[0]]
    emulator = []
    if machine != platform.machine():
        program = shutil.which(f"qemu-{machine}-static") or shutil.which(f"qemu-{machine}")
        if program is None:
            print(f"kernel_test: no qemu-{machine} here; Debian: apt install qemu-user-static", file=sys.stderr)
            return 2
        emulator = [program]
    folder = ROOT / "build" / "kernel-test"
    folder.mkdir(parents=True, exist_ok=True)
    program = str(folder / argv[0])
    # static, so that nothing of the other processor has to be installed
    compiler = [sys.executable, "-m", "ziglang", "c++", "-target", f"{machine}-linux-musl", "-static"]
    options = ["-std=c++17", "-O2", "-fno-math-errno", "-ffp-contract=fast", *flags]
    table = [f"-DISA_NAME={argv[0]}", f"-DVECTOR_BYTES={width}", f"-DTABLE=table_{argv[0]}", f"-I{NATIVE}"]
    sources = [str(NATIVE / "kernels.cpp"), str(NATIVE / "parallel.cpp"), str(TEST)]
    subprocess.run([*compiler, *options, *table, *sources, "-o", program], check=True)
    return subprocess.run([*emulator, program]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
