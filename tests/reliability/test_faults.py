"""Parts of the proofs of faults of the system, with fixed seeds: failing calls, power loss, poor places, threads."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import address_space
import fault_calls
import many_threads
import poor_places
from forked import Forked, build_library
from journal import Disk, parse
from power_loss import Journals
from workshop import COMMANDS, Command, Disturbed, Workshop

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the faults are those of Linux")
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")
pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")

NAMED = {command.name: command for command in COMMANDS}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("faults").resolve() / "workshop", [*COMMANDS, *poor_places.OTHER_COMMANDS])


@pytest.fixture(scope="module")
def forked(workshop: Workshop) -> Iterator[Forked]:
    with Forked(workshop, build_library(workshop.folder)) as server:
        yield server


@needs_cc
@pytest.mark.parametrize("name", ["tag", "convert", "learn", "train hmm"])
def test_calls_that_fail(forked: Forked, workshop: Workshop, name: str) -> None:
    """Every write, fsync and rename of four commands, and some of the other calls."""
    command = NAMED[name]
    workshop.judge(command, forked.run(command, {}))
    reached = forked.reached()
    assert all(reached[call] for call in ("create", "open", "read", "write", "fsync", "rename"))
    draw, seen = random.Random(1), set()
    for call, modes in fault_calls.MODES.items():
        every = call in ("create", "fsync", "rename")
        numbers = range(1, reached[call] + 2) if every else draw.sample(range(1, reached[call] + 2), 1)
        for n in numbers:
            seen.add(fault_calls.disturb(forked, workshop, (command, call, n, modes[0])))
    assert {"one line, exit 2", "not reached"} <= seen


@needs_cc
def test_a_disk_that_fills_up_amid_a_write_and_calls_that_are_interrupted(forked: Forked, workshop: Workshop) -> None:
    for name in ("tag stdout", "tag gzip"):
        assert fault_calls.disturb(forked, workshop, (NAMED[name], "write", 1, "FULL")) == "one line, exit 2"
        for call, mode in (("write", "SHORT"), ("write", "EINTR"), ("read", "SHORT"), ("create", "EINTR")):
            assert fault_calls.disturb(forked, workshop, (NAMED[name], call, 1, mode)) in ("work done", "not reached")
    for name in ("tag resume", "convert resume"):
        assert fault_calls.disturb(forked, workshop, (NAMED[name], "ftruncate", 1, "EINTR")) == "work done"


@needs_cc
def test_power_loss_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    journals = Journals(tmp_path.resolve(), [NAMED[name] for name in ("tag", "convert", "learn page")])
    total = {"old file": 0, "new file": 0}
    for case in journals.cases():
        for outcome, n in journals.lose_power(case, random.Random(1), draws=50).items():
            total[outcome] += n
    assert min(total.values()) > 50


def test_the_journal_shows_a_mix_and_a_lost_file() -> None:
    """Else the proof would find nothing: a file written in place, and one renamed without a flush."""
    draw = random.Random(1)
    in_place = Disk({"/d/f": b"o" * 2_000})
    entries = parse(b"create\t1\t/d/t\nwrite\t1\t0\t1500\n" + b"n" * 1_500 + b"rename\t/d/t\t/d/f\nfsync\t7\t/d\n")
    assert [entry.call for entry in entries] == ["create", "write", "rename", "fsync"]
    for entry in entries:
        in_place.do(entry)
    seen = {in_place.after_power_loss(draw)["/d/f"] for _ in range(100)}
    assert b"" in seen and b"n" * 1_500 in seen and len(seen) > 3
    unflushed = Disk({"/d/f": b"old"})
    for entry in parse(b"create\t1\t/d/t\nwrite\t1\t0\t3\nnewfsync\t1\t/d/t\nrename\t/d/t\t/d/f\n"):
        unflushed.do(entry)
    assert {unflushed.after_power_loss(draw)["/d/f"] for _ in range(100)} == {b"old", b"new"}


def test_little_address_space(workshop: Workshop) -> None:
    """For three commands: no room for NumPy, room for half of the work, room for all of it."""
    least = {kind: address_space.least_for(code) for kind, code in address_space.LEAST.items()}
    squeeze = address_space.Squeeze(workshop, least)
    cases = [("numpy", 0), ("numpy", 98_304), ("numpy", 512_000), ("forked", 0), ("forked", 2_048)]
    with squeeze.forked:
        for name in ("tag", "train", "learn page"):
            outcomes = [squeeze((NAMED[name], *case)) for case in cases]
            assert outcomes[2] == "work done", outcomes
        assert squeeze((NAMED["tag parquet"], "numpy", 98_304)) == "one line, exit 2"
        assert squeeze((NAMED["train over"], "forked", 0))  # it hung: there was no room for a thread
        light = {squeeze((NAMED["tag"], "light", step)) for step in range(1_024, 6_144, 256)}
        assert squeeze((NAMED["tag"], "light", 100_000)) == "work done"
    assert light == {"one line, exit 2"}  # Python lost exceptions there
    assert len(address_space.all_cases()) > 1_000


@pytest.mark.parametrize(
    ("command", "place"),
    random.Random(1).sample(
        [(command, place) for command in (*COMMANDS, *poor_places.OTHER_COMMANDS) for place in poor_places.PLACES], 30
    ),
    ids=lambda value: value.name,
)
def test_poor_places(workshop: Workshop, command: Command, place: poor_places.Place) -> None:
    assert poor_places.visit(workshop, command, place) in ("work done", "one line, exit 2")


def test_what_may_not_come_out_is_found(workshop: Workshop) -> None:
    """Else nothing would be a fault."""
    command = NAMED["tag"]
    for spoil in (
        {"status": 1},
        {"status": -11},
        {"stderr": "Traceback (most recent call last):\n"},
        {"files": {**workshop.before, "old.txt": b"a mix"}},
        {"files": {**workshop.before, ".elman-1.part": b""}},
        {"files": {name: data for name, data in workshop.before.items() if name != "tag.model"}},
    ):
        outcome = workshop.run(command)
        vars(outcome).update(spoil)
        with pytest.raises(Disturbed):
            workshop.judge(command, outcome)


def test_one_model_in_many_threads_and_processes(tmp_path: Path) -> None:
    shared = many_threads.Shared(tmp_path, seed=1)
    done, errors = many_threads.round_of_threads(shared, seed=1)
    assert not errors, errors[0]
    assert sum(done.values()) == many_threads.THREADS * many_threads.TASKS_EACH and len(done) == 5
    done, errors = many_threads.round_of_processes(shared)
    assert not errors, errors
    assert done["process ended well"] == 4
