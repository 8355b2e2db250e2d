"""``elman tag --shards``: files cut into shards, each tagged into a part of its own, here or by many workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from elman.cli.file_progress import FileProgress
from elman.cli.loading import check_order, known
from elman.cli.notes import Notes
from elman.cli.output_format import OutputFormat
from elman.cli.raw_text import reads_raw
from elman.cli.resuming import described
from elman.cli.say import tell
from elman.cli.shard_options import SHARD_SIZE
from elman.cli.shard_tagging import ShardWork, instruction_set
from elman.cli.tagging import Tagging
from elman.data.formats import check_output, read_sentences
from elman.errors import ConfigError, DataError
from elman.scale.manifest import ShardFolder
from elman.scale.plan import BORDERS, Border, Plan, Shard, cut, sha256
from elman.scale.shards import Run, ShardResult, ShardsRun, pending, run
from elman.scale.worker import reports
from elman.utils.files import input_files
from elman.utils.sizes import bytes_of

if TYPE_CHECKING:
    from elman.cli.commands.tag import Options

_SHOWN = 20
"""Notes, and errors, that are shown."""


def tag_shards(options: Options) -> None:
    """Write a part for each shard of the files, those that an earlier command has not written."""
    _check(options)
    notes = options.notes()
    size = bytes_of(options.shard_size or SHARD_SIZE, "--shard-size")
    folder_path = os.path.realpath(str(options.shards))
    paths = [path for path in input_files(options.files) if os.path.dirname(os.path.realpath(path)) != folder_path]
    check_order(options.model, options.files)
    work = ShardWork(options, sha256(options.model), instruction_set())
    tagger = work.tagger()
    plan = cut(paths, size, options.encoding, lambda path: _border(path, tagger, options))
    _check_first(plan, tagger, options)
    about = described(options, options.model) | {"--shard-size": size}
    rank, world = options.rank or 0, options.world or 1
    with ShardFolder(str(options.shards), plan, about, rank=rank, world=world) as folder:
        todo = pending(folder, plan, rank=rank, world=world)
        ended = _run(options, work, folder, todo)
    for note in list(dict.fromkeys(note for _, note in ended.notes))[:_SHOWN]:
        notes.add(note)
    _tell_end(options, notes, plan, ended)
    notes.show()
    if ended.failed:
        raise click.exceptions.Exit(1)


def _check(options: Options) -> None:
    """Raise ConfigError for options that are not for shards."""
    wrong = {"output": options.output != "-", "resume": options.resume, "stream": options.stream}
    options.check_shards(wrong | {"lookahead": bool(options.lookahead)})
    if options.output_format is not None:
        if options.output_format == "fields":
            raise ConfigError("--as: fields are written by one process; leave out --shards")
        check_output(options.output_format, columns=0)
    if not options.shards:
        raise ConfigError("--shards: expected the name of a folder, got nothing")
    if options.cluster is not None and options.threads is not None:
        raise ConfigError("--threads: not with --cluster, whose workers have a thread each")
    if not options.files or "-" in options.files:
        raise ConfigError("--shards: standard input can be read only once; name input files")


def _check_first(plan: Plan, tagger: Any, options: Options) -> None:
    """Raise ConfigError for options that do not suit the model or the first file."""
    tagging = Tagging(tagger, options, OutputFormat("-", options.output_format, ()), None, Notes(quiet=True))
    with suppress(DataError):  # tagging the file will say it
        for shard in plan.shards[:1]:
            tagging.check(shard.file.path, shard.span)


def _border(path: str, tagger: Any, options: Options) -> Border | None:
    """Return where a file may be cut; None for nowhere, also if it cannot be read, which tagging it will say."""
    try:
        reading = read_sentences(
            path,
            format=options.format,
            encoding=options.encoding,
            labelled=False,
            known=known(tagger),
            text_column=options.text_column,
            span=(0, 0),
        )
        raw = reads_raw(tagger, reading)
    except (ConfigError, DataError):
        return None
    if raw:
        return "blank line" if tagger.finds_sentences else "line"
    return BORDERS.get(reading.format.partition(":")[0])


def _run(options: Options, work: ShardWork, folder: ShardFolder, todo: Sequence[Shard]) -> ShardsRun:
    """Tag shards, here or by the workers of a cluster, and show how far they are."""
    total = sum(shard.end - shard.begin for shard in todo)
    with ExitStack() as stack:
        progress = FileProgress("tagging", (), "", quiet=options.quiet, verbose=options.verbose)
        progress.expect(total)
        stack.enter_context(progress)

        def on_report(index: int, value: tuple[int, int]) -> None:
            progress.read(todo[index].name, value[0])

        if options.cluster is None:
            by_whom: Run = _here(work, on_report)
        else:
            from elman.scale.cluster import open_cluster

            cluster = stack.enter_context(open_cluster(options.cluster))
            folder_here = "" if options.cluster.startswith("local:") else os.getcwd()
            work = replace(work, options=replace(options, threads=1), folder=folder_here)

            def by_whom(shards: Sequence[Shard]) -> Iterator[tuple[int, ShardResult]]:
                return cluster.run(work, shards, on_report=on_report, duplicates=True, size=_size)

        def on_done(shard: Shard, result: ShardResult) -> None:
            progress.read(shard.name, shard.end - shard.begin)
            if result.entry is not None:
                progress.add_words(result.entry["words"])
                progress.end(f"{shard} -> {result.entry['part']}")

        return run(folder, todo, by_whom, on_done)


def _size(shard: Shard) -> int:
    return shard.end - shard.begin


def _here(work: ShardWork, on_report: Callable[[int, Any], None]) -> Run:
    """Return what tags shards in this process."""

    def tagged(shards: Sequence[Shard]) -> Iterator[tuple[int, ShardResult]]:
        for index, shard in enumerate(shards):
            reports.send = partial(on_report, index)
            try:
                yield index, work(shard)
            finally:
                reports.send = None

    return tagged


def _tell_end(options: Options, notes: Notes, plan: Plan, ended: ShardsRun) -> None:
    """Say which shards failed, and what is done."""
    text = f"{options.shards}: {ended.n_all:,} of {len(plan.shards):,} shards are done"
    if ended.n_done < ended.n_all:
        text += f", {ended.n_done:,} of them now"
    notes.add(text)
    for shard, message in ended.failed[:_SHOWN]:
        where = "" if shard.file.path in message else f"{shard}: "
        tell(f"elman: {shard.name}: {where}{message}")
    if len(ended.failed) > _SHOWN:
        tell(f"elman: and {len(ended.failed) - _SHOWN:,} more")
    if ended.failed:
        advice = "mend their files, and the same command does them"
        tell(f"elman: {options.shards}: failed shards: {len(ended.failed):,}; {advice}")
