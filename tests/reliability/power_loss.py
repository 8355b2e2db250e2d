"""Lose the power at any moment of a command, by its journal: each file must be the old one or the new one.

    python tests/reliability/power_loss.py [--share 0.1] [--seed 1] [--minutes 20]

A case is a moment between two system calls of a command; what may then be on disk (journal.py) is drawn many times.
After a command that has ended, the new files must be there. Temporary files may be left, as after any power loss.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from campaign import Campaign, options
from forked import Forked, build_library
from journal import Disk, Entry, parse
from workshop import COMMANDS, Command, Disturbed, Files, Workshop

DRAWS = 100
FOLDERS = ("cli", "data", "learn", "models", "utils")

Case = tuple[Command, int]  # so many calls have been made


class Journals:
    """The journals of the commands that write files."""

    def __init__(self, folder: Path, commands: Sequence[Command] = COMMANDS) -> None:
        self.workshop = Workshop(folder / "workshop", [command for command in commands if command.writes])
        self._entries: dict[str, list[Entry]] = {}
        path = folder / "journal"
        with Forked(self.workshop, build_library(folder)) as forked:
            for command in self.workshop.commands.values():
                path.write_bytes(b"")
                self.workshop.judge(command, forked.run(command, {}, journal=path))
                self._entries[command.name] = entries = parse(path.read_bytes())
                self._check(command, entries)

    def _check(self, command: Command, entries: Sequence[Entry]) -> None:
        """Raise AssertionError unless the journal without a power loss gives the new files."""
        disk = self._disk()
        for entry in entries:
            disk.do(entry)
        files = disk.at_last()
        new = self.workshop.expected(command).files
        for name in command.writes:
            assert files.get(str(self.workshop.place / name)) == new[name], (
                f"{command.name}: {name} is not in the journal"
            )

    def _disk(self) -> Disk:
        return Disk({str(self.workshop.place / name): content for name, content in self.workshop.before.items()})

    def cases(self) -> list[Case]:
        """Return all moments of all commands."""
        commands = self.workshop.commands.values()
        return [(command, n) for command in commands for n in range(len(self._entries[command.name]) + 1)]

    def lose_power(self, case: Case, draw: random.Random, draws: int = DRAWS) -> dict[str, int]:
        """Return how often the files were old and new. Raises Disturbed for a mix, and if a finished one is lost."""
        command, n = case
        entries = self._entries[command.name]
        disk = self._disk()
        for entry in entries[:n]:
            disk.do(entry)
        new = self.workshop.expected(command).files
        counts = {"old file": 0, "new file": 0}
        for _ in range(draws):
            files = self._on_disk(disk, draw)
            for name in self.workshop.before.keys() | set(command.writes):
                now, old = files.get(name), self.workshop.before.get(name)
                if name not in command.writes:
                    if now != old:
                        raise Disturbed(f"{name}, which is only read, has changed")
                    continue
                if now != new[name] and (now != old or n == len(entries)):
                    raise Disturbed(f"{name} is {'lost' if now == old else f'a mix: {str(now)[:80]}'}")
                counts["new file" if now == new[name] else "old file"] += 1
        return counts

    def _on_disk(self, disk: Disk, draw: random.Random) -> Files:
        place = f"{self.workshop.place}/"
        return {path.removeprefix(place): content for path, content in disk.after_power_loss(draw).items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Lose the power as often as the command line says; return the exit status."""
    given = options(__doc__).parse_args(arguments)
    title = f"power loss at each moment, {DRAWS} states of the disk each"
    campaign = Campaign(given, "power loss", title=title, folders=FOLDERS)
    with tempfile.TemporaryDirectory() as temporary:
        journals = Journals(Path(temporary).resolve())
        for case in campaign.cases(journals.cases()):
            command, n = case
            try:
                for outcome, times in journals.lose_power(case, random.Random(f"{given.seed} {case}")).items():
                    campaign.count(outcome, times)
            except Disturbed as error:
                campaign.fault(f"{command.name}, after {n} calls: {error}")
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
