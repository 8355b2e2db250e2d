"""``elman corrections``: what is in a database of corrections."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass

import click

from elman.cli.options import Verbosity, argument, command, json_option, option
from elman.cli.say import say, say_json, tell
from elman.cli.unknown import Group


@click.group(cls=Group)
def corrections() -> None:
    """Export, count or undo corrections.

    They are those of elman serve, in its database.

    \b
      elman corrections export my.sqlite -o corrected.conllu
      elman corrections stats my.sqlite
      elman corrections undo my.sqlite --annotator anna
    """


@dataclass(frozen=True, kw_only=True)
class ExportOptions(Verbosity):
    """The options of ``elman corrections export``."""

    db: str = argument("DB")
    output: str = option(
        "-o", "--output", default="-", metavar="OUT", help="File to write; by default standard output. DIR/: all files."
    )
    file: str | None = option("--file", metavar="NAME", help="Which file of several: its name, or the end of its path.")
    output_format: str = option(
        "--as",
        metavar="FORMAT",
        default="own",
        show_default=True,
        help="Format to write: own (the one that came in), conllu, columns, jsonl (with Prodigy's keys), label-studio.",
    )
    annotator: str | None = option(
        "--annotator", metavar="NAME", help="Whose corrections; by default the latest of each sentence."
    )
    corrected: bool = option("--corrected", is_flag=True, help="Write the corrected sentences only.")


@command(ExportOptions)
def export(options: ExportOptions) -> None:
    """Write a corrected file.

    In the format that came in all comes back byte for byte but for the corrections. A word that nobody has tagged is
    written as _. The database may be in use by elman serve.

    \b
      elman corrections export my.sqlite -o corrected.conllu
      elman corrections export my.sqlite --file a.txt --as columns --corrected
      elman corrections export my.sqlite -o corrected/
    """
    from elman.cli.output_folder import is_folder
    from elman.errors import ConfigError, while_writing
    from elman.server.export import Wanted, exported
    from elman.server.schema import open_to_read
    from elman.server.store import read_files, read_state
    from elman.utils.files import OutputFile

    wanted = Wanted(options.output_format, options.annotator, options.corrected)
    wanted.check()
    with closing(open_to_read(options.db)) as connection:
        state, files = read_state(connection), read_files(connection)
    chosen = [file for file in files if options.file is None or _is_named(file.name, options.file)]
    names = ", ".join(os.path.basename(file.name) for file in files[:20]) or "no files"
    folder = is_folder(options.output)
    if not chosen or (len(chosen) > 1 and not folder):
        expected = "expected the name of one file (--file), or -o DIR/ for all"
        raise ConfigError(f"{options.db}: {expected}; it has {names}")
    made: dict[str, bytes] = {}
    for file in chosen:
        name, data = exported(files, file, state, wanted)
        if name in made:
            raise ConfigError(f"{options.output}: two files are called {name}; export each by --file")
        made[name] = data
    if folder:
        with while_writing(options.output):
            os.makedirs(options.output, exist_ok=True)
    for name, data in made.items():
        with OutputFile(os.path.join(options.output, name) if folder else options.output, plain=True) as out:
            out.write_bytes(data)


def _is_named(path: str, wanted: str) -> bool:
    """Return whether a path ends in these folders and this name."""
    ending = os.path.normpath(wanted)
    return path == ending or path.endswith(os.sep + ending.lstrip(os.sep))


@dataclass(frozen=True, kw_only=True)
class StatsOptions(Verbosity):
    """The options of ``elman corrections stats``."""

    db: str = argument("DB")
    json: bool = json_option()


@command(StatsOptions)
def stats(options: StatsOptions) -> None:
    """Count corrections, time and models; show how far annotators agree.

    Observed agreement and Cohen's kappa are of the words and labels that both have given; elman serve --overlap says
    how many sentences all of them see.

    \b
      elman corrections stats my.sqlite
      elman corrections stats my.sqlite --json
    """
    from elman.server.agreement import stats as counted
    from elman.server.schema import open_to_read
    from elman.server.store import read_files, read_models, read_settings, read_state

    with closing(open_to_read(options.db)) as connection:
        state, files, models = read_state(connection), read_files(connection), read_models(connection)
        settings = read_settings(connection)
    found = counted(state, int(settings.get("sentences", 0)))
    found["files"] = [file.name for file in files]
    found["models"] = [
        {"sha256": row.sha256 or None, "kind": row.kind, "corrections": len(row.events), "adopted": row.adopted}
        | {"time": row.time, "reason": row.reason}
        for row in models
    ]
    if options.json:
        say_json(found)
        return
    from elman.cli.reports.corrections import lines

    say("\n".join(lines(found)))


@dataclass(frozen=True, kw_only=True)
class UndoOptions(Verbosity):
    """The options of ``elman corrections undo``."""

    db: str = argument("DB")
    annotator: str = option(
        "--annotator", default="annotator", show_default=True, metavar="NAME", help="Whose correction is taken back."
    )
    redo: bool = option("--redo", is_flag=True, help="Bring back what was undone last.")


@command(UndoOptions)
def undo(options: UndoOptions) -> None:
    """Take back an annotator's last correction or skip.

    It is the last that is not undone yet. Nothing is deleted: undoing is an event of its own, and --redo brings the
    correction back. The database must not be in use by elman serve.

    \b
      elman corrections undo my.sqlite --annotator anna
      elman corrections undo my.sqlite --annotator anna --redo
    """
    from elman.server.store import Store

    store = Store(options.db, create=False)
    try:
        made = (store.redo if options.redo else store.undo)(options.annotator).result()
    finally:
        store.close()
    if not options.quiet:
        what = "brought back" if options.redo else "undone"
        tell(f"elman: event {made.undoes} {what}: {' '.join(made.words)}")


for _command in (export, stats, undo):
    corrections.add_command(_command)
