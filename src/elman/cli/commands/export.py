"""``elman export``."""

from __future__ import annotations

import os
from dataclasses import dataclass

from elman.cli.options import Verbosity, argument, command
from elman.cli.outputs import check_not_an_input, size
from elman.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Options(Verbosity):
    """The options of ``elman export``."""

    model: str = argument("MODEL")
    output: str = argument("OUT.onnx")


@command(Options)
def export(options: Options) -> None:
    """Write a tagger or text classifier as an ONNX model.

    onnxruntime runs it without elman, in Python, JavaScript, C#, Java, C++ and
    others (docs/guides/onnx.md). It gives the tags and confidences of elman tag
    --precision exact.

    \b
      elman export my.model my.onnx
    """
    from elman.integrations.onnx.export import export_onnx, output_names
    from elman.taggers.load import load

    if not options.output.endswith(".onnx"):
        raise ConfigError(f"{options.output}: expected a name that ends in .onnx")
    check_not_an_input(options.output, [options.model])
    notes = options.notes()
    model = load(options.model, threads=1)
    try:
        export_onnx(model, options.output)
    except ConfigError as error:
        raise ConfigError(f"{options.model}: {error}") from None
    notes.add(f"{options.output}: {size(os.path.getsize(options.output))}, outputs {', '.join(output_names(model))}")
    notes.show()
