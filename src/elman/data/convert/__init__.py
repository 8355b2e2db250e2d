"""Convert files from one format to another without losing anything silently.

files -> survey (what they hold) -> plan (what the target format can hold; the rest is refused, or dropped on request)
      -> scratch file -> read back and compared -> the output, all or nothing
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from elman.data import schemes
from elman.data.convert.plan import (
    DROPPABLE,
    JSON_FORMATS,
    ConversionPlan,
    ConversionRequest,
    output_format_of,
    plan_conversion,
)
from elman.data.convert.survey import Survey
from elman.data.formats import HOLDS, INPUT_FORMATS, Reading, json_records, open_writer, read_sentences
from elman.data.formats.holds import is_gap
from elman.data.formats.json_spans import as_plain_record, text_in
from elman.data.formats.lines import is_blank
from elman.data.formats.registry import BINARY
from elman.data.formats.text_io import BOM
from elman.data.sentence import RecordSentence, Sentence, error_at
from elman.errors import ConfigError, DataError, while_reading
from elman.utils.display import shown
from elman.utils.files import OutputFile, Scratch, check_target, is_pipe, scratch_beside, scratch_file
from elman.utils.summary import Row, Summary, counted

if TYPE_CHECKING:
    from elman.utils.resumable import ResumableFile
    from elman.utils.resumption import Resumption

__all__ = ["ConversionResult", "DROPPABLE", "ConversionRequest", "convert", "output_format_of"]

_RECORD_FORMATS = ("jsonl", "json", "parquet")
_READ_AS = {"prodigy": "jsonl"}
_BLANK_LINE_AFTER = ("columns", "conllu", "conllup")
_MAY_LACK_COLUMNS = ("jsonl", "json", "parquet")
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, repr=False)
class ConversionResult(Summary):
    """What was written, and notes about it for the user."""

    sentences: int
    words: int
    notes: Sequence[str]

    def _summary(self) -> str:
        return f"{counted(self.sentences, 'sentence')}, {counted(self.words, 'word')}"

    def _table(self) -> Iterator[Row]:
        yield "sentences", "words", "notes"
        yield self.sentences, self.words, "; ".join(self.notes)


class _Item(NamedTuple):
    """A sentence to write, and its tags."""

    sentence: Sentence
    tags: Mapping[str, Sequence[str]]


READ = 3
"""How often each file is read: to survey it, to write it, and to compare it with what was written."""


def convert(
    paths: Sequence[str],
    output: str,
    request: ConversionRequest,
    on_write: Callable[[Sentence], object] | None = None,
    resume: Resumption | None = None,
) -> ConversionResult:
    """Write files (``-``: standard input) as one file in another format. They are read three times, in constant memory.

    ``on_write`` is called with each sentence that is written. ``resume`` opens an output that is gone on with after an
    early end, see ``elman.utils.resumable``. Raises DataError, with the line, for input that cannot be
    read and for words and tags that the target cannot hold; ConfigError for other content that it cannot hold and that
    the request does not drop; OutputError.
    """
    check_target(output, text=request.to not in BINARY)
    for path in paths:
        if path != "-" and is_pipe(path):
            raise DataError("a pipe or a device can be read once only; pass it as standard input, -", path=path)
    if resume is not None:
        with resume.open(output, paths) as file:
            return _go_on(paths, request, on_write, file)
    is_file = output != "-" and (os.path.isfile(output) or not os.path.exists(output))
    with _repeatable_input(paths), scratch_beside(output if is_file else None) as scratch:
        plan, result = _survey(paths, request)
        with io.BufferedWriter(Scratch(scratch, "w", os.path.dirname(scratch))) as file:
            writer = _ItemWriter(plan)
            for item in _observed(_items(paths, request, plan), on_write):
                file.write(writer.add(*item))
            file.write(writer.finish())
        _compare(_items(paths, request, plan), scratch, plan)
        with while_reading(scratch), open(scratch, "rb") as done, OutputFile(output) as out:
            while block := done.read(_BLOCK_BYTES):
                out.write_bytes(block)
    return result


def _go_on(
    paths: Sequence[str],
    request: ConversionRequest,
    on_write: Callable[[Sentence], object] | None,
    out: ResumableFile,
) -> ConversionResult:
    """Convert what an earlier process has not converted: after the survey, behind the last sentence, or compare."""
    from elman.utils.resumable import restore, saved
    from elman.utils.resumption import not_for

    state = out.state
    if request.to in BINARY:
        raise not_for(request.to)
    if not state:
        plan, result = _survey(paths, request)
        state = {"plan": asdict(plan), "result": [result.sentences, result.words, result.notes], "place": [0, 0, 0]}
        out.mark(lambda: state, now=True)
    plan, result = ConversionPlan.from_json(state["plan"]), ConversionResult(*state["result"])
    if out.finished:
        return result
    place: list[int] = state["place"]
    if place:
        writer = _ItemWriter(plan)
        if "writer" in state:
            restore([writer, writer.writer], state["writer"])
        for item in _observed(_items(paths, request, plan, place), on_write):
            out.write_bytes(writer.add(*item))
            out.mark(lambda: {**state, "place": place, "writer": saved([writer, writer.writer])})
        out.write_bytes(writer.finish())
        out.complete({**state, "place": []})
    _compare(_items(paths, request, plan), out.part, plan)
    return result


def _survey(paths: Sequence[str], request: ConversionRequest) -> tuple[ConversionPlan, ConversionResult]:
    """Return what is to be written, and its description. Raises the errors of ``convert``."""
    notes: list[str] = []
    survey = Survey()
    target_columns: tuple[str, ...] | None = None
    for reading in _readings(paths, request):
        notes.append(f"{reading.path} read as {reading.format}: {reading.why}")
        keys = reading.targets(request.target) if request.target is not None else None
        target_columns = target_columns or keys
        survey.add(reading, keys or ())
    plan = plan_conversion(survey, request, target_columns)
    return plan, ConversionResult(survey.sentences, survey.words, [*notes, *plan.notes])


def _observed(items: Iterable[_Item], on_write: Callable[[Sentence], object] | None) -> Iterator[_Item]:
    for item in items:
        if on_write is not None:
            on_write(item.sentence)
        yield item


@contextmanager
def _repeatable_input(paths: Sequence[str]) -> Iterator[None]:
    """Make standard input readable several times: input from a pipe is copied to a temporary file."""
    if "-" not in paths or (sys.stdin.seekable() and sys.stdin.buffer.tell() == 0):
        yield
        return
    stdin = sys.stdin
    with scratch_file() as copy:
        with while_reading("-"):
            shutil.copyfileobj(stdin.buffer, copy)
        sys.stdin = io.TextIOWrapper(copy)
        try:
            yield
        finally:
            sys.stdin.detach()  # avoids a warning when it is closed
            sys.stdin = stdin


def _rewound(path: str) -> str:
    if path in ("-", "standard input"):
        sys.stdin.buffer.seek(0)
        return "-"
    return path


def _readings(paths: Sequence[str], request: ConversionRequest) -> Iterator[Reading]:
    for path in paths:
        format = request.source
        reason = None
        if request.options:
            if format is None:
                looks = read_sentences(_rewound(path), encoding=request.encoding)
                format, reason = looks.format, looks.why
            if format.partition(":")[0] not in _RECORD_FORMATS:
                options = " and ".join(f"--{name}" for name in request.options)
                raise ConfigError(f"{options}: for {', '.join(_RECORD_FORMATS)}; {path} is {format}")
            options = ",".join(f"{key}={value}" for key, value in request.options.items())
            format = f"{format},{options}" if ":" in format else f"{format}:{options}"
        reading = read_sentences(_rewound(path), format=format, encoding=request.encoding)
        reading.why = reason or reading.why
        yield reading


def _items(
    paths: Sequence[str], request: ConversionRequest, plan: ConversionPlan, place: list[int] | None = None
) -> Iterator[_Item]:
    """Yield all that is written, in order, behind a place, which is kept up to date.

    ``place``: the number of a file, and how many of its sentences have been read, with how many lines.
    """
    place = place or [0, 0, 0]
    begin, *done = place
    for number, reading in enumerate(_readings(paths[begin:], request), start=begin):
        names = {name: name for name in plan.columns}
        if request.target is not None and plan.columns:
            names = dict(zip(plan.columns, reading.targets(request.target), strict=True))
        place[:] = number, *done
        sentences, done = reading.after(*done), [0, 0]
        for sentence in sentences:
            place[1] += 1
            place[2] += len(sentence.lines)
            if plan.in_place:
                columns = names if HOLDS[plan.to].columns == 1 else plan.rewritten
                yield _Item(sentence, _tags(sentence, {name: names[name] for name in columns}, plan))
            elif sentence.words or not (is_gap(sentence) or plan.to in _BLANK_LINE_AFTER):
                tags = _tags(sentence, names, plan)
                labels = {name: sentence.labels[name] for name in plan.labels if name in sentence.labels}
                yield _Item(replace(_without_lines(sentence, plan.to), labels=labels), tags)


def _without_lines(sentence: Sentence, to: str) -> Sentence:
    """Return a sentence to write from scratch, with the other fields of its record if the target has room for them."""
    record = json_records.record_of_sentence(sentence) if to in JSON_FORMATS else None
    if record is not None:
        as_read = as_plain_record(record)
        fields = json_records.extra_fields(record, sentence) if as_read is record else {}
        text = text_in(as_read)
        if text is not None and text != " ".join(sentence.words):
            fields = {"text": text, **fields}
        words, columns, path, line = sentence.words, sentence.columns, sentence.path, sentence.line
        return RecordSentence(words, columns, path, line, (), sentence.rows, "", sentence.labels, fields)
    return replace(sentence, format="", lines=()) if sentence.format == to else sentence


def _tags(sentence: Sentence, names: Mapping[str, str], plan: ConversionPlan) -> dict[str, Sequence[str]]:
    """Return the tags of a sentence by the column they are written to, converted to the scheme of the plan."""
    tags: dict[str, Sequence[str]] = {}
    for name, key in names.items():
        if key not in sentence.columns:
            if sentence.words and plan.to not in _MAY_LACK_COLUMNS:
                raise error_at(
                    sentence, 0, f"no column {key}, which other sentences have, and {plan.to} needs it in all"
                )
            if sentence.words:
                continue
        tags[name] = sentence.columns.get(key, ())
        if name in plan.schemes:
            tags[name] = schemes.convert_tags(sentence, key, *plan.schemes[name], lenient=plan.lenient)
    return tags


class _ItemWriter:
    """Writes items as the bytes of one file, with what separates those of different files."""

    STATE = ("_last_line", "_path")

    def __init__(self, plan: ConversionPlan) -> None:
        in_rows = plan.in_place and plan.to == "parquet"
        self.writer = open_writer(plan.to, *((plan.rewritten, ()) if in_rows else (plan.columns, plan.labels)))
        self._to = plan.to
        self._last_line = ""
        self._path: str | None = None

    def add(self, sentence: Sentence, tags: Mapping[str, Sequence[str]]) -> bytes:
        """Return what is written for a sentence. Raises DataError for a NUL."""
        data = self.writer.add(sentence, tags)
        if isinstance(data, str):
            if "\0" in data:
                raise error_at(
                    sentence, 0, f"a word, tag or label with a NUL character, which {self._to} cannot hold; try jsonl"
                )
            if self._path not in (None, sentence.path) and self._last_line:  # copied lines may lack a line end
                data = _separator_between(self._last_line, self._to) + data.removeprefix(BOM)
            self._last_line = data[data.rfind("\n", 0, -1) + 1 :] or self._last_line
            data = _encoded(data, sentence)
        self._path = sentence.path
        return data

    def finish(self) -> bytes:
        """Return the rest of the file."""
        rest = self.writer.finish()
        return rest.encode() if isinstance(rest, str) else rest


def _encoded(text: str, sentence: Sentence) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # pragma: no cover - no reader lets half a surrogate pair through
        raise error_at(sentence, 0, "half a surrogate pair, which is no text") from None


def _separator_between(last_line: str, format: str) -> str:
    """Return what has to separate two files so that the sentences at their border stay separate."""
    line_end = "" if last_line.endswith("\n") else "\n"
    return line_end + "\n" if format in _BLANK_LINE_AFTER and not is_blank(last_line) else line_end


def _compare(items: Iterable[_Item], scratch: str, plan: ConversionPlan) -> None:
    """Read the output back and compare. Raises DataError at the first sentence that is read back differently."""
    format = _READ_AS.get(plan.to, plan.to)
    if format.partition(":")[0] not in INPUT_FORMATS or not HOLDS[plan.to].words:
        return
    sentences_read = _read_back(scratch, format)
    for sentence, tags in items:
        if not sentence.words:
            continue
        try:
            copy = next(sentences_read, None)
        except DataError as error:
            reason = error.message
            raise error_at(
                sentence, 0, f"{plan.to} cannot hold this sentence: read back, it is refused: {reason}"
            ) from None
        if copy is None or copy.words != sentence.words:
            raise _other_words(sentence, copy.words if copy is not None else (), plan.to)
        for name, column in tags.items():
            if tuple(column) not in copy.columns.values() and tuple(column) != copy.columns.get(name):
                raise error_at(
                    sentence, 0, f"{plan.to} cannot hold column {name} of this sentence: it is read back otherwise"
                )
        for name, label in sentence.labels.items():
            if not plan.in_place and label not in copy.labels.values():
                message = f"{plan.to} cannot hold the label {name}, {shown(label)}: it is read back otherwise"
                raise error_at(sentence, 0, message)
    if next(sentences_read, None) is not None:
        raise DataError(f"what was written as {plan.to} is read back with more sentences than there are; try jsonl")


def _read_back(scratch: str, format: str) -> Iterator[Sentence]:
    """Yield the sentences with words; nothing is opened before the first is requested."""
    yield from (sentence for sentence in read_sentences(scratch, format=format) if sentence.words)


def _other_words(sentence: Sentence, words_read: Sequence[str], format: str) -> DataError:
    pairs = enumerate(zip(sentence.words, [*words_read, *[""] * len(sentence)], strict=False))
    index = next((i for i, (word, result) in pairs if word != result), len(sentence) - 1)
    result = f"as {shown(words_read[index])}" if index < len(words_read) else "not at all"
    message = f"{format} cannot hold the word {shown(sentence.words[index])}: it is read back {result}; try jsonl"
    return error_at(sentence, index, message)
