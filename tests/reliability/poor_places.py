"""Run every command in places where something is missing: descriptors, a home, a locale, streams, TMPDIR, a disk.

    python tests/reliability/poor_places.py [--share 0.1] [--seed 1] [--minutes 20]

A command does its work, or says in one line what is missing.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from address_space import LIGHT
from campaign import Campaign
from side_by_side import OF_ITS_OWN, options, try_all, workshops
from workshop import COMMANDS, Command, Disturbed, Workshop

OTHER_COMMANDS = (
    Command("info", "info"),
    Command("settings", "settings"),
    Command("inspect", "inspect tag.model"),
    Command("states", "states tag.model --help"),
    Command("curve", "curve train.conllu --dev dev.conllu --help"),
    Command("sample", "sample --help"),
    Command("compare", "compare dev.conllu tag.model tag.model"),
    Command("gradients", "gradients tag.model dev.conllu"),
    Command("find-lr", "find-lr train.conllu --threads 1"),
    Command("completion", "completion zsh"),
    Command("corrections", "corrections --help"),
    Command("serve", "serve --help"),
    Command("search", "search --help"),
    Command("export", "export --help"),
    Command("demo", "demo --help"),
    Command("tutorial", "tutorial --help"),
)
"""The commands that are disturbed in no other proof; the help of those that need more than the files here."""


@dataclass(frozen=True)
class Place:
    """What a shell does before it starts the command, and whether standard output and error are there at all."""

    name: str
    shell: str = 'exec "$@"'
    env: dict[str, str] = field(default_factory=dict)
    writes: bool = True  # standard output can be written
    complains: bool = True  # standard error can be written


def without(package: str) -> Place:
    """Return a place where a package that elman needs cannot be imported."""
    line = f"raise ModuleNotFoundError('No module named {package}', name='{package}')"
    make = f'mkdir tmp/without; echo "{line}" > tmp/without/{package}.py'
    run = 'PYTHONPATH="$PWD/tmp/without:$PYTHONPATH" PYTHONDONTWRITEBYTECODE=1 "$@"; s=$?'
    return Place(f"no {package}", f"{make}; {run}; rm -r tmp/without; exit $s")


PLACES = (
    Place("20 descriptors", 'ulimit -n 20; exec "$@"'),
    Place("8 descriptors", 'ulimit -n 8; exec "$@"'),
    Place("no HOME", 'unset HOME; exec "$@"'),
    Place("no such HOME", env={"HOME": "/nowhere/at/all"}),
    Place("read-only HOME", 'mkdir home; chmod 555 home; HOME=$PWD/home "$@"; s=$?; rmdir home; exit $s'),
    Place("LANG=C", env={"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}),
    Place("no such locale", env={"LANG": "xx_YY.UTF-8", "LC_ALL": "xx_YY.UTF-8"}),
    Place("no environment", 'exec env -i PYTHONPATH="$PYTHONPATH" "$@"'),
    Place("standard input closed", 'exec "$@" <&-'),
    Place("standard output closed", 'exec "$@" >&-', writes=False),
    Place("standard error closed", 'exec "$@" 2>&-', complains=False),
    Place("all three closed", 'exec "$@" <&- >&- 2>&-', writes=False, complains=False),
    Place("standard output full", 'exec "$@" >/dev/full', writes=False),
    Place("standard error full", 'exec "$@" 2>/dev/full', complains=False),
    Place("both full", 'exec "$@" >/dev/full 2>&1', writes=False, complains=False),
    Place("TMPDIR gone", env={"TMPDIR": "/nowhere/at/all"}),
    Place("TMPDIR is a file", 'TMPDIR=$PWD/train.txt exec "$@"'),
    Place("files of at most 4 KB", 'ulimit -f 8; exec "$@"'),
    Place("stack of 256 KB", 'ulimit -s 256; exec "$@"'),
    Place("an unknown terminal", env={"TERM": "nonsense", "LINES": "x"}),
    *map(without, ("numpy", "safetensors", "click", "tqdm")),
)


def visit(workshop: Workshop, command: Command, place: Place) -> str:
    """Return what came out of a command in a place. Raises Disturbed for what may not."""
    expected = workshop.expected(command)
    outcome = workshop.run(command, prefix=[*OF_ITS_OWN, "sh", "-c", place.shell, "sh"], env=place.env)
    if not place.complains:
        if outcome.status not in (0, 2):
            raise Disturbed(f"exit status {outcome.status}")
        outcome.stderr = "elman: \n" if outcome.status else ""
    if not place.writes and outcome.status == 0:
        if expected.stdout:
            raise Disturbed("exit status 0, although standard output was lost")
        outcome.stdout = expected.stdout
    if command.name in ("info", "find-lr") and outcome.status == 0:  # they show the machine, the time
        outcome.stdout = expected.stdout
    if place.name == "no numpy" and command.name in LIGHT and outcome.status:
        raise Disturbed(f"needs NumPy: {outcome.stderr}")
    return workshop.judge(command, outcome)


def _visit(workshop: Workshop, case: tuple[Command, Place]) -> str:
    return visit(workshop, *case)


def main(arguments: Sequence[str] | None = None) -> int:
    """Visit as the command line says; return the exit status."""
    given = options(__doc__).parse_args(arguments)
    commands = COMMANDS + OTHER_COMMANDS
    title = f"{len(commands)} commands in {len(PLACES)} places where something is missing"
    campaign = Campaign(given, "poor places", title=title, folders=["."])
    cases = [(command, place) for command in commands for place in PLACES]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        attempts = [partial(_visit, workshop) for workshop in workshops(folder, commands, given.jobs)]
        try_all(campaign, cases, attempts, lambda case: f"{case[0].name}, {case[1].name}")
    return campaign.finish()


if __name__ == "__main__":
    sys.exit(main())
