"""Limit the address space of commands in steps, from the least at which ``import numpy`` works.

    python tests/reliability/address_space.py [--share 0.1] [--seed 1] [--minutes 20]

A command does its work, with the tags and files of a run without a limit, or says in one line that memory is short.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from campaign import Campaign, options
from workshop import COMMANDS, Command, Disturbed, Workshop, environment

STEPS = [n * 1_024 for n in range(64)] + [n * 16_384 for n in range(4, 32)]
"""KB above the least at which NumPy can be imported: by 1 MB up to 64 MB, then by 16 MB."""


def limited(kilobytes: int) -> list[str]:
    """Return the words that start a program with so much address space."""
    return ["sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh"]


def least_for_numpy() -> int:
    """Return the KB with which ``import numpy`` works."""
    low, high = 1, 4_000_000
    while high - low > 256:
        middle = (low + high) // 2
        command = [*limited(middle), sys.executable, "-c", "import numpy"]
        works = subprocess.run(command, env=environment(), capture_output=True, check=False).returncode == 0
        low, high = (low, middle) if works else (middle, high)
    return high


def squeeze(workshop: Workshop, command: Command, kilobytes: int) -> str:
    """Return what came out of a command with so much address space. Raises Disturbed for what may not."""
    workshop.expected(command)
    return workshop.judge(command, workshop.run(command, prefix=limited(kilobytes)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Limit as the command line says; return the exit status."""
    given = options(__doc__).parse_args(arguments)
    title = f"{len(COMMANDS)} commands, address space limited in {len(STEPS)} steps"
    campaign = Campaign(given, "address space", title=title, folders=["."])
    cases = [(command, step) for command in COMMANDS for step in STEPS]
    with tempfile.TemporaryDirectory() as temporary:
        workshop = Workshop(Path(temporary).resolve() / "workshop")
        least = least_for_numpy()
        for command, step in campaign.cases(cases):
            try:
                campaign.count(squeeze(workshop, command, least + step))
            except Disturbed as error:
                campaign.fault(f"{command.name}, {least} + {step} KB: {error}")
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
