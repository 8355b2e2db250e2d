"""Kill workers of ``elman tag --shards --cluster`` at random moments: the same folder, and hardly any work done again.

    python tests/reliability/kill_workers.py [--share 0.1] [--seed 1] [--minutes 20]

A case tags a text by two workers, and kills one (kill -9) after a random time, at times another one later. The folder
must be that of an undisturbed run, byte for byte, and a shard may be begun once more for each worker that was killed.
In every fifth case the parent is killed too, its workers have to end within two seconds, and the same command goes on.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from campaign import Campaign, memory
from elman.cli.commands import tag_shards
from elman.cli.shard_tagging import ShardWork
from elman.scale.plan import Shard
from elman.scale.shards import ShardResult

KILLS = 100
SHARDS, EACH = 40, 1_000
"""Shards of the text, and how often each has the lines."""
ALIVE = 2.0
"""Seconds that workers may outlive their parent."""
LINES = "the dog sees a cat\na saw barks\nthe house sees the dog\nan old dog barks\n"
FOLDERS = ("cli", "data", "scale", "taggers", "utils")


class LoggedWork(ShardWork):
    """Writes a line for each shard that is begun."""

    def __call__(self, shard: Shard) -> ShardResult:
        """Tag a shard."""
        log = os.open(os.environ["ELMAN_TEST_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(log, b"%d\n" % shard.number)
        os.close(log)
        return super().__call__(shard)


class Disturbed(Exception):
    """What went wrong."""


class Corpus:
    """A text, a model, and the folder that an undisturbed run makes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        (folder / "train").write_text("the_D dog_N barks_V\na_D cat_N sees_V the_D house_N\n", encoding="utf-8")
        (folder / "text").write_text(LINES * EACH * SHARDS, encoding="utf-8")
        train = ["train", "train", "-o", "model", "--set", "epochs=2", "--set", "hidden=64", "--ensemble", "1"]
        subprocess.run([sys.executable, "-m", "elman", *train, "-q"], cwd=folder, check=True, capture_output=True)
        with self.tagging("one", "--threads", "1") as process:
            self.end(process)
        self.usual = self.visible("one")
        began = time.monotonic()
        with self.tagging("two") as process:
            self.end(process)
        self.seconds = time.monotonic() - began

    def tagging(self, output: str, *who: str) -> subprocess.Popen[bytes]:
        """Begin to tag the text into a folder, by default by two workers."""
        size = str(len(LINES) * EACH)
        who = who or ("--cluster", "local:2")
        words = ["tag", "model", "text", "--shards", output, "--shard-size", size, "-q", *who]
        environment = {**os.environ, "ELMAN_TEST_LOG": str(self.log)}
        command = [sys.executable, __file__, "--child", *words]
        return subprocess.Popen(command, cwd=self.folder, env=environment, stderr=subprocess.PIPE)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for the end. Raises Disturbed if it fails."""
        _, err = process.communicate(timeout=120)
        if process.returncode or err:
            raise Disturbed(f"exit status {process.returncode}: {err.decode(errors='replace')[-500:]}")

    def visible(self, output: str) -> dict[str, bytes]:
        """All files of a folder but those of a dot."""
        return {path.name: path.read_bytes() for path in (self.folder / output).glob("[!.]*")}

    def begun(self) -> list[str]:
        """The shards that were begun since the last call."""
        found = self.log.read_text(encoding="utf-8").split() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return found


def workers(parent: int) -> list[int]:
    """The workers of a process."""
    found = Path(f"/proc/{parent}/task/{parent}/children")
    try:
        return [
            int(pid)
            for pid in found.read_text().split()
            if b"scale.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
    except OSError:
        return []


def case(corpus: Corpus, draw: random.Random, *, parent_too: bool) -> list[str]:
    """Kill, and compare. Return what happened; raises Disturbed."""
    corpus.begun()
    output, happened = "other", list[str]()
    subprocess.run(["rm", "-rf", output], cwd=corpus.folder, check=True)
    kills = 0
    with corpus.tagging(output) as process:
        for _ in range(1 + (draw.random() < 0.3)):
            time.sleep(draw.uniform(0.1, 0.9) * corpus.seconds)
            if living := workers(process.pid):
                os.kill(draw.choice(living), signal.SIGKILL)
                kills += 1
        if not parent_too:
            corpus.end(process)
        else:
            living = workers(process.pid)
            process.kill()
            process.communicate()
            until = time.monotonic() + ALIVE
            while any(Path(f"/proc/{pid}").exists() for pid in living):
                if time.monotonic() > until:
                    raise Disturbed("a worker lives two seconds after its parent")
                time.sleep(0.02)
            happened.append("parent killed, gone on with")
    begun_in_vain = kills
    if parent_too:
        begun_in_vain += 2  # shards of the two workers that ended with it
        with corpus.tagging(output) as process:
            corpus.end(process)
    found = corpus.visible(output)
    if found != corpus.usual:
        other = sorted(name for name in found.keys() | corpus.usual.keys() if found.get(name) != corpus.usual.get(name))
        raise Disturbed(f"other files: {', '.join(other)}")
    again = len(corpus.begun()) - SHARDS
    if again > begun_in_vain:
        raise Disturbed(f"{again} shards were begun again after {kills} kills")
    if not again:  # nobody was at work just then: no kill
        return case(corpus, draw, parent_too=parent_too)
    return [*happened, *["a shard begun again, the same folder"] * again]


def main() -> int:
    """Kill as the command line says; return the exit status."""
    title = "workers of tag --shards --cluster local:2, killed with kill -9"
    campaign = Campaign.from_command_line(__doc__, "kill -9, workers", title=title, folders=FOLDERS)
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        corpus = Corpus(Path(folder))
        for number in campaign.cases(KILLS):
            draw = random.Random(f"{campaign.given.seed} workers {number}")
            try:
                for outcome in case(corpus, draw, parent_too=number % 5 == 4):
                    campaign.count(outcome)
            except Disturbed as error:
                campaign.fault(f"case {number}, seed {campaign.given.seed}: {error}")
    return campaign.finish()


def _child() -> None:
    """Run the command with a log of the shards that are begun."""
    import kill_workers
    from elman.__main__ import main as elman

    of_parent: Any = tag_shards
    of_parent.ShardWork = kill_workers.LoggedWork  # not that of __main__, which workers would not find
    sys.argv = ["elman", *sys.argv[2:]]
    elman()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _child()
    else:
        sys.exit(main())
