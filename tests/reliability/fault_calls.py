"""Let the n-th write, fsync, rename, open … of a command fail, for every n until none is reached.

    python tests/reliability/fault_calls.py [--share 0.1] [--seed 1] [--minutes 20] [--only "train,tag"]

A command must say so in one line and exit with 2, or do its work; each file is the old one or the new one, and nothing
is left behind. A call that was interrupted (EINTR) or wrote a part (SHORT) is repeated, so the work is done.
Calls that remove files do not fail here: what cannot be removed stays.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from campaign import Campaign
from forked import Forked, build_library
from side_by_side import options, try_all, workshops
from workshop import COMMANDS, Command, Disturbed, Workshop

Case = tuple[Command, str, int, str]  # the n-th call of a kind, and how it fails

MODES = {
    "create": ("ENOSPC", "EIO", "EINTR"),
    "open": ("EIO", "EINTR"),
    "read": ("EIO", "EINTR", "SHORT"),
    "write": ("ENOSPC", "EIO", "FULL", "EINTR", "SHORT"),
    "fsync": ("ENOSPC", "EIO", "EINTR"),
    "rename": ("ENOSPC", "EIO"),
    "ftruncate": ("EIO", "EINTR"),
    "mkdir": ("ENOSPC", "EIO"),
    "close": ("ENOSPC", "EIO"),
}
REPEATED = ("EINTR", "SHORT")
FOLDERS = ("cli", "data", "learn", "models", "taggers", "training", "utils")


def all_cases(forked: Forked, workshop: Workshop) -> list[Case]:
    """Return the cases of every command: each call that it makes undisturbed, and one more, which is not reached."""
    cases = []
    for command in workshop.commands.values():
        workshop.expected(command)
        workshop.judge(command, forked.run(command, {}))
        reached = forked.reached()
        for call, modes in MODES.items():
            cases += [(command, call, n, mode) for n in range(1, reached[call] + 2) for mode in modes]
    return cases


def disturb(forked: Forked, workshop: Workshop, case: Case) -> str:
    """Return what came out: words for the counts. Raises Disturbed for what may not."""
    command, call, n, mode = case
    outcome = forked.run(command, {"call": call, "at": n, "mode": mode})
    came_out = workshop.judge(command, outcome)
    reached = forked.reached()[call] >= n
    if outcome.status and (not reached or mode in REPEATED):
        raise Disturbed(f"gave up: {outcome.stderr[-500:]}")
    return came_out if reached else "not reached"


def name(case: Case) -> str:
    """Return what identifies a case."""
    command, call, n, mode = case
    return f"{command.name}: {call} {n}, {mode}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Disturb as the command line says; return the exit status."""
    parser = options(__doc__)
    parser.add_argument("--only", default="", help="names of commands, separated by commas; the counts are not kept")
    given = parser.parse_args(arguments)
    names = [name.strip() for name in given.only.split(",") if name.strip()]
    commands = [command for command in COMMANDS if not names or command.name in names]
    title = f"{len(commands)} commands; the n-th read, write, fsync, open, rename … fails, for every n"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        if names:
            given.results = folder / "results.json"
        campaign = Campaign(given, "system calls that fail", title=title, folders=FOLDERS)
        library = build_library(folder)
        with ExitStack() as stack:
            made = workshops(folder, commands, given.jobs)
            pairs = [(stack.enter_context(Forked(workshop, library)), workshop) for workshop in made]
            cases = all_cases(*pairs[0])
            try_all(campaign, cases, [partial(disturb, *pair) for pair in pairs], name)
        return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
