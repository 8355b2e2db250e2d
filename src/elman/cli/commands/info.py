"""``elman info``: what is installed and which kernels are in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from elman.cli.options import command, json_option
from elman.cli.say import say, say_json


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of ``elman info``."""

    json: bool = json_option()


@command(Options)
def info(options: Options) -> None:
    """Show versions, machine and kernels.

    Kernels are the inner loops: native ones in C++, or the reference in NumPy if no compiler was found.
    """
    facts = _facts()
    if options.json:
        say_json(facts)
        return
    kernels = facts["kernels"]
    for name, value in (
        ("elman", facts["version"]),
        ("Python", facts["python"]),
        ("NumPy", facts["numpy"]),
        ("platform", facts["platform"]),
        ("kernels", kernels["backend"] + (f": {kernels['why']}" if kernels["why"] else "")),
        ("instruction set", kernels["isa"]),
        ("tagging", "LSTM in 8-bit whole numbers (--precision exact: float32)" if kernels["int8"] else "float32"),
        ("available", ", ".join(kernels["available"])),
        ("threads", f"{facts['threads']} (--threads to use fewer)"),
    ):
        say(f"{name:<17}{value}")


def _facts() -> dict[str, Any]:
    import platform

    import numpy

    from elman import __version__
    from elman.kernels import describe
    from elman.utils.parallel import thread_count

    return {
        "version": __version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "platform": platform.platform(),
        "kernels": describe(),
        "threads": thread_count(None),
    }
