"""``elman convert``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from elman.cli.options import Choice, InputOptions, Verbosity, argument, checked_format, command, option
from elman.cli.output_folder import OutputFolder, is_folder
from elman.cli.outputs import check_not_an_input
from elman.errors import ConfigError
from elman.utils.display import shown
from elman.utils.suggest import did_you_mean

if TYPE_CHECKING:
    from elman.data.convert import ConversionRequest


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
        help="Format of the input (docs/formats.md), as columns, jsonl:spans=widen; by default what it looks like.",
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

    OUT is UTF-8. Before anything is written, an error says what its format cannot hold; several IN are written as one,
    or, if OUT is a folder, each as a file of its own.

    \b
      elman convert train.conllu train.jsonl --drop comments,multiword,empty-nodes
      elman convert export.json train.conll --to columns --spans widen
      elman convert train.conll bioes.conll --to columns --scheme bioes
      elman convert treebank/*.conllu --to jsonl -o converted/
    """
    from elman.data.convert import DROPPABLE, ConversionRequest, output_format_of
    from elman.data.formats import check_output, column_names
    from elman.utils.files import input_files

    names, output = list(options.files), options.output
    if output is None and len(names) > 1:
        output = names.pop()
    if output is None:
        raise click.UsageError("expected IN and OUT")
    paths = input_files(names)
    if options.output_format is not None:
        check_output(options.output_format, columns=0)
    if is_folder(output) and options.output_format is None:
        raise ConfigError(f"{output}: a folder, whose name says no format; --to FORMAT does")
    to = output_format_of("-" if is_folder(output) else output, options.output_format)
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
    _convert(paths, output, request, options)


def _convert(paths: Sequence[str], output: str, request: ConversionRequest, options: Options) -> None:
    """Write the files as one, or each into a folder."""
    from elman.cli.file_progress import FileProgress
    from elman.data.convert import READ, convert

    if is_folder(output):
        folder = OutputFolder(output, paths)
        jobs = [([path], folder.output(path, "", request.to)) for path in paths]
    else:
        check_not_an_input(output, paths)
        jobs = [(list(paths), output)]
    notes = options.notes()
    level: dict[str, bool] = {"quiet": options.quiet, "verbose": options.verbose}
    with FileProgress("converting", paths, output, passes=READ, **level) as progress:
        for inputs, target in jobs:
            done = convert(inputs, target, request, lambda sentence: progress.add((sentence,)))
            progress.end(inputs[0] if len(inputs) == 1 else target)
            for note in done.notes:
                notes.add(note)
            where = "standard output" if target == "-" else target
            sentences = "1 sentence" if done.sentences == 1 else f"{done.sentences:,} sentences"
            notes.add(f"{sentences}, {done.words:,} words, written to {where} as {request.to}")
    notes.show()
