"""The folder of parts: what is done counts only if it is whole, and only for the same work."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from elman.errors import ConfigError
from elman.scale.manifest import ShardFolder
from elman.scale.plan import Plan, cut
from elman.scale.shards import ShardResult, entry_of, pending, run, sha256

ABOUT = {"the model": "abc", "--as": None}


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
    name = f"part-{number}"
    Path(folder.path, name).write_text(text, encoding="utf-8")
    entry = entry_of(plan.shards[number], folder.path, name, words=2)
    folder.add(entry)
    return entry


def test_an_entry_says_all_of_a_part(path: str, plan: Plan, tmp_path: Path) -> None:
    with ShardFolder(path, plan, ABOUT) as folder:
        entry = write(folder, plan, 1)
        assert folder.done() == {1: entry}
    assert entry == {
        "shard": 1,
        "part": "part-1",
        "input": str(tmp_path / "a"),
        "begin": 16,
        "end": 32,
        "words": 2,
        "size": 4,
        "sha256": sha256(os.path.join(path, "part-1")),
    }
    assert sha256(str(tmp_path / "a"), 0, 4) == sha256(str(tmp_path / "a"), 4, 8) != sha256(str(tmp_path / "a"))


def test_what_does_not_count(path: str, plan: Plan) -> None:
    with ShardFolder(path, plan, ABOUT) as folder:
        for number in range(3):
            write(folder, plan, number)
        Path(path, "part-0").unlink()
        Path(path, "part-1").write_text("longer than it was", encoding="utf-8")
        assert list(folder.done()) == [2]
        manifest = Path(path, "manifest.jsonl")
        manifest.write_bytes(manifest.read_bytes()[:-9])  # killed in the middle of a line
        assert list(folder.done()) == []
        write(folder, plan, 3)
        assert list(folder.done()) == [3]
        assert [shard.number for shard in pending(folder, plan)] == [0, 1, 2]


def test_the_end_has_no_traces_of_who_did_what(path: str, plan: Plan) -> None:
    for rank, numbers in ((1, [3, 1]), (0, [2, 0])):
        with ShardFolder(path, plan, ABOUT, rank=rank, world=2) as folder:
            assert [shard.number for shard in pending(folder, plan, rank=rank, world=2)] == sorted(numbers)
            for number in numbers:
                assert not folder.finish()
                write(folder, plan, number)
    assert folder.finish()
    visible = sorted(name for name in os.listdir(path) if not name.startswith("."))
    assert visible == ["manifest-plan.json", "manifest.jsonl", *(f"part-{number}" for number in range(4))]
    lines = Path(path, "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["shard"] for line in lines] == [0, 1, 2, 3]


def refusal(path: str, plan: Plan, about: dict[str, Any] = ABOUT) -> str:
    with pytest.raises(ConfigError) as error, ShardFolder(path, plan, about):
        pass
    return str(error.value).removeprefix(path).strip("/")


def test_other_work_is_refused(path: str, plan: Plan, tmp_path: Path) -> None:
    with ShardFolder(path, plan, ABOUT) as folder:
        write(folder, plan, 0)
    begun, advice = "manifest-plan.json: begun for other work: ", "; name another folder, or remove this one"
    assert refusal(path, plan, ABOUT | {"the model": "abd"}) == f"{begun}the model was 'abc' and is 'abd'{advice}"
    assert refusal(path, made(tmp_path, "a")) == f"{begun}{tmp_path / 'b'} was among its files{advice}"
    (tmp_path / "c").write_text("x\n", encoding="utf-8")
    assert refusal(path, made(tmp_path, "a", "b", "c")) == f"{begun}{tmp_path / 'c'} was not among its files{advice}"
    os.utime(tmp_path / "a", ns=(0, 0))
    assert refusal(path, made(tmp_path)) == f"{begun}{tmp_path / 'a'} has changed since{advice}"
    Path(path, "manifest-plan.json").write_text("{}", encoding="utf-8")
    assert refusal(path, plan) == f"{begun}it is damaged{advice}"


def test_a_file_without_a_part_may_be_mended(path: str, plan: Plan, tmp_path: Path) -> None:
    with ShardFolder(path, plan, ABOUT) as folder:
        write(folder, plan, 0)
    (tmp_path / "b").write_text("x z\n" * 8, encoding="utf-8")
    mended = made(tmp_path)
    with ShardFolder(path, mended, ABOUT) as folder:
        assert list(folder.done()) == [0]
        write(folder, mended, 2)
    (tmp_path / "b").write_text("x z\n" * 40, encoding="utf-8")
    assert "the shards are others" in refusal(path, made(tmp_path)) or "has changed" in refusal(path, made(tmp_path))


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
                Path(path, f"part-{shard.number}").touch()
                yield index, ShardResult(entry_of(shard, path, f"part-{shard.number}"), notes=(f"note {index}",))
            yield 1, ShardResult(None, "broken")

        seen: list[int] = []
        ended = run(folder, pending(folder, plan), work, lambda shard, result: seen.append(shard.number))
        assert ended.n_done == 3 and ended.failed == [(plan.shards[1], "broken")] and not ended.complete
        assert ended.notes == [(0, "note 0"), (2, "note 2"), (3, "note 3")]
        assert seen == [2, 0, 3, 1]
        assert [shard.number for shard in pending(folder, plan)] == [1]
