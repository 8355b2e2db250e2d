"""``elman tag``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from elman.cli.loading import load_model
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
from elman.cli.output_folder import is_folder
from elman.cli.output_format import OutputFormat
from elman.cli.outputs import check_not_an_input
from elman.cli.resuming import resume_option, resumption
from elman.cli.shard_options import ShardOptions
from elman.errors import ConfigError
from elman.utils import limits

if TYPE_CHECKING:
    from elman.cli.confidence_writer import ConfidenceWriter


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Options(ShardOptions, InputOptions, RunOptions):
    """The options of ``elman tag``."""

    model: str = argument("MODEL")
    files: tuple[str, ...] = argument("[FILE]...", nargs=-1)
    output: str = option(
        "-o",
        "--output",
        default="-",
        metavar="OUT",
        help="File to write; by default standard output. DIR/ or a folder: a file for each FILE.",
    )
    output_format: str | None = option(
        "--as",
        metavar="FORMAT",
        help="Format to write, as columns, conllu, jsonl; by default what OUT ends in (.conllu, .jsonl, .parquet, "
        ".csv, .html …), else the input's own, and word_tag for plain text (columns, if it cannot hold the model's "
        "tags). tree: parses drawn in characters; html: a page of parses, spans and tags; fields: a row a text, a "
        "column a field (csv, jsonl, parquet).",
    )
    target: str | None = option(
        "--target",
        metavar="COLUMN,…",
        help="Label columns to write the tags in, by default those trained on; of a model of several: which of them.",
    )
    tokenize: bool = option(
        "--tokenize",
        is_flag=True,
        help="Cut plain text, or the texts of a table, into words and sentences, as the model's training text was "
        "(elman inspect says how).",
    )
    confidence: bool = option(
        "--confidence", is_flag=True, help="Write the probability of each tag; of several label columns of each one."
    )
    min_confidence: float | None = min_confidence_option()
    nbest: int | None = option(
        "--nbest",
        **whole_number(1, limits.NBEST),
        help="Write the N best sequences of tags of each column, as columns or jsonl.",
    )
    only_empty: bool = option(
        "--only-empty", is_flag=True, help="Keep the tags that the input has; write only those that are missing (_)."
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
    resume: bool = resume_option()


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
      echo "It's raining, isn't it?" | elman tag my.model --tokenize
      elman tag my.model new.conllu --confidence
      elman tag my.model new.conllu --min-confidence 0.95
      elman tag my.model 'texts/*.conllu' -o tagged/
      elman tag my.model begun.conllu --only-empty -o done.conllu
      elman tag my.model new.txt -o page.html
      elman tag my.model new.csv --text-column address --as fields -o fields.csv
      elman tag my.model new.parquet -o tagged.parquet
      elman tag my.model large.txt.gz -o tagged.txt.gz --resume
      elman tag my.model corpus/ --shards tagged/ --cluster local:8
      tail -f log.txt | elman tag my.model --stream --lookahead 4
    """
    from elman.cli.file_progress import FileProgress
    from elman.cli.tagging import Tagging
    from elman.data.formats import check_output
    from elman.utils.files import input_files

    if options.shards is not None:
        from elman.cli.commands.tag_shards import tag_shards

        tag_shards(options)
        return
    options.check_shards({})
    if options.stream or options.lookahead:
        from elman.cli.commands.tag_stream import tag_stream

        tag_stream(options)
        return
    if options.output_format == "fields":
        from elman.cli.commands.tag_fields import tag_fields

        tag_fields(options)
        return
    confidences = confidence_writer(options)
    if options.output_format is not None:
        check_output(options.output_format, columns=0)
    output = "-" if is_folder(options.output) else options.output
    written = OutputFormat(output, options.output_format, options.files)
    check_not_an_input(output, (options.model, *options.files))
    notes = options.notes()
    shared = resumption(options, options.output, options.files or ("-",), model=options.model)
    tagger = load_model(options.model, options, notes, options.files, loader(options))
    tagging = Tagging(tagger, options, written, confidences, notes)
    tagging.shared = shared
    paths = input_files(options.files or ("-",))
    with FileProgress("tagging", paths, output, quiet=options.quiet, verbose=options.verbose) as progress:
        tagging.run(paths, progress)
    tagging.tell()
    if shared is not None:
        shared.end()
    notes.show()


def loader(options: Options) -> Callable[..., Any] | None:
    """Return the loader of the native tagger; None for the usual one, if sentences have to be made of the text."""
    if any((options.min_confidence, options.nbest, options.only_empty, options.tokenize)):
        return None
    from elman.taggers.fast_lines import load

    return load


def confidence_writer(options: Options) -> ConfidenceWriter | None:
    """Return what writes confidences or leaves words untagged; None if neither is asked for."""
    if options.only_empty and (options.confidence or options.nbest is not None):
        other = "confidence" if options.confidence else "nbest"
        raise ConfigError(f"--{other}: not with --only-empty, since a tag that was there has none; --min-confidence is")
    if not options.confidence and options.min_confidence is None:
        return None
    if options.nbest is not None:
        raise ConfigError("--nbest: it writes the probability of whole sequences, not of words; leave out the other")
    from elman.cli.confidence_writer import ConfidenceWriter

    return ConfidenceWriter(options.confidence, options.min_confidence)
