"""``elman convert``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from elman.cli.options import Choice, InputOptions, Verbosity, argument, checked_format, command, option
from elman.cli.output_folder import OutputFolder, is_folder
from elman.cli.resuming import resume_option, resumption
from elman.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Options(InputOptions, Verbosity):
    """The options of ``elman convert``."""

    files: tuple[str, ...] = argument("IN... [OUT]", nargs=-1, required=True)
    output: str | None = option(
        "-o", "--output", metavar="OUT", help="OUT, by option. DIR/ or a folder: a file for each IN."
    )
    format: str | None = option(
        "--from",
        "--format",
        metavar="FORMAT",
        callback=checked_format,
        help="Format of the input (docs/reference/formats.md), as columns, jsonl:spans=widen; by default what it looks "
        "like.",
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
    resume: bool = resume_option()


@command(Options)
def convert(options: Options) -> None:
    """Write labelled data in another format.

    OUT is UTF-8. Before anything is written, an error says what its format cannot hold; several IN are written as one,
    or, if OUT is a folder, each as a file of its own.

    \b
      elman convert train.conllu train.jsonl --drop comments,multiword,empty-nodes
      elman convert export.json train.conll --to columns --spans widen
      elman convert train.conll bioes.conll --to columns --scheme bioes
      elman convert treebank/*.conllu --to jsonl -o converted/
      elman convert large.conllu large.jsonl.gz --resume
    """
    from elman.data.convert import output_format_of
    from elman.data.formats import check_output
    from elman.utils.files import input_files

    names, output = list(options.files), options.output
    if output is None and len(names) > 1:
        output = names.pop()
    if output is None:
        raise click.UsageError("expected IN and OUT")
    paths = input_files(names)
    if options.output_format is not None:
        check_output(options.output_format, columns=0)
    if not is_folder(output):
        to = output_format_of(output, options.output_format)
        _convert([(paths, output)], paths, to, options)
        return
    if options.output_format is None:
        raise ConfigError(f"{output}: a folder, whose name says no format; --to FORMAT does")
    to = output_format_of("-", options.output_format)
    folder = OutputFolder(output, paths)
    _convert([([path], folder.output(path, "", to)) for path in paths], paths, to, options)


def _convert(jobs: Sequence[tuple[Sequence[str], str]], paths: Sequence[str], to: str, options: Options) -> None:
    """Write each group of files as one file, with progress on a terminal."""
    from elman.cli.file_progress import FileProgress
    from elman.data.convert import READ
    from elman.data.functions import convert
    from elman.utils.summary import counted

    notes = options.notes()
    shared = resumption(options, options.output or jobs[0][1], paths)
    level: dict[str, bool] = {"quiet": options.quiet, "verbose": options.verbose}
    with FileProgress("converting", paths, options.output or jobs[0][1], passes=READ, **level) as progress:
        for inputs, target in jobs:
            done = convert(
                inputs,
                target,
                to=to,
                format=options.format,
                encoding=options.encoding,
                target=options.target,
                label=options.label,
                scheme=options.scheme,
                lenient=options.lenient,
                drop=options.drop or (),
                spans=options.spans,
                names=options.names,
                resume=shared,
                on_write=lambda sentence: progress.add((sentence,)),
            )
            progress.end(inputs[0] if len(inputs) == 1 else target)
            for note in done.notes:
                notes.add(note)
            where = "standard output" if target == "-" else target
            counts = f"{counted(done.sentences, 'sentence')}, {counted(done.words, 'word')}"
            notes.add(f"{counts}, written to {where} as {to}")
    if shared is not None:
        shared.end()
    notes.show()
