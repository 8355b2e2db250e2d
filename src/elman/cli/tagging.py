"""What ``elman tag`` does with each file: read it, tag it, write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from elman import kernels
from elman.cli.blocks import block_request, checking_lines, tagged_batches, tagged_blocks
from elman.cli.chunks import chunks
from elman.cli.loading import known
from elman.cli.notes import Notes, switching_often
from elman.cli.output_columns import EmptyTexts, OutputColumns, how_many, output_columns
from elman.cli.output_folder import OutputFolder, alike, is_folder
from elman.cli.output_format import (
    RECORDS,
    LossNotingWriter,
    OutputFormat,
    check_values,
    own_format,
    replaced_columns,
    written_labels,
)
from elman.cli.punctuation import attached_punctuation
from elman.cli.raw_text import RawText, reads_raw, refuse_options, with_columns
from elman.cli.resuming import check_resumable_format, open_output
from elman.errors import ConfigError
from elman.utils.files import OutputFile

if TYPE_CHECKING:
    from elman.cli.commands.tag import Options
    from elman.cli.confidence_writer import ConfidenceWriter
    from elman.cli.file_progress import WordCount
    from elman.cli.only_empty import OnlyEmpty
    from elman.data.formats import Reading
    from elman.data.formats.text_io import Span
    from elman.taggers.blocks import BlockRequest, BlockTagger
    from elman.taggers.column_predictor import ColumnPredictor
    from elman.utils.resumption import Resumption

BOM = "\ufeff"
PartNames = Callable[[str, str], str]
"""Returns the path of a part, given the formats that its input is read and written as."""


class Tagging:
    """Tags file after file into one output, or each into a file of its own.

    ``format``  the format that is written; None until the first file of the output says it
    ``ranked``  the label columns of n-best lists, if these are asked for
    """

    def __init__(
        self,
        tagger: ColumnPredictor,
        options: Options,
        written: OutputFormat,
        confidences: ConfidenceWriter | None,
        notes: Notes,
    ) -> None:
        from elman.data.formats import check_output, column_names

        if tagger.reads_symbols:
            raise ConfigError(
                f"{options.model}: a language model, which has no tags; elman sample and elman evaluate use it"
            )
        self.tagger: Any = tagger
        self.options, self.written, self.confidences = options, written, confidences
        self.notes = notes
        self.format = written.said
        self.writer: LossNotingWriter | None = None
        self.columns = OutputColumns({}, {}, "")
        self._names = column_names(options.target)
        self._known = known(tagger)
        self._empty = EmptyTexts()
        self._only_empty: OnlyEmpty | None = None
        if options.only_empty:
            from elman.cli.only_empty import OnlyEmpty

            self._only_empty = OnlyEmpty()
        self._raw: RawText | None = None
        self._tokenizer = None
        if options.tokenize and not tagger.reads_raw_text:
            self._tokenizer = with_columns(tagger).tokenizer
        self._number = 0  # sentences that were numbered
        self._last_line = ""
        self.shared: Resumption | None = None
        self._span: Span | None = None
        n_words, n_labels = how_many(tagger, self._names, confidence=options.confidence)
        self.ranked = self._ranked_columns()
        if confidences is not None:
            confidences.check(tagger, self._names, written.said)
        if written.said is not None and not self.ranked and tagger.reads_sentences:
            of_words = options.confidence and n_words > 0
            check_output(written.said, confidences=of_words, columns=n_words, labels=n_labels)

    def _ranked_columns(self) -> tuple[str, ...]:
        """Return the label columns whose n-best lists are asked for."""
        options, tagger = self.options, self.tagger
        if options.nbest is None:
            return ()
        from elman.cli.confidence_writer import NBEST_FORMATS

        if self.format not in (None, *NBEST_FORMATS):
            raise ConfigError(f"--nbest: {self.format} holds one sequence; {' and '.join(NBEST_FORMATS)} several")
        ranked: Sequence[str] = tagger.ranked_targets
        columns: Sequence[str] = tagger.chosen(self._names) if self._names or not ranked else ranked
        other = next((name for name in columns if name not in ranked), None)
        if other in tagger.text_targets:
            raise ConfigError(f"--nbest: {other} is a document label; there are no sequences of it")
        if not ranked:
            raise ConfigError(f"--nbest: the task {tagger.task} has one answer; taggers (task tag) have n-best lists")
        if other is not None:
            raise ConfigError(f"--nbest: column {other} has one answer; of this model {', '.join(ranked)} have several")
        return tuple(columns)

    def run(self, paths: Sequence[str], progress: WordCount) -> None:
        """Tag files, and ``-``, standard input, into the output of the options."""
        options = self.options
        self._progress = progress
        if not is_folder(options.output):
            with open_output(self.shared, options.output, paths, options.encoding) as out:
                self._tag_all(paths, out)
            return
        folder = OutputFolder(options.output, paths, (options.model,))
        notes, self.notes = self.notes, Notes(quiet=True)
        for path in alike(paths):  # what clashes is found before anything is written
            self._opened_for(folder, path)
        self.notes = notes
        for path in paths:
            reading, output = self._opened_for(folder, path)
            with open_output(self.shared, output, [path], options.encoding) as out:
                if not out.finished:
                    self._tag(reading, out, 0, live=False)
                    self._finish(out)
            if self.writer is not None:
                self.writer.tell(self.notes)

    def write_part(self, path: str, span: Span | None, output: PartNames, progress: WordCount) -> str:
        """Tag a part of a file into the path that ``output`` returns for the formats; return it."""
        self._progress, self._span = progress, span
        reading = self._opened(path)
        target = output(reading.format, str(self.format))
        with OutputFile(target, encoding=self.options.encoding) as out:
            self._tag(reading, out, 0, live=False)
            self._finish(out)
        return target

    def check(self, path: str, span: Span | None) -> None:
        """Raise ConfigError if a file cannot be tagged as the options say."""
        self._span = span
        reading = self._opened(path)
        if not reads_raw(self.tagger, reading) and self._tokenizer is None:
            self._open_writer(reading, str(self.format), live=False)

    def _tag_all(self, paths: Sequence[str], out: OutputFile) -> None:
        """Tag files into one output."""
        if out.finished:
            return
        for number, path in enumerate(paths):
            self._tag(self._opened(path), out, number, live=path == "-")
        self._finish(out)

    def _opened_for(self, folder: OutputFolder, path: str) -> tuple[Reading, str]:
        """Open a file that gets an output of its own, and return this too."""
        self.format, self.writer, self._raw, self._last_line = self.written.said, None, None, ""
        reading = self._opened(path)
        return reading, folder.output(path, reading.format, str(self.format))

    def _finish(self, out: OutputFile) -> None:
        if self.writer is not None:
            out.write(self.writer.finish())

    def _opened(self, path: str) -> Reading:
        """Open one file, or standard input (``-``), and set the format that is written."""
        from elman.data.formats import read_sentences

        options = self.options
        how: dict[str, Any] = {"format": options.format, "encoding": options.encoding, "span": self._span}
        reading = read_sentences(path, **how, labelled=False, known=self._known, text_column=options.text_column)
        if options.format is None:
            self.notes.add(f"{reading.path} read as {reading.format}: {reading.why}")
        raw = reads_raw(self.tagger, reading)
        if options.tokenize:
            from elman.cli.tokenized import check_is_text

            check_is_text(reading)
        elif not raw and self.tagger.word_targets and reading.format in ("text", "csv", "tsv"):
            doubt = attached_punctuation(reading.head, lambda word: self.tagger.known(word))
            if doubt is not None:
                self.notes.warn(f"{reading.path}: {doubt}")
        own = self._raw_text().format if raw else self._own_format(reading)
        self.format = self.format or own
        if self.shared is not None:
            check_resumable_format(self.format)
        if self.written.said is None and own != self.format:
            raise ConfigError(
                f"{reading.path}: {own}, after files that are {self.format}; choose one for all with --as"
            )
        return reading

    def _tag(self, reading: Reading, out: OutputFile, number: int, *, live: bool) -> None:
        """Tag a file, the one of this number, or what an earlier process has not tagged of it."""
        if reads_raw(self.tagger, reading):
            self._write_raw(reading, out, number)
        elif self._tokenizer is not None:
            from elman.cli.tokenized import Tokenized

            cut = Tokenized(reading, self._tokenizer, self._number, conllu=self.format == "conllu")
            self._write(cut, out, number, live)
        else:
            self._write(reading, out, number, live)
        self._progress.end(reading.path)

    def _raw_text(self) -> RawText:
        """Return what writes the sentences of raw text. Raises ConfigError for options that are not for it."""
        if self._raw is None:
            options = self.options
            others = {"nbest": options.nbest, "target": options.target, "min-confidence": options.min_confidence}
            others["only-empty"] = options.only_empty or None
            refuse_options(self.tagger.task, others)
            self._raw = RawText(self.tagger, self.written.asked, options.confidence, self.notes)
            self._raw.continues = self._span is not None and self._span[0] > 0
        return self._raw

    def _own_format(self, reading: Reading) -> str:
        """Return the format that the tags of a file are written in if none is asked for."""
        if self.options.nbest is not None:
            usual, why = "jsonl" if reading.format in RECORDS else "columns", ""
        else:
            usual, why = own_format(reading, self.tagger, self._names, confidence=self.options.confidence)
        own = self.written.of_input(usual, reading.format)
        if why and own == usual and self.format is None:
            self.notes.add(f"written as {own}: {why}")
        return own

    def _write_raw(self, reading: Reading, out: OutputFile, number: int) -> None:
        from elman.data.formats import open_writer

        raw, format = self._raw_text(), str(self.format)
        if self.writer is None:
            self.writer = LossNotingWriter(open_writer(format, raw.targets), format, (), ())
        if number < out.state.get("file", 0):
            return
        raw.place = self._place(out, number)
        out.write(_separator(self._last_line, format) if self._last_line else "")
        with switching_often():
            for text, sentence in raw.write(reading, self.writer.plain):
                self._progress.add((sentence,))
                out.write(text)
                self._last_line = ""
                out.mark(lambda: self._state(number, raw.place))
        self._last_line = ""

    def _write(self, reading: Any, out: OutputFile, number: int, live: bool) -> None:
        format = str(self.format)
        writer = self._open_writer(reading, format, live)
        if number < out.state.get("file", 0):
            return
        place = self._place(out, number)
        tokenized = self._tokenizer is not None
        if tokenized:
            reading.number = self._number
        else:
            place = self._write_blocks(reading, out, number, place, live)
        for chunk in chunks(reading.after(*place), live=live):
            self._progress.add(chunk)
            texts: Iterable[str | bytes]
            if self.ranked:
                from elman.cli.confidence_writer import write_nbest

                texts = write_nbest(chunk, self.tagger, self.options.nbest or 1, self.ranked, format)
            elif self.confidences is not None:
                texts = self.confidences.write(chunk, self.tagger, self.columns, (format, writer))
            else:
                texts = self.columns.write(chunk, self.tagger, writer)
            text = _joined(texts, out)
            if self._last_line and chunk[0].line == 1:
                text = _separator(self._last_line, format) + text.removeprefix(BOM)
            out.write(text)
            out.flush()
            self._last_line = text[text.rfind("\n", 0, -1) + 1 :] or self._last_line
            if tokenized:
                place, self._number = reading.place, reading.number
            else:
                place = [place[0] + len(chunk), place[1] + sum([len(sentence.lines) for sentence in chunk])]
            out.mark(partial(self._state, number, place))

    def _write_blocks(self, reading: Reading, out: OutputFile, number: int, place: list[int], live: bool) -> list[int]:
        """Write what is tagged natively, block by block, and return the place behind it."""
        request = self._block_request(reading)
        tag: BlockTagger | None = None if request is None else self.tagger.block_tagger(request)
        if request is None or tag is None:
            return place
        if (core := kernels.native_core()) is not None:
            core.return_memory()
        threads = self.tagger.threads
        if request.output == "arrow":
            writer: Any = self.writer.plain if self.writer is not None else None  # a ParquetWriter
            for rows, lines in tagged_batches(reading, tag, request, threads, live=live):
                self._progress.add_words(int(rows.begins[-1]))
                for data in writer.add_tagged(rows, reading.path):
                    out.write(data)
                place = [place[0] + len(rows.begins) - 1, lines]
            return place
        if request.output == "word_tag":
            tag = checking_lines(tag, reading.path)
        for block, lines in tagged_blocks(reading, tag, threads, live=live, lines=place[1]):
            self._progress.add_words(block.words)
            if self._last_line and not place[1]:
                out.write(_separator(self._last_line, request.output))
            out.write_utf8(block.text)
            out.flush()
            self._last_line = block.text[block.text.rfind(b"\n", 0, -1) + 1 :].decode() or self._last_line
            place = [place[0] + block.sentences, lines]
            out.mark(partial(self._state, number, place))
        return place

    def _block_request(self, reading: Reading) -> BlockRequest | None:
        """Return what is to be tagged natively; None if that is not done."""
        confidences = self.confidences
        if self.ranked or (confidences is not None and confidences.least is not None):
            return None
        return block_request(reading, str(self.format), self.columns, confidences=confidences is not None)

    def _state(self, number: int, place: Sequence[int]) -> dict[str, Any]:
        """Return what another process needs to go on behind a place in the file of this number."""
        from elman.utils.resumable import saved

        last_line = "x" * bool(self._last_line.strip(" \t\r\n")) + " " * bool(self._last_line)
        last_line += "\n" * self._last_line.endswith("\n")
        about = {"file": number, "place": place, "last_line": last_line, "number": self._number}
        return about | {"parts": saved(self._stateful())}

    def _place(self, out: OutputFile, number: int) -> list[int]:
        """Return where to begin in the file of this number, and restore the state of the process that came there."""
        state = out.state
        if state.get("file") != number:
            return [0, 0]
        from elman.utils.resumable import restore

        self.notes.add(f"{out.name}: goes on where an earlier run ended")
        self._last_line, self._number = state["last_line"], state["number"]
        restore(self._stateful(), state["parts"])
        place: list[int] = state["place"]
        return place

    def _stateful(self) -> list[Any]:
        assert self.writer is not None
        parts = (self.writer, self.writer.plain, self.confidences, self._only_empty, self._empty, self._raw)
        return [part for part in parts if part is not None]

    def _open_writer(self, reading: Reading, format: str, live: bool) -> LossNotingWriter:
        """Set where the tags of a file go, and return the writer. Raises ConfigError if the format cannot hold them."""
        from elman.data.formats import open_writer

        if not self.ranked:
            self.columns = output_columns(reading, format, self.tagger, self._names)
            self.columns.empty, self.columns.only_empty = self._empty, self._only_empty
            if self._only_empty is not None:
                self._only_empty.check(reading, format, self.columns)
        check_values(self.tagger, self.columns, self.ranked, format, reading)
        labels = written_labels(reading, self.columns, self.options.confidence, format, live)
        if self.writer is None:
            writer = open_writer(format, tuple(self.columns.columns.values()), labels)
            self.writer = LossNotingWriter(writer, format, labels, replaced_columns(reading, self.tagger, self._names))
        return self.writer

    def tell(self) -> None:
        """Note what was left untagged, unlabelled or unwritten."""
        if self.confidences is not None and self.format is not None:
            self.confidences.tell(self.tagger, self.columns, self.format, self.notes)
        self.columns.tell(self.notes)
        if self._only_empty is not None:
            self._only_empty.tell(self.notes)
        if self.writer is not None and not is_folder(self.options.output):
            self.writer.tell(self.notes)


def _joined(texts: Iterable[str | bytes], out: OutputFile) -> str:
    """Return the texts as one; bytes, of a binary format, are written at once."""
    parts = []
    for text in texts:
        if isinstance(text, str):
            parts.append(text)
        else:
            out.write(text)
    return "".join(parts)


def _separator(last_line: str, output_format: str) -> str:
    """Return what separates two files, so that the last sentence of one and the first of the next stay two."""
    end = "" if last_line.endswith("\n") else "\n"
    if output_format in ("columns", "conllu", "conllup", "csv", "tsv") and last_line.strip(" \t\r\n"):
        end += "\n"
    return end
