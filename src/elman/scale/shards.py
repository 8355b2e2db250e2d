"""Work on the shards of files, here or by workers, until each has its part; what is done already is not done again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from elman.scale.manifest import Entry, ShardFolder
from elman.scale.plan import Plan, Shard, sha256


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What became of a shard: the entry of its part, or why there is none; and notes for people."""

    entry: Entry | None
    error: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class ShardsRun:
    """The end of a run.

    ``n_done``    shards that were done in it
    ``failed``    those that failed, and why
    ``notes``     the number of a shard and a note on it, in order
    ``n_all``     shards that are done now, whoever did them
    """

    n_done: int = 0
    failed: list[tuple[Shard, str]] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    n_all: int = 0


Run = Callable[[Sequence[Shard]], Iterator[tuple[int, ShardResult]]]
"""Works on shards; yields the index of each with its result, in any order."""


def pending(folder: ShardFolder, plan: Plan, *, rank: int = 0, world: int = 1) -> list[Shard]:
    """Return the shards that are left for this process: each ``world``-th of all, of those that are not done."""
    done = folder.done()
    return [shard for shard in plan.shards if shard.name not in done and shard.number % world == rank]


def run(
    folder: ShardFolder, todo: Sequence[Shard], work: Run, on_done: Callable[[Shard, ShardResult], object]
) -> ShardsRun:
    """Work on shards, and add the parts to the manifest as they come; ``on_done`` is called with each."""
    ended = ShardsRun()
    parts: list[str] = []
    for index, result in work(todo) if todo else ():
        if result.entry is None:
            folder.add({"shard": todo[index].name, "error": result.error})
            ended.failed.append((todo[index], result.error))
        else:
            folder.add(result.entry)
            parts.append(result.entry["part"])
            ended.n_done += 1
        ended.notes += [(todo[index].number, note) for note in result.notes]
        on_done(todo[index], result)
    folder.remove_left(parts)
    ended.failed.sort(key=lambda failed: failed[0].number)
    ended.notes.sort(key=lambda note: note[0])
    ended.n_all = folder.finish()
    return ended


def entry_of(shard: Shard, folder: str, part: str, **more: Any) -> Entry:
    """Return the entry of a part that has been written; ``more`` are further values of it."""
    path = os.path.join(folder, part)
    of_input = {"input": shard.file.path, "begin": shard.begin, "end": shard.end}
    if shard.groups is not None:
        of_input["row_groups"] = list(shard.groups)
    return {
        "shard": shard.name,
        "part": part,
        **of_input,
        **more,
        "size": os.path.getsize(path),
        "sha256": sha256(path),
    }
