"""The outputs of one command with ``--resume``, and what cannot be gone on with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from elman.errors import ConfigError
from elman.utils.files import is_direct, is_pipe
from elman.utils.resumable import ResumableFile, digest


def check_resumable(output: str, inputs: Sequence[str]) -> None:
    """Raise ConfigError if work on these files cannot go on later: they are standard streams, pipes or devices."""
    if output == "-" or is_direct(output):
        name = "standard output" if output == "-" else output
        raise ConfigError(f"--resume: {name} cannot be gone on with; name an output file, -o FILE")
    for path in inputs:
        if is_pipe(path):
            name = "standard input" if path == "-" else path
            raise ConfigError(f"--resume: {name} can be read only once; name an input file")


def not_for(format: str) -> ConfigError:
    """Return the error for a format whose files are not written sentence by sentence."""
    return ConfigError(f"--resume: {format} is not written sentence by sentence; write jsonl, or leave out --resume")


class Resumption:
    """What the outputs of one command share: what it was asked for, and the end of all.

    ``about`` maps names, as a message shows them, to what the output depends on besides the input files. The journals
    of finished outputs stay until ``end``, so that these are not written again.
    """

    def __init__(self, about: Mapping[str, Any]) -> None:
        self._about = about
        self._journals: list[str] = []

    def open(self, output: str, inputs: Sequence[str], *, encoding: str = "utf-8") -> ResumableFile:
        """Return an output that depends on these input files. Raises ConfigError as ``check_resumable`` does."""
        check_resumable(output, inputs)
        about = json.loads(json.dumps({**self._about, "the list of inputs": list(inputs)}))
        file = ResumableFile(output, about | {path: digest(path) for path in inputs}, encoding=encoding)
        self._journals.append(file.journal)
        return file

    def end(self) -> None:
        """Remove the journals: the command is done."""
        for path in self._journals:
            with suppress(OSError):
                os.unlink(path)
