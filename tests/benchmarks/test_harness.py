"""The benchmarks' harness: statistics, the busy machine, processes, kept runs, pages."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import machine, measure, results, same_bits
from harness.measure import figure
from harness.runs import Cut, Run, add_options, newest_alike, portable, run_all

Script = Callable[..., subprocess.CompletedProcess[str]]

SCRIPTS = ("accuracy", "tasks", "speed", "speed_compare", "online", "constituents", "endless_rss")
SCRIPTS += (
    "features_crf",
    "indomain_vectors",
    "onnx_speed",
    "precision",
    "raw_text",
    "readme_numbers",
    "search_proofs",
    "spacy_component",
    "truncated_bptt",
)

# --- statistics ---------------------------------------------------------------------------------------------------


def test_a_figure_is_the_median_with_its_spread() -> None:
    assert figure([3.0, 1.0, 2.0], "ms") == {
        "unit": "ms",
        "median": 2.0,
        "lowest": 1.0,
        "highest": 3.0,
        "rounds": [3.0, 1.0, 2.0],
    }
    rates = measure.in_unit({"a": [2.0, 4.0]}, "words/s", lambda seconds: 8 / seconds)
    assert rates == {"a": figure([4.0, 2.0], "words/s")}


def test_ratios_know_what_is_better() -> None:
    ms, rates = ([figure([value], unit) for value in (10, 15)] for unit in ("ms", "words/s"))
    assert measure.times_as_good(*ms) == 1.5
    assert measure.times_as_good(*reversed(rates)) == 1.5
    with pytest.raises(ValueError, match="ms and words/s cannot be compared"):
        measure.times_as_good(ms[0], rates[0])


def test_rounds_are_interleaved_and_start_with_a_different_engine() -> None:
    order: list[str] = []
    before: list[str] = []
    work: dict[str, Callable[[], object]] = {name: lambda name=name: order.append(name) for name in "abc"}
    times = measure.interleaved(work, rounds=2, seconds=0, pause=0, before=before.append)
    assert "".join(order) == "".join(before) == "abc" + "abc" + "bca"
    assert {name: len(found) for name, found in times.items()} == {"a": 2, "b": 2, "c": 2}
    assert all(seconds >= 0 for found in times.values() for seconds in found)


def test_short_work_is_repeated_in_a_round() -> None:
    calls: list[int] = []
    measure.interleaved({"a": lambda: calls.append(1)}, rounds=1, seconds=1e-4, pause=0)
    assert len(calls) > 4


def test_figures_of_a_tree() -> None:
    found = dict(measure.figures({"a": {"b": figure([1], "s"), "n": 3}, "c": [figure([2], "s")]}))
    assert list(found) == [("a", "b")]


def test_errors_and_spreads() -> None:
    assert measure.largest_error(np.array([1.0, 4.5]), np.array([1.0, 5.0])) == pytest.approx(0.1)
    assert measure.largest_error(np.zeros(2), np.zeros(2)) == 0.0
    assert results.standard_error(0.5, 100) == 0.05
    assert results.mean_and_spread([1.0, 3.0]) == (2.0, pytest.approx(2**0.5))
    assert results.mean_and_spread([1.0]) == (1.0, None)
    assert results.with_spread([95.0, 96.0]) == "95.50 ± 0.71"


def test_a_bar_is_reached_within_one_standard_error() -> None:
    assert results.verdict(95.0, 0.5, 95.5) == "reached"
    assert results.verdict(95.0, 0.4, 95.5) == "missed by 0.50"
    assert results.verdict(95.0, 0.4, None) == ""


# --- the machine --------------------------------------------------------------------------------------------------


def test_busy_seconds_leave_out_idling_and_waiting() -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    text = f"cpu  {1 * ticks} {2 * ticks} {3 * ticks} 999 999 {4 * ticks} {5 * ticks} {6 * ticks} 0 0\ncpu0 1 1\n"
    assert machine.busy_seconds(text) == 21.0


@pytest.mark.parametrize(("busy", "forced", "works"), [(0.0, False, True), (0.5, False, False), (0.5, True, True)])
def test_a_busy_machine_is_refused(monkeypatch: pytest.MonkeyPatch, busy: float, forced: bool, works: bool) -> None:
    monkeypatch.setattr(machine.Others, "cores", lambda self: busy)
    if works:
        assert machine.require_quiet(forced, seconds=0, patience=2) == busy
    else:
        with pytest.raises(SystemExit, match=r"busy: other processes use 0.50 of its cores, at most 0.15"):
            machine.require_quiet(forced, seconds=0, patience=2)


def test_the_load_of_others_is_not_negative() -> None:
    cores = machine.Others().cores()
    assert cores is None or cores >= 0


def test_an_unknown_load_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_file(self: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", no_file)
    assert machine.Others().cores() is None


def test_variables_that_change_figures_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in machine.UNSET:
        monkeypatch.setenv(name, "x")
    found = machine.clean_environment(ELMAN_ISA="avx2")
    assert {name: found.get(name) for name in machine.UNSET if name in found} == {"ELMAN_ISA": "avx2"}


def test_the_record_describes_code_and_machine() -> None:
    about = machine.record()
    assert about["machine"]["cores"] >= about["machine"]["usable_cores"] >= 1
    assert about["versions"].keys() == {"python", "numpy"} and "blas" not in about
    assert about["kernels"]["backend"] in ("native", "reference")


# --- processes ----------------------------------------------------------------------------------------------------


def test_a_job_runs_in_a_process_of_its_own(run: Script, tmp_path: Path) -> None:
    refused = run("worker.py")
    assert refused.returncode == 1 and refused.stderr.startswith("worker.py is started by the other benchmarks")
    job = {"part": "load", "model": str(tmp_path / "nowhere"), "threads": 1}
    with pytest.raises(RuntimeError, match=r"^\S*nowhere: "):
        machine.run_job("cases.processes", job, capture=True)
    with pytest.raises(RuntimeError, match=r"cases.processes failed \(status 1\) on {\"part\": \"load\""):
        machine.run_job("cases.processes", job)
    with pytest.raises(RuntimeError, match=r"^elman tag: "):
        machine.run_elman("tag", tmp_path / "nowhere")


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_has_help(run: Script, script: str) -> None:
    done = run(f"{script}.py", "--help")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(f"usage: {script}.py")


# --- results ------------------------------------------------------------------------------------------------------


def test_options() -> None:
    assert results.seeds("1-3,7") == [1, 2, 3, 7]
    assert results.key_value("hidden=64") == ("hidden", "64")
    with pytest.raises(argparse.ArgumentTypeError, match="expected KEY=VALUE, found 'hidden'"):
        results.key_value("hidden")


def test_runs_are_kept_and_failures_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def measured(score: int) -> dict[str, Any]:
        if score < 0:
            raise RuntimeError("it is negative")
        return {"key": {"seed": score, "elman": "1"}, "score": score}

    def runs(elman: str, *scores: int) -> list[Run]:
        files = {score: tmp_path / f"{score}.json" for score in scores}
        return [Run(f"run {s}", files[s], {"seed": s, "elman": elman}, 1, lambda s=s: measured(s)) for s in scores]

    def shown(result: dict[str, Any]) -> str:
        return f"score {result['score']}"

    found, failures = run_all(runs("1", 1, -1), shown)
    assert ([one["score"] for one in found], failures) == ([1], 1)
    said = capsys.readouterr()
    assert said.err == "FAILED run -1: it is negative\n"
    assert said.out.startswith("2 runs to do\n[1/2, about 0 s left] run 1: score 1  ")
    assert json.loads((tmp_path / "1.json").read_text())["score"] == 1

    for again in (runs("1", 1, 2), runs("2", 1, 2)):
        run_all(again, shown, any_code=True)
    assert [line[:6] for line in capsys.readouterr().out.splitlines()] == ["1 runs", "[1/1, ", "0 runs"]
    assert run_all(runs("2", 1), shown)[1] == 0
    assert "1 runs to do" in capsys.readouterr().out  # other code


def test_results_of_code_with_the_same_bits_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_bits, "KNOWN", tmp_path / "same-bits.json")
    known = {"1": {"avx2": "a", "avx512": "b"}, "2": {"avx512": "b"}, "3": {"avx2": "c", "avx512": "d"}}
    results.write_json(same_bits.KNOWN, known)
    results.write_json(tmp_path / "1.json", {"key": {"seed": 1, "elman": "1"}})

    def counts(elman: str, seed: int = 1) -> bool:
        return Run("run", tmp_path / "1.json", {"seed": seed, "elman": elman}, 1, dict).stored() is not None

    assert [counts(elman) for elman in ("1", "2", "3", "4")] == [True, True, False, False]
    assert not counts("2", seed=2)


def test_bits_are_those_of_tensors_and_tags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, again = (list(same_bits.bits("texts", tmp_path)) for _ in range(2))
    assert one == again
    assert one[0].startswith(b"embedding") and any(part.startswith(b"layer0.forward.w_rx") for part in one)
    assert set(one[-1].decode().replace("\n", "\t").split("\t")) >= {"many", "one"}
    monkeypatch.setattr(same_bits, "SMALL", ("epochs=1", *same_bits.SMALL[:-2]))
    assert one[0] != next(same_bits.bits("texts", tmp_path))


def test_runs_are_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    assert [Cut.of(parser.parse_args([])).has(i) for i in range(3)] == [True] * 3
    second = Cut.of(parser.parse_args(["--part", "2/3"]))
    runs = [Run(f"run {i}", tmp_path / f"{i}.json", {"i": i}, 1.0, lambda i=i: {"key": {"i": i}}) for i in range(5)]
    found, failures = run_all(runs, str, cut=second)
    assert ([result["key"]["i"] for result in found], failures) == ([1, 4], 0)
    found, failures = run_all(runs, str, cut=Cut.of(parser.parse_args(["--minutes", "-1"])))
    assert (len(found), failures) == (2, 0)
    assert "time is up; 3 runs are left" in capsys.readouterr().out
    for part in ("0/3", "4/3", "3", "a/b"):
        with pytest.raises(SystemExit):
            parser.parse_args(["--part", part])


def test_results_of_other_settings_than_the_newest_are_not_mixed_in() -> None:
    results = [{"date": f"2020-01-0{day}", "hidden": hidden} for day, hidden in ((1, 64), (3, 96), (2, 64), (1, 96))]
    assert [r["date"][-1] for r in newest_alike(results, lambda r: r["hidden"])] == ["3", "1"]
    assert newest_alike([], lambda r: r) == []


def test_commands_are_shown_without_machine_paths() -> None:
    assert portable(str(results.ROOT / "build" / "x")) == "build/x"
    assert portable(str(results.DATA / "x")) == "../shared/data/x"


def test_an_empty_part_of_a_page_leaves_no_gap() -> None:
    assert results.table(["a", "b"], []) == "| a | b |\n| --- | --- |\n| not measured yet | |\n"
    text = results.fill("accuracy-tasks", scores="", commands="elman train")
    assert "\n\n\n" not in text and "```sh\nelman train\n```\n" in text
