"""Kill training, tagging and converting at random moments, and go on: the same bytes, and no other file is left.

    python tests/reliability/kill_resume.py [--share 0.1] [--seed 1] [--minutes 20] [--only training]

A case runs a command, kills it (kill -9) after a random time or just before it creates, renames or removes a file, and
goes on with what is left, at times after another kill. The output must be that of an undisturbed run, byte for byte.

Commands run in forks of this process, which has imported the library. So that a run of a second has many moments to go
on from, checkpoints are written after every step, journals every few milliseconds, and compressed files have small
members.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from campaign import Campaign, options
from workshop import CHECKPOINT, SECONDS, TINY, Command, Disturbed, Workshop, files_in, parts

KILLS = 300
"""Commands of each kind that are killed, once or more often."""
LAST = 12
"""File operations at the end of a run, where the output gets its name: these are chosen more often."""
FOLDERS = ("cli", "data", "learn", "models", "taggers", "training", "utils")
TITLES = {
    "training": "train and learn --checkpoint, killed with kill -9, then --resume",
    "tagging": "tag --resume, killed with kill -9, then the same command",
    "converting": "convert --resume, killed with kill -9, then the same command",
}
_RUN = f"-o new.model --checkpoint run --every 0s {' '.join(TINY)}"
_LEARN = "-o new.model --replay train.conllu --heldout dev.conllu --retrain --force --checkpoint run --every 0s"
_LONG = " ".join(["text.txt"] * 4)


def _resumed(line: str, output: str) -> Command:
    return Command(line, f"{line} --resume --quiet", (output,), keeps=parts(output))


COMMANDS = {
    "training": [
        Command(line, line, ("new.model",), keeps=CHECKPOINT)
        for line in (
            f"train train.conllu --dev dev.conllu {_RUN}",
            f"train labels.tsv --dev 10% {_RUN}",
            f"train train.conllu --task parse {_RUN}",
            f"train train.txt --task lm --set chunk=8 {_RUN}",
            f"train train.conllu.gz {_RUN} --ensemble 2 --threads 2",
            f"train dev.conllu --task pipeline {_RUN}",
            f"learn tag.model corrected.conllu {_LEARN} --threads 1",
        )
    ],
    "tagging": [
        _resumed(f"tag tag.model {_LONG} -o old.txt", "old.txt"),
        _resumed(f"tag tag.model {_LONG} -o new.txt.gz --threads 2", "new.txt.gz"),
        _resumed(f"tag tag.model {_LONG} train.conllu.gz --as conllu -o old.conllu.zst", "old.conllu.zst"),
        _resumed("tag tag.model text.txt dev.conllu -o new.jsonl --as jsonl --confidence", "new.jsonl"),
        _resumed(f"tag tag.model {_LONG} -o new.json.gz --as json", "new.json.gz"),
        _resumed(f"tag tag.model {_LONG} -o new.csv --threads 2", "new.csv"),
    ],
    "converting": [
        _resumed("convert " + "train.conllu " * 8 + "old.jsonl --drop all", "old.jsonl"),
        _resumed("convert " + "train.conllu.gz " * 8 + "new.conllu.gz", "new.conllu.gz"),
        _resumed("convert " + "train.txt " * 8 + "old.conllu.zst", "old.conllu.zst"),
        _resumed("convert " + "train.txt " * 8 + "new.json", "new.json"),
        _resumed("convert " + "dev.conllu " * 8 + "new.csv.xz --drop all", "new.csv.xz"),
    ],
}
"""What is killed, by kind; the first file that each command keeps shows that it can go on."""
IMPORTED = ("train", "learn", "tag", "convert")
IN_MEMORY = Path("/dev/shm")
"""Where the files are, if there is such a folder: they outlive a process there, too, and fsync takes no time."""
MEMBER = 1 << 15
"""Uncompressed bytes of a member of a compressed file; for users it is 4 MiB."""


@dataclass(frozen=True)
class Usual:
    """An undisturbed run: its seconds, the file operations that it makes, and its output."""

    seconds: float
    operations: int
    output: bytes


class Fork:
    """A command in a fork of this process. ``kill_at``: the file operation before which it kills itself."""

    def __init__(self, workshop: Workshop, words: Sequence[str], kill_at: int = 0) -> None:
        self._stderr = workshop.folder / "stderr"
        self._count = workshop.folder / "count"
        self._count.unlink(missing_ok=True)
        self._began = time.monotonic()
        self._pid = os.fork()
        if not self._pid:
            try:
                self._become(workshop.place, words, kill_at)
            finally:
                os._exit(3)

    def _become(self, place: Path, words: Sequence[str], kill_at: int) -> None:
        """Run the command in this process, which ends with it."""
        from elman.__main__ import main
        from elman.utils import resumable

        for number, name, flags in ((0, os.devnull, os.O_RDONLY), (1, os.devnull, os.O_WRONLY)):
            os.dup2(os.open(name, flags), number)
        os.dup2(os.open(self._stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.chdir(place)
        os.environ["TMPDIR"] = str(place / "tmp")
        tempfile.tempdir = None
        resumable.SECONDS, resumable.MEMBER = 0.005, MEMBER
        sys.argv = ["elman", *words]
        operations = 0

        def see(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal operations
            creates = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
            if creates or event in ("os.rename", "os.remove"):
                operations += 1
                if operations == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(see)
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        counted = operations
        self._count.write_text(str(counted))
        os._exit(status)

    def end(self, kill_after: float = SECONDS) -> bool:
        """Wait, and kill it after so many seconds; return whether it was killed. Raises Disturbed if it fails."""
        status = self._wait(self._began + kill_after)
        if status is None:
            os.kill(self._pid, signal.SIGKILL)
            status = self._wait(time.monotonic() + SECONDS)
        assert status is not None
        self.seconds = time.monotonic() - self._began
        if status not in (0, -signal.SIGKILL):
            raise Disturbed(f"exit status {status}: {self._stderr.read_text(errors='replace')[-2_000:]}")
        return status != 0

    def _wait(self, until: float) -> int | None:
        while True:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > until:
                return None
            time.sleep(0.0005)

    @property
    def operations(self) -> int:
        """How many file operations it made."""
        return int(self._count.read_text())


class Killer:
    """Runs commands of a workshop, kills them and goes on."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self._usual: dict[str, Usual] = {}

    def usual(self, command: Command) -> Usual:
        """Return what an undisturbed run does."""
        if command.name not in self._usual:
            self.workshop.prepare()
            fork = Fork(self.workshop, command.words)
            fork.end()
            self._check(command, None)
            self._usual[command.name] = Usual(fork.seconds, fork.operations, self._output(command))
        return self._usual[command.name]

    def case(self, command: Command, draw: random.Random) -> list[str]:
        """Kill a command once or more often, and go on. Return what each kill left; raises Disturbed."""
        usual, left = self.usual(command), list[str]()
        while not left:  # a kill that comes too late is no kill
            self.workshop.prepare()
            words: Sequence[str] | None = command.words
            while words is not None and self._killed(words, usual, draw, often=not left):
                kept = any((self.workshop.place / name).exists() for name in command.keeps)
                left.append("went on from what was kept" if kept else "nothing was kept, began again")
                words = self._again(command, draw)
            self._check(command, usual.output)
        return left

    def _killed(self, words: Sequence[str], usual: Usual, draw: random.Random, *, often: bool) -> bool:
        """Run a command, and kill it at a random moment; ``often``, else seldom. Return whether it was killed."""
        if not often and draw.random() < 0.7:
            return Fork(self.workshop, words).end()
        kind, n = draw.random(), usual.operations
        if kind < 0.6:
            return Fork(self.workshop, words).end(draw.uniform(0.0, 1.05 * usual.seconds))
        first = max(1, n - LAST) if kind < 0.8 else 1
        return Fork(self.workshop, words, draw.randint(first, n)).end()

    def _again(self, command: Command, draw: random.Random) -> list[str] | None:
        """Return the command line that goes on; None if the killed process had done everything."""
        if "--checkpoint" not in command.words:
            return command.words
        if any((self.workshop.place / name).exists() for name in command.keeps):
            more = ["--every", draw.choice(["0s", "30s"]), "--threads", draw.choice("12"), "--quiet"]
            return [command.words[0], "--resume", command.keeps[0], *more]
        is_done = (self.workshop.place / command.writes[0]).exists()
        return None if is_done else command.words

    def _output(self, command: Command) -> bytes:
        return (self.workshop.place / command.writes[0]).read_bytes()

    def _check(self, command: Command, output: bytes | None) -> None:
        """Raise Disturbed for other bytes, and for a file that is left or has changed."""
        files = files_in(self.workshop.place)
        if output is not None and files.get(command.writes[0]) != output:
            raise Disturbed(f"{command.writes[0]}: other bytes, or none")
        before = self.workshop.before
        for name in sorted(files.keys() | before.keys()):
            if name not in command.writes and files.get(name) != before.get(name):
                raise Disturbed(f"{name} {'is left behind' if name not in before else 'was changed'}")


def prove(given: argparse.Namespace, kind: str, killer: Killer) -> int:
    """Kill the commands of a kind; return the exit status."""
    campaign = Campaign(given, f"kill -9, {kind}", title=TITLES[kind], folders=FOLDERS)
    commands = COMMANDS[kind]
    for number in campaign.cases(KILLS):
        draw = random.Random(f"{given.seed} {kind} {number}")
        command = commands[number % len(commands)]
        try:
            for outcome in killer.case(command, draw):
                campaign.count(outcome)
        except Disturbed as error:
            campaign.fault(f"case {number}, seed {given.seed}: {command.name}: {error}")
    return campaign.finish()


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill as the command line says; return the exit status."""
    from importlib import import_module

    parser = options(__doc__)
    parser.add_argument("--only", choices=TITLES, help="one kind of commands")
    given = parser.parse_args(arguments)
    for name in IMPORTED:
        import_module(f"elman.cli.commands.{name}")
    kinds = [given.only] if given.only else list(TITLES)
    given.minutes /= len(kinds)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as temporary:
        folder = Path(temporary).resolve()
        killer = Killer(Workshop(folder / "workshop", [each for kind in kinds for each in COMMANDS[kind]]))
        return max([prove(given, kind, killer) for kind in kinds])


if __name__ == "__main__":
    sys.exit(main())
