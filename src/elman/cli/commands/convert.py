"""``elman convert``."""

from __future__ import annotations

from typing import Any

import click

from elman.cli.options import Notes, check_not_an_input, encoding_option
from elman.errors import ConfigError
from elman.utils.display import shown


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="IN... OUT")
@click.option(
    "--from", "source", metavar="FORMAT", help="Format of IN, by default what it looks like; jsonl:spans=widen."
)
@click.option(
    "--to",
    "--as",
    "to",
    metavar="FORMAT",
    help="Format of OUT; by default what its name ends in: .conllu, .jsonl …; they have to agree.",
)
@click.option(
    "--target", metavar="COLUMN,…", help="Columns of tags to write; by default all. In the same format: for --scheme."
)
@click.option("--label", metavar="NAME,…", help="Labels of sentences to write; by default all.")
@click.option("--scheme", metavar="SCHEME", help="Scheme of span tags: io, iob1, iob2, ioe1, ioe2, bioes, bilou, bmes.")
@click.option("--lenient", is_flag=True, help="Read illegal sequences of span tags as conlleval does.")
@click.option("--drop", metavar="KIND,…", help="What may be left out if OUT cannot hold it: comments, labels …, all.")
@click.option(
    "--spans", type=click.Choice(["refuse", "widen"]), help="Of spans of characters that do not fall on word borders."
)
@click.option("--names", metavar="NAMES", help="Names of tags that are numbers: O,B-LOC,… or a JSON file with them.")
@encoding_option
def convert(files: tuple[str, ...], **given: Any) -> None:
    """Write labelled data in another format.

    OUT is UTF-8. What its format cannot hold is said before anything is written; several IN are written as one.

    \b
      elman convert train.conllu train.jsonl --drop comments,multiword,empty-nodes
      elman convert export.json train.conll --to columns --spans widen
      elman convert train.conll bioes.conll --to columns --scheme bioes
    """
    from elman.data.convert import DROPPABLE, ConversionRequest, convert, output_format_of
    from elman.data.formats import check_output, column_names
    from elman.utils.files import input_files

    if len(files) < 2:
        raise click.UsageError("expected IN and OUT")
    *names, output = files
    paths = input_files(names)
    check_not_an_input(output, paths)
    if given["to"] is not None:
        check_output(given["to"], columns=0)
    to = output_format_of(output, given["to"])
    drop = frozenset(kind.strip() for kind in (given["drop"] or "").split(",") if kind.strip())
    for kind in drop - {"all", *DROPPABLE}:
        raise ConfigError(f"--drop: no kind {shown(kind)}; expected {', '.join(DROPPABLE)} or all")
    request = ConversionRequest(
        to,
        given["source"],
        given["encoding"],
        target=column_names(given["target"]),
        label=column_names(given["label"]),
        scheme=given["scheme"],
        lenient=given["lenient"],
        drop=frozenset(DROPPABLE) if "all" in drop else drop,
        options={key: value.replace(",", " ") for key in ("spans", "names") if (value := given[key]) is not None},
    )
    done = convert(paths, output, request)
    notes = Notes()
    for note in done.notes:
        notes.add(note)
    where = "standard output" if output == "-" else output
    sentences = "1 sentence" if done.sentences == 1 else f"{done.sentences:,} sentences"
    notes.add(f"{sentences}, {done.words:,} words, written to {where} as {to}")
    notes.show()
