"""Try the cases of a proof side by side, each in a workshop of its own."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import campaign as campaigns
from campaign import Campaign
from workshop import Command, Disturbed, Workshop

OF_ITS_OWN = ("setsid", "--wait")
"""Words before a command that give it a session of its own: Ctrl-C ends the proof, and is no fault of the command."""

Attempt = Callable[[Any], str]


def options(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that every proof has, and ``--jobs``."""
    parser = campaigns.options(doc)
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time")
    return parser


def workshops(folder: Path, commands: Sequence[Command], jobs: int) -> list[Workshop]:
    """Return a workshop for each job; what comes out of an undisturbed run is the same in all of them."""
    made = [Workshop(folder / f"workshop{n}", commands) for n in range(jobs)]
    for other in made[1:]:
        assert other.before == made[0].before
        other._expected = made[0]._expected
    return made


def try_all(campaign: Campaign, cases: Sequence[Any], attempts: Sequence[Attempt], name: Callable[[Any], str]) -> None:
    """Count what came out of each case, and the faults by the names of their cases.

    ``attempts`` try a case each, one after the other; they raise Disturbed for what may not come out.
    """
    free: SimpleQueue[Attempt] = SimpleQueue()
    for attempt in attempts:
        free.put(attempt)

    def outcome(case: Any) -> tuple[str, str]:
        attempt = free.get()
        try:
            return attempt(case), ""
        except Disturbed as error:
            return "", f"{name(case)}: {error}"
        finally:
            free.put(attempt)

    def note(done: Iterable[Future[tuple[str, str]]]) -> None:
        for came_out, fault in (future.result() for future in done):
            if fault:
                campaign.fault(fault)
            else:
                campaign.count(came_out)

    with ThreadPoolExecutor(len(attempts)) as pool:
        running: set[Future[tuple[str, str]]] = set()
        for case in campaign.cases(cases):
            running.add(pool.submit(outcome, case))
            if len(running) == len(attempts):
                done, running = wait(running, return_when=FIRST_COMPLETED)
                note(done)
        note(running)
