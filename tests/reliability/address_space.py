"""Limit the address space of commands in steps, from the least at which ``import numpy`` works.

    python tests/reliability/address_space.py [--share 0.1] [--seed 1] [--minutes 20]

A command does its work, with the tags and files of a run without a limit, or says in one line that memory is short.
Commands that need no NumPy begin at the least with which Python finds elman. A case is one of three:

    numpy    a new process, with a limit above the least for NumPy
    light    a new process, with a limit above the least for Python
    forked   a fork of a process that has imported everything, with a limit above what it holds already; so memory runs
             out amid the work rather than in an import
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from campaign import Campaign
from forked import Forked
from side_by_side import OF_ITS_OWN, options, try_all, workshops
from workshop import COMMANDS, Command, Workshop, environment

LIGHT = ("tag", "tag stdout", "tag stdin", "convert", "convert gzip", "convert stdin", "convert stdout", "check")
"""The commands that need no NumPy."""
STEPS = {
    "numpy": [n * 24_576 for n in range(26)],
    "light": [1_024 + n * 1_024 for n in range(16)] + [n * 4_096 for n in range(4, 30)],
    "forked": [n * 256 for n in range(16)] + [n * 2_048 for n in range(2, 16)],
}
"""KB above the least: by 24 MB up to 600 MB; by 1 MB up to 16 MB and by 4 MB up to 116 MB; by 256 KB and 2 MB."""
LEAST = {"numpy": "import numpy", "light": "import runpy, elman.__main__"}
"""What must work with the least."""

Case = tuple[Command, str, int]


def all_cases() -> list[Case]:
    """Return the cases: a command, which of the three, KB above the least.

    Once it is imported, pyarrow ends the process itself if memory is short; elman asks for room before it imports it.
    """
    return [
        (command, kind, step)
        for command in COMMANDS
        for kind, steps in STEPS.items()
        for step in steps
        if (kind != "light" or command.name in LIGHT) and not (kind == "forked" and "parquet" in command.name)
    ]


def limited(kilobytes: int) -> list[str]:
    """Return the words that start a program with so much address space."""
    return [*OF_ITS_OWN, "sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh"]


def least_for(code: str) -> int:
    """Return the KB with which Python code works."""
    low, high = 1, 4_000_000
    while high - low > 256:
        middle = (low + high) // 2
        command = [*limited(middle), sys.executable, "-c", code]
        works = subprocess.run(command, env=environment(), capture_output=True, check=False).returncode == 0
        low, high = (low, middle) if works else (middle, high)
    return high


class Squeeze:
    """Runs commands of a workshop with little address space."""

    def __init__(self, workshop: Workshop, least: Mapping[str, int]) -> None:
        """``least``: KB for each of ``LEAST``."""
        self.workshop, self.forked, self._least = workshop, Forked(workshop), least

    def __call__(self, case: Case) -> str:
        """Return what came out. Raises Disturbed for what may not."""
        command, kind, step = case
        self.workshop.expected(command)
        if kind == "forked":
            outcome = self.forked.run(command, {}, more_memory=step)
        else:
            outcome = self.workshop.run(command, prefix=limited(self._least[kind] + step))
        return self.workshop.judge(command, outcome)


def name(case: Case) -> str:
    """Return what identifies a case."""
    command, kind, step = case
    return f"{command.name}, {kind}, {step} KB"


def main(arguments: Sequence[str] | None = None) -> int:
    """Limit as the command line says; return the exit status."""
    given = options(__doc__).parse_args(arguments)
    title = f"{len(COMMANDS)} commands, address space limited in up to {sum(map(len, STEPS.values()))} steps"
    campaign = Campaign(given, "address space", title=title, folders=["."])
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary).resolve()
        least = {kind: least_for(code) for kind, code in LEAST.items()}
        attempts = [Squeeze(workshop, least) for workshop in workshops(folder, COMMANDS, given.jobs)]
        for attempt in attempts:
            stack.enter_context(attempt.forked)
        try_all(campaign, all_cases(), attempts, name)
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
