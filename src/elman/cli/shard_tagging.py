"""What a process does with a shard of ``elman tag --shards``: tag it, write its part, and tell what is in it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman import kernels
from elman.cli.notes import Notes
from elman.cli.output_folder import name_as
from elman.cli.output_format import OutputFormat
from elman.cli.tagging import Tagging
from elman.data.formats.text_io import observed
from elman.errors import ConfigError, DataError
from elman.scale.model_cache import loaded
from elman.scale.plan import Shard, sha256
from elman.scale.shards import ShardResult, entry_of
from elman.scale.worker import report
from elman.utils.compression import ENDINGS

if TYPE_CHECKING:
    from elman.cli.commands.tag import Options
    from elman.data.sentence import Sentence

_BETWEEN = 0.2
"""Seconds between two reports of a shard."""


def instruction_set() -> str:
    """Return the instruction set of the kernels; with another one, predictions may differ."""
    core = kernels.native_core()
    return core.isa() if core else "numpy"


@dataclass(frozen=True)
class ShardWork:
    """Tags shards, in this process or another one, where it loads the model once.

    ``options``  those of the command
    ``model``    the SHA-256 of the model file
    ``isa``      the instruction set
    ``folder``   where the command was given, in front of relative paths; "" for processes that are there
    """

    options: Options
    model: str
    isa: str
    folder: str = ""

    def tagger(self) -> Any:
        """Return the model. Raises ModelFileError if it is another one, ConfigError if the processor is."""
        from elman.cli.commands.tag import loader

        options, isa = self.options, instruction_set()
        if isa != self.isa:
            expected = f"expected the instruction set {self.isa}, as where the work began, found {isa}"
            advice = "set ELMAN_ISA to one that all machines have, and start again in an empty folder"
            raise ConfigError(f"{expected}; {advice}")
        how: dict[str, Any] = {"threads": options.threads, "precision": options.precision}
        light = loader(options) is not None
        return loaded(os.path.join(self.folder, options.model), self.model, **how, light=light)

    def __call__(self, shard: Shard) -> ShardResult:
        """Write the part of a shard. Input that cannot be tagged becomes an error in the result.

        Raises ChangedError if the file has changed, OutputError if the part cannot be written.
        """
        path = os.path.join(self.folder, shard.file.path)
        tagger, notes = self.tagger(), Notes()
        try:
            shard.file.check(path)
            try:
                entry = self._entry(shard, path, tagger, notes)
            finally:
                shard.file.check(path)  # a change explains more than another error
        except (DataError, ConfigError) as error:
            return ShardResult(None, _at_its_line(error, shard, path).replace(path, shard.file.path))
        return ShardResult(entry, "", notes.take())

    def _entry(self, shard: Shard, path: str, tagger: Any, notes: Notes) -> dict[str, Any]:
        from elman.cli.commands.tag import confidence_writer

        options = self.options
        digest = sha256(path, shard.begin, shard.end)  # and now the system has read it
        tagging = Tagging(
            tagger, options, OutputFormat("-", options.output_format, ()), confidence_writer(options), notes
        )
        count = _Count(shard)
        stem, name = shard.name, os.path.basename(path)
        folder = os.path.join(self.folder, str(options.shards))

        def output(read: str, written: str) -> str:
            return os.path.join(folder, stem + _extension(name_as(name, read, written)))

        with observed(count.read):
            part = tagging.write_part(path, shard.span, output, count)
        tagging.tell()
        more = {"words": count.words, "model": self.model, "input_sha256": digest}
        return entry_of(shard, folder, os.path.basename(part), **more)


class _Count:
    """Counts the words of a shard, and reports from time to time how many, and how far it has been read."""

    def __init__(self, shard: Shard) -> None:
        self._begin = shard.begin
        self.words = self._bytes = 0
        self._next = time.perf_counter() + _BETWEEN

    def add(self, sentences: Iterable[Sentence]) -> None:
        """Count the words of sentences."""
        self.add_words(sum([len(sentence.words) for sentence in sentences]))

    def add_words(self, words: int) -> None:
        """Count words."""
        self.words += words
        self._report()

    def read(self, path: str, position: int) -> None:
        """Take note of how far the file has been read."""
        self._bytes = position - self._begin
        self._report()

    def end(self, path: str) -> None:
        """Do nothing: what is done is the part."""

    def _report(self) -> None:
        if time.perf_counter() >= self._next:
            report((self._bytes, self.words))
            self._next = time.perf_counter() + _BETWEEN


def _extension(name: str) -> str:
    """Return the extension of a name, with that of its compression."""
    stem, packed = os.path.splitext(name)
    return os.path.splitext(stem)[1] + packed if packed.lower() in ENDINGS else packed


def _at_its_line(error: ConfigError | DataError, shard: Shard, path: str) -> str:
    """Return the message of an error, with the line in the file rather than in the shard."""
    in_lines = isinstance(error, DataError) and error.path == path and shard.groups is None
    if not (in_lines and isinstance(error, DataError) and error.line and shard.begin):
        return str(error)
    before = 0
    with open(path, "rb") as file:
        while block := file.read(min(1 << 20, shard.begin - file.tell())):
            before += block.count(b"\n")
    return str(DataError(error.message, path=error.path, line=error.line + before))
