"""``--resume``: what the outputs of ``elman tag`` and ``elman convert`` need to be gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from elman.cli.options import option
from elman.utils.files import OutputFile

if TYPE_CHECKING:
    from elman.utils.resumption import Resumption

_NO_MATTER = ("files", "model", "output", "quiet", "verbose", "threads", "resume", "shards", "cluster", "rank", "world")
"""Options that change nothing in an output; files are compared by their contents."""


def resume_option() -> Any:
    """Return the field of ``--resume``."""
    return option(
        "--resume",
        is_flag=True,
        help="Keep OUT.part if the command ends early; the same command goes on from there. Not for Parquet, spacy, "
        "pipes and standard output.",
    )


def resumption(options: Any, output: str, inputs: Sequence[str], *, model: str | None = None) -> Resumption | None:
    """Return what the outputs of a command share with ``--resume``, None without.

    Raises ConfigError for output and input that cannot be gone on with.
    """
    if not options.resume:
        return None
    from elman.utils.resumption import Resumption, check_resumable

    check_resumable(output, inputs)
    return Resumption(described(options, model))


def described(options: Any, model: str | None) -> dict[str, Any]:
    """Return what the output of a command depends on beside its input, by name: options, the model, the kernels."""
    from elman import __version__
    from elman.utils.resumable import digest

    about: dict[str, Any] = {"elman": __version__, "the command": "convert" if model is None else "tag"}
    for name, field in options.__dataclass_fields__.items():
        if name not in _NO_MATTER:
            names = [way for way in field.metadata["click"][0] if way.startswith("--")]
            about[names[0] if names else f"--{name}"] = getattr(options, name)
    if model is not None:
        from elman import kernels

        core = kernels.native_core()
        about |= {"the instruction set": core.isa() if core else "numpy", "the model": digest(model)}
    return about


def check_resumable_format(format: str) -> None:
    """Raise ConfigError for a format whose files are not written sentence by sentence."""
    from elman.data.formats.registry import BINARY
    from elman.utils.resumption import not_for

    if format in BINARY:
        raise not_for(format)


def open_output(shared: Resumption | None, path: str, inputs: Sequence[str], encoding: str) -> OutputFile:
    """Return an output that depends on these input files."""
    return OutputFile(path, encoding=encoding) if shared is None else shared.open(path, inputs, encoding=encoding)
