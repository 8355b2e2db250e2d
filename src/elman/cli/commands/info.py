"""``elman info``: what is installed and which kernels are in use."""

from __future__ import annotations

from typing import Any

import click

from elman.cli.say import say, say_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(as_json: bool) -> None:
    """Show versions, machine and kernels.

    Kernels are the inner loops: native ones in C++, or the reference in NumPy where no compiler was found.
    """
    facts = _facts()
    if as_json:
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
    import os
    import platform

    import numpy

    from elman import __version__
    from elman.kernels import describe

    # the cores this process may use, which in a container is fewer than the machine has
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "version": __version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "platform": platform.platform(),
        "kernels": describe(),
        "threads": cores,
    }
