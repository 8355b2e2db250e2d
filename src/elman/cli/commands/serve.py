"""``elman serve``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from elman.cli.options import (
    InputOptions,
    Number,
    Verbosity,
    argument,
    command,
    option,
    seed_option,
    text_column_option,
    whole_number,
)

if TYPE_CHECKING:
    from elman.server.service import Service


@dataclass(frozen=True, kw_only=True)
class Options(InputOptions, Verbosity):
    """The options of ``elman serve``."""

    model: str = argument("MODEL")
    files: tuple[str, ...] = argument("[FILE]...", nargs=-1)
    db: str | None = option(
        "--db", metavar="FILE", help="Database of the corrections; by default MODEL's name with .sqlite."
    )
    host: str = option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        metavar="NAME",
        help="Address to listen on; others need a token.",
    )
    port: int = option(
        "--port", default=8000, show_default=True, **whole_number(0, 65_535), help="Port to listen on; 0: a free one."
    )
    token_file: str | None = option(
        "--token-file", metavar="FILE", help="File with the token; by default a new one at each start."
    )
    allow_host: tuple[str, ...] = option(
        "--allow-host",
        multiple=True,
        metavar="NAME",
        help="Name under which a proxy passes requests on; may be repeated.",
    )
    columns: str | None = option(
        "--columns", metavar="COLUMN,…", help="Label columns of a model of several to show and answer with."
    )
    text_column: str | None = text_column_option()
    replay: str | None = option(
        "--replay",
        metavar="TRAIN",
        help="Training sentences, to learn again with the corrections; by default those of train --keep-replay. "
        "Retraining needs them.",
    )
    heldout: str | None = option(
        "--heldout", metavar="FILE", help="Labelled text that is not learned: a model that is worse on it is refused."
    )
    no_learn: bool = option("--no-learn", is_flag=True, help="Only store corrections.")
    overlap: float = option(
        "--overlap",
        type=Number(0, 1),
        default=0.0,
        show_default=True,
        metavar="P",
        help="Share of the sentences that every annotator gets.",
    )
    keep: int = option("--keep", default=20, show_default=True, **whole_number(1, 10_000), help="Models to keep.")
    activate: str | None = option(
        "--activate", metavar="SHA256", help="Start with an earlier model: the beginning of its SHA-256, or first."
    )
    seed: int = seed_option()


@command(Options)
def serve(options: Options) -> None:
    """Correct tags in a browser, learn from them, answer programs.

    FILE is what is corrected, in any format that is read; without FILE those of the last start, if there are any. Each
    correction is stored at once, and learned within about a second by a process of its own; the original files stay as
    they are (elman corrections export). Models that were learned lie in a folder beside the database.

    One line is printed: the address with the token that opens it. SIGTERM and Ctrl-C finish what was begun.

    \b
      elman serve my.model new.conllu
      elman serve my.model new.conllu --db work.sqlite --port 8001
      elman serve my.model train.conllu --replay train.conllu --heldout dev.conllu
      elman serve my.model --no-learn
    """
    from elman.cli.loading import check_order
    from elman.data.formats import column_names
    from elman.server.learner import LearnOptions
    from elman.server.run import Listen, run
    from elman.server.service import ServiceOptions
    from elman.server.shelf import default_database
    from elman.utils.files import input_files

    check_order(options.model, options.files)
    learn = LearnOptions(options.seed, options.replay, options.heldout, "--no-learn" if options.no_learn else "")
    asked = ServiceOptions(
        model=options.model,
        database=options.db or default_database(options.model),
        files=input_files(options.files),
        format=options.format,
        encoding=options.encoding,
        text_column=options.text_column,
        columns=column_names(options.columns) or (),
        overlap=options.overlap,
        keep=options.keep,
        activate=options.activate,
        learn=learn,
    )
    listen = Listen(
        host=options.host,
        port=options.port,
        token_file=options.token_file,
        hosts=options.allow_host,
        verbose=options.verbose,
    )
    notes = options.notes()

    def ready(url: str, service: Service) -> None:
        for note in service.notes:
            notes.add(note)
        notes.show()
        click.echo(url)

    run(asked, listen, ready)
