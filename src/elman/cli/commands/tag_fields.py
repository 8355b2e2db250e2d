"""``elman tag --as fields``: the words of each text by the type of their tags, a column a field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from elman.cli.chunks import chunks
from elman.cli.file_progress import FileProgress
from elman.cli.loading import known, load_model
from elman.cli.output_folder import is_folder
from elman.cli.outputs import check_not_an_input
from elman.cli.resuming import check_resumable_format, open_output, resumption
from elman.data.fields import fields_of
from elman.data.formats import column_names, open_writer, read_sentences
from elman.data.formats.endings import formats_of
from elman.data.formats.holds import is_gap
from elman.data.formats.rows import FORMATS, RowWriter, columns_of, is_row, row_of
from elman.data.sentence import CONFIDENCE, Sentence
from elman.data.spans import find_spans
from elman.errors import ConfigError
from elman.taggers.tables import all_fields, check_free, fields_of_tagger
from elman.utils.files import OutputFile, input_files

if TYPE_CHECKING:
    from elman.cli.commands.tag import Options
    from elman.cli.notes import Notes
    from elman.data.formats import Reading
    from elman.taggers.tagger import Tagger


def tag_fields(options: Options) -> None:
    """Write texts with their fields: all columns of the input, and one for each field."""
    format = _format(options)
    check_not_an_input(options.output, (options.model, *options.files))
    notes = options.notes()
    shared = resumption(options, options.output, options.files or ("-",), model=options.model)
    tagger: Any = load_model(options.model, options, notes, options.files)
    names = fields_of_tagger(tagger, options.target)
    paths = input_files(options.files or ("-",))
    writer: _FieldWriter | None = None
    with (
        FileProgress("tagging", paths, options.output, quiet=options.quiet, verbose=options.verbose) as progress,
        open_output(shared, options.output, paths, options.encoding) as out,
    ):
        for number, path in enumerate(paths if not out.finished else ()):
            reading = read_sentences(
                path,
                format=options.format,
                encoding=options.encoding,
                labelled=False,
                known=known(tagger),
                text_column=options.text_column,
                keep_empty=True,
            )
            if options.format is None:
                notes.add(f"{reading.path} read as {reading.format}: {reading.why}")
            columns = (*names, *([CONFIDENCE] if options.confidence else []))
            writer = writer or _FieldWriter(reading, format, columns, options.text_column)
            if shared is not None:
                check_resumable_format(writer.format)
            writer.begin(reading)
            if number < out.state.get("file", 0):
                continue
            done = _place(out, number, writer, notes)
            for chunk in chunks(islice(reading, done, None), live=path == "-"):
                progress.add(chunk)
                for sentence, found in zip(chunk, _found(chunk, tagger, options, names), strict=True):
                    out.write(writer.add(sentence, found))
                out.flush()
                done += len(chunk)
                out.mark(partial(_state, number, done, writer))
            progress.end(reading.path)
        if writer is not None:
            out.write(writer.finish())
    if shared is not None:
        shared.end()
    notes.show()


def _state(number: int, done: int, writer: _FieldWriter) -> dict[str, Any]:
    """Return what another process needs to resume after ``done`` sentences of a file."""
    from elman.utils.resumable import saved

    return {"file": number, "done": done, "writer": saved([writer.part])}


def _place(out: OutputFile, number: int, writer: _FieldWriter, notes: Notes) -> int:
    """Return how many sentences of a file an earlier process has tagged, and restore the state of its writer."""
    if out.state.get("file") != number:
        return 0
    from elman.utils.resumable import restore

    notes.add(f"{out.name}: goes on where an earlier run ended")
    restore([writer.part], out.state["writer"])
    return int(out.state["done"])


def _format(options: Options) -> str | None:
    """Return the format that the output's name asks for. Raises ConfigError for others, and options for tags."""
    for name in ("nbest", "only_empty"):
        if getattr(options, name):
            raise ConfigError(f"--{name.replace('_', '-')}: not with --as fields, which writes no tags")
    if is_folder(options.output):
        raise ConfigError(f"{options.output}: --as fields writes one file; expected the name of a file")
    formats = formats_of(options.output)
    if formats and formats[0] not in FORMATS:
        raise ConfigError(f"{options.output}: fields are written as {', '.join(FORMATS)}, not as {formats[0]}")
    return formats[0] if formats else None


def _found(
    chunk: Sequence[Sentence], tagger: Tagger, options: Options, names: Sequence[str]
) -> Iterator[dict[str, str]]:
    """Yield all fields of each sentence; the confidence is the lowest of its words."""
    column = (column_names(options.target) or tagger.word_targets)[0]
    least, scored = options.min_confidence or 0.0, options.confidence or options.min_confidence is not None
    spaces: Sequence[Sequence[bool] | None] = [None] * len(chunk)
    if options.tokenize:
        chunk, spaces = _tokenized(chunk, tagger)
    rows = tagger.pipe(chunk, confidence=scored, columns=[column])
    for sentence, row, apart in zip(chunk, rows, spaces, strict=True):
        tags, confidences = row[column] if scored else (row[column], ())
        found = all_fields(fields_of(zip(sentence.words, tags, strict=True), apart), names)
        for start, end, type in find_spans(tags) if least else ():
            if type in found and min(confidences[start:end]) < least:
                found[type] = ""
        if options.confidence:
            found[CONFIDENCE] = f"{min(confidences, default=0.0):.4f}"
        yield found


def _tokenized(chunk: Sequence[Sentence], tagger: Tagger) -> tuple[list[Sentence], list[list[bool]]]:
    """Return the texts cut into words, each as one sentence, and whether a space follows each word."""
    sentences, spaces = [], []
    for sentence in chunk:
        tokens = tagger.tokenizer.tokens(" ".join(sentence.words))
        last = [
            (word, i == len(token.words) - 1 and token.space) for token in tokens for i, word in enumerate(token.words)
        ]
        sentences.append(replace(sentence, words=tuple(word for word, _ in last)))
        spaces.append([space for _, space in last])
    return sentences, spaces


class _FieldWriter:
    """Writes sentences with fields: in the input's own format in place, else as rows of values."""

    def __init__(self, reading: Reading, format: str | None, names: Sequence[str], text_column: str | None) -> None:
        self._names, self._read, self._text_column = names, reading.format, text_column
        own = reading.format if reading.has_texts or reading.format in ("jsonl", "json", "parquet") else ""
        self.format = format or own or "csv"
        in_place = own == self.format
        self._rows = RowWriter(self.format, () if in_place else (*columns_of(reading, text_column), *names))
        self._sentences = open_writer(self.format, (), names) if in_place else None

    @property
    def part(self) -> Any:
        """What writes the file, and has the state of it."""
        return self._sentences or self._rows

    def begin(self, reading: Reading) -> None:
        """Take the next file. Raises ConfigError if it has a column of a field's name, or another format."""
        if reading.format != self._read:
            raise ConfigError(f"{reading.path}: {reading.format}, after files that are {self._read}; write them alone")
        check_free(self._names, columns_of(reading, self._text_column), reading.path)
        self._reading = reading

    def add(self, sentence: Sentence, found: dict[str, str]) -> str | bytes:
        """Return what is written for a sentence with all its fields."""
        if self._sentences is not None:
            labels = {**sentence.labels, **found} if is_row(sentence, self._text_column) else sentence.labels
            return self._sentences.add(replace(sentence, labels=labels), {})
        if is_gap(sentence) and not is_row(sentence, self._text_column):
            return ""
        values: dict[str, Any] = {**row_of(sentence, self._reading), **found}
        if CONFIDENCE in found:
            values[CONFIDENCE] = float(found[CONFIDENCE])
        return self._rows.add(values, sentence)

    def finish(self) -> str | bytes:
        """Return the rest of the file."""
        text: str | bytes = self.part.finish()
        return text
