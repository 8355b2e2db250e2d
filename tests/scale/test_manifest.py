"""The folder of parts: what is done counts only if it is whole, and only for the same work."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from elman.errors import ConfigError, DataError
from elman.scale.manifest import ShardFolder
from elman.scale.plan import Plan, cut, sha256
from elman.scale.shards import ShardResult, entry_of, pending, run

ABOUT = {"the model": "abc", "--as": None}
NAMES = ["part-00000-00000", "part-00000-00001", "part-00001-00000", "part-00001-00001"]
"""The shards of the plan: two of each file."""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    for name in "ab":
        (tmp_path / name).write_text("x y\n" * 8, encoding="utf-8")
    return made(tmp_path)


def made(tmp_path: Path, *names: str) -> Plan:
    return cut([str(tmp_path / name) for name in names or "ab"], 16, "utf-8", lambda path: "line")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "out")


def write(folder: ShardFolder, plan: Plan, number: int, text: str = "part") -> dict[str, Any]:
    name = plan.shards[number].name
    Path(folder.path, name).write_text(text, encoding="utf-8")
    shard = plan.shards[number]
    digest = sha256(shard.file.path, shard.begin, shard.end)
    entry = entry_of(shard, folder.path, name, words=2, input_sha256=digest)
    folder.add(entry)
    return entry


def numbers(names: Iterable[str]) -> list[int]:
    return [NAMES.index(name) for name in names]


def test_an_entry_says_all_of_a_part(path: str, plan: Plan, tmp_path: Path) -> None:
    with ShardFolder(path, plan, ABOUT) as folder:
        entry = write(folder, plan, 1)
        assert folder.done() == {NAMES[1]: entry}
    assert entry == {
        "shard": NAMES[1],
        "part": NAMES[1],
        "input": str(tmp_path / "a"),
        "begin": 16,
        "end": 32,
        "words": 2,
        "input_sha256": sha256(str(tmp_path / "a"), 16, 32),
        "size": 4,
        "sha256": sha256(os.path.join(path, NAMES[1])),
    }
    assert sha256(str(tmp_path / "a"), 0, 4) == sha256(str(tmp_path / "a"), 4, 8) != sha256(str(tmp_path / "a"))


def test_what_does_not_count(path: str, plan: Plan) -> None:
    with ShardFolder(path, plan, ABOUT) as folder:
        for number in range(3):
            write(folder, plan, number)
        Path(path, NAMES[0]).unlink()
        Path(path, NAMES[1]).write_text("longer than it was", encoding="utf-8")
        assert numbers(folder.done()) == [2]
        manifest = Path(path, "manifest.jsonl")
        manifest.write_bytes(manifest.read_bytes()[:-9])  # killed in the middle of a line
        assert numbers(folder.done()) == []
        write(folder, plan, 3)
        assert numbers(folder.done()) == [3]
        assert [shard.number for shard in pending(folder, plan)] == [0, 1, 2]


def test_the_end_has_no_traces_of_who_did_what(path: str, plan: Plan) -> None:
    n_done = 0
    for rank, own in ((1, [3, 1]), (0, [2, 0])):
        with ShardFolder(path, plan, ABOUT, rank=rank, world=2) as folder:
            assert [shard.number for shard in pending(folder, plan, rank=rank, world=2)] == sorted(own)
            for number in own:
                assert folder.finish() == n_done
                write(folder, plan, number)
                n_done += 1
    assert folder.finish() == 4
    visible = sorted(name for name in os.listdir(path) if not name.startswith("."))
    assert visible == ["manifest-plan.json", "manifest.jsonl", *NAMES]
    lines = Path(path, "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["shard"] for line in lines] == NAMES


def refusal(path: str, plan: Plan, about: dict[str, Any] = ABOUT, **options: int) -> str:
    with pytest.raises(ConfigError) as error, ShardFolder(path, plan, about, **options):
        pass
    begun, advice = "/manifest-plan.json: begun for other work: ", "; name another folder, or remove this one"
    text = str(error.value)
    assert text.startswith(path + begun) and text.endswith(advice)
    return text.removeprefix(path + begun).removesuffix(advice)


def test_other_work_is_refused(path: str, plan: Plan, tmp_path: Path) -> None:
    with ShardFolder(path, plan, ABOUT) as folder:
        write(folder, plan, 0)
    assert refusal(path, plan, ABOUT | {"the model": "abd"}) == "the model was 'abc' and is 'abd'"
    assert refusal(path, made(tmp_path, "a")) == f"{tmp_path / 'b'} was among its files"
    assert refusal(path, made(tmp_path, "b", "a")) == "its files were in another order"
    (tmp_path / "c").write_text("x\n", encoding="utf-8")
    assert refusal(path, made(tmp_path, "a", "b", "c")) == f"{tmp_path / 'c'} was not among its files"
    os.utime(tmp_path / "b", ns=(0, 0))
    assert refusal(path, made(tmp_path)) == f"{tmp_path / 'b'} has changed since (its size, or its time)"
    Path(path, "manifest-plan.json").write_text("{}", encoding="utf-8")
    text = f"^{re.escape(path)}/manifest-plan.json: damaged; remove the folder, and begin again$"
    with pytest.raises(DataError, match=text), ShardFolder(path, plan, ABOUT):
        pass


def test_a_file_of_which_a_shard_failed_may_be_mended(path: str, plan: Plan, tmp_path: Path) -> None:
    """Parts stay whose bytes are the same; the others are written again, also if there are more shards now."""
    with ShardFolder(path, plan, ABOUT) as folder:
        for number in (0, 2, 3):
            write(folder, plan, number)
        folder.add({"shard": NAMES[1], "error": "bad"})
    (tmp_path / "a").write_text("x y\n" * 4 + "x yy\n" * 8, encoding="utf-8")
    mended = made(tmp_path)
    names = [shard.name for shard in mended.shards]
    assert len(names) == 5 and mended.shards[0].end == plan.shards[0].end
    assert "run the command once without --rank" in refusal(path, mended, rank=0, world=2)
    with ShardFolder(path, mended, ABOUT) as folder:
        assert list(folder.done()) == [NAMES[0], NAMES[2], NAMES[3]]
        write(folder, mended, 1)
        write(folder, mended, 2)
        assert folder.finish() == 5
    with ShardFolder(path, mended, ABOUT) as folder:  # the plan is the new one
        assert list(folder.done()) == names
    (tmp_path / "a").write_text("x z\n" * 9, encoding="utf-8")
    assert refusal(path, made(tmp_path)) == f"{tmp_path / 'a'} has changed since (its size, or its time)"


def test_folders_of_other_things_are_refused(path: str, plan: Plan) -> None:
    os.makedirs(path)
    Path(path, ".hidden").touch()
    with ShardFolder(path, plan, ABOUT):
        pass
    Path(path, "manifest-plan.json").unlink()
    Path(path, "thesis").touch()
    text = "holds 'thesis' and no manifest-plan.json; expected a new or an empty folder"
    with pytest.raises(ConfigError, match=text), ShardFolder(path, plan, ABOUT):
        pass


def test_one_process_at_a_time(path: str, plan: Plan) -> None:
    with ShardFolder(path, plan, ABOUT):
        with pytest.raises(ConfigError, match="another process writes"), ShardFolder(path, plan, ABOUT):
            pass
        with ShardFolder(path, plan, ABOUT, rank=0, world=2):  # of a job array: they have locks of their own
            pass


def test_shards_that_fail_are_listed_and_the_others_done(path: str, plan: Plan) -> None:
    with ShardFolder(path, plan, ABOUT) as folder:

        def work(todo: Any) -> Any:
            for index in (2, 0, 3):
                shard = todo[index]
                Path(path, shard.name).touch()
                yield index, ShardResult(entry_of(shard, path, shard.name), notes=(f"note {index}",))
            yield 1, ShardResult(None, "broken")

        seen: list[int] = []
        ended = run(folder, pending(folder, plan), work, lambda shard, result: seen.append(shard.number))
        assert ended.n_done == 3 and ended.failed == [(plan.shards[1], "broken")] and ended.n_all == 3
        assert ended.notes == [(0, "note 0"), (2, "note 2"), (3, "note 3")]
        assert seen == [2, 0, 3, 1]
        assert [shard.number for shard in pending(folder, plan)] == [1]
