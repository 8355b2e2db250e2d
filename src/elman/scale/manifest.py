"""The folder of a run by shards: ``manifest-plan.json``, the parts, and ``manifest.jsonl`` with a line for each part.

A part is written whole and renamed, then its line is added: whatever happens, a part with a line is whole. A shard that
failed gets a line with the error. Once all parts are there, ``manifest.jsonl`` has a line for each in order, so that
the folder does not tell who did what when.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from glob import escape, glob
from types import TracebackType
from typing import Any, Self

from elman.errors import ConfigError, DataError, while_reading, while_writing
from elman.scale.plan import Plan, Shard, sha256
from elman.utils.display import shown
from elman.utils.durable import remove_left, try_lock
from elman.utils.files import write_bytes_atomically

PLAN = "manifest-plan.json"
MANIFEST = "manifest.jsonl"
Entry = dict[str, Any]
"""A line of the manifest: ``shard`` is a name, ``part`` the name of its file; or ``error`` says why there is none."""


class ShardFolder:
    """A folder that gets the parts of a run; a context manager, which locks it.

    ``about``  what the parts depend on beside the input, by name, as JSON values; a message shows the names
    ``rank``   which of ``world`` processes this is that share the work without knowing of each other

    Raises ConfigError if the folder belongs to another run, has other files, or another process writes it; OutputError
    if it cannot be written.
    """

    def __init__(self, path: str, plan: Plan, about: Mapping[str, Any], *, rank: int = 0, world: int = 1) -> None:
        self.path, self._plan, self._about, self._world = path, plan, about, world
        self._own = MANIFEST if world == 1 else f"manifest-{rank}-of-{world}.jsonl"
        self._lock = ".lock" if world == 1 else f".lock-{rank}-of-{world}"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with while_writing(self.path):
            os.makedirs(self.path, exist_ok=True)
            lock = open(self._within(self._lock), "wb")
        with ExitStack() as stack:
            stack.enter_context(lock)
            if try_lock(lock, lock.name) is False:
                advice = "wait for its end, or name another folder"
                raise ConfigError(f"--shards: another process writes {self.path}; {advice}")
            self._claim()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _within(self, name: str) -> str:
        return os.path.join(self.path, name)

    def _claim(self) -> None:
        """Write the plan, or compare it with that of an earlier process."""
        wanted = json.loads(json.dumps({"about": dict(self._about), **self._plan.to_json()}))
        path = self._within(PLAN)
        if not os.path.exists(path):
            others = [name for name in sorted(os.listdir(self.path)) if not name.startswith(".")]
            if not others:
                write_bytes_atomically(path, _line(wanted))
                return
            if not os.path.exists(path):  # another rank may have written it meanwhile
                message = f"holds {shown(others[0])} and no {PLAN}; expected a new or an empty folder"
                raise ConfigError(f"--shards: {self.path} {message}")
        with while_reading(path), open(path, encoding="utf-8", errors="surrogatepass") as file:
            try:
                found = json.load(file)
                message = _difference(found, wanted)
                changed = [] if message else _changed(found, wanted)
            except (ValueError, KeyError, TypeError, AttributeError, IndexError):
                raise DataError("damaged; remove the folder, and begin again", path=path) from None
        message = message or self._refused(changed)
        if message:
            raise ConfigError(f"{path}: begun for other work: {message}; name another folder, or remove this one")
        if changed:
            self._keep_what_is_the_same(changed)
            write_bytes_atomically(path, _line(wanted))

    def _refused(self, changed: list[int]) -> str:
        """Return why work cannot go on after a change of files; "" if shards of each had failed: they were mended."""
        failed = {name for name, entry in self._entries().items() if "error" in entry}
        of_files = {int(name.split("-")[1]) for name in failed}
        other = next((number for number in changed if number not in of_files), None)
        if other is not None:
            path = next(shard.file.path for shard in self._plan.shards if shard.file.number == other)
            return f"{path} has changed since (its size, or its time)"
        if changed and self._world > 1:
            return "files were mended; run the command once without --rank, which does what is missing"
        return ""

    def _keep_what_is_the_same(self, changed: list[int]) -> None:
        """Keep of the parts of mended files only those whose bytes of the input are the same as before."""
        entries, kept = self._entries(), []
        for shard in self._plan.shards:
            entry = entries.get(shard.name)
            if entry is not None and (shard.file.number not in changed or _is_of(entry, shard)):
                kept.append(entry)
        self._write(kept)

    def _write(self, entries: Iterable[Entry]) -> None:
        """Replace all manifests by one with these entries."""
        write_bytes_atomically(self._within(MANIFEST), b"".join(map(_line, entries)))
        for path in glob(escape(self._within("manifest-")) + "*-of-*.jsonl"):
            with suppress(OSError):
                os.unlink(path)

    def _entries(self) -> dict[str, Entry]:
        """Return the last entry of each shard, whoever wrote it, by name; one that was not written whole is none."""
        while True:
            try:
                return {entry["shard"]: entry for entry in self._listed()}
            except FileNotFoundError:  # another rank has just put all manifests into one
                continue

    def _listed(self) -> Iterator[Entry]:
        entries: list[Entry] = []
        for path in glob(escape(self._within("manifest")) + "*.jsonl"):
            with open(path, "rb") as file:
                entries += filter(None, map(_entry, file))
        yield from sorted(entries, key=lambda entry: "part" in entry)  # parts count more than errors before

    def done(self) -> dict[str, Entry]:
        """Return the entries of the shards that are done, by name: their parts are there, with the size listed."""
        entries, found = self._entries(), {}
        for shard in self._plan.shards:
            entry = entries.get(shard.name, {})
            with suppress(OSError):
                if "part" in entry and os.path.getsize(self._within(entry["part"])) == entry["size"]:
                    found[shard.name] = entry
        return found

    def add(self, entry: Entry) -> None:
        """Add the line of a shard to the manifest, and flush it to disk."""
        path = self._within(self._own)
        with while_writing(path), open(path, "ab+") as file:
            end = file.tell()
            if end:
                file.seek(end - 1)
                torn = file.read(1) != b"\n"  # the last process was killed while it wrote
                file.write(b"\n" * torn)
            file.write(_line(entry))
            file.flush()
            os.fsync(file.fileno())

    def finish(self) -> int:
        """Return how many shards are done, whoever did them; if all are, put the manifests into one, in order."""
        done = self.done()
        if len(done) == len(self._plan.shards):
            self._write(done[shard.name] for shard in self._plan.shards)
        return len(done)

    def remove_left(self, parts: Iterable[str]) -> None:
        """Remove what killed workers have left beside these parts."""
        for part in parts:
            remove_left(os.path.realpath(self._within(part)))


def _line(entry: Mapping[str, Any]) -> bytes:
    return (json.dumps(entry, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def _entry(line: bytes) -> Entry | None:
    """Return the entry of a line; None if it is not whole."""
    try:
        entry = json.loads(line)
        of_part = isinstance(entry["part"], str) and isinstance(entry["size"], int) if "error" not in entry else True
        whole = isinstance(entry["shard"], str) and of_part
    except (ValueError, KeyError, TypeError):
        return None
    return entry if whole else None


def _is_of(entry: Entry, shard: Shard) -> bool:
    """Return whether the part of an entry was made of the bytes that a shard has now."""
    if "part" not in entry or (entry["begin"], entry["end"]) != (shard.begin, shard.end):
        return False
    return bool(entry["input_sha256"] == sha256(shard.file.path, shard.begin, shard.end))


def _difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Return in what a plan differs from an earlier one, "" for nothing, or for files that have changed."""
    for name, value in wanted["about"].items():
        if found["about"].get(name) != value:
            return f"{name} was {shown(found['about'].get(name))} and is {shown(value)}"
    before, now = ([file["path"] for file in plan["files"]] for plan in (found, wanted))
    for one, other, which in ((now, before, "not "), (before, now, "")):
        more = next((path for path in one if path not in other), None)
        if more is not None:
            return f"{more} was {which}among its files"
    return "" if before == now else "its files were in another order"


def _changed(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the files that differ from those of an earlier plan."""
    pairs = zip(found["files"], wanted["files"], strict=True)
    return [number for number, (old, new) in enumerate(pairs) if old != new]
