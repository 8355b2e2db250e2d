"""A few of the kills of ``kill_resume.py`` and stops of ``stop_at_step.py``, with fixed seeds."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

if os.name == "nt":
    pytest.skip("there is no kill -9 there", allow_module_level=True)

import kill_resume
import stop_at_step
from workshop import Disturbed, Workshop

pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")


@pytest.fixture(scope="module")
def killer(tmp_path_factory: pytest.TempPathFactory) -> kill_resume.Killer:
    return kill_resume.Killer(Workshop(tmp_path_factory.mktemp("kills").resolve() / "workshop"))


@pytest.mark.parametrize("kind", kill_resume.COMMANDS)
def test_killed_and_gone_on_with(killer: kill_resume.Killer, kind: str) -> None:
    draw = random.Random(1)
    for command in kill_resume.COMMANDS[kind][:2]:
        assert killer.case(command, draw)


def test_other_bytes_and_files_that_are_left_are_found(killer: kill_resume.Killer) -> None:
    """Else nothing would be a fault."""
    command = kill_resume.COMMANDS["converting"][0]
    place = killer.workshop.prepare()
    kill_resume.Fork(killer.workshop, command.words).end()
    killer._check(command, (place / "old.jsonl").read_bytes())
    with pytest.raises(Disturbed, match=r"old\.jsonl: other bytes"):
        killer._check(command, b"other")
    (place / ".elman-1.part").touch()
    with pytest.raises(Disturbed, match=r"\.elman-1\.part is left behind"):
        killer._check(command, None)


@pytest.mark.parametrize("task", ["tag", "lm"])
def test_stopped_and_resumed(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_at_step.progress, "time", None)  # put back at the end
    runs = stop_at_step.Runs(tmp_path)
    for threads, k in ((1, 1), (2, 37)):
        assert runs.stopped(task, threads, k) == runs.whole(task)
