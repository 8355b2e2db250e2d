"""``elman convert``."""

from __future__ import annotations

from dataclasses import dataclass

import click

from elman.cli.options import Choice, InputOptions, Verbosity, argument, checked_format, command, option
from elman.cli.outputs import check_not_an_input
from elman.errors import ConfigError
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean


@dataclass(frozen=True, kw_only=True)
class Options(InputOptions, Verbosity):
    """The options of ``elman convert``."""

    files: tuple[str, ...] = argument("IN... OUT", nargs=-1, required=True)
    format: str | None = option(
        "--from",
        "--format",
        metavar="FORMAT",
        callback=checked_format,
        help="Format of the input (docs/reference/formats.md), as columns, jsonl:spans=widen; by default recognized.",
    )
    output_format: str | None = option(
        "--to", "--as", metavar="FORMAT", help="Format to write; by default what the name of OUT ends in."
    )
    target: str | None = option("--target", metavar="COLUMN,…", help="Label columns to write; by default all.")
    label: str | None = option("--label", metavar="NAME,…", help="Labels of texts; by default all.")
    scheme: str | None = option(
        "--scheme", metavar="SCHEME", help="Scheme of span tags: io, iob1, iob2, ioe1, ioe2, bioes, bilou, bmes."
    )
    lenient: bool = option("--lenient", is_flag=True, help="Read illegal sequences of span tags as conlleval does.")
    drop: str | None = option(
        "--drop", metavar="KIND,…", help="What may be left out if OUT cannot hold it: comments, labels …, all."
    )
    spans: str | None = option(
        "--spans",
        type=Choice(["refuse", "widen"]),
        help="What to do with spans of characters that do not end at word borders.",
    )
    names: str | None = option(
        "--names", metavar="NAMES", help="Names of tags that are numbers: O,B-LOC,… or a JSON file with them."
    )


@command(Options)
def convert(options: Options) -> None:
    """Write labelled data in another format.

    OUT is UTF-8. Before anything is written, an error says what its format cannot hold; several IN are written as one.

    \b
      elman convert train.conllu train.jsonl --drop comments,multiword,empty-nodes
      elman convert export.json train.conll --to columns --spans widen
      elman convert train.conll bioes.conll --to columns --scheme bioes
    """
    from elman.data.convert import DROPPABLE, ConversionRequest, convert, output_format_of
    from elman.data.formats import check_output, column_names
    from elman.utils.files import input_files

    if len(options.files) < 2:
        raise click.UsageError("expected IN and OUT")
    *names, output = options.files
    paths = input_files(names)
    check_not_an_input(output, paths)
    if options.output_format is not None:
        check_output(options.output_format, columns=0)
    to = output_format_of(output, options.output_format)
    drop = frozenset(kind.strip() for kind in (options.drop or "").split(",") if kind.strip())
    for kind in drop - {"all", *DROPPABLE}:
        near = did_you_mean(kind, DROPPABLE)
        raise ConfigError(f"--drop: no kind {shown(kind)}; expected {', '.join(DROPPABLE)} or all{near}")
    given = {"spans": options.spans, "names": options.names}
    request = ConversionRequest(
        to,
        options.format,
        options.encoding,
        target=column_names(options.target),
        label=column_names(options.label),
        scheme=options.scheme,
        lenient=options.lenient,
        drop=frozenset(DROPPABLE) if "all" in drop else drop,
        options={key: value.replace(",", " ") for key, value in given.items() if value is not None},
    )
    done = convert(paths, output, request)
    notes = options.notes()
    for note in done.notes:
        notes.add(note)
    where = "standard output" if output == "-" else output
    sentences = "1 sentence" if done.sentences == 1 else f"{done.sentences:,} sentences"
    notes.add(f"{sentences}, {done.words:,} words, written to {where} as {to}")
    notes.show()
