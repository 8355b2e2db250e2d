"""``elman tag``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.cli.chunks import chunks, tagged_lines
from elman.cli.loading import known, load_model
from elman.cli.notes import switching_often
from elman.cli.options import (
    InputOptions,
    RunOptions,
    argument,
    command,
    min_confidence_option,
    option,
    precision_option,
    text_column_option,
    whole_number,
)
from elman.cli.output_columns import OutputColumns, how_many, output_columns
from elman.cli.output_format import RECORDS, LossNotingWriter, OutputFormat, check_values, own_format, replaced_columns
from elman.cli.outputs import check_not_an_input
from elman.cli.raw_text import RawText, reads_raw, refuse_options
from elman.data.sentence import CONFIDENCE
from elman.errors import ConfigError
from elman.utils import limits

if TYPE_CHECKING:
    from elman.cli.confidence_writer import ConfidenceWriter
    from elman.cli.notes import Notes
    from elman.data.formats import Reading
    from elman.taggers.column_predictor import ColumnPredictor
    from elman.utils.files import OutputFile

BOM = "\ufeff"


@dataclass(frozen=True, kw_only=True)
class Options(InputOptions, RunOptions):
    """The options of ``elman tag``."""

    model: str = argument("MODEL")
    files: tuple[str, ...] = argument("[FILE]...", nargs=-1)
    output: str = option(
        "-o", "--output", default="-", metavar="OUT", help="File to write; by default standard output. See --as."
    )
    output_format: str | None = option(
        "--as",
        metavar="FORMAT",
        help="Format to write, as columns, conllu, jsonl; by default what OUT ends in (.conllu, .jsonl, .parquet, "
        ".csv, .html …), else the input's own, and word_tag for plain text (columns, if it cannot hold the model's "
        "tags). tree: parses drawn in characters; html: a page of parses, spans and tags.",
    )
    target: str | None = option(
        "--target",
        metavar="COLUMN,…",
        help="Label columns to write the tags in, by default those trained on; of a model of several: which of them.",
    )
    confidence: bool = option(
        "--confidence", is_flag=True, help="Write the probability of each tag (of the first label column)."
    )
    min_confidence: float | None = min_confidence_option()
    nbest: int | None = option(
        "--nbest", **whole_number(1, limits.NBEST), help="Write the N best sequences of tags, as columns or jsonl."
    )
    stream: bool = option("--stream", is_flag=True, help="Tag endless text, or columns, word by word, in one state.")
    lookahead: int = option(
        "--lookahead",
        default=0,
        show_default=True,
        **whole_number(0, limits.LOOKAHEAD),
        help="With --stream: words to read ahead before a word is tagged.",
    )
    text_column: str | None = text_column_option()
    precision: str = precision_option()


@command(Options)
def tag(options: Options) -> None:
    """Tag text, or classify texts, with a trained model.

    FILE is one sentence a line, words separated by one space; or conllu, columns or another format. Without FILE, or
    with -, standard input is read; a folder or a quoted pattern stands for its files, and gzip, xz and Zstandard are
    unpacked. In the input's own format everything but the tags is written back as it was read; if another format cannot
    hold something, a note names it. Document labels are written in the input's own format, and of plain text as a
    label, a tab and the text. A model of raw text (docs/reference/tasks/pipeline.md) writes CoNLL-U.

    \b
      elman tag my.model new.txt -o tagged.txt
      echo 'it rains' | elman tag my.model
      elman tag my.model new.conllu --confidence
      elman tag my.model new.conllu --min-confidence 0.95
      elman tag my.model new.txt -o page.html
      elman tag my.model new.parquet -o tagged.parquet
      tail -f log.txt | elman tag my.model --stream --lookahead 4
    """
    from elman.data.formats import check_output
    from elman.utils.files import OutputFile, input_files

    if options.stream or options.lookahead:
        from elman.cli.commands.tag_stream import tag_stream

        tag_stream(options)
        return
    confidences = _confidence_writer(options)
    if options.output_format is not None:
        check_output(options.output_format, columns=0)
    written = OutputFormat(options.output, options.output_format, options.files)
    check_not_an_input(options.output, (options.model, *options.files))
    notes = options.notes()
    tagger = load_model(options.model, options, notes, options.files, _loader(options, written.said))
    tagging = _Tagging(tagger, options, written, confidences, notes)
    with OutputFile(options.output, encoding=options.encoding) as out:
        for path in input_files(options.files or ("-",)):
            tagging.tag_file(path, out)
        if tagging.writer is not None:
            out.write(tagging.writer.finish())
    tagging.tell()
    notes.show()


def _loader(options: Options, output_format: str | None) -> Callable[..., Any] | None:
    """Return the faster loader, for plain text with tags and nothing else; None for the usual one."""
    others = options.confidence, options.min_confidence, options.nbest, options.target
    if any(others) or options.format not in (None, "text") or output_format not in (None, "word_tag"):
        return None
    from elman.taggers.fast_lines import load

    return load


def _confidence_writer(options: Options) -> ConfidenceWriter | None:
    """Return what writes confidences or leaves words untagged; None if neither is asked for."""
    if not options.confidence and options.min_confidence is None:
        return None
    if options.nbest is not None:
        raise ConfigError("--nbest: it writes the probability of whole sequences, not of words; leave out the other")
    from elman.cli.confidence_writer import ConfidenceWriter

    return ConfidenceWriter(options.confidence, options.min_confidence)


class _Tagging:
    """Tags file after file into one output.

    ``format``  the format that is written; None until the first file says it
    ``ranked``  the label column of n-best lists; "" if none are asked for
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
        self._empty: list[str] = []
        self._raw: RawText | None = None
        self._last_line = ""
        n_words, n_labels = how_many(tagger, self._names, confidence=options.confidence)
        self.ranked = self._ranked_column()
        if confidences is not None:
            confidences.check(tagger, self._names, written.said)
        if written.said is not None and not self.ranked and tagger.reads_sentences:
            of_words = options.confidence and n_words > 0
            check_output(written.said, confidences=of_words, columns=n_words, labels=n_labels)

    def _ranked_column(self) -> str:
        """Return the label column whose n-best lists are asked for; "" for none."""
        options, tagger = self.options, self.tagger
        if options.nbest is None:
            return ""
        from elman.cli.confidence_writer import NBEST_FORMATS

        if self.format not in (None, *NBEST_FORMATS):
            raise ConfigError(f"--nbest: {self.format} holds one sequence; {' and '.join(NBEST_FORMATS)} several")
        columns: Sequence[str] = tagger.chosen(self._names)
        if columns[0] in tagger.text_targets:
            raise ConfigError(f"--nbest: {columns[0]} is a document label; there are no sequences of it")
        if not tagger.plain_labels:
            raise ConfigError(f"--nbest: the task {tagger.task} has one answer; taggers (task tag) have n-best lists")
        if self._names is not None and len(columns) > 1:
            raise ConfigError(f"--nbest: expected one label column, got --target {options.target}")
        return columns[0]

    def tag_file(self, path: str, out: OutputFile) -> None:
        """Tag one file, or standard input (``-``)."""
        from elman.data.formats import read_sentences

        options = self.options
        how: dict[str, Any] = {"format": options.format, "encoding": options.encoding}
        reading = read_sentences(path, **how, labelled=False, known=self._known, text_column=options.text_column)
        if options.format is None:
            self.notes.add(f"{reading.path} read as {reading.format}: {reading.why}")
        is_raw = reads_raw(self.tagger, reading)
        own = self._raw_text().format if is_raw else self._own_format(reading)
        self.format = self.format or own
        if self.written.said is None and own != self.format:
            raise ConfigError(
                f"{reading.path}: {own}, after files that are {self.format}; choose one for all with --as"
            )
        if is_raw:
            self._write_raw(reading, self.format, out)
        else:
            self._write(reading, self.format, out, live=path == "-")

    def _raw_text(self) -> RawText:
        """Return what writes the sentences of raw text. Raises ConfigError for options that are not for it."""
        if self._raw is None:
            options = self.options
            others = {"nbest": options.nbest, "target": options.target, "min-confidence": options.min_confidence}
            refuse_options(self.tagger.task, others)
            self._raw = RawText(self.tagger, self.written.asked, options.confidence, self.notes)
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

    def _write_raw(self, reading: Reading, format: str, out: OutputFile) -> None:
        from elman.data.formats import open_writer

        raw = self._raw_text()
        if self.writer is None:
            self.writer = LossNotingWriter(open_writer(format, raw.targets), format, (), ())
        out.write(_separator(self._last_line, format) if self._last_line else "")
        with switching_often():
            for text in raw.write(reading, self.writer.plain):
                out.write(text)
        self._last_line = ""

    def _write(self, reading: Reading, format: str, out: OutputFile, live: bool) -> None:
        writer = self._open_writer(reading, format, live)
        if not self.ranked and self.confidences is None and format == "word_tag" and self.tagger.tags_lines:
            for text in tagged_lines(reading, self.tagger, live=live):
                apart = self._last_line and not self._last_line.endswith("\n")
                out.write(_separator(self._last_line, format) + text if apart else text)
                out.flush()
                self._last_line = text[text.rfind("\n", 0, -1) + 1 :]
        for chunk in chunks(reading, live=live):
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

    def _open_writer(self, reading: Reading, format: str, live: bool) -> LossNotingWriter:
        """Set where the tags of a file go, and return the writer. Raises ConfigError if the format cannot hold them."""
        from elman.data.formats import open_writer

        if not self.ranked:
            self.columns = output_columns(reading, format, self.tagger, self._names)
            self.columns.empty = self._empty
        check_values(self.tagger, self.columns, self.ranked, format, reading)
        labels = _labels(reading, self.columns, self.options, format, live)
        if self.writer is None:
            writer = open_writer(format, tuple(self.columns.columns.values()), labels)
            self.writer = LossNotingWriter(writer, format, labels, replaced_columns(reading, self.tagger, self._names))
        return self.writer

    def tell(self) -> None:
        """Note what was left untagged, unlabelled or unwritten."""
        if self.confidences is not None and self.format is not None:
            self.confidences.tell(self.tagger, self.columns, self.format, self.notes)
        self.columns.tell(self.notes)
        if self.writer is not None:
            self.writer.tell(self.notes)


def _labels(
    reading: Reading, columns: OutputColumns, options: Options, output_format: str, live: bool
) -> tuple[str, ...]:
    """Return the names of all labels that are written; of a pipe, whose sentences are not waited for, the model's only.

    In a row of Parquet those that are not written stay.
    """
    is_row = output_format == "parquet"
    if not columns.labels and not (is_row and columns.columns):
        return ()
    others: Sequence[str] = ()
    if not columns.alone and not (reading.format == "parquet" if is_row else live):
        others = reading.label_names()
    own = [*columns.labels.values(), *([CONFIDENCE] if options.confidence and not columns.columns else [])]
    return tuple(dict.fromkeys((*others, *own)))


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
