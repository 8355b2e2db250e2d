"""``elman tag``."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from elman.cli.options import (
    Notes,
    Number,
    check_not_an_input,
    encoding_option,
    format_option,
    known,
    precision_option,
    switching_often,
    text_column_option,
    threads_option,
)
from elman.cli.output_columns import Places, how_many, places
from elman.cli.raw_text import SEGMENT, RawText, reads_raw, refuse_options
from elman.cli.written import RECORDS, Noting, Written, check_values, own_format, replaced
from elman.data.sentence import CONFIDENCE
from elman.errors import ConfigError
from elman.utils import limits

if TYPE_CHECKING:
    from elman.cli.confidence_writer import Sure
    from elman.data.formats import Reading
    from elman.data.sentence import Sentence
    from elman.taggers.columns import ColumnPredictor
    from elman.taggers.tagger import Tagger
    from elman.utils.files import OutputFile

CHUNK_WORDS = 65_536
"""What is held in memory at a time: whole sentences, until there are as many words."""
CHUNK_CHARACTERS = 32_768
"""The same of plain text, for each thread."""
BOM = "\ufeff"


@dataclass(frozen=True)
class _Options:
    output: str
    output_format: str | None
    format: str | None
    target: str | None
    confidence: bool
    min_confidence: float | None
    nbest: int | None
    encoding: str
    threads: int | None
    precision: str
    stream: bool
    lookahead: int
    text_column: str | None


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="OUT",
    help="File to write; standard output by default. Its ending says the format, see --as.",
)
@click.option(
    "--as",
    "output_format",
    metavar="FORMAT",
    help="Format to write, as columns, conllu, jsonl; by default what OUT ends in (.conllu, .jsonl, .parquet, .csv, "
    ".html …), else the input's own, and word_tag for plain text (columns, where it cannot hold the model's tags). "
    "tree: parses drawn in characters; html: a page of parses, spans and tags.",
)
@format_option("the input")
@click.option(
    "--target",
    metavar="COLUMN,…",
    help="Column to write the tags in, by default the one trained on; of a model of several: which of them.",
)
@click.option("--confidence", is_flag=True, help="Write the probability of each tag beside it (the first of several).")
@click.option(
    "--min-confidence",
    type=Number(0, 1),
    metavar="P",
    help="Leave words untagged (_) whose tag is less probable than P.",
)
@click.option(
    "--nbest",
    type=click.IntRange(1, limits.NBEST),
    metavar="K",
    help="Write the K best sequences of tags, as columns or jsonl.",
)
@click.option("--stream", is_flag=True, help="FILE is text without end, or columns: tag it word by word, in one state.")
@click.option(
    "--lookahead",
    type=click.IntRange(0, limits.LOOKAHEAD),
    default=0,
    show_default=True,
    metavar="K",
    help="With --stream: read K words more before a word is tagged.",
)
@text_column_option
@encoding_option
@threads_option
@precision_option
def tag(model: str, files: tuple[str, ...], **given: Any) -> None:
    """Tag text with a trained model, or classify texts with it.

    FILE is one sentence a line, words separated by one space; or conllu, columns or another format. Without FILE, or
    with -, standard input is read; a folder or a quoted pattern stands for its files, and gzip, xz and Zstandard are
    unpacked. In the input's own format everything but the tags is written back as it was read; if another format cannot
    hold something, a note names it. Labels of texts are written in the input's own format, and of plain text as a
    label, a tab and the text. A model of raw text (docs/pipeline.md) writes CoNLL-U.

    \b
      elman tag my.model new.txt -o tagged.txt
      echo 'it rains' | elman tag my.model
      elman tag my.model new.conllu --confidence
      elman tag my.model new.conllu --min-confidence 0.95
      elman tag my.model new.txt -o page.html
      elman tag my.model new.parquet -o tagged.parquet
      tail -f log.txt | elman tag my.model --stream --lookahead 4
    """
    from elman.data.formats import check_output, column_names, open_writer, read_sentences
    from elman.utils.files import OutputFile, input_files

    options = _Options(**given)
    if options.stream or options.lookahead:
        from elman.cli.commands.tag_stream import tag_stream

        tag_stream(model, files, given)
        return
    sure = _sure(options)
    if options.output_format is not None:
        check_output(options.output_format, columns=0)
    written = Written(options.output, options.output_format, files)
    options = replace(options, output_format=written.said)
    check_not_an_input(options.output, (model, *files))
    notes = Notes()
    tagger = _load(options)(model, threads=options.threads, precision=options.precision, on_note=notes.add)
    if tagger.task == "lm":
        raise ConfigError(f"{model}: a language model, which has no tags; elman sample and elman evaluate use it")
    names = column_names(options.target)
    n_words, n_labels = how_many(tagger, names, confidence=options.confidence)
    ranked = _ranked(options, tagger, names)
    if sure is not None:
        sure.check(tagger, names, options.output_format)
    if options.output_format is not None and not ranked and tagger.task != SEGMENT:
        of_words = options.confidence and n_words > 0
        check_output(options.output_format, confidences=of_words, columns=n_words, labels=n_labels)
    chosen = options.output_format
    where = Places({}, {}, "")
    empty: list[str] = []
    about = known(tagger)
    raw: RawText | None = None
    writer: Noting | None = None
    last_line = ""
    with OutputFile(options.output, encoding=options.encoding) as out:
        for path in input_files(files or ("-",)):
            how: dict[str, Any] = {"format": options.format, "encoding": options.encoding}
            reading = read_sentences(path, **how, labelled=False, known=about, text_column=options.text_column)
            if options.format is None:
                notes.add(f"{reading.path} read as {reading.format}: {reading.why}")
            is_raw = reads_raw(tagger, reading)
            if is_raw:
                raw = raw or _raw(tagger, written.asked, options, notes)
                own, why = raw.format, ""
            else:
                own, why = _own_format(reading, options, tagger, names)
                own, usual = written.of_input(own, reading.format), own
                if why and own == usual and chosen is None:
                    notes.add(f"written as {own}: {why}")
            chosen = chosen or own
            if options.output_format is None and own != chosen:
                raise ConfigError(f"{reading.path}: {own}, after files that are {chosen}; choose one for all with --as")
            if is_raw and raw is not None:
                writer = writer or Noting(open_writer(chosen, raw.targets), chosen, (), ())
                out.write(_joint(last_line, chosen) if last_line else "")
                with switching_often():
                    for text in raw.write(reading, writer.plain):
                        out.write(text)
                last_line = ""
                continue
            if not ranked:
                where = places(reading, chosen, tagger, names)
                where.empty = empty
            check_values(tagger, where, ranked, chosen, reading)
            labels = _labels(reading, where, options, chosen, live=path == "-")
            if writer is None:
                made = open_writer(chosen, tuple(where.columns.values()), labels)
                writer = Noting(made, chosen, labels, replaced(reading, tagger, names))
            if not ranked and sure is None and chosen == "word_tag" and tagger.tags_lines:
                for text in _tagged_lines(reading, tagger, live=path == "-"):
                    out.write(_joint(last_line, chosen) + text if last_line and not last_line.endswith("\n") else text)
                    out.flush()
                    last_line = text[text.rfind("\n", 0, -1) + 1 :]
            for chunk in _chunks(reading, live=path == "-"):
                texts: Iterable[str | bytes]
                if ranked:
                    from elman.cli.confidence_writer import write_nbest

                    texts = write_nbest(chunk, tagger, options.nbest or 1, ranked, chosen)
                elif sure is not None:
                    texts = sure.write(chunk, tagger, where, (chosen, writer))
                else:
                    texts = where.write(chunk, tagger, writer)
                text = _joined(texts, out)
                if last_line and chunk[0].line == 1:
                    text = _joint(last_line, chosen) + text.removeprefix(BOM)
                out.write(text)
                out.flush()
                last_line = text[text.rfind("\n", 0, -1) + 1 :] or last_line
        if writer is not None:
            out.write(writer.finish())
    if sure is not None and chosen is not None:
        sure.tell(tagger, where, chosen, notes)
    where.tell(notes)
    if writer is not None:
        writer.tell(notes)
    notes.show()


def _load(options: _Options) -> Callable[..., Any]:
    """What loads the model: plain text with tags, and nothing else, needs less of it."""
    others = options.confidence, options.min_confidence, options.nbest, options.target
    plain = not any(others) and options.format in (None, "text") and options.output_format in (None, "word_tag")
    if plain:
        from elman.taggers.fast_lines import load as light

        return light
    from elman.taggers.load import load

    return load


def _sure(options: _Options) -> Sure | None:
    """What writes confidences or leaves words untagged; None: neither is asked for."""
    if not options.confidence and options.min_confidence is None:
        return None
    if options.nbest is not None:
        raise ConfigError("--nbest: it writes the probability of whole sequences, not of words; leave out the other")
    from elman.cli.confidence_writer import Sure

    return Sure(options.confidence, options.min_confidence)


def _raw(tagger: ColumnPredictor, format: str | None, options: _Options, notes: Notes) -> RawText:
    """What writes the sentences of raw text. Raises ConfigError for options that are not for it."""
    others = {"nbest": options.nbest, "target": options.target, "min-confidence": options.min_confidence}
    refuse_options(tagger.task, others)
    return RawText(tagger, format, options.confidence, notes)


def _ranked(options: _Options, tagger: ColumnPredictor, names: Sequence[str] | None) -> str:
    """The label column whose n-best lists are asked for; "" for none."""
    if options.nbest is None:
        return ""
    from elman.cli.confidence_writer import NBEST_FORMATS

    if options.output_format not in (None, *NBEST_FORMATS):
        raise ConfigError(f"--nbest: {options.output_format} holds one sequence; {' and '.join(NBEST_FORMATS)} several")
    found = tagger.chosen(names)
    if found[0] in tagger.text_targets:
        raise ConfigError(f"--nbest: {found[0]} is one label of the whole text; there are no sequences of it")
    if tagger.task != "tag":
        raise ConfigError(f"--nbest: sequences of labels are not {tagger.task}; a model of tags has them")
    if names is not None and len(found) > 1:
        raise ConfigError(f"--nbest: expected one label column, got --target {options.target}")
    return found[0]


def _own_format(
    reading: Reading, options: _Options, tagger: ColumnPredictor, names: Sequence[str] | None
) -> tuple[str, str]:
    """The format that a file's tags are written in when none is asked for, and why it is not the usual one, if so."""
    if options.nbest is not None:
        return "jsonl" if reading.format in RECORDS else "columns", ""
    return own_format(reading, tagger, names, confidence=options.confidence)


def _labels(reading: Reading, places: Places, options: _Options, output_format: str, live: bool) -> tuple[str, ...]:
    """The names of all labels that are written. Of a pipe, whose sentences are not waited for, the model's alone.

    In a row of Parquet those that are not written stay.
    """
    is_row = output_format == "parquet"
    if not places.labels and not (is_row and places.columns):
        return ()
    others = () if places.alone or (reading.format == "parquet" if is_row else live) else reading.label_names()
    own = [*places.labels.values(), *([CONFIDENCE] if options.confidence and not places.columns else [])]
    return tuple(dict.fromkeys((*others, *own)))


def _chunks(sentences: Iterable[Sentence], live: bool) -> Iterator[list[Sentence]]:
    """Sentences in chunks of bounded size; of a ``live`` standard input, no more than what is there already."""
    chunk: list[Sentence] = []
    size = 0
    for sentence in sentences:
        chunk.append(sentence)
        size += sentence.weight
        if size >= CHUNK_WORDS or (live and not _more_to_read()):
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _tagged_lines(reading: Reading, tagger: Tagger, live: bool) -> Iterator[str]:
    """Plain text with tags: the same text as sentence by sentence, without making sentences of it."""

    def checked(some: list[bytes]) -> list[bytes]:
        for piece in some:
            limits.check_lines(piece, reading.path)
        return some

    pieces = map(checked, _pieces(reading.plain_text(), tagger.threads, live))
    if live:  # what has come is written before more is waited for
        for some in pieces:
            yield b"".join(tagger.tag_lines(some)).decode()
        return
    for text in tagger.tag_lines(piece for some in pieces for piece in some):
        yield text.decode()


def _pieces(texts: Iterable[str], most: int, live: bool) -> Iterator[list[bytes]]:
    """Text as up to ``most`` pieces of bounded size, in whole lines; of a ``live`` standard input, no more than what is
    there.
    """
    pieces: list[bytes] = []
    small: list[str] = []
    size = 0
    for text in texts:
        begin = 0
        while len(text) - begin >= CHUNK_CHARACTERS:
            end = text.find("\n", begin + CHUNK_CHARACTERS - 1) + 1 or len(text)
            pieces.append("".join([*small, text[begin:end]]).encode())
            small, size, begin = [], 0, end
            if len(pieces) == most:
                yield pieces
                pieces = []
        small.append(text[begin:])
        size += len(small[-1])
        waits = live and not _more_to_read()
        if size >= CHUNK_CHARACTERS or (waits and size):
            pieces.append("".join(small).encode())
            small, size = [], 0
        if pieces and (len(pieces) == most or waits):
            yield pieces
            pieces = []
    if size:
        pieces.append("".join(small).encode())
    if pieces:
        yield pieces


def _more_to_read() -> bool:
    """Whether standard input has more at this moment, or has ended: somebody may wait for the tags of a sentence."""
    if os.name == "nt":  # pragma: no cover - pipes cannot be asked there
        return True
    return bool(select.select([sys.stdin], [], [], 0)[0])


def _joined(texts: Iterable[str | bytes], out: OutputFile) -> str:
    """The texts as one; bytes, of a format that is no text, are written at once."""
    parts = []
    for text in texts:
        if isinstance(text, str):
            parts.append(text)
        else:
            out.write(text)
    return "".join(parts)


def _joint(last_line: str, output_format: str) -> str:
    """What must stand between two files so that the last sentence of one and the first of the other stay two."""
    end = "" if last_line.endswith("\n") else "\n"
    if output_format in ("columns", "conllu", "conllup", "csv", "tsv") and last_line.strip(" \t\r\n"):
        end += "\n"
    return end
