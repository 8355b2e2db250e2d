"""Models that read raw text (``segment``, ``pipeline``), for ``elman tag``, ``evaluate`` and ``inspect``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from elman.cli.common import Notes, switching_often
from elman.errors import ConfigError

if TYPE_CHECKING:
    from elman.conll18 import Metric
    from elman.sentence import Sentence
    from elman.tagger import Tagger

SEGMENT, PIPELINE, PARSE, REGRESS, LANGUAGE = "segment", "pipeline", "parse", "regress", "lm"
MANY = 20
"""Characters of a line from which on it is strange that no line has a space."""


def reads_raw(model: Tagger, files: Sequence[str], format: str | None, encoding: str) -> bool:
    """Whether a model is to read these files as raw text. A pipeline takes words too, from files of other formats.

    Raises ConfigError: files of another format for a model that reads nothing but raw text.
    """
    if model.task not in (SEGMENT, PIPELINE):
        return False
    found = format
    if format is None:
        from elman.files import input_files
        from elman.formats import read_sentences

        first = next((path for path in input_files(files) if path != "-"), None)
        found = read_sentences(first, encoding=encoding, labelled=False).format if first is not None else "text"
    if found != "text" and model.task == SEGMENT:
        message = f"expected raw text, which a model of the task segment reads, found {found}"
        raise ConfigError(f"{message}; --format text reads any file as that")
    return found == "text"


def refuse_options(task: str, given: Mapping[str, Any]) -> None:
    """Raise ConfigError for an option of tags of words, given to a model that reads raw text."""
    for name, value in given.items():
        if value is not None:
            raise ConfigError(f"--{name}: not for raw text, which this model of the task {task} is to read")


def refuse_without_tags(model: Tagger) -> None:
    """Raise ConfigError for a model that gives words no tags, where tags are to be looked at."""
    if model.task in (SEGMENT, REGRESS, LANGUAGE):
        raise ConfigError(f"a model of the task {model.task} has no tags of words; elman evaluate says how good it is")


def tag_raw(
    model: Any, files: Sequence[str], output: str, output_format: str | None, how: tuple[str, bool], notes: Notes
) -> None:
    """Write the sentences of raw text. ``how``: its encoding, and whether with confidences.

    ``model`` is a ``Segmenter`` or a ``Pipeline``. Raises ConfigError: a format that cannot hold what it finds.
    """
    from elman.files import OutputFile, input_files
    from elman.formats import check_output, open_writer

    encoding, confidence = how
    targets = model.targets if model.task == PIPELINE else ()
    format = output_format or ("conllu" if model.finds_sentences or confidence else "text")
    if confidence and format != "conllu":
        raise ConfigError(f"{format} cannot hold confidences of raw text; conllu can")
    check_output(format, columns=len(targets))
    writer = open_writer(format, targets)
    number = 0
    with switching_often(), OutputFile(output, encoding=encoding) as out:
        for path in input_files(files or ("-",)):
            name, seen = "standard input" if path == "-" else path, _Seen(raw_lines(path, encoding))
            for sentence in model.sentences(seen, confidence=confidence, number=number):
                if not sentence.words and format != "text":
                    continue
                number += bool(sentence.words)
                own = {} if format == "conllu" else {name: sentence.columns[name] for name in targets}
                out.write(writer.add(sentence, own))
            if not seen.longest:
                notes.add(f"{name}: an empty text, there are no words to find in it")
            elif model.expects_spaces and not seen.spaces and seen.longest >= MANY:
                notes.add(
                    f"{path}: no spaces in it; the text this model learned from has some, so it may find few words"
                )
        out.write(writer.finish())


class _Seen:
    """Lines, and what there was in them: the most characters of a line, whether spaces within one."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.longest, self.spaces = 0, False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            bare = line.strip()
            self.longest = max(self.longest, len(bare))
            self.spaces = self.spaces or " " in bare
            yield line


def raw_lines(path: str, encoding: str) -> Iterator[str]:
    """The lines of a file of raw text."""
    from elman.formats.lines import BOM, line_blocks

    for lines in line_blocks(path, encoding):
        for line in lines:
            yield line.removeprefix(BOM)


def sentences_of(paths: Sequence[str], format: str | None, encoding: str, notes: Notes) -> list[Sentence]:
    """The sentences of files, whatever their columns; what a file was taken for is noted."""
    from elman.files import input_files
    from elman.formats import read_sentences

    found: list[Sentence] = []
    for path in input_files(paths):
        reading = read_sentences(path, format=format, encoding=encoding, labelled=False)
        if format is None:
            notes.add(f"{reading.path} read as {reading.format}: {reading.why}")
        found += reading
    return found


def evaluate_raw(
    model: Any, paths: Sequence[str], format: str | None, encoding: str, notes: Notes
) -> dict[str, Metric]:
    """How well the raw text of gold sentences is cut into sentences and words, or parsed: CoNLL 2018's metrics."""
    found: dict[str, Metric] = model.evaluate_text(sentences_of(paths, format, encoding, notes))
    return found
