"""The folder of a run by shards: ``manifest-plan.json``, the parts, and ``manifest.jsonl`` with a line for each part.

A part is written whole and renamed, then its line is added: whatever happens, a part with a line is whole. Once all
parts are there, ``manifest.jsonl`` is sorted by shard, so that the folder does not tell who did what when.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from glob import escape, glob
from itertools import zip_longest
from types import TracebackType
from typing import Any, Self

from elman.errors import ConfigError, while_reading, while_writing
from elman.scale.plan import Plan
from elman.utils.display import shown
from elman.utils.durable import remove_left, try_lock
from elman.utils.files import write_bytes_atomically

PLAN = "manifest-plan.json"
MANIFEST = "manifest.jsonl"
Entry = dict[str, Any]
"""A line of the manifest; ``shard`` and ``part`` are its number and the name of its file."""


class ShardFolder:
    """A folder that gets the parts of a run; a context manager, which locks it.

    ``about``  what the parts depend on beside the input, by name, as JSON values; a message shows the names
    ``rank``   which of ``world`` processes this is that share the work without knowing of each other

    Raises ConfigError if the folder belongs to another run, has other files, or another process writes it; OutputError
    if it cannot be written.
    """

    def __init__(self, path: str, plan: Plan, about: Mapping[str, Any], *, rank: int = 0, world: int = 1) -> None:
        self.path, self._plan, self._about = path, plan, about
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
                message = _difference(found, wanted, self.done())
            except (ValueError, KeyError, TypeError, AttributeError, IndexError):
                message = "it is damaged"
        if message:
            raise ConfigError(f"{path}: begun for other work: {message}; name another folder, or remove this one")
        if found != wanted:  # files without a part were mended
            write_bytes_atomically(path, _line(wanted))

    def done(self) -> dict[int, Entry]:
        """Return the entries of the shards that are done, whoever did them, by number.

        An entry whose part is not there, or has another size, does not count; nor does one that was not written whole.
        """
        while True:
            try:
                return dict(self._listed())
            except FileNotFoundError:  # another rank has just put all manifests into one
                continue

    def _listed(self) -> Iterator[tuple[int, Entry]]:
        for path in glob(escape(self._within("manifest")) + "*.jsonl"):
            with open(path, "rb") as file:
                entries = list(filter(None, map(_entry, file)))
            for entry in entries:
                with suppress(OSError):
                    if os.path.getsize(self._within(entry["part"])) == entry["size"]:
                        yield entry["shard"], entry

    def add(self, entry: Entry) -> None:
        """Add the line of a part to the manifest, and flush it to disk."""
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

    def finish(self) -> bool:
        """Sort the manifest if all shards are done, and return whether they are."""
        done = self.done()
        if len(done) < len(self._plan.shards):
            return False
        write_bytes_atomically(self._within(MANIFEST), b"".join(_line(done[number]) for number in sorted(done)))
        for path in glob(escape(self._within("manifest-")) + "*-of-*.jsonl"):
            with suppress(OSError):
                os.unlink(path)
        return True

    def remove_left(self, parts: Iterable[str]) -> None:
        """Remove what killed workers have left beside these parts."""
        for part in parts:
            remove_left(os.path.realpath(self._within(part)))


def _line(entry: Entry) -> bytes:
    return (json.dumps(entry, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def _entry(line: bytes) -> Entry | None:
    """Return the entry of a line; None if it is not whole."""
    try:
        entry = json.loads(line)
        whole = isinstance(entry["shard"], int) and isinstance(entry["part"], str) and isinstance(entry["size"], int)
    except (ValueError, KeyError, TypeError):
        return None
    return entry if whole else None


def _difference(found: Mapping[str, Any], wanted: Mapping[str, Any], done: Collection[int]) -> str:
    """Return in what a plan differs from an earlier one that is partly done, "" for nothing.

    A file of which no shard is done may have changed, as long as it has as many shards: it was mended.
    """
    for name, value in wanted["about"].items():
        if found["about"].get(name) != value:
            return f"{name} was {shown(found['about'].get(name))} and is {shown(value)}"
    for old, new in zip_longest(found["files"], wanted["files"]):
        if old is None or new is None or old["path"] != new["path"]:
            path = (new or old)["path"]
            return f"{path} was {'not ' if new else ''}among its files"
    changed = [i for i, (old, new) in enumerate(zip(found["files"], wanted["files"], strict=True)) if old != new]
    for number, (old, new) in enumerate(zip_longest(found["shards"], wanted["shards"])):
        if old is None or new is None or old[0] != new[0] or (old != new and old[0] not in changed):
            return "the shards are others"
        if old[0] in changed and number in done:
            return f"{found['files'][old[0]]['path']} has changed since"
    return ""
