"""``elman convert``."""

from __future__ import annotations

from dataclasses import dataclass

import click

from elman.cli.options import Choice, InputOptions, Verbosity, argument, checked_format, command, option


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
    from elman.data.convert import output_format_of
    from elman.data.functions import convert as convert_files

    if len(options.files) < 2:
        raise click.UsageError("expected IN and OUT")
    *names, output = options.files
    done = convert_files(
        names,
        output,
        to=options.output_format,
        format=options.format,
        encoding=options.encoding,
        target=options.target,
        label=options.label,
        scheme=options.scheme,
        lenient=options.lenient,
        drop=options.drop or (),
        spans=options.spans,
        names=options.names,
    )
    to = output_format_of(output, options.output_format)
    notes = options.notes()
    for note in done.notes:
        notes.add(note)
    where = "standard output" if output == "-" else output
    sentences = "1 sentence" if done.sentences == 1 else f"{done.sentences:,} sentences"
    notes.add(f"{sentences}, {done.words:,} words, written to {where} as {to}")
    notes.show()
