"""``elman tag --shards``: the same parts whoever tags them, in whatever order, and after any end."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
Refused = Callable[..., str]
SENTENCES = ("the dog barks .", "a cat sleeps .", "dogs bark .", "cats sleep in the house .", "an old house .")
TEXT = "".join(f"{line}\n" for line in SENTENCES) * 40
"""4 kB."""


def conllu(lines: list[str]) -> str:
    rows = (
        "".join(f"{i}\t{word}\t_\t_\t_\t_\t_\t_\t_\t_\n" for i, word in enumerate(line.split(), 1)) + "\n"
        for line in lines
    )
    return "".join(f"# sent_id = {number}\n{row}" for number, row in enumerate(rows, 1))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Files of several formats, some larger than two shards of 1 kB."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines = TEXT.splitlines()
    (folder / "a.txt").write_text(TEXT, encoding="utf-8")
    (folder / "b.conllu").write_text(conllu(lines), encoding="utf-8")
    (folder / "c.jsonl").write_text("".join(json.dumps({"tokens": x.split()}) + "\n" for x in lines), encoding="utf-8")
    (folder / "d.txt.gz").write_bytes(gzip.compress(TEXT.encode(), mtime=0))
    return folder


def parts(folder: Path) -> dict[str, bytes]:
    """All that is seen in a folder of parts."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def test_the_parts_are_what_one_process_writes(run: Run, model: Path, corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("tag", model, corpus, "--shards", out, "--shard-size", "1k", "-q")
    assert (result.returncode, result.stderr, result.stdout) == (0, b"", b"")
    found = parts(out)
    entries = [json.loads(line) for line in found.pop("manifest.jsonl").splitlines()]
    found.pop("manifest-plan.json")
    assert [entry["part"] for entry in entries] == sorted(found)
    assert sum(entry["words"] for entry in entries) == 4 * len(TEXT.split())
    for name in ("a.txt", "b.conllu", "c.jsonl", "d.txt.gz"):
        whole = tmp_path / f"whole-{name}"
        assert run("tag", model, corpus / name, "-o", whole, "-q").returncode == 0
        of_file = [entry for entry in entries if Path(entry["input"]).name == name]
        assert b"".join(found[entry["part"]] for entry in of_file) == whole.read_bytes()
        assert (len(of_file) > 2) == (name != "d.txt.gz")
        assert all(entry["part"].endswith(name[1:]) for entry in of_file)


def test_parquet_by_row_groups(run: Run, model: Path, tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    lines = [line.split() for line in TEXT.splitlines()]
    table = pa.table({"tokens": lines, "id": range(len(lines))})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=25)
    for path, options in (
        (tmp_path / "out", ("--shards", tmp_path / "out", "--shard-size", "400")),
        ("one.parquet", ()),
    ):
        options = options or ("-o", tmp_path / path)
        assert run("tag", model, tmp_path / "in.parquet", *options).returncode == 0
    found = sorted((tmp_path / "out").glob("*.parquet"))
    assert len(found) > 2
    assert pa.concat_tables(map(pq.read_table, found)).equals(pq.read_table(tmp_path / "one.parquet"))


@pytest.mark.parametrize("options", [("--cluster", "local:2"), ("--threads", "2")])
def test_the_same_bytes_by_whomever(run: Run, model: Path, corpus: Path, tmp_path: Path, options: Any) -> None:
    common = ("tag", model, corpus, "--shard-size", "1k", "-q", "--shards")
    assert run(*common, tmp_path / "one").returncode == 0
    result = run(*common, tmp_path / "other", *options)
    assert (result.returncode, result.stderr) == (0, b"")
    assert parts(tmp_path / "other") == parts(tmp_path / "one")


def test_the_same_bytes_by_the_workers_of_dask(run: Run, model: Path, corpus: Path, tmp_path: Path) -> None:
    """They have folders of their own, and relative paths are those of the command."""
    distributed = pytest.importorskip("distributed")
    common = ("tag", os.path.relpath(model, tmp_path), "corpus", "--shard-size", "1k", "--shards")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as local:
        (corpus / "e.conllu").write_text("1\tbad\n1\tworse\t_\n", encoding="utf-8")
        result = run(*common, "dask", "--cluster", local.scheduler_address, "-q", cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    assert result.stderr.startswith(f"elman: part-00004-00000: {Path('corpus', 'e.conllu')}:2: ".encode())
    assert run(*common, "one", "-q", cwd=tmp_path).returncode == 1
    found, usual = parts(tmp_path / "dask"), parts(tmp_path / "one")
    for each in (found, usual):  # it is not sorted, since a shard is missing
        each["manifest.jsonl"] = b"".join(sorted(each["manifest.jsonl"].splitlines()))
    assert found == usual and len(found) > 10


def test_a_job_array_without_an_engine(run: Run, model: Path, corpus: Path, tmp_path: Path) -> None:
    common = ("tag", model, corpus, "--shard-size", "1k", "--shards")
    assert run(*common, tmp_path / "one").returncode == 0
    for rank in (2, 0, 1):
        result = run(*common, tmp_path / "many", "--rank", rank, "--world", 3)
        assert result.returncode == 0
        n = {2: 0, 0: 1, 1: 2}[rank]
        assert re.search(rb"\d+ of \d+ shards are done" + b", \\d+ of them now" * bool(n), result.stderr)
    assert parts(tmp_path / "many") == parts(tmp_path / "one")


def test_bad_files_are_named_and_the_others_done(run: Run, model: Path, corpus: Path, tmp_path: Path) -> None:
    good = (corpus / "b.conllu").read_text(encoding="utf-8")
    lines = good.split("\n")
    at = next(i for i in range(len(lines) - 50, len(lines)) if "\t" in lines[i])
    lines[at] = "1\tbad"
    (corpus / "b.conllu").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "e.txt").symlink_to("nowhere")
    command = ("tag", model, corpus, tmp_path / "e.txt", "--shards", tmp_path / "out", "--shard-size", "1k")
    result = run(*command, "-q")
    assert result.returncode == 1
    first, second, last = result.stderr.decode().splitlines()
    assert re.fullmatch(rf"elman: part-00001-\d+: \S+b\.conllu:{at + 1}: expected .*", first)
    assert second.endswith("e.txt: cannot be read: No such file or directory")
    assert last.endswith("out: failed shards: 2; mend their files, and the same command does them")
    before = parts(tmp_path / "out")
    entries = [json.loads(line) for line in before["manifest.jsonl"].splitlines()]
    assert [entry["shard"] for entry in entries if "error" in entry] == [x.split(": ")[1] for x in (first, second)]
    assert len(entries) == len(before) > 10  # two of them are of no part, and two files are no parts

    (corpus / "b.conllu").write_text(good, encoding="utf-8")
    (tmp_path / "e.txt").unlink()
    (tmp_path / "e.txt").write_text("a cat\n", encoding="utf-8")
    result = run(*command)
    assert result.returncode == 0 and re.search(rb"shards are done, \d+ of them now", result.stderr)
    assert run(*command[:4], "--shards", tmp_path / "one", "--shard-size", "1k").returncode == 0
    assert parts(tmp_path / "out") == parts(tmp_path / "one")


def test_a_file_that_goes_away_is_named(run: Run, model: Path, corpus: Path, tmp_path: Path) -> None:
    result = run("tag", model, corpus / "a.txt", "nowhere", corpus / "c.jsonl", "--shards", tmp_path / "out", "-q")
    assert result.returncode == 1
    assert result.stderr.startswith(b"elman: part-00001-00000: nowhere: cannot be read: No such file")
    assert {"part-00000-00000.txt", "part-00002-00000.jsonl"} <= parts(tmp_path / "out").keys()


def test_what_has_changed_is_refused(run: Run, refused: Refused, model: Path, corpus: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.model"
    own.write_bytes(model.read_bytes())
    command = ("tag", own, corpus / "a.txt", "--shards", tmp_path / "out", "--shard-size", "1k")
    assert run(*command).returncode == 0
    assert "--as was None and is 'conllu'" in refused(*command, "--as", "conllu")
    assert "--shard-size was 1000 and is 2000" in refused(*command[:-1], "2k")
    with (corpus / "a.txt").open("a") as file:
        file.write("one more\n")
    assert "a.txt has changed since (its size, or its time)" in refused(*command)
    (tmp_path / "train").write_text("the_X dog_Y\n", encoding="utf-8")
    assert run("train", tmp_path / "train", "-o", own, "--model", "frequent").returncode == 0
    assert "the model was 'sha256:" in refused(*command)


def test_the_output_is_no_input(run: Run, model: Path, corpus: Path) -> None:
    """Also if a pattern finds it."""
    for _ in range(2):
        result = run("tag", model, "**/*.txt", "--shards", "out", cwd=corpus)
        assert result.returncode == 0 and b"out: 1 of 1 shards are done" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cluster", "local:2"), "--cluster: goes with --shards DIR, the folder that gets a part for each shard"),
        (
            ("--shards", "out", "--shard-size", "much"),
            "--shard-size: expected a size such as 500k, 64M or 1.5G, got 'much'",
        ),
        (("--shards", "out", "--rank", "1"), "--rank, --world: expected both, as --rank 0 --world 8, or neither"),
        (("--shards", "out", "--rank", "2", "--world", "2"), "--rank: expected 0 to 1 with --world 2, got 2"),
        (("--shards", "out", "-o", "x"), "--output: not with --shards"),
        (("--shards", "out", "--resume"), "--resume: not with --shards"),
        (("--shards", "out", "--stream"), "--stream: not with --shards"),
        (("--shards", ""), "--shards: expected the name of a folder, got nothing"),
        (
            ("--shards", "out", "--text-column", "x"),
            "--text-column: a.txt: no column 'x'; it has the dog",
        ),
        (("--shards", "out", "--cluster", "local:2", "--threads", "2"), "--threads: not with --cluster, whose workers"),
        (("--shards", "out", "--as", "fields"), "--as: fields are written by one process; leave out --shards"),
        (
            ("--shards", "out", "--cluster", "local:0"),
            "cluster: expected local:N with N from 1 to 1,000, or the address",
        ),
    ],
)
def test_options_that_do_not_go_together(
    refused: Refused, model: Path, corpus: Path, options: Any, message: str
) -> None:
    assert message in refused("tag", model, "a.txt", *options, cwd=corpus)


def test_inputs_that_cannot_be_read_again(refused: Refused, model: Path, tmp_path: Path) -> None:
    text = "--shards: standard input can be read only once; name input files"
    assert text in refused("tag", model, "--shards", tmp_path / "out")
    assert text in refused("tag", model, "-", "--shards", tmp_path / "out")
    assert "nowhere: cannot be read: No such file" in refused("tag", model, "nowhere", "--shards", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_was_stopped_goes_on(
    run: Run, model: Path, tmp_path: Path, environment: dict[str, str], how: signal.Signals
) -> None:
    """Some shards are done when it is stopped, and not all."""
    (tmp_path / "in.txt").write_text(TEXT * 200, encoding="utf-8")
    command = ["tag", model, tmp_path / "in.txt", "--shard-size", "8k", "--shards"]
    assert run(*command, tmp_path / "one").returncode == 0
    out = tmp_path / "out"
    words = [sys.executable, "-m", "elman", *map(str, command), str(out), "--cluster", "local:2"]
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not (out / "manifest.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(how)
    before = len(list(out.glob("part-*")))
    n_shards = len(list((tmp_path / "one").glob("part-*")))
    assert 0 < before < n_shards > 80
    result = run(*command, out)
    assert result.returncode == 0
    of_them = re.search(rb"(\d+) of (\d+) shards are done, (\d+) of them now", result.stderr)
    assert of_them is not None
    n_all, n_plan, now = map(int, of_them.groups())
    assert n_all == n_plan == n_shards and 0 < now < n_shards
    assert parts(out) == parts(tmp_path / "one")
    assert not list(out.glob(".elman-*"))
