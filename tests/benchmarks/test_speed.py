"""The speed benchmarks: figures, bars, comparison, and that the engines compute the same."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import speed
import speed_compare
import speed_page
import speed_picture
from cases import speed_bars, sweep, text
from harness import machine
from harness.measure import figure
from harness.results import MISSING

Script = Callable[..., subprocess.CompletedProcess[str]]
Cells = Callable[..., list[str]]


def one(value: float, unit: str) -> dict[str, Any]:
    return figure([value], unit)


def result(elman: float = 10.0, *, torch: float = 15.0, rate: float = 1e6, **more: Any) -> dict[str, Any]:
    """A result with something of every kind, ``elman`` and ``torch`` in ms."""
    case = {
        "ms": {"elman": one(elman, "ms"), "PyTorch nn.LSTM": one(torch, "ms")},
        "gflops": {
            "elman": one(95.0, "GFLOP/s"),
            "NumPy sgemm, same shapes": one(100.0, "GFLOP/s"),
            "NumPy sgemm, same shapes, 2 parts": one(90.0, "GFLOP/s"),
            "NumPy sgemm 2,048²": one(120.0, "GFLOP/s"),
        },
        "gflop_a_step": 1.26,
    }
    rate_row = {"words": 1000, "with_start": one(rate, "words/s"), "without_start": one(2 * rate, "words/s")}
    rate_row |= {"seconds": one(0.2, "s"), "memory": one(80.0, "MB")}
    twice = rate_row | {"without_start": one(3.8 * rate, "words/s")}
    used = {"seconds": one(12.0, "s"), "cpu": one(20.0, "s"), "memory": one(200.0, "MB")}
    slow = {"seconds": one(15.0, "s"), "cpu": one(30.0, "s"), "memory": one(90.0, "MB")}
    trained = {"title": "titles", "measure": "accuracy", "score": 0.95}
    trained |= {"products": {"multiply_adds": 266_000, "words": 1_000_000}}
    ways = ("default, exact, 1 core", "default, int8, 2 cores", "fast, int8, 2 cores")
    tagging = {"elman exact": 6.0, "elman int8": 3.0, "ONNX Runtime fp32, 1 thread": 12.0, "PyTorch fp32": 13.0}
    sweep = {
        vary: {"128": {"elman": one(50, "GFLOP/s"), "PyTorch nn.LSTM": one(60, "GFLOP/s")}} for vary in ("hidden",)
    }
    return {
        "benchmark": "speed",
        "name": "speed-0123456.json",
        "commit": "0123456789abcdef",
        "uncommitted_changes": False,
        "date": "2020-01-01T00:00:00Z",
        "machine": {"processor": "a processor", "cores": 2, "memory_mb": 8000, "system": "Linux"},
        "versions": {"python": "3.11", "torch": "2"},
        "kernels": {"backend": "native", "isa": "avx2", "int8": False},
        "blas": [{"internal_api": "openblas", "version": "0.3", "architecture": "Haswell"}],
        "quick": False,
        "forced": False,
        "seconds": {"w2": 60.0, "w3": 60.0},
        "others": {"w2": 0.0, "w3": None},
        "parts": {
            "train": {"seconds": {"default": one(50, "s"), "fast": one(30, "s")}, "upos": UPOS},
            "w2": {"1 layer, 1 thread": case, "EWT's lengths, 2 threads": case},
            "rates": {
                "test × 40, 1 core": rate_row,
                "test × 40, 2 cores": twice,
                "10,000 words, 2 cores": rate_row,
            },
            "formats": {"text to word_TAG": used, "text to tags": slow, "Parquet to Parquet": slow},
            "sentence": {"new": one(50.0, "µs"), "before": one(40.0, "µs")},
            "jobs": {"titles-en": used | trained, "language-60": used | trained | {"products": None}},
            "raw": {
                "raw text to CoNLL-U, 1 thread": {
                    what: one(value, f"{what}/s")
                    for what, value in {"words": 3e4, "sentences": 2e3, "characters": 2e5}.items()
                }
            },
            "demo": {"seconds": one(40.0, "s")},
            "online": {"128": {"times_as_fast": {"a call a sentence": {"JAX": 2.0}}}},
            "roofline": {
                "peaks": {"ghz": 3.0, "copy_gb_s": 20.0, "float32_a_cycle": 32.0, "int8_a_cycle": 128.0},
                "model": {"hidden": 128, "tags": 17},
            },
            "billion": {"words": 10**9, "seconds": one(1000.0, "s"), "memory": one(150.0, "MB")},
            "w3": {
                "64 × 25, 1 thread": {
                    "ms": {name: one(ms, "ms") for name, ms in tagging.items()},
                    "rate": {name: one(1.6e6 / ms, "words/s") for name, ms in tagging.items()},
                }
            },
            "whole": {
                "test10": {
                    "words": 250_940,
                    "with_start": {way: one(rate, "words/s") for way in ways},
                    "without_start": {way: one(2 * rate, "words/s") for way in ways},
                },
                "upos": {"default, exact, 1 core": 0.956, "fast, int8, 1 core": 0.949},
                "start": {way: one(0.15, "s") for way in ways},
                "load": {"tag": one(25.0, "ms"), "first": one(29.0, "ms"), "again": one(20.0, "ms")},
                "model_mb": {"default": 5.4},
            },
            "others": {
                "CRFsuite": {
                    "library": "python-crfsuite 1",
                    "settings": {"c2": 0.5},
                    "accuracy": 0.95,
                    "seconds": 48.0,
                    "test10": one(150_000, "words/s"),
                    "load": one(0.1, "s"),
                }
            },
            "large": {
                "bytes": 1_000_000_000,
                "words": 200_000_000,
                "end": 100_000_000,
                "all": one(900_000, "words/s"),
                "first": one(5.0, "MB/s"),
                "last": one(4.9, "MB/s"),
                "peak": one(140.0, "MB"),
                "course": [{"seconds": 1.0, "position": 5_000_000, "rss_mb": 90.0, "peak_mb": 90.0}],
            },
            "sweep": {"step": sweep, "tag": sweep, "bandwidth": {"128": 60.0}, "peak": {"a": one(100, "GFLOP/s")}},
        },
        **more,
    }


UPOS = {"default": {"exact": 0.956, "int8": 0.9559}, "fast": {"exact": 0.951, "int8": 0.9499}}


# --- bars and page ------------------------------------------------------------------------------------------------


def bars(found: dict[str, Any]) -> dict[str, tuple[float | None, bool | None]]:
    return {bar.work: (bar.value(found), bar.reached(found)) for bar in speed_bars.BARS}


def test_bars_of_a_result() -> None:
    found = bars(result())
    assert found["training step, 1 layer, 1 thread: PyTorch"] == (1.5, True)
    assert found["training step, 1 layer, 1 thread: of NumPy's sgemm of the same shapes"] == (95.0, True)
    assert found["training step, 1 layer, 2 threads: PyTorch"] == (None, None)
    assert found["tagging, 64 × 25, 1 thread: exact, ONNX Runtime fp32"] == (2.0, True)
    assert found["tagging, 64 × 25, 1 thread: int8, ONNX Runtime int8"] == (None, None)  # it was not measured
    assert found["`elman tag`, EWT test × 40: default, one core, without start-up"] == (2e6, True)
    assert found["`elman tag`, EWT test × 40: default, two cores against one"] == (pytest.approx(1.9), True)
    assert found["text to tags, time of text to word_TAG"] == (1.25, True)
    assert found["Parquet to Parquet, time of text to word_TAG (CPU)"] == (1.5, True)
    assert found["memory of each of these, without Parquet"] == (200.0, False)
    assert found["`Tagger.tag` of 12 words, a new sentence"] == (50.0, True)
    assert found["training, two cores: titles-en"] == (12.0, True)
    assert found["training, two cores: parse of EWT"] == (None, None)
    assert found["`make demo` after pip's downloads"] == (40.0, False)
    assert found["online SGD, hidden 128, a call a sentence: JAX"] == (2.0, True)
    assert found["`elman tag`, EWT test × 10: fast, two cores, with start-up"] == (1e6, True)
    assert found["UPOS on test, fast"] == (pytest.approx(94.9), False)
    assert found["start to the first tag of a sentence"] == (0.15, False)
    assert found["loading the default model, `elman tag`"] == (25.0, True)
    assert found["loading the default model, `elman.load`"] == (29.0, True)
    assert found["training to 95 UPOS on test, one core"] == (50.0, False)  # fast is quicker, and not good enough
    assert found["tagging 1 GB: memory"] == (140.0, False)
    assert found["tagging 1 GB: rate of the last 100 MB, of the first"] == (pytest.approx(98.0), True)
    assert len(found) == len(speed_bars.BARS)


def test_the_fastest_of_the_others_counts() -> None:
    found = result()
    found["parts"]["w2"]["1 layer, 1 thread"]["ms"]["PyTorch oneDNN"] = one(12.0, "ms")
    assert bars(found)["training step, 1 layer, 1 thread: PyTorch"] == (1.2, False)


def test_the_page_is_made_of_the_newest_result() -> None:
    assert speed_page.PAGE.read_text(encoding="utf-8") == speed_page.page(speed_page.kept()), (
        "docs/explanation/speed.md is not what the results make; python benchmarks/speed.py --page"
    )


def test_the_newest_result_of_each_part_is_shown(tmp_path: Path) -> None:
    runs = {"speed-a": "2020-01-01", "jobs-b": "2020-01-03", "w2-c": "2020-01-02"}
    parts = {"speed-a": {"w2": 1, "w3": 1}, "jobs-b": {"jobs": 2}, "w2-c": {"w2": 3}}
    for name, date in runs.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"name": name, "date": date, "parts": parts[name]}))
    online = {"benchmark": "online", "date": "2020-01-04", "hidden": {"128": {}}}
    (tmp_path / "online-d.json").write_text(json.dumps(online))
    (tmp_path / "raw-text.json").write_text(json.dumps({"date": "2020-01-05"}))
    found = speed_page.kept(tmp_path)
    assert [run["name"] for run in found] == ["speed-a", "w2-c", "jobs-b", "online-d.json"]
    assert speed_page.merged(found) == {"w2": 3, "w3": 1, "jobs": 2, "online": {"128": {}}}


def test_figures_on_the_page(cells: Cells) -> None:
    page = speed_page.page([result(forced=True, quick=True, uncommitted_changes=True)])
    assert cells(page, "training step, 1 layer, 1 thread: PyTorch") == ["at least 1.4 ×", "1.50 ×", "reached", ""]
    missed = ["at most 40 s", "50.00 s", "**missed**", "CRFsuite 48.00 s"]
    assert cells(page, "training to 95 UPOS on test, one core") == missed
    assert cells(page, "1 layer, 1 thread", "elman") == ["10.0", "10.0–10.0", "95.0", "95 %", ""]
    assert cells(page, "", "ONNX Runtime fp32, 1 thread") == ["12.0", "12.0–12.0", "133,333", "2.00", "4.00"]
    rates = ["1,000,000", "1,000,000–1,000,000", "2,000,000"]
    assert cells(page, "default, exact, 1 core") == ["95.60", *rates]
    assert cells(page, "default, int8, 2 cores") == ["", *rates]
    assert cells(page, "python-crfsuite 1") == ["95.00", "150,000", "0.10", "c2 0.5"]
    assert cells(page, "elman `fast`, whole process") == ["30.0", "95.10 exact, 94.99 int8"]
    assert cells(page, "5", "1") == ["90"]
    assert "Of 2 points, " in page and "training step, hidden 128: PyTorch nn.LSTM is 1.20 times as fast" in page
    assert cells(page, "test × 40, 1 core") == ["1,000", *rates, "80.0"]
    assert cells(page, "text to tags") == ["15.0", "1.25", "30.0", "1.50", "90.0"]
    assert cells(page, "titles") == ["12.0", "20.0", "1", "200", "accuracy 95.00"]
    assert cells(page, "raw text to CoNLL-U, 1 thread") == ["30,000", "2,000", "200,000", "30,000–30,000"]
    assert cells(page, "1,000") == ["0.2", "200", "80.0"]
    assert cells(page, "1,000,000,000") == ["1,000", "1", "150"]
    assert cells(page, "`elman tag`, 2 cores: products of a word")[-1] == "67 %"
    assert cells(page, "`elman tag`, 1 core: the word's row of the table")[2:] == ["102 ns", "500 ns", "20 %"]
    assert cells(page, "training step, 1 layer, 1 thread", "1.26 GFLOP")[1:] == ["6.56 ms", "10.0 ms", "66 %"]
    assert cells(page, "training, titles")[2:] == ["4.16 s", "12.0 s", "35 %"]
    for remark in ("commit 0123456789ab with changes", "A quick run", "Forced: ", "more than 0.15: w3 unknown."):
        assert remark in page
    assert MISSING in page  # AVX2 was left out


def test_without_a_result_nothing_is_claimed() -> None:
    page = speed_page.page([])
    assert "reached" not in page and "missed" not in page
    assert page.count(MISSING) > len(speed_bars.BARS)


# --- comparison ---------------------------------------------------------------------------------------------------


def test_what_slowed_is_named() -> None:
    lines, bad = speed_compare.report(result(10.0), result(11.5, rate=0.85e6))
    assert bad
    assert "w2 / 1 layer, 1 thread / ms / elman: 10.0 ms -> 11.5 ms, 15 % slower" in lines
    assert (
        "whole / test10 / with_start / fast, int8, 2 cores: 1,000,000 words/s -> 850,000 words/s, 15 % slower" in lines
    )
    assert lines[-1] == "the other tools' speed, as median of 9 figures: 1.00 times the old one"


def test_ten_per_cent_are_let_pass() -> None:
    lines, bad = speed_compare.report(result(10.0), result(10.9, torch=30.0))
    assert not bad
    assert [line for line in lines if "slower" in line] == []
    assert any(line.endswith(" 0 slowed by more than 10 %") for line in lines)


def test_memory_grows_and_other_machines_are_noted() -> None:
    new = result(forced=True, machine={"processor": "another"})
    new["parts"]["large"]["peak"] = one(280.0, "MB")
    del new["parts"]["w2"]
    lines, bad = speed_compare.report(result(), new)
    assert bad
    assert lines[0].startswith("note: machine differs: ")
    assert lines[1] == "note: the new run was forced"
    assert lines[2] == "large / peak: 140 MB -> 280 MB, 100 % larger"
    assert "4 figures of the old result are not in the new one, such as w2 / 1 layer, 1 thread / ms / elman" in lines


def test_comparing_files(run: Script, tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in ("old.json", "new.json", "other.json"))
    old.write_text(json.dumps(result(10.0)))
    new.write_text(json.dumps(result(20.0)))
    other.write_text("[]")
    done = run("speed_compare.py", old, new)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("old.json (0123456) -> new.json (0123456)\nw2 / 1 layer, 1 thread / ms / elman: ")
    assert run("speed_compare.py", new, old).returncode == 0
    for arguments, message in (
        ([old], "expected two result files, found 1; try: make bench-check OLD="),
        ([old, tmp_path / "none.json"], "none.json: No such file or directory"),
        ([old, other], "other.json: not a result of the speed benchmark"),
    ):
        done = run("speed_compare.py", *arguments)
        assert done.returncode == 2 and message in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_newest_results_come_last(tmp_path: Path) -> None:
    for name, date in (("speed-a.json", "2020-01-02"), ("speed-b.json", "2020-01-01"), ("online-c.json", "2020-01-03")):
        (tmp_path / name).write_text(json.dumps({"date": date}))
    assert [path.name for path in speed_compare.newest(tmp_path)] == ["speed-b.json", "speed-a.json"]


# --- sweep, parts, command ----------------------------------------------------------------------------------------


def test_points_of_the_sweep() -> None:
    points = list(sweep.points())
    assert len(points) == len(set(points)) == 2 * 20
    for kind, vary, value in points:
        shape = sweep.shape(kind, vary, value)
        assert sum(map(sum, shape["lengths"])) <= max(sweep.WORDS, 25 * 256, 32 * 200)


def test_the_roof_is_the_peak_for_large_batches() -> None:
    bandwidth = {"128": 40.0}
    assert speed_picture.roof("tag", "batch", 256, 100.0, bandwidth) == pytest.approx(100.0)
    assert speed_picture.roof("step", "batch", 256, 100.0, bandwidth) == pytest.approx(100.0)
    # one sentence, 17 tags: 132.25 parts at 100 and 128 at 20
    assert speed_picture.roof("tag", "batch", 1, 100.0, bandwidth) == pytest.approx(260.25 / (1.3225 + 6.4))


def test_the_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib draws the picture, in the benchmark's environment")
    lines = {kind: {name: one(50, "GFLOP/s") for name in names} for kind, names in sweep.LINES.items()}
    found: dict[str, Any] = {"step": {}, "tag": {}, "peak": {"a": one(100, "GFLOP/s")}}
    found["bandwidth"] = {str(hidden): 60.0 for hidden in sweep.VALUES["hidden"]}
    for kind, vary, value in sweep.points():
        found[kind].setdefault(vary, {})[str(value)] = lines[kind]
    speed_picture.draw(found, tmp_path)
    first = (tmp_path / "speed.svg").read_bytes()
    speed_picture.draw(found, tmp_path)
    assert (tmp_path / "speed.svg").read_bytes() == first and (tmp_path / "speed.png").stat().st_size > 1000


def test_shapes(small_text: Path) -> None:
    steps, tagging = speed.shapes("step"), speed.shapes("tag")
    assert [sum(map(sum, shape["lengths"])) for shape in steps.values()][:2] == [800, 800]
    assert tagging["64 × 25"]["lengths"] == [[25] * 64] * 16
    for target, minutes in zip(speed.TARGETS, (30, 20, 30, 20), strict=True):
        assert sum(part.seconds for part in speed.PARTS.values() if part.target == target) <= 60 * minutes


def test_parts_are_run_and_timed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(speed, "PARTS", {"w2": speed.Part(lambda plan: plan.rounds, 5, "steps")})
    monkeypatch.setattr(machine.Others, "cores", lambda self: 0.4)
    found = speed.run(["w2"], speed.Plan(rounds=3))
    assert found["parts"] == {"w2": 3} and found["others"] == {"w2": 0.4} and found["seconds"]["w2"] >= 0
    said = capsys.readouterr()
    assert said.out == "w2: steps, about 5 s\n"
    assert "others kept 0.40 cores busy" in said.err


def test_a_result_is_judged_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(text, "WORK", tmp_path / "work")
    found = result()
    del found["parts"]["sweep"]  # the picture needs matplotlib
    speed.judge(found)
    speed.save(found, keep=False)
    assert json.loads((tmp_path / "work" / "speed-0123456.json").read_text()) == found
    assert (tmp_path / "work" / "speed.md").read_text() == speed_page.page([found])
    said = capsys.readouterr().out
    assert "1.50  reached\n" in said and "50.00  MISSED\n" in said and "2.0 minutes\n" in said


def test_mistakes_on_the_command_line(run: Script) -> None:
    done = run("speed.py", "--only", "w2,w4")
    assert done.returncode == 2
    assert "expected some of train,w2,w3,whole,rates," in done.stderr and "large,billion, found 'w2,w4'" in done.stderr
    done = run("speed.py", "--target", "none")
    assert done.returncode == 2 and "expected one of speed,jobs,parse,large, found 'none'" in done.stderr
    assert speed.parts("w3,w2") == ["w2", "w3"]
